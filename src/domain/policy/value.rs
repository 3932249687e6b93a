//! The small values of a configuration: people, labels, spans of time, globs, patterns, paths.
//!
//! Each knows how it is written and what to say when it is not; none knows where it stands in the file.

mod overlay;
mod pattern;

use std::fmt;
use std::time::Duration;

pub use overlay::Overlay;
pub(super) use overlay::{APPLICATION, unknown_variable};
pub use pattern::{Glob, Pattern};

use crate::model::ids::{Login, NotA, RepoName};

/// Why a text is not the value that is wanted, and what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    pub(super) fn bare(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

impl From<NotA> for Complaint {
    fn from(not: NotA) -> Self {
        Self::bare(format!("{} is not {}", quoted(&not.text), not.what))
    }
}

/// A text in backquotes, cut where it is long, with what cannot be seen made visible.
pub(super) fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "the empty text".to_owned();
    }
    let mut shown: String = text.chars().take(60).flat_map(visible).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn visible(c: char) -> impl Iterator<Item = char> {
    let hidden = c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let escaped = hidden.then(|| c.escape_unicode());
    let plain = (!hidden).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// What somebody may do in a repository, by GitHub's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May push.
    Write,
    /// May manage the repository without what is dangerous.
    Maintain,
    /// May do everything.
    Admin,
}

/// Somebody who may do something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// One person: `pat`.
    User(Login),
    /// The members of a team: `@acme/qa`.
    Team {
        /// The organisation.
        organisation: Login,
        /// The team's short name.
        team: String,
    },
    /// Everybody with at least this role.
    Role(Role),
}

impl Principal {
    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        let help = "write a login (`pat`), a team (`\"@acme/qa\"`) or a role (`write`, `maintain`, `admin`)";
        let bad = || Complaint::new(format!("{} is nobody", quoted(text)), help);
        match text {
            "write" => return Ok(Self::Role(Role::Write)),
            "maintain" => return Ok(Self::Role(Role::Maintain)),
            "admin" => return Ok(Self::Role(Role::Admin)),
            "read" | "triage" => {
                return Err(Complaint::new(
                    format!("the role {} is too weak to decide anything", quoted(text)),
                    "the roles are `write`, `maintain` and `admin`",
                ));
            }
            _ => {}
        }
        let Some(team) = text.strip_prefix('@') else {
            if text.contains('/') {
                let help = format!("a team begins with @: write \"@{text}\"");
                return Err(Complaint::new(format!("{} is nobody", quoted(text)), help));
            }
            return Login::new(text).map(Self::User).map_err(|_| bad());
        };
        let Some((organisation, team)) = team.split_once('/') else {
            let help =
                format!("a person is written without @: `{team}`; a team as \"@org/{team}\"");
            return Err(Complaint::new(format!("{} names no team", quoted(text)), help));
        };
        let slug = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if team.is_empty() || team.len() > 100 || !team.chars().all(slug) {
            return Err(bad());
        }
        Ok(Self::Team {
            organisation: Login::new(organisation).map_err(|_| bad())?,
            team: team.to_owned(),
        })
    }
}

impl Principal {
    /// Whether it can be somebody in this repository: GitHub gives teams only access within their organisation.
    pub(super) fn of(&self, home: &RepoName) -> Result<(), Complaint> {
        match self {
            Self::Team { organisation, team }
                if !organisation.as_str().eq_ignore_ascii_case(home.owner()) =>
            {
                Err(Complaint::new(
                    format!(
                        "the team {} belongs to another owner than this repository",
                        quoted(&self.to_string())
                    ),
                    format!("write a team of its owner, such as \"@{}/{team}\"", home.owner()),
                ))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(login) => login.fmt(f),
            Self::Team { organisation, team } => write!(f, "@{organisation}/{team}"),
            Self::Role(Role::Write) => f.write_str("write"),
            Self::Role(Role::Maintain) => f.write_str("maintain"),
            Self::Role(Role::Admin) => f.write_str("admin"),
        }
    }
}

/// The name of a label that people give.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(String);

impl Label {
    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        if text.trim() != text || text.is_empty() || text.chars().any(char::is_control) {
            return Err(Complaint::new(
                format!("{} is not a label", quoted(text)),
                "write a name without spaces around it, such as `qa-approved`",
            ));
        }
        if text.chars().count() > 50 {
            return Err(Complaint::bare(format!(
                "the label {} is longer than the 50 characters that GitHub takes",
                quoted(text)
            )));
        }
        let lower = text.to_lowercase();
        if lower == "usher" || lower.starts_with("env: ") {
            return Err(Complaint::new(
                format!("the label {} is one that Usher sets itself", quoted(text)),
                "choose a name of your own: `usher` and `env: …` mark promotions",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether GitHub takes the two for the same label: case does not count.
    pub fn is(&self, name: &str) -> bool {
        self.0.to_lowercase() == name.to_lowercase()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A span of time, written as `30m`, `24h` or `1d12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

const UNITS: [(char, u64); 5] =
    [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    /// Half an hour.
    pub(super) const HALF_AN_HOUR: Self = Self(Duration::from_secs(1_800));

    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        let bad = |message: String| {
            Complaint::new(message, "write numbers with units, such as `30m`, `24h` or `1d12h`")
        };
        let not = || bad(format!("{} is not a duration", quoted(text)));
        let mut units = UNITS.iter();
        let mut rest = text;
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(not)?;
            let amount: u64 = rest[..digits].parse().map_err(|_| not())?;
            let letter = rest[digits..].chars().next().ok_or_else(not)?;
            // from large to small, each at most once
            let (_, unit) = units.find(|(name, _)| *name == letter).ok_or_else(not)?;
            seconds = amount
                .checked_mul(*unit)
                .and_then(|part| seconds.checked_add(part))
                .ok_or_else(not)?;
            rest = &rest[digits + letter.len_utf8()..];
        }
        match seconds {
            0 if text.is_empty() => Err(not()),
            0 => Err(bad(format!("{} is no time at all", quoted(text)))),
            1..=31_622_400 => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(bad(format!("{} is longer than a year", quoted(text)))),
        }
    }

    /// How long it is.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        // weeks are written in days: people count them so
        for (letter, unit) in UNITS.iter().skip(1) {
            if rest >= *unit {
                write!(f, "{}{letter}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}
