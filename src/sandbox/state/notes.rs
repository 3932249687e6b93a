//! Release notes as GitHub generates them: the pull requests merged since the release before.
//! It does not know where they are written.
//! <https://docs.github.com/en/rest/releases/releases#generate-release-notes-content-for-a-release>

use std::collections::BTreeSet;

use super::State;
use crate::sandbox::model::Id;
use crate::sandbox::refusal::Refusal;

impl State {
    /// The notes for a tag, or for the default branch where there is no such tag yet.
    pub(crate) fn release_notes(
        &self,
        repo: Id,
        tag: &str,
        previous: Option<&str>,
    ) -> Result<String, Refusal> {
        let git = self.git(repo)?;
        let seen = self.repo(repo)?;
        let to = git
            .resolve(&format!("refs/tags/{tag}"))
            .or_else(|| git.branch(&seen.default_branch))
            .ok_or_else(Refusal::not_found)?;
        let previous = match previous {
            Some(name) => Some(name.to_owned()),
            None => self
                .releases(repo, false)?
                .into_iter()
                .map(|release| release.tag.clone())
                .find(|name| name != tag),
        };
        let from = previous.as_ref().and_then(|name| git.resolve(&format!("refs/tags/{name}")));
        let commits = match from {
            Some(from) => git.between(from, to)?,
            None => git.history(to, None)?,
        };
        let commits: BTreeSet<String> =
            commits.iter().map(|commit| commit.sha.to_string()).collect();
        let html = self.repo_html(seen);
        let merged = seen.issues.values().filter_map(|issue| {
            let commit = issue.pull.as_ref()?.merge_commit.as_ref()?;
            commits.contains(commit).then(|| {
                let (author, number) = (self.login(issue.author), issue.number);
                format!("* {} by @{author} in {html}/pull/{number}\n", issue.title)
            })
        });
        let merged: String = merged.collect();
        let mut notes = String::new();
        if !merged.is_empty() {
            notes = format!("## What's Changed\n{merged}\n\n");
        }
        let range = match (previous, from) {
            (Some(previous), Some(_)) => format!("compare/{previous}...{tag}"),
            _ => format!("commits/{tag}"),
        };
        Ok(format!("{notes}**Full Changelog**: {html}/{range}"))
    }
}
