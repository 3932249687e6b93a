//! How gates stand, in words: the evidence in a sentence, and what would help.
//!
//! Foreign text comes in as it is and leaves inert.

mod approvals;
mod artifacts;
pub mod drift;
mod freeze;
mod hands;
pub mod live;
pub mod migrations;
pub mod parity;
pub mod reported;
mod reviews;
mod soak;
mod ticket;

use super::{Said, by, count, instant, people, people_plain};
use crate::domain::acts::AUTOMATIC_ONLY;
use crate::domain::inert::{plain, span};
use crate::domain::minimal::{Extra, What};
use crate::domain::policy::{Application, Environment, Principal};
use crate::domain::promotion::Promised;
use crate::kustomize::images::ImageEntry;
use crate::model::act::{Act, ActKind};
use crate::model::ids::{EnvName, Login};
use crate::model::read::Commit;

pub use approvals::{approvals, lacks};
pub use artifacts::artifacts;
pub use freeze::{exempted, frozen, not_frozen};
pub use hands::{hands_unknown, has, one_more, reviews_with_unnamed, with_unnamed};
pub use reviews::{
    all_reviewed, changes_asked_for, not_reviewed, reviewed_elsewhere, reviewed_too_many,
    reviewed_unclear, reviewed_unknown, reviews,
};
pub use soak::{
    nothing_to_soak_in, replaced_too_early, soak_unreadable, soaked, soaking, soaks_once_there,
};
pub use ticket::{
    ticket_absent, ticket_approved, ticket_misfit, ticket_missing, ticket_not_asked,
    ticket_not_verified, ticket_silent, ticket_unreachable, ticket_waits,
};

/// `kustomize` found nothing.
pub fn overlay_sound() -> Said {
    Said::new("every overlay renders and every promoted entry has its container")
}

/// `kustomize` met what is not run or fetched here.
pub fn overlay_unseen() -> Said {
    Said::new("it builds on what is not fetched or run here, so nobody knows what it renders to")
        .help(
            "See the check `usher/kustomize`; it names the lines and the choices. On a promotion that Usher made, \
             somebody may accept it with `/override kustomize REASON`.",
        )
        .brief("an overlay cannot be rendered here; somebody has to choose")
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

/// `order`: what has to go back first is back.
pub fn went_first(first: &Environment) -> Said {
    Said::new(format!("{} went back to it first", span(first.name().as_str())))
}

/// `order`: another environment has to go back first.
pub fn not_back_first(first: &Environment, to: &ImageEntry) -> Said {
    let place = first.name();
    let what = to.new_tag.as_ref().or(to.digest.as_ref()).unwrap_or(&to.name);
    Said::new(format!("{} has to go back to {} first", span(place.as_str()), span(what)))
        .help(format!(
            "Merge the rollback of {place}, or open one: `/rollback {place} {}`; or accept it with `/override order REASON`.",
            plain(what)
        ))
        .brief(format!("{place} goes back first"))
}

/// `order`: another environment has to go back first, and has nothing that could.
pub fn cannot_go_first(first: &Environment, image: &str) -> Said {
    let place = span(first.name().as_str());
    Said::new(format!("{place} has to go back first, and has no entry {}", span(image)))
        .help("Accept it with `/override order REASON`.")
        .brief(format!("{} goes back first", first.name()))
}

/// `order`: it is there, and does not run yet.
pub fn not_yet(targets: &[Said]) -> Said {
    live::all(targets, &[])
}

/// `order`: it does not run there.
pub fn not_in(before: &Environment, tag: &str) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("{} does not run in {place}", span(tag)))
        .help(format!("Promote it to {place} first."))
        .brief(format!("{} does not run in {}", plain(tag), before.name()))
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
        .brief("has to be brought up to date")
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
pub fn other_tag(image: &str, promised: &Promised) -> Said {
    let wanted = promised.digest.as_ref().or(promised.new_tag.as_ref());
    let wanted = wanted.map_or("what was promised", String::as_str);
    Said::new(format!("{} does not become {}", span(image), span(wanted))).help(BACK)
}

/// `scope`: an entry moves that the promotion does not name.
pub fn not_promised(image: &str) -> Said {
    Said::new(format!("{} changes, and is not in its scope", span(image))).help(BACK)
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

/// So many fields are named.
const MOST_EXTRAS: usize = 5;

/// `scope`: a file changes in other ways, or something else than images does once rendered.
pub fn more_than_images(path: Option<&str>, extras: &[Extra], ours: bool) -> Said {
    let extra = |extra: &Extra| {
        let object = span(&extra.object);
        match &extra.what {
            What::Added => format!("{object} is new"),
            What::Removed => format!("{object} is gone"),
            What::Field(field) => format!("{object} in {}", span(field)),
        }
    };
    let mut named: Vec<String> = extras.iter().take(MOST_EXTRAS).map(extra).collect();
    if extras.len() > MOST_EXTRAS {
        named.push(format!("{} more", extras.len() - MOST_EXTRAS));
    }
    let sentence = match path {
        None => "more than promoted images changes once rendered".to_owned(),
        Some(path) => format!("{} changes in more than promoted images", span(path)),
    };
    let named = if named.is_empty() { named.concat() } else { format!(": {}", named.join(", ")) };
    Said::new(sentence + &named).help(if path.is_none() && ours {
        "The overlay takes the image elsewhere. Have it take the whole image or its whole tag; or somebody accepts it \
         with `/override scope REASON`."
    } else {
        "Split it: one pull request for the images, another for the rest."
    })
}

/// `order`: the version was sent away there.
pub fn bad_before(before: &Environment, act: &Act) -> Said {
    let place = span(before.name().as_str());
    let what = against(act);
    Said::new(format!("{} {what} in {place} {}", span(&act.subject), by(act)))
        .help("Release a corrected version.")
}

/// `bad-version`: something is known against what moves.
pub fn bad_version(act: &Act) -> Said {
    let what = against(act);
    Said::new(format!("{} {what} here {}", span(&act.subject), by(act)))
        .help("Release a corrected version; or accept it with `/override bad-version REASON`.")
        .brief(format!("{} {what}", plain(&act.subject)))
}

fn against(act: &Act) -> &'static str {
    if act.kind == ActKind::Rejection { "was rejected" } else { "was rolled back" }
}

/// `hold`: nothing holds it.
pub fn not_held() -> Said {
    Said::new("nobody holds it")
}

/// `hold`: somebody does.
pub fn held(hold: &Act, environment: &Environment) -> Said {
    let place = span(environment.name().as_str());
    if hold.pr.is_some() {
        return Said::new(format!("held {}", by(hold)))
            .help(format!("{} lifts it with `/unhold`.", people(environment.promoters())))
            .brief("held");
    }
    let application = hold.application.as_ref().map_or("everything", |name| name.as_str());
    let sentence = format!("{} is held in {place} {}", span(application), by(hold));
    let lift = format!("`/unhold {}`", environment.name());
    let help = if hold.subject == AUTOMATIC_ONLY {
        let ask = format!("`/promote {}`", environment.name());
        format!(
            "{} lifts it with {lift}; a promotion that one of them asks for with {ask} passes.",
            people(environment.promoters())
        )
    } else {
        format!("{} lifts it with {lift}.", people(environment.promoters()))
    };
    Said::new(sentence).help(help).brief(format!("held in {}", environment.name()))
}

/// `lock`: nothing locks it.
pub fn not_locked() -> Said {
    Said::new("not locked")
}

/// `lock`: somebody did.
pub fn locked(lock: &Act, environment: &Environment) -> Said {
    let name = environment.name();
    let mut who = vec![span(lock.by.login.as_str())];
    who.extend(environment.overrides().of("lock").iter().map(|one| span(&one.to_string())));
    Said::new(format!("{} is locked {}{}", span(name.as_str()), by(lock), until(lock)))
        .help(format!("{} lifts it with `/unlock {name}`.", super::either(&who)))
        .brief(format!("locked: {name}"))
}

/// `lock`: a rollback goes through one.
pub fn locked_but_back(lock: &Act) -> Said {
    Said::new(format!("locked {}{}; a rollback goes through", by(lock), until(lock)))
}

fn until(act: &Act) -> String {
    act.until.map_or_else(String::new, |until| format!(", until {}", instant(until)))
}

/// A gate that somebody accepted as it is.
pub fn overridden(act: &Act, was: &Said) -> Said {
    Said::new(format!("overridden {}; it was: {}", by(act), was.sentence))
}

/// `config`: it would not be valid.
pub fn config_invalid(mistakes: usize) -> Said {
    Said::new(format!("the configuration would have {}", count(mistakes, "mistake")))
        .help("See the check `usher/config`; it names the lines.")
        .brief(format!("the configuration has {}", count(mistakes, "mistake")))
}

/// `config`: an administrator approved it.
pub fn config_approved(admin: &Login) -> Said {
    Said::new(format!("approved by {}", span(admin.as_str())))
}

/// `config`: an administrator asks for changes.
pub fn config_objected(admin: &Login) -> Said {
    Said::new(format!("{} asks for changes", span(admin.as_str())))
        .help("Make them, and have it approved by review.")
        .brief("changes are asked for")
}

/// `config`: no administrator has approved it.
pub fn config_needs(admins: &[Principal]) -> Said {
    let who = people(admins);
    Said::new("it changes the rules themselves")
        .help(format!("{who}, not its author, approves this commit by review."))
        .brief(format!("changes the rules: needs {}", people_plain(admins)))
}

/// A condition that nobody can judge yet.
pub fn unjudged(path: &str) -> Said {
    Said::new(format!("{} is configured, and this version of Usher cannot judge it", span(path)))
        .help("Somebody who may override it here accepts that with `/override GATE REASON`.")
}

const CLEAN: &str = "`/retry` throws away what is not Usher's and plans it anew.";
const BACK: &str = "`/retry` brings it back to what Usher committed.";
