//! The folders of environments, as they are written.
//!
//! It does not know whether they exist.

use super::{Complaint, quoted};
use crate::model::ids::AppName;

/// The path of a Kustomize overlay, which may hold `{application}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Overlay(String);

/// What stands for the application's name in an overlay's path.
pub(in crate::domain::policy) const APPLICATION: &str = "{application}";

impl Overlay {
    pub(in crate::domain::policy) fn parse(text: &str) -> Result<Self, Complaint> {
        let what = quoted(text);
        if text == "." {
            return Ok(Self(String::new()));
        }
        let tidy = text.trim_start_matches("./").trim_matches('/');
        let instead =
            || format!("write the folder's path from the root of the repository: `{tidy}`");
        if text.is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
            return Err(Complaint::new(
                format!("{what} is not a folder"),
                "write the folder's path from the root of the repository, such as `kustomize/staging`",
            ));
        }
        if text.starts_with('/') {
            return Err(Complaint::new(
                format!("{what} begins at the root of a machine"),
                instead(),
            ));
        }
        if text.contains('\\') {
            let help = format!("write `{}`", text.replace('\\', "/"));
            return Err(Complaint::new(format!("{what} holds a backslash"), help));
        }
        if text.split('/').any(|part| part == "..") {
            return Err(Complaint::new(
                format!("{what} leaves its folder by `..`"),
                "write the folder's path from the root of the repository",
            ));
        }
        if text.ends_with("/kustomization.yaml") || text.ends_with("/kustomization.yml") {
            let folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Err(Complaint::new(
                format!("{what} is a file"),
                format!("name its folder: `{folder}`"),
            ));
        }
        if text.split('/').any(|part| part.is_empty() || part == ".") {
            return Err(Complaint::new(format!("{what} is not a tidy path"), instead()));
        }
        if let Some(variable) = unknown_variable(&text.replace(APPLICATION, "")) {
            return Err(Complaint::new(
                format!("{} is not known in an overlay", quoted(&variable)),
                "only `{application}` is, for the application's name",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The folder for one application; empty for the root of the repository.
    pub fn of(&self, application: &AppName) -> String {
        self.0.replace(APPLICATION, application.as_str())
    }

    /// Whether each application has a folder of its own.
    pub fn is_per_application(&self) -> bool {
        self.0.contains(APPLICATION)
    }

    /// As it is written, but empty for the root of the repository.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first `{…}`, or the first brace that stands alone.
pub(in crate::domain::policy) fn unknown_variable(text: &str) -> Option<String> {
    let at = text.find(['{', '}'])?;
    let rest = &text[at..];
    let end = rest.find('}').map_or(rest.len(), |end| end + 1);
    Some(rest[..end].to_owned())
}
