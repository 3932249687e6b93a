//! The small things that stand on every page: people, times, labels, icons, and HTML that is known
//! to be safe. It does not know any page.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::sandbox::model::{AccountKind, Id};
use crate::sandbox::state::State;

/// HTML that was made here, or cleaned; everything else is escaped by the templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Takes a text for HTML. Only for what `markdown` has cleaned and for constants.
    pub(super) fn trusted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// One of the drawings that the layout brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(
    source = r##"<svg class="icon sign-{{ name }}" aria-hidden="true"><use href="#i-{{ name }}"/></svg>"##,
    ext = "html"
)]
pub(super) struct Icon {
    name: &'static str,
}

impl HtmlSafe for Icon {}

/// A drawing by its name.
pub(super) const fn icon(name: &'static str) -> Icon {
    Icon { name }
}

/// Somebody, as pages show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) bot: bool,
}

impl Who {
    /// An account of the state.
    pub(super) fn of(state: &State, account: Id) -> Self {
        let account = state.account(account);
        let bot = account.kind == AccountKind::Bot;
        Self { login: account.login.clone(), name: account.name.clone(), bot }
    }

    /// Somebody who is known from a commit only: by account where the address tells one.
    pub(super) fn of_commit(state: &State, name: &str, email: &str) -> Self {
        state.account_by_email(email).map_or_else(
            || Self { login: name.to_owned(), name: name.to_owned(), bot: false },
            |account| Self::of(state, account.id),
        )
    }

    /// The round sign of a person, the square one of a bot.
    pub(super) fn avatar(&self) -> Avatar {
        let digest = Sha256::digest(self.login.as_bytes());
        let shown = self.login.trim_start_matches(|c: char| !c.is_alphanumeric());
        Avatar {
            letter: shown.chars().next().unwrap_or('?').to_uppercase().to_string(),
            hue: digest.first().copied().unwrap_or_default() % 12,
            bot: self.bot,
        }
    }
}

/// See [`Who::avatar`].
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<span class="avatar hue-{{ hue }}{% if bot %} bot{% endif %}" aria-hidden="true">{{ letter }}</span>"#,
    ext = "html"
)]
pub(super) struct Avatar {
    letter: String,
    hue: u8,
    bot: bool,
}

impl HtmlSafe for Avatar {}

/// An instant, shown by how long ago it was.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ at }}" title="{{ full }}">{{ ago }}</time>"#,
    ext = "html"
)]
pub(super) struct Moment {
    at: Timestamp,
    full: String,
    ago: String,
}

impl HtmlSafe for Moment {}

impl Moment {
    /// An instant as seen from now.
    pub(super) fn of(state: &State, at: Timestamp) -> Self {
        Self {
            at,
            full: at.strftime("%-d %B %Y, %H:%M:%S UTC").to_string(),
            ago: ago(at, state.now()),
        }
    }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(at.as_second());
    let count = |length: i64, unit: &str| {
        let number = seconds / length;
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {unit}{plural} ago")
    };
    match seconds {
        ..45 => "just now".to_owned(),
        45..90 => "a minute ago".to_owned(),
        90..3_600 => count(60, "minute"),
        3_600..86_400 => count(3_600, "hour"),
        86_400..2_592_000 => count(86_400, "day"),
        _ => at.strftime("on %-d %b %Y").to_string(),
    }
}

/// A label, with its colour as a dot, so that its name is readable on any ground.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r##"<span class="label"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="#{{ color }}"/></svg>{{ name }}</span>"##,
    ext = "html"
)]
pub(super) struct Chip {
    pub(super) name: String,
    color: String,
}

impl HtmlSafe for Chip {}

impl Chip {
    /// A label; a colour that is none becomes grey.
    pub(super) fn new(name: &str, color: &str) -> Self {
        let sound = color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self { name: name.to_owned(), color: if sound { color } else { "8a8f98" }.to_owned() }
    }
}

/// The first seven digits of a SHA.
pub(super) fn short(sha: &str) -> String {
    sha.chars().take(7).collect()
}

/// A text as one segment of an address; with `slashes`, as several.
pub(super) fn segment(text: &str, slashes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (slashes && byte == b'/') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let told =
            |seconds: i64| ago(Timestamp::from_second(1_800_000_000 - seconds).unwrap(), now);
        assert_eq!(told(-5), "just now");
        assert_eq!(told(60), "a minute ago");
        assert_eq!(told(125), "2 minutes ago");
        assert_eq!(told(3_700), "1 hour ago");
        assert_eq!(told(86_400 * 3), "3 days ago");
        assert_eq!(told(86_400 * 60), "on 16 Nov 2026");
    }

    #[test]
    fn names_of_strangers_are_text() {
        let who = Who { login: "<script>".to_owned(), name: String::new(), bot: false };
        assert!(who.avatar().to_string().contains(">S</span>"));
        let chip = Chip::new("<b>\"x", "red\" onload=\"x");
        assert_eq!(
            chip.to_string(),
            r##"<span class="label"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="#8a8f98"/></svg>&#60;b&#62;&#34;x</span>"##
        );
        assert_eq!(segment("a b/c?<é", false), "a%20b%2Fc%3F%3C%C3%A9");
        assert_eq!(segment("a/b", true), "a/b");
    }
}
