//! From bytes to a policy: the stages of reading, and the building of values that have been checked.
//!
//! It complains about the file as a whole only; everything else has been said when it builds.

mod environment;
mod gates;

use super::application::{Application, HoldMarker, Images, Template, Trigger};
use super::check::{Content, Findings, Value, at};
use super::problem::Problem;
use super::time::{Schedule, parse_cron, parse_zone};
use super::value::{Complaint, Glob, Principal, Span};
use super::version::Scheme;
use super::{Mode, Policy, Severities, keys, refer};
use crate::kustomize::yaml::{self, Document};
use crate::model::ids::{AppName, EnvName, Login, RepoName};
use crate::model::read::Severity;

/// A larger file is not one that people keep.
const LARGEST: usize = 1 << 20;

/// Reads, checks and builds.
pub(super) fn policy(bytes: &[u8], home: &RepoName) -> Result<Policy, Vec<Problem>> {
    let document = document(bytes)?;
    let root = document.root();
    let mut findings = Findings::new(home);
    let value = findings.check(root, &keys::ROOT, at(root, String::new()));
    if let Some(value) = &value {
        refer::check(value, &mut findings);
    }
    let notes = findings.finish()?;
    let built = value
        .ok_or_else(unread)
        .and_then(|root| build(&root, home).map_err(|complaint| whole(1, 1, complaint)));
    built.map(|policy| Policy { notes, ..policy })
}

/// What was checked does not build: a mistake of this program, said rather than hidden.
fn unread() -> Vec<Problem> {
    whole(1, 1, Complaint::bare("this configuration cannot be read"))
}

fn whole(line: u32, column: u32, complaint: Complaint) -> Vec<Problem> {
    vec![Problem {
        line,
        column,
        path: String::new(),
        message: complaint.message,
        help: complaint.help,
    }]
}

fn document(bytes: &[u8]) -> Result<Document, Vec<Problem>> {
    const BEGIN: &str = "begin with `version: 1`, `applications` and `environments`";
    if bytes.len() > LARGEST {
        return Err(whole(1, 1, Complaint::bare("the file is larger than 1 MiB")));
    }
    let mut documents = yaml::parse(bytes).map_err(|error| {
        let complaint = Complaint {
            message: format!("this is not YAML: {}", error.message),
            help: unquoted(bytes, error.line).map(ToOwned::to_owned),
        };
        whole(error.line, error.column, complaint)
    })?;
    if let Some(second) = documents.get(1) {
        let at = second.root();
        let complaint = Complaint::new(
            "a second document begins here",
            "keep one, and take out the line `---` between them",
        );
        return Err(whole(at.line(), at.column(), complaint));
    }
    let document = documents.pop().filter(|document| !document.root().is_null());
    document.ok_or_else(|| whole(1, 1, Complaint::new("the file is empty", BEGIN)))
}

/// What a line may lack that YAML cannot read: texts that begin like YAML's own signs.
fn unquoted(bytes: &[u8], line: u32) -> Option<&'static str> {
    let line = bytes.split(|b| *b == b'\n').nth(line.checked_sub(1)? as usize)?;
    let line = String::from_utf8_lossy(line);
    let begins = |sign: char| {
        let value = line.trim_start_matches([' ', '-', '[']);
        let value = value.split_once(": ").map_or(value, |(_, value)| value);
        let value = value.trim_start_matches([' ', '-', '[', '{']);
        value.starts_with(sign)
            || line.contains(&format!("[{sign}"))
            || line.contains(&format!(", {sign}"))
    };
    match () {
        () if line.starts_with('\t') => Some("indent with spaces: YAML takes no tabs"),
        () if begins('*') => Some("put globs in quotes: \"*\""),
        () if line.contains("[bot]") => Some("put logins of bots in quotes: \"renovate[bot]\""),
        () if begins('@') => Some("put teams in quotes: \"@acme/qa\""),
        () if line.contains(": {") && line.contains("}-") || line.contains("}{") => {
            Some("put templates in quotes: \"{version}-{sha7}\"")
        }
        () => None,
    }
}

fn build(root: &Value<'_>, home: &RepoName) -> Result<Policy, Complaint> {
    let texts = |key: &str| root.list(key).iter().filter_map(Value::text);
    let prefix = root.get("commands").and_then(|commands| commands.get("prefix"));
    Ok(Policy {
        mode: match word(root, "mode") {
            "observe" => Mode::Observe,
            _ => Mode::Enforce,
        },
        admins: people(root, "admins")?,
        bots: texts("bots").map(Login::new).collect::<Result<_, _>>()?,
        prefixed: prefix.and_then(Value::text) == Some("usher"),
        kubernetes: text(root, "kubernetes").map(ToOwned::to_owned),
        schemas: texts("schemas").map(Glob::parse).collect::<Result<_, _>>()?,
        rules: rules(root),
        followers: texts("followers").map(RepoName::new).collect::<Result<_, _>>()?,
        commands_max_age: span(root, "commands_max_age")?.unwrap_or(Span::HALF_AN_HOUR),
        applications: root
            .list("applications")
            .iter()
            .map(|value| application(value, home))
            .collect::<Result<_, _>>()?,
        environments: environment::all(root.list("environments"))?,
        notes: Vec::new(),
    })
}

fn rules(value: &Value<'_>) -> Severities {
    let rules = value.get("rules").map_or(&[][..], Value::names);
    rules.iter().map(|rule| (rule.name.to_owned(), severity(&rule.value))).collect()
}

fn severity(value: &Value<'_>) -> Option<Severity> {
    match value.text() {
        Some("error") => Some(Severity::Error),
        Some("warning") => Some(Severity::Warning),
        Some("note") => Some(Severity::Note),
        _ => None,
    }
}

fn application(value: &Value<'_>, home: &RepoName) -> Result<Application, Complaint> {
    let images = value.list("images").iter().filter_map(Value::text);
    Ok(Application {
        name: AppName::new(word(value, "name"))?,
        source: match text(value, "source") {
            Some(source) => RepoName::new(source)?,
            None => home.clone(),
        },
        trigger: trigger(value)?,
        versions: text(value, "versions").map(Glob::parse).transpose()?,
        scheme: match word(value, "scheme") {
            "calver" => Scheme::Calver,
            _ => Scheme::Semver,
        },
        prereleases: environments(value, "prereleases")?,
        images: Images::new(images.map(ToOwned::to_owned).collect())?,
        tag: match text(value, "tag") {
            Some(template) => Template::parse(template)?,
            None => Template::tag(),
        },
        pin: value.is_true("pin"),
        hold_marker: match value.get("hold_marker") {
            Some(marker) => Some(HoldMarker {
                text: word(marker, "text").to_owned(),
                environments: environments(marker, "environments")?,
            }),
            None => None,
        },
        migrations: text(value, "migrations").map(Glob::parse).transpose()?,
    })
}

fn trigger(application: &Value<'_>) -> Result<Trigger, Complaint> {
    let Some(value) = application.get("trigger") else {
        return Ok(Trigger::Release);
    };
    if let Content::Text(word) = value.content {
        return Ok(if word == "tag" { Trigger::Tag } else { Trigger::Release });
    }
    let branch = word(value, "branch").to_owned();
    Ok(match schedule(value)? {
        Some(schedule) => Trigger::Schedule { schedule: Box::new(schedule), branch },
        None => Trigger::Branch(branch),
    })
}

fn schedule(value: &Value<'_>) -> Result<Option<Schedule>, Complaint> {
    let Some(cron) = text(value, "schedule") else {
        return Ok(None);
    };
    let zone = parse_zone(text(value, "tz").unwrap_or("UTC"))?;
    Ok(Some(Schedule { cron: parse_cron(cron)?, zone }))
}

fn text<'v>(value: &Value<'v>, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::text)
}

/// As [`text`], empty where it is absent.
fn word<'v>(value: &Value<'v>, key: &str) -> &'v str {
    text(value, key).unwrap_or_default()
}

fn span(value: &Value<'_>, key: &str) -> Result<Option<Span>, Complaint> {
    text(value, key).map(Span::parse).transpose()
}

fn environments(value: &Value<'_>, key: &str) -> Result<Vec<EnvName>, Complaint> {
    let names = value.list(key).iter().filter_map(Value::text);
    Ok(names.map(EnvName::new).collect::<Result<_, _>>()?)
}

fn people(value: &Value<'_>, key: &str) -> Result<Vec<Principal>, Complaint> {
    let people = value.list(key).iter().filter_map(Value::text);
    people.map(Principal::parse).collect()
}
