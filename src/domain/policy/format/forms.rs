//! The checks of those texts that are only texts: addresses, branches, names in other systems.
//!
//! It does not know what they are called.

use super::Checked;
use crate::domain::policy::value::{Complaint, Glob, quoted};
use crate::kubernetes::version::Version;
use crate::kubernetes::{codes, nearest};
use crate::model::ids::RepoName;

pub(super) fn text(text: &str, _: &RepoName) -> Checked {
    match text.trim().is_empty() {
        true => Err(Complaint::bare("the text is empty")),
        false => Ok(()),
    }
}

fn named(text: &str, what: &str, help: &str, valid: impl Fn(&str) -> bool) -> Checked {
    match !text.is_empty() && valid(text) {
        true => Ok(()),
        false => Err(Complaint::new(format!("{} is not {what}", quoted(text)), help)),
    }
}

pub(super) fn files(text: &str, _: &RepoName) -> Checked {
    if text.starts_with('/') || text.contains('\\') || text.split('/').any(|part| part == "..") {
        let message = format!("{} leaves the repository", quoted(text));
        let help = "write the path from the root of the repository, such as `schemas/*.json`";
        return Err(Complaint::new(message, help));
    }
    Glob::build(text).map(drop)
}

pub(super) fn kubernetes(text: &str, _: &RepoName) -> Checked {
    let minor = text.trim_start_matches('v').split('.').nth(1).unwrap_or("33");
    match Version::parse(text) {
        Ok(version) if version.to_string() == text => Ok(()),
        Ok(version) => Err(Complaint::new(
            format!("{} is not a Kubernetes version of two numbers", quoted(text)),
            format!("write \"{version}\""),
        )),
        Err(_) if text.parse::<f64>().is_ok_and(|number| number.trunc() == 1.0) => {
            let (all, newest) = (Version::all(), Version::newest());
            let oldest = all.min().unwrap_or(newest);
            Err(Complaint::new(
                format!("there are no schemas of Kubernetes 1.{minor}"),
                format!("write one of \"{oldest}\" to \"{newest}\""),
            ))
        }
        Err(_) => Err(Complaint::new(
            format!("{} is not a Kubernetes version", quoted(text)),
            "write \"1.33\"",
        )),
    }
}

pub(super) fn url(text: &str, _: &RepoName) -> Checked {
    let bad =
        |message: String| Complaint::new(message, "write \"https://itsm.acme.io/api/{ticket}\"");
    let what = quoted(text);
    let Some(rest) = text.strip_prefix("https://") else {
        return Err(bad(format!("{what} is not an https address")));
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let port = host.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok());
    let letters = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !port || !name.split('.').all(letters) {
        return Err(bad(format!("{what} names no host")));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad(format!("{what} holds a space")));
    }
    match path.replacen("{ticket}", "", 1) {
        rest if rest == path => Err(bad(format!("{what} has no `{{ticket}}` behind the host"))),
        rest if rest.contains(['{', '}']) => {
            Err(bad(format!("{what} has another variable than one `{{ticket}}`")))
        }
        _ => Ok(()),
    }
}

pub(super) fn pointer(text: &str, _: &RepoName) -> Checked {
    named(text, "a JSON pointer", "begin with a slash: `/state`, `/fields/status/name`", |text| {
        text.starts_with('/') && !text.chars().any(char::is_control)
    })
}

/// The rules of Git for names of branches, those that matter here.
pub(super) fn branch(text: &str, _: &RepoName) -> Checked {
    named(text, "a branch", "write its name without `refs/heads/`, such as `main`", |text| {
        let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
        let part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        text.len() <= 200
            && !text.starts_with("refs/")
            && !text.starts_with('-')
            && !text.ends_with('.')
            && !text.contains("..")
            && !text.contains("@{")
            && !text.contains(odd)
            && text.split('/').all(part)
    })
}

pub(super) fn server(text: &str, _: &RepoName) -> Checked {
    let help = "write the name that the operator's settings give the server, never an address";
    named(text, "the name of a server", help, |text| {
        text.len() <= 100
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

pub(super) fn resource(text: &str, _: &RepoName) -> Checked {
    let help = "write its `metadata.name`: lower-case letters, digits, `-` and `.`";
    named(text, "the name of an Argo CD Application", help, |text| {
        let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = [text.bytes().next(), text.bytes().last()];
        text.len() <= 253
            && ends.iter().all(|end| end.is_some_and(small))
            && text.bytes().all(|b| small(b) || matches!(b, b'-' | b'.'))
    })
}

pub(super) fn app(text: &str, _: &RepoName) -> Checked {
    let help = "write it as in the App's address, such as `codecov` or `github-actions`";
    named(text, "the short name of an App", help, hyphenated)
}

pub(super) fn rule(text: &str, _: &RepoName) -> Checked {
    let help = "write the rule's name as a finding shows it, such as `latest-tag`";
    named(text, "a rule's name", help, hyphenated)?;
    if codes::is_adjustable(text) {
        return Ok(());
    }
    if codes::all().any(|known| known.code == text) {
        return Err(Complaint::new(
            format!("the severity of {text} is fixed"),
            "leave it out: what cannot be rendered cannot be judged",
        ));
    }
    let known = codes::all().filter(|known| codes::is_adjustable(known.code));
    let help = match nearest(text, known.map(|known| known.code)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/rules.md lists the rules".to_owned(),
    };
    Err(Complaint::new(format!("there is no rule {}", quoted(text)), help))
}

fn hyphenated(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 100 && text.split('-').all(part)
}

pub(super) fn kind(text: &str, _: &RepoName) -> Checked {
    named(text, "a kind of object", "write it as manifests do, such as `Deployment`", |text| {
        text.len() <= 100
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

pub(super) fn field(text: &str, _: &RepoName) -> Checked {
    named(text, "a field", "write its path with dots, such as `spec.replicas`", |text| {
        text.len() <= 500
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text.split('.').all(|part| !part.is_empty())
    })
}
