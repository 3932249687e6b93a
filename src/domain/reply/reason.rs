//! Why something was decided, in words: each reason's stable code, its sentence, and what would help.
//!
//! Foreign text comes in as it is and leaves inert.

use jiff::Timestamp;

use super::{by, count};
use crate::domain::decision::Reason;
use crate::domain::gates::{Gate, Outcome};
use crate::domain::inert::{cut, span};
use crate::domain::policy::{self, Application, Environment, Version};
use crate::model::act::{Act, ActKind};
use crate::model::ids::{AppName, EnvName, PrNumber, Sha};
use crate::model::read::PullRequest;
use crate::model::restoration::{Restoration, Stage};
use crate::model::write::NewMerge;

/// The repository is gone, or nothing can be written to it.
pub fn repository_gone() -> Reason {
    Reason::new("repository.gone", "the repository is gone or archived")
}

/// There is no commit to read.
pub fn repository_empty() -> Reason {
    Reason::new("repository.empty", "the default branch has no commits")
}

/// The App was taken off.
pub fn installation_gone() -> Reason {
    Reason::new("installation.gone", "the App can no longer act there")
}

/// The repositories of an installation were listed.
pub fn installation_surveyed(repositories: usize) -> Reason {
    let (one, many) = ("1 repository".to_owned(), format!("{repositories} repositories"));
    Reason::new("installation.surveyed", if repositories == 1 { one } else { many })
}

/// A release that no repository follows.
pub fn no_follower() -> Reason {
    Reason::new("release.no-follower", "nobody follows it")
}

/// The repository is none of ours to judge.
pub fn config_absent() -> Reason {
    Reason::new("config.absent", format!("there is no `{}`", policy::PATH))
}

/// The configuration cannot be acted on.
pub fn config_invalid(mistakes: usize) -> Reason {
    let mistakes = count(mistakes, "mistake");
    Reason::new(
        "config.invalid",
        format!("`{}` has {mistakes}, so nothing is promoted", policy::PATH),
    )
}

/// The configuration was read.
pub fn config_read(applications: usize) -> Reason {
    Reason::new("config.read", format!("{} followed", count(applications, "application")))
}

/// What a promotion brought is well so far.
pub fn watched(pr: PrNumber, until: Timestamp) -> Reason {
    let until = super::instant(until);
    Reason::new("watch.well", format!("what #{pr} brought is well; it is watched until {until}"))
}

/// What a promotion brought cannot be looked at for now.
pub fn watched_blindly(pr: PrNumber, until: Timestamp) -> Reason {
    let until = super::instant(until);
    Reason::new(
        "watch.unread",
        format!(
            "the configuration or the overlays cannot be read, so nobody knows how what #{pr} brought is; it is watched until {until}"
        ),
    )
}

/// What a promotion brought is not watched any more.
pub fn watch_over(pr: PrNumber) -> Reason {
    Reason::new("watch.over", format!("what #{pr} brought is not watched any more"))
}

/// What a promotion brought has turned out ill.
pub fn gone_ill(pr: PrNumber, ills: &str) -> Reason {
    Reason::new("watch.ill", format!("what #{pr} brought is ill: {ills}"))
}

/// A pull request that was to be judged is not open.
pub fn pull_closed(pr: PrNumber) -> Reason {
    Reason::new("pull.closed", format!("#{pr} is not open"))
}

/// Nothing live is brought back for a pull request.
pub fn nothing_to_restore(pr: PrNumber) -> Reason {
    Reason::new("argocd.nothing", format!("nothing live is brought back for #{pr}"))
}

/// How far an Application is brought back.
pub fn restoration(one: &Restoration) -> Reason {
    let code = match &one.stage {
        Stage::Asked => "asked",
        Stage::TurningOff => "turning-off",
        Stage::GoingBack => "going-back",
        Stage::Back => "back",
        Stage::Failed(_) => "failed",
        Stage::PuttingBack => "putting-back",
        Stage::Over(_) => "over",
    };
    let (sign, step) = super::restore::step(one);
    let target = span(one.target.as_str());
    Reason::new(&format!("argocd.{code}"), format!("{sign} {target} ({}): {step}", span(&one.name)))
}

/// A pull request that was to be concluded is open.
pub fn pull_open(pr: PrNumber) -> Reason {
    Reason::new("pull.open", format!("#{pr} is open again"))
}

/// A merge is asked for.
pub fn merging(merge: &NewMerge) -> Reason {
    let (head, base) = (merge.head.short(), merge.base.sha.short());
    Reason::new("merge.asked", format!("every gate has passed at {head} onto {base}: it is merged"))
}

/// It is not merged as things stand now.
pub fn merge_not_now(pr: PrNumber) -> Reason {
    Reason::new("merge.not-now", format!("#{pr} has changed since it was judged"))
}

/// GitHub is at it.
pub fn merge_pending(pr: PrNumber) -> Reason {
    Reason::new("merge.pending", format!("GitHub merges #{pr}"))
}

/// It is merged.
pub fn merge_done(pr: PrNumber) -> Reason {
    Reason::new("merge.done", format!("#{pr} is merged"))
}

/// It is in a merge queue.
pub fn merge_queued(pr: PrNumber) -> Reason {
    Reason::new("merge.queued", format!("#{pr} is in the merge queue"))
}

/// GitHub refuses.
pub fn merge_refused(pr: PrNumber, why: &str) -> Reason {
    Reason::new("merge.refused", format!("GitHub does not merge #{pr}: {}", span(why)))
}

/// A merge queue's group was judged.
pub fn group(head: &Sha, title: &str) -> Reason {
    Reason::new("group.judged", format!("the group at {}: {}", head.short(), span(title)))
}

/// There is no such group any more.
pub fn group_gone(head: &Sha) -> Reason {
    Reason::new("group.gone", format!("there is no group at {} any more", head.short()))
}

/// A group will be built anew.
pub fn group_elsewhere(head: &Sha) -> Reason {
    let sentence = format!("the group at {} does not stand on the default branch", head.short());
    Reason::new("group.elsewhere", sentence)
}

/// A deployment that waits was looked at.
pub fn deployment(run: u64, approved: Option<bool>) -> Reason {
    let how = match approved {
        Some(true) => "is approved",
        Some(false) => "is rejected",
        None => "has to wait",
    };
    Reason::new("deployment.judged", format!("the deployment of run {run} {how}"))
}

/// Something that a judgement rests on is not known.
pub fn unknown(why: &str) -> Reason {
    Reason::new("pull.unknown", format!("it cannot be judged: {}", span(why)))
}

/// A pull request came to its end.
pub fn pull_concluded(pull: &PullRequest) -> Reason {
    let sentence = if pull.merged {
        format!("#{} was merged at {}", pull.number, pull.head.sha.short())
    } else {
        format!("#{} was closed without being merged", pull.number)
    };
    Reason::new("pull.concluded", sentence)
}

/// The same commit is judged on its way to the default branch.
pub fn pull_same_head(as_pr: PrNumber) -> Reason {
    Reason::new("pull.same-head", format!("its commit is judged as #{as_pr}"))
}

/// The App cannot see the source.
pub fn source_not_installed(application: &Application) -> Reason {
    let source = span(application.source().as_str());
    let sentence =
        format!("the releases of {source} cannot be read: the App is not installed on it");
    Reason::new("source.not-installed", sentence).help(format!(
        "Install the App there too, or correct `source` of the application in `{}`.",
        policy::PATH
    ))
}

/// The source is somebody else's.
pub fn source_foreign(application: &Application) -> Reason {
    let source = span(application.source().as_str());
    Reason::new("source.foreign", format!("{source} belongs to another account"))
        .help("Name a source of the account that owns this repository.")
}

/// GitHub refused to tell about the source.
pub fn source_unreadable(why: &str) -> Reason {
    Reason::new("source.unreadable", format!("the source cannot be read: {}", span(why)))
        .help("See that the App may read it; publishing the release again tries again.")
}

/// The tag is no version of the application.
pub fn version_unreadable(tag: &str, application: &Application) -> Reason {
    let application = span(application.name().as_str());
    let sentence = format!("{} is not a version of application {application}", span(tag));
    Reason::new("version.unreadable", sentence).help(format!(
        "Tag releases as `v1.2.3`, or set `versions` and `scheme` of the application in `{}`.",
        policy::PATH
    ))
}

/// The environment takes no prereleases.
pub fn version_prerelease(tag: &str, environment: &Environment) -> Reason {
    let place = span(environment.name().as_str());
    Reason::new(
        "version.prerelease",
        format!("{} is a prerelease, and {place} takes none", span(tag)),
    )
}

/// Nothing of that name was released.
pub fn version_unknown(name: &str, application: &Application, newest: Option<&Version>) -> Reason {
    let (name, what) = (span(name), span(application.name().as_str()));
    let reason = Reason::new("version.unknown", format!("{what} has no version {name}"));
    match newest {
        Some(newest) => reason.help(format!("The newest is {}.", span(newest.tag()))),
        None => reason.help("Publish the release first."),
    }
}

/// There is no version to choose.
pub fn version_none(application: &Application) -> Reason {
    let what = span(application.name().as_str());
    Reason::new("version.none", format!("{what} has no released version that could be promoted"))
        .help("Publish a release first.")
}

/// An image tag belongs to no release that is known.
pub fn version_of_tag_unknown(tag: &str, application: &Application) -> Reason {
    let (tag, what) = (span(tag), span(application.name().as_str()));
    Reason::new("version.of-tag", format!("no release of {what} is known that carries {tag}"))
        .help("Name the version.")
}

/// The tag is not in the source.
pub fn version_no_tag(source: &str, tag: &str) -> Reason {
    Reason::new("version.no-tag", format!("{} has no tag {}", span(source), span(tag)))
        .help("Push the tag again, then publish the release again.")
}

/// The version cannot be written behind an image's colon.
pub fn version_no_image_tag(why: &str) -> Reason {
    Reason::new("version.no-image-tag", format!("no image can carry it: {}", span(why))).help(
        format!("Tag the release anew, or set `tag` of the application in `{}`.", policy::PATH),
    )
}

/// The overlay's folder has no kustomization.
pub fn overlay_missing(environment: &Environment, folder: &str) -> Reason {
    let place = span(environment.name().as_str());
    let wanted = span(format!("{folder}/kustomization.yaml").trim_start_matches('/'));
    Reason::new(
        "overlay.missing",
        format!("environment {place} has no kustomization in {}", span(folder)),
    )
    .help(format!("Add {wanted}, or correct the overlay in `{}`.", policy::PATH))
}

/// The kustomization is not YAML that can be read.
pub fn overlay_unreadable(file: &str, line: u32, why: &str) -> Reason {
    Reason::new("overlay.unreadable", format!("{}, line {line}: {}", span(file), span(why)))
        .help("Correct the file on the default branch.")
}

/// A link or a folder stands where the kustomization should.
pub fn overlay_not_a_file(file: &str) -> Reason {
    Reason::new("overlay.not-a-file", format!("{} is not a regular file", span(file)))
        .help("Put the kustomization itself there; Usher does not edit through links.")
}

/// No entry carries the application's version.
pub fn overlay_no_entry<'a>(
    environment: &Environment,
    application: &Application,
    files: impl Iterator<Item = &'a str>,
) -> Reason {
    let (place, application) =
        (span(environment.name().as_str()), span(application.name().as_str()));
    let files: Vec<_> = files.map(span).collect();
    let sentence =
        format!("no `images:` entry of environment {place} belongs to application {application}");
    Reason::new("overlay.no-entry", sentence).help(format!(
        "Add its entries to {}, or correct `images` of the application in `{}`.",
        files.join(", "),
        policy::PATH
    ))
}

/// Every entry carries the version.
pub fn already_there(version: &str, environment: &EnvName) -> Reason {
    let place = span(environment.as_str());
    Reason::new("promote.already-there", format!("{} is in {place} already", span(version)))
}

/// Something as high or higher runs there.
pub fn not_higher(version: &str, environment: &EnvName, image: &str, at: &str) -> Reason {
    let (version, place) = (span(version), span(environment.as_str()));
    let (image, at) = (span(image), span(at));
    let sentence = format!(
        "{version} is not higher than what {place} runs ({image} is at {at}), so it is not promoted"
    );
    Reason::new("promote.not-higher", sentence)
}

/// An entry has a digest, which would win over its tag.
pub fn pinned(image: &str, file: &str, version: &str) -> Reason {
    let (image, file, version) = (span(image), span(file), span(version));
    let sentence = format!(
        "{image} in {file} is pinned by a digest, and the digest of {version} is not known"
    );
    Reason::new("promote.pinned", sentence)
        .help("Remove `digest` from the entry so that its tag counts, or promote it by hand.")
}

/// Its pull request is open.
pub fn stands(pr: PrNumber) -> Reason {
    Reason::new("promote.stands", format!("#{pr} is open"))
}

/// Its pull request had its turn.
pub fn once(environment: &EnvName, pull: &PullRequest) -> Reason {
    let state = if pull.merged { "was merged" } else { "was closed" };
    let sentence = format!("its promotion to {environment} {state} as #{}", pull.number);
    Reason::new("promote.once", sentence)
}

/// The branch's name is held by somebody else.
pub fn branch_taken(branch: &str) -> Reason {
    let sentence = format!("branch {} is somebody else's, so another is used", span(branch));
    Reason::new("promote.branch-taken", sentence)
}

/// All names that would do are held by somebody else.
pub fn branches_taken(environment: &EnvName) -> Reason {
    let branches = span(&format!("usher/{environment}/"));
    Reason::new("promote.branch-taken", "every branch that would do is somebody else's")
        .help(format!("Delete the branches under {branches}."))
}

/// The file cannot be edited so that nothing else changes.
pub fn edit_refused(file: &str, why: &str) -> Reason {
    Reason::new("promote.edit", format!("{} cannot be edited safely: {}", span(file), span(why)))
        .help("Simplify the entry on the default branch; the rest of the file is kept as it is.")
}

/// What an entry said cannot be said by an edit of the entry.
pub fn not_expressible(file: &str, image: &str) -> Reason {
    let (file, image) = (span(file), span(image));
    let sentence =
        format!("{image} in {file} cannot be put back: it had no tag and no digest then");
    Reason::new("rollback.not-expressible", sentence)
        .help("Put the entry back by hand, in a pull request of its own.")
}

/// It is held there.
pub fn held(hold: &Act, application: &AppName, environment: &EnvName) -> Reason {
    let (what, place) = (span(application.as_str()), span(environment.as_str()));
    Reason::new("promote.held", format!("{what} is held in {place} {}", by(hold)))
}

/// The version was sent away there.
pub fn against(act: &Act, environment: &EnvName) -> Reason {
    let place = span(environment.as_str());
    let what = if act.kind == ActKind::Rejection { "was rejected" } else { "was rolled back" };
    let sentence = format!("{} {what} in {place} {}", span(&act.subject), by(act));
    Reason::new("promote.bad-version", sentence)
}

/// Its files changed on the base as well.
pub fn planned_anew(pr: PrNumber) -> Reason {
    Reason::new("promote.planned-anew", format!("#{pr} is planned anew on its base"))
}

/// A comment had its turn.
pub fn command_handled() -> Reason {
    Reason::new("command.handled", "the comment has been acted upon")
}

/// Somebody pressed a button of a check.
pub fn pressed(button: &str, done: bool) -> Reason {
    let sentence = format!("the button {} was pressed", span(&cut(button, 40)));
    Reason::new(if done { "button.done" } else { "button.refused" }, sentence)
}

/// A bot's press is nobody's word.
pub fn pressed_by_a_bot() -> Reason {
    Reason::new("button.bot", "a bot pressed the button")
}

/// The pull request has another head now, or is closed.
pub fn pressed_too_late(head: &Sha) -> Reason {
    let sentence = format!("no pull request that this is about is at `{}` any more", head.short());
    Reason::new("button.head-moved", sentence)
}

/// More than anybody does in an hour.
pub fn pressed_too_often() -> Reason {
    Reason::new("button.too-many", "that is too much within an hour")
}

/// A comment commands nothing here.
pub fn command_none() -> Reason {
    Reason::new("command.none", "nothing in the comment is a command here")
}

/// A comment is gone.
pub fn command_gone() -> Reason {
    Reason::new("command.gone", "the comment is gone")
}

/// Whose comments command nothing.
pub fn command_bot() -> Reason {
    Reason::new("command.bot", "its author is a bot that may not command")
}

/// What a line of a comment came to; `line` is as it was written.
pub fn command(line: &str, done: bool) -> Reason {
    let code = if done { "command.done" } else { "command.refused" };
    Reason::new(code, span(line))
}

/// Its author had the answer today.
pub fn command_refused_today() -> Reason {
    Reason::new("command.refused-today", "its author was told today already")
}

/// A label says nothing.
pub fn label_means_nothing() -> Reason {
    Reason::new("label.none", "the label is no approval, or the pull request has moved on")
}

/// A label is an approval.
pub fn label_counts(label: &str) -> Reason {
    Reason::new("label.approval", format!("{} is recorded", span(label)))
}

/// A label counts for nobody.
pub fn label_refused(label: &str) -> Reason {
    Reason::new("label.refused", format!("{} was given by somebody who may not", span(label)))
}

/// A label is off.
pub fn label_off(label: &str) -> Reason {
    Reason::new("label.off", format!("{} is off", span(label)))
}

/// Nothing rests on what was reported.
pub fn nothing_rests_on_it() -> Reason {
    Reason::new("reconsider.nothing", "no open promotion rests on it")
}

/// What promotions rest on may have changed.
pub fn reconsidered(pulls: usize) -> Reason {
    let pulls = count(pulls, "pull request");
    Reason::new("reconsider.judged", format!("what {pulls} may rest on has changed"))
}

/// Something that people said has come to its time.
pub fn lapsed() -> Reason {
    Reason::new("act.lapsed", "what somebody said has come to its end")
}

/// A pull request has a new head.
pub fn pushed(pr: PrNumber) -> Reason {
    Reason::new("pull.pushed", format!("#{pr} has a new head"))
}

/// How a gate stands, for the record.
pub fn gate(gate: &Gate) -> Reason {
    let outcome = match gate.outcome {
        Outcome::Passed => "passed",
        Outcome::Overridden => "overridden",
        Outcome::Waiting => "waiting",
        Outcome::Needs => "needs",
        Outcome::Failed => "failed",
    };
    let place = gate.environment.as_ref().map_or_else(String::new, |name| format!("{name}: "));
    Reason {
        code: format!("{}.{outcome}", gate.name),
        sentence: format!("{place}{}", gate.said.sentence),
        help: gate.said.help.clone(),
    }
}
