//! How gates stand, in words: the evidence in a sentence, and what would help.
//!
//! Foreign text comes in as it is and leaves inert.

use super::{Said, count};
use crate::domain::inert::{plain, span};
use crate::domain::policy::{Application, Environment};
use crate::model::ids::EnvName;
use crate::model::read::Commit;

/// `kustomize` found nothing.
pub fn overlay_sound() -> Said {
    Said::new("every file is there and every promoted entry has its container")
}

/// `kustomize` found errors.
pub fn overlay_broken(errors: usize) -> Said {
    Said::new(format!("{} in the overlay", count(errors, "error")))
        .help("See the check `usher/kustomize`; it names the lines.")
}

/// `order`: nothing comes before.
pub fn first_environment() -> Said {
    Said::new("the first environment")
}

/// `order`: where it runs, or ran.
pub fn ran_before(evidence: &[Said]) -> Said {
    Said::new(evidence.iter().map(|said| said.sentence.as_str()).collect::<Vec<_>>().join("; "))
}

/// `order`: it runs there.
pub fn runs_in(before: &Environment) -> Said {
    Said::new(format!("it runs in {}", span(before.name().as_str())))
}

/// `order`: it ran there, and something higher came after it.
pub fn replaced_in(before: &Environment) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("it ran in {place} and was replaced by a higher version"))
}

/// `order`: it does not run there.
pub fn not_in(before: &Environment, tag: &str) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("{} does not run in {place}", span(tag)))
        .help(format!("Promote it to {place} first."))
}

/// `order`: what moves does not say which version it is.
pub fn version_unknown(image: &str) -> Said {
    Said::new(format!("{} has no tag of its own, so its version is not known", span(image)))
        .help("Give the entry the version's tag, without a digest.")
}

/// `order`: nothing that moves could be read.
pub fn nothing_readable() -> Said {
    Said::new("which version it brings cannot be read").help("Correct the overlay first.")
}

/// `order`: the environment before cannot be read.
pub fn before_unreadable(before: &Environment) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("what {place} runs cannot be read"))
        .help(format!("Correct the overlay of {place} on the default branch."))
}

/// `order`: the environment before does not have the image.
pub fn not_known_in(before: &Environment, image: &str) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("{place} has no entry {}", span(image)))
        .help(format!("Add the entry to {place}, and promote it there first."))
}

/// `scope`: nothing else changes.
pub fn only_images() -> Said {
    Said::new("only promoted images change")
}

/// `scope`: both sides changed a file.
pub fn both_changed(path: &str) -> Said {
    Said::new(format!("{} changed on the base branch as well", span(path)))
        .help("Bring the pull request up to date with its base branch.")
}

/// `scope`: our commit is gone from our branch.
pub fn our_commit_gone() -> Said {
    Said::new("the commit that Usher made is not on its branch any more").help(CLEAN)
}

/// `scope`: GitHub does not list every commit.
pub fn too_many_commits() -> Said {
    Said::new("it has more commits than GitHub lists").help(CLEAN)
}

/// `scope`: somebody else's commit is on our branch.
pub fn foreign_commit(commit: &Commit) -> Said {
    let by = commit
        .author
        .as_ref()
        .map_or_else(String::new, |author| format!(" by {}", span(author.login.as_str())));
    Said::new(format!("commit `{}`{by} is not Usher's", plain(commit.sha.short()))).help(CLEAN)
}

/// `scope`: it reaches an environment that it is not for.
pub fn other_environment(changed: &EnvName, promised: &EnvName) -> Said {
    Said::new(format!("it changes {changed}, not {promised}")).help(BACK)
}

/// `scope`: it moves another application.
pub fn other_application(application: &Application) -> Said {
    Said::new(format!("it changes images of {}", span(application.name().as_str()))).help(BACK)
}

/// `scope`: an entry becomes something else than was promised.
pub fn other_tag(image: &str, promised: &str) -> Said {
    Said::new(format!("{} does not become {}", span(image), span(promised))).help(BACK)
}

/// `scope`: an entry goes away.
pub fn entry_gone() -> Said {
    Said::new("an entry goes away").help(BACK)
}

/// `scope`: a container's image moves and no entry of the overlay does.
pub fn stray_image(object: &str, to: &str) -> Said {
    let (object, to) = (span(object), span(to));
    Said::new(format!("{object} would run {to} without an `images:` entry of the overlay changing"))
        .help(
            "Promote it by its entry in the overlay, and leave the rest for another pull request.",
        )
}

/// `scope`: a file changes in other ways.
pub fn more_than_images(path: &str) -> Said {
    Said::new(format!("{} changes in more than promoted images", span(path)))
        .help("Split it: one pull request for the images, another for the rest.")
}

/// A condition that nobody can judge yet.
pub fn unjudged(path: &str) -> Said {
    Said::new(format!("{} is configured, and this version of Usher cannot judge it", span(path)))
        .help("Somebody with the right to merge past the check has to decide.")
}

const CLEAN: &str = "Close it; the next release opens a clean one.";
const BACK: &str = "Bring the pull request back to what Usher committed.";
