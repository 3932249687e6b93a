//! What an event asks for: GitHub's deliveries become intents here, purely and totally.
//!
//! It knows the names of events and the JSON fields that are read; it knows nothing of policy.

pub mod command;
mod comment;
mod event;
mod grammar;

use serde::{Deserialize, Serialize};

use command::Remark;

use crate::model::ids::{AppId, InstallationId, PrNumber, RepoRef, Sha};
use crate::model::read::Account;
use jiff::Timestamp;

pub use event::{AGAIN, EVENTS, Unreadable, parse, sender};

/// Where a repository's rules are: a push that changes them bears on every open pull request.
pub const RULES: &str = ".github/usher.yml";

/// What the subjects of merge queues' groups begin with.
pub const GROUPS: &str = "group:";

/// What the subjects of deployments of a commit begin with.
pub fn deployments_of(sha: &Sha) -> String {
    format!("protect:{sha}:")
}

/// Something to be made right. A handler reads the present state, so an intent carries names, not facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// A release was published or a tag pushed in a source repository. `route` fans it out into one
    /// [`Intent::Promote`] for each GitOps repository that follows the source.
    Release {
        /// Where it was published.
        source: RepoRef,
        /// The tag as it is written.
        tag: String,
    },
    /// Bring the automatic environments of a GitOps repository forward.
    Promote {
        /// The repository written to.
        repo: RepoRef,
        /// What set it off, which also says which version is meant.
        trigger: Trigger,
    },
    /// Validate a pull request and hold it against its gates.
    Evaluate {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which one.
        pr: PrNumber,
    },
    /// What promotions rest on may have changed: those that do are judged again. `route` fans it out over
    /// the repositories that follow the source.
    Reconsider {
        /// The repository written to.
        repo: RepoRef,
        /// Where it happened.
        source: RepoRef,
        /// What may have changed.
        what: Basis,
    },
    /// Somebody commands something. `route` has it acted on where it belongs: in the repository of the
    /// comment, or in the one that follows it.
    Command {
        /// The repository acted upon.
        repo: RepoRef,
        /// The comment.
        remark: Box<Remark>,
        /// What the lines before came to.
        #[serde(default)]
        answers: Vec<Answer>,
        /// What became of the first half of a line that takes two.
        #[serde(default)]
        half: Option<Half>,
    },
    /// A pull request has a head that it had not before.
    Push {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which pull request.
        pr: PrNumber,
        /// The new head.
        head: Sha,
        /// The head before, where the event tells.
        before: Option<Sha>,
        /// When, by GitHub's clock.
        at: Timestamp,
    },
    /// A label was put on a pull request, or taken off.
    Label {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which pull request.
        pr: PrNumber,
        /// The label's name.
        label: String,
        /// Whether it was put on.
        on: bool,
        /// By whom.
        by: Account,
        /// The pull request's head at that time.
        head: Sha,
        /// When, by GitHub's clock.
        at: Timestamp,
    },
    /// Somebody pressed a button of a check.
    Press {
        /// The repository of the check.
        repo: RepoRef,
        /// What we called the button.
        button: String,
        /// The commit that the check is about.
        head: Sha,
        /// Who pressed it.
        by: Account,
        /// Which state of the check it stood on: the same press has the same, whatever delivery tells of it.
        shown: String,
    },
    /// Something that somebody said ends by itself now: what it bore on is judged again.
    Lapse {
        /// The repository that it was said in.
        repo: RepoRef,
        /// What it came from.
        cause: String,
    },
    /// Who belongs to whom has changed in an account: what rests on it is judged again. `route` fans it
    /// out over the repositories of the installation.
    People {
        /// Which installation.
        installation: InstallationId,
    },
    /// See whether what a merged promotion brought is well.
    Watch {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// The promotion's pull request.
        pr: PrNumber,
    },
    /// Have an environment follow that another one had to go back before.
    Onward {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// The pull request by which the first one went back.
        pr: PrNumber,
    },
    /// Merge a promotion whose environments are merged into by themselves, if every gate has passed.
    Merge {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which one.
        pr: PrNumber,
        /// What became of it, once it has been asked for.
        #[serde(default)]
        asked: Option<Asked>,
    },
    /// Bring the live Applications of a rollback back by Argo CD, as far as its pull request is; and put automatic
    /// sync back when that has ended.
    Restore {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which one.
        pr: PrNumber,
    },
    /// Hold a group of a merge queue against the gates of all that it brings.
    Group {
        /// Which repository.
        repo: RepoRef,
        /// The group.
        group: Group,
    },
    /// Say to a deployment that waits for us whether it may go on.
    Protect {
        /// Which repository.
        repo: RepoRef,
        /// What waits.
        deployment: Deployment,
        /// What was said to it last, while it has to wait.
        #[serde(default)]
        said: Option<String>,
    },
    /// A pull request was closed: record it, tidy up, go on with the next environment.
    Conclude {
        /// The repository of the pull request's base.
        repo: RepoRef,
        /// Which one.
        pr: PrNumber,
    },
    /// Read a repository's configuration again: whom it follows, what runs where, what is open.
    Follow {
        /// Which repository.
        repo: RepoRef,
        /// How much to look at.
        reach: Reach,
    },
    /// The App can no longer see this repository.
    Forget {
        /// Which repository.
        repo: RepoRef,
    },
    /// List the repositories of an installation and follow each.
    Survey {
        /// Which installation.
        installation: InstallationId,
    },
    /// The App was taken off an account.
    Leave {
        /// Which installation.
        installation: InstallationId,
    },
}

/// What set a promotion off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Trigger {
    /// A release or a tag.
    Release {
        /// Where it was published.
        source: RepoRef,
        /// The tag as it is written.
        tag: String,
    },
    /// The state itself: the newest release of each source, and what runs in the environments before.
    State,
}

/// What a promotion rests on outside of its pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Basis {
    /// What machines report on a commit.
    Reports {
        /// Which commit.
        sha: Sha,
        /// The App that reported, where one did.
        by: Option<AppId>,
    },
    /// A version's tag and release.
    Version {
        /// The tag.
        tag: String,
    },
}

/// A merge that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The head that it was asked for at.
    pub head: Sha,
    /// What the base pointed to.
    pub base: Sha,
    /// What came of it.
    pub came: Half,
}

/// A group of a merge queue: pull requests on top of each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The commit that merging all of it would make.
    pub head: Sha,
    /// The branch that it goes to.
    pub branch: String,
}

/// A deployment of a workflow run that waits for a protection rule of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The workflow run.
    pub run: u64,
    /// The environment, as GitHub calls it.
    pub environment: String,
    /// The commit that would be deployed.
    pub sha: Sha,
}

/// What a line of a comment came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why not and what would help; Markdown, foreign text in it is inert.
    pub text: String,
}

/// What became of the first half of a line that takes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// It was done.
    Done,
    /// GitHub refused it, in these words.
    Refused(String),
    /// It is in a merge queue.
    Queued,
    /// GitHub does it in the background.
    Waiting {
        /// By this name it is asked about.
        uuid: String,
        /// Since when.
        since: Timestamp,
    },
}

/// How much of a repository [`Intent::Follow`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The configuration and the open promotions: after a push to the default branch, and on every sweep.
    Promotions,
    /// All open pull requests as well: on start and on installation, when their checks may be missing.
    Everything,
}

impl Intent {
    /// The lane: intents of one lane are worked on one after the other, in order.
    /// It is the repository written to; an installation's own work has a lane of its own.
    pub fn lane(&self) -> String {
        match self {
            Self::Release { source: repo, .. }
            | Self::Promote { repo, .. }
            | Self::Reconsider { repo, .. }
            | Self::Command { repo, .. }
            | Self::Push { repo, .. }
            | Self::Label { repo, .. }
            | Self::Press { repo, .. }
            | Self::Lapse { repo, .. }
            | Self::Evaluate { repo, .. }
            | Self::Merge { repo, .. }
            | Self::Restore { repo, .. }
            | Self::Group { repo, .. }
            | Self::Protect { repo, .. }
            | Self::Conclude { repo, .. }
            | Self::Watch { repo, .. }
            | Self::Onward { repo, .. }
            | Self::Follow { repo, .. }
            | Self::Forget { repo } => format!("repo:{}", repo.id),
            Self::Survey { installation }
            | Self::Leave { installation }
            | Self::People { installation } => {
                format!("installation:{installation}")
            }
        }
    }

    /// What the intent is about: of two waiting jobs with the same lane and subject one is enough,
    /// because both would read the same state. `None` where each counts.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::Release { .. } => None,
            Self::Promote { trigger: Trigger::Release { source, tag }, .. } => {
                Some(format!("promote:{}:{tag}", source.id))
            }
            Self::Promote { trigger: Trigger::State, .. } => Some("promote".to_owned()),
            Self::Reconsider { source, what: Basis::Reports { sha, .. }, .. } => {
                Some(format!("reports:{}:{sha}", source.id))
            }
            Self::Reconsider { source, what: Basis::Version { tag }, .. } => {
                Some(format!("version:{}:{tag}", source.id))
            }
            Self::Command { remark, .. } => Some(format!("command:{}", remark.id)),
            Self::Push { .. } | Self::Label { .. } => None,
            Self::Press { button, head, by, shown, .. } => {
                Some(format!("press:{button}:{head}:{}:{shown}", by.id))
            }
            Self::Lapse { cause, .. } => Some(format!("lapse:{cause}")),
            Self::People { .. } => Some("people".to_owned()),
            Self::Evaluate { pr, .. } => Some(format!("evaluate:{pr}")),
            Self::Merge { pr, .. } => Some(format!("merge:{pr}")),
            Self::Restore { pr, .. } => Some(format!("restore:{pr}")),
            Self::Group { group, .. } => Some(format!("{GROUPS}{}", group.head)),
            Self::Protect { deployment, .. } => Some(format!(
                "{}{}:{}",
                deployments_of(&deployment.sha),
                deployment.run,
                deployment.environment
            )),
            Self::Conclude { pr, .. } => Some(format!("conclude:{pr}")),
            Self::Watch { pr, .. } => Some(format!("watch:{pr}")),
            Self::Onward { pr, .. } => Some(format!("onward:{pr}")),
            Self::Follow { reach: Reach::Promotions, .. } => Some("follow".to_owned()),
            Self::Follow { reach: Reach::Everything, .. } => Some("follow:everything".to_owned()),
            Self::Forget { .. } => Some("forget".to_owned()),
            Self::Survey { .. } => Some("survey".to_owned()),
            Self::Leave { .. } => Some("leave".to_owned()),
        }
    }

    /// The repository written to, where there is one.
    pub fn repo(&self) -> Option<&RepoRef> {
        match self {
            Self::Promote { repo, .. }
            | Self::Reconsider { repo, .. }
            | Self::Command { repo, .. }
            | Self::Push { repo, .. }
            | Self::Label { repo, .. }
            | Self::Press { repo, .. }
            | Self::Lapse { repo, .. }
            | Self::Evaluate { repo, .. }
            | Self::Merge { repo, .. }
            | Self::Restore { repo, .. }
            | Self::Group { repo, .. }
            | Self::Protect { repo, .. }
            | Self::Conclude { repo, .. }
            | Self::Watch { repo, .. }
            | Self::Onward { repo, .. }
            | Self::Follow { repo, .. }
            | Self::Forget { repo } => Some(repo),
            Self::Release { source, .. } => Some(source),
            Self::Survey { .. } | Self::Leave { .. } | Self::People { .. } => None,
        }
    }
}
