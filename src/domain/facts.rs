//! What is known so far, and how a decision says what it still needs to know.
//!
//! Deciding is one straight walk over the facts. Where an answer is missing the walk stops with a
//! [`Gap`] that names the need; the shell fetches it and walks again, until a decision falls out.
//! So what is read, in which order, stands beside what it is read for, and nothing is read in vain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::drift::Baseline;
use super::drift::issue::Told;
use super::memo::Memo;
use super::promotion::{Promised, Sealer};
use crate::intent::{Asked, Group};
use crate::model::act::{Act, Ended};
use crate::model::argocd;
use crate::model::artifact::{Artifact, Noted, TicketAnswer};
use crate::model::bundle::{Bundle, Printed};
use crate::model::evidence::Judged;
use crate::model::files::{Blobs, Entry, FileTree as _, GitTree, TreeView};
use crate::model::ids::{
    AppName, CommentId, EnvName, InstallationId, Login, PrNumber, RepoName, RepoRef, Sha, UserId,
};
use crate::model::links::{Link, Links, PageId};
use crate::model::read::{
    Access, CommandPast, Comment, Commit, Comparison, Identity, PullRequest, Release, Repository,
    Review, Reviewed,
};
use crate::model::report::{Deployed, Reports};
use crate::model::restoration::{Restoration, Restorations};
use crate::model::seal::Seal;
use crate::model::write::Merged;

/// Why a walk could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// These answers are needed first.
    Lacks(Vec<Need>),
    /// The answer cannot be had; the reason is for people.
    Unknown(String),
}

/// What several steps lack, so that it is asked for at once and not one by one.
#[derive(Debug, Default)]
pub struct Lacking(Vec<Need>);

impl Lacking {
    /// What a step found; none where it lacks something.
    ///
    /// # Errors
    /// What cannot be had ends it.
    pub fn take<T>(&mut self, found: Result<T, Gap>) -> Result<Option<T>, Gap> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Gap::Lacks(needs)) => {
                self.0.extend(needs);
                Ok(None)
            }
            Err(unknown @ Gap::Unknown(_)) => Err(unknown),
        }
    }

    /// What came of all steps, if none of them lacked anything.
    ///
    /// # Errors
    /// Everything that they lacked.
    pub fn done<T>(self, found: T) -> Result<T, Gap> {
        if self.0.is_empty() { Ok(found) } else { Err(Gap::Lacks(self.0)) }
    }
}

/// An answer, or why there is none.
pub type Known<T> = Result<T, String>;

macro_rules! needs {
    ($($(#[$doc:meta])* $need:ident => $ask:ident($($name:ident: $given:ty),*) -> $answer:ty;)*) => {
        /// A question about the world; the shell knows how to have it answered.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Need {
            $(
                $(#[$doc])*
                $need {
                    $(
                        #[expect(missing_docs, reason = "named by its type")]
                        $name: <$given as ToOwned>::Owned,
                    )*
                },
            )*
            /// The content of a blob.
            Blob {
                /// Where it is.
                repo: RepoRef,
                /// Which.
                sha: Sha,
            },
        }

        /// The answer to the need of the same name.
        #[derive(Debug, Clone)]
        pub enum Answer {
            $($(#[$doc])* $need($answer),)*
            /// The content of a blob.
            Blob(Arc<[u8]>),
        }

        impl Facts {
            $(
                $(#[$doc])*
                pub fn $ask(&self, $($name: &$given),*) -> Result<&$answer, Gap> {
                    let need = Need::$need { $($name: $name.to_owned()),* };
                    let answer = match self.answers.get(&need) {
                        Some(Ok(Answer::$need(answer))) => Ok(answer),
                        Some(Err(reason)) => Err(Gap::Unknown(reason.clone())),
                        _ => Err(Gap::Lacks(vec![need.clone()])),
                    };
                    self.asked_so_far().insert(need);
                    answer
                }
            )*
        }
    };
}

needs! {
    /// Who we are on GitHub.
    Identity => identity() -> Identity;
    /// The repository; none when it is gone.
    Repository => repository(repo: RepoRef) -> Option<Repository>;
    /// The repositories that an installation may act on.
    Repositories => repositories(installation: InstallationId) -> Vec<Repository>;
    /// How to reach the repository of that name; none when the App is not installed there.
    Source => source(name: RepoName) -> Option<RepoRef>;
    /// Where a branch points; none when it is not there.
    Head => head(repo: RepoRef, branch: str) -> Option<Commit>;
    /// A commit.
    Commit => commit(repo: RepoRef, sha: Sha) -> Commit;
    /// A commit that another system names; none where the repository does not have it.
    CommitIfAny => commit_if_any(repo: RepoRef, sha: Sha) -> Option<Commit>;
    /// A tree, whole, by its own id.
    Tree => tree(repo: RepoRef, tree: Sha) -> Arc<GitTree>;
    /// A pull request; none when it is not there.
    Pull => pull(repo: RepoRef, pr: PrNumber) -> Option<PullRequest>;
    /// All open pull requests.
    OpenPulls => open_pulls(repo: RepoRef) -> Vec<PullRequest>;
    /// All pull requests, open or closed, from a branch of the repository itself.
    PullsOfBranch => pulls_of_branch(repo: RepoRef, branch: str) -> Vec<PullRequest>;
    /// The pull requests that a commit came by.
    PullsOfCommit => pulls_of_commit(repo: RepoRef, sha: Sha) -> Vec<PullRequest>;
    /// How two commits relate.
    Comparison => comparison(repo: RepoRef, base: Sha, head: Sha) -> Comparison;
    /// What one commit of a source has and another has not, as far as GitHub lists it.
    Brought => brought(repo: RepoRef, base: Sha, head: Sha) -> Comparison;
    /// How the commits were reviewed that one commit of a source has and another has not.
    Reviewed => reviewed(repo: RepoRef, base: Sha, head: Sha) -> Reviewed;
    /// The newest releases, newest first.
    Releases => releases(repo: RepoRef) -> Vec<Release>;
    /// The release of a tag.
    Release => release(repo: RepoRef, tag: str) -> Option<Release>;
    /// All tags.
    Tags => tags(repo: RepoRef) -> Vec<String>;
    /// The commit that a tag points to, through annotations; none when there is no such tag.
    Tag => tag(repo: RepoRef, tag: str) -> Option<Sha>;
    /// What was seen to run in an environment, oldest first.
    Ran => ran(repo: RepoRef, environment: EnvName, application: AppName) -> Vec<Ran>;
    /// What the default branch got between two of its heads; none where that cannot be told any more.
    Between => between(repo: RepoRef, from: Sha, to: Sha) -> Option<Comparison>;
    /// The newest commits that touch a path, as seen from a commit, newest first.
    CommitsOf => commits_of(repo: RepoRef, from: Sha, path: str) -> Vec<Commit>;
    /// What somebody may do in the repository.
    Access => access(repo: RepoRef, login: Login) -> Access;
    /// Whether somebody belongs to a team of the organisation that owns the repository.
    Member => member(repo: RepoRef, organisation: Login, team: str, login: Login) -> bool;
    /// A comment as it stands; none when it is gone.
    Comment => comment(repo: RepoRef, comment: CommentId) -> Option<Comment>;
    /// What machines report on a commit: checks and statuses.
    Reports => reports(repo: RepoRef, sha: Sha) -> Reports;
    /// How deployments of a commit into the environment of that name went, whatever its case.
    Deployed => deployed(repo: RepoRef, sha: Sha, environment: str) -> Vec<Deployed>;
    /// The reviews of a pull request, oldest first.
    Reviews => reviews(repo: RepoRef, pr: PrNumber) -> Vec<Review>;
    /// What people did in the repository that has not been ended, oldest first.
    Acts => acts(repo: RepoRef) -> Vec<Act>;
    /// What people did about a pull request and how each of it ended, oldest first; what was ended as well.
    ActsOfPull => acts_of_pull(repo: RepoRef, pr: PrNumber) -> Vec<(Act, Option<Ended>)>;
    /// The heads that a pull request was seen to get, and when, oldest first.
    Heads => heads(repo: RepoRef, pr: PrNumber) -> Vec<(Sha, Timestamp)>;
    /// The last verdict on a pull request in the record; none where it has none.
    Judged => judged(repo: RepoRef, pr: PrNumber) -> Option<Judged>;
    /// The pull requests that stand open in the record.
    Unended => unended(repo: RepoRef) -> Vec<PrNumber>;
    /// What is remembered of a comment and of who wrote it.
    Past => past(at: RepoRef, comment: CommentId, author: UserId, thread: PrNumber) -> CommandPast;
    /// The blob of the last configuration of the repository that was valid.
    LastConfig => last_config(repo: RepoRef) -> Option<Sha>;
    /// What became of a merge that GitHub does in the background.
    Merging => merging(repo: RepoRef, pr: PrNumber, uuid: str) -> Merged;
    /// The last merge of a pull request that was asked for by itself, and when that was known.
    Tried => tried(repo: RepoRef, pr: PrNumber) -> Option<(Asked, Timestamp)>;
    /// The branches whose names begin so, and what they point to.
    Branches => branches(repo: RepoRef, prefix: str) -> Vec<(String, Sha)>;
    /// The groups of merge queues that are being checked.
    Groups => groups(repo: RepoRef) -> Vec<Group>;
    /// What accepted merges left of an environment; none where nothing is remembered.
    Baseline => baseline(repo: RepoRef, environment: EnvName) -> Option<Baseline>;
    /// What was told of the drift of a repository's environments.
    ToldDrift => told_drift(repo: RepoRef) -> BTreeMap<EnvName, Told>;
    /// What an Argo CD tells of an Application that a repository names.
    Application => application(repo: RepoRef, server: str, application: str) -> argocd::Seen;
    /// How far Applications are brought back for a pull request.
    Restorations => restorations(repo: RepoRef, pr: PrNumber) -> Restorations;
    /// The Applications of a repository that are being brought back, or kept from syncing by themselves.
    OpenRestorations => open_restorations(repo: RepoRef) -> Vec<Restoration>;
    /// Whether the operator allows a real Kustomize for the repository.
    MayRunKustomize => may_run_kustomize(repo: RepoRef) -> bool;
    /// What its registry says of an image; `reference` is a tag or a digest.
    Artifact => artifact(repo: RepoRef, image: str, reference: str) -> Artifact;
    /// Which digests were seen to run in an environment.
    Digests => digests(repo: RepoRef, environment: EnvName) -> Vec<Noted>;
    /// What stands at a JSON pointer in the answer at the address of a change ticket.
    Ticket => ticket(repo: RepoRef, url: str, json: str) -> TicketAnswer;
    /// What a real Kustomize prints for files of the repository.
    Kustomized => kustomized(repo: RepoRef, bundle: Bundle) -> Printed;
}

/// What was seen to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The image tag that every entry carried; empty where they differed.
    pub tag: String,
    /// The entries themselves, where they were noted.
    pub entries: Option<Vec<Promised>>,
    /// The commit of the default branch at which it was first seen.
    pub sha: Sha,
    /// Since when, at the latest.
    pub since: Timestamp,
    /// The commit of the default branch at which it was last seen without anything else in between.
    pub last: Sha,
    /// When that was: it ran at least so long.
    pub until: Timestamp,
}

/// Takes text in.
struct Hasher(Sha256);

impl fmt::Write for Hasher {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// What is known so far.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The present instant, the same throughout.
    pub now: Timestamp,
    /// The base of GitHub's pages, without a slash at the end.
    pub github_pages: Arc<str>,
    /// What Usher seals the identities of its promotions with.
    pub seal: Seal,
    /// Links to Usher's own pages.
    pub links: Links,
    /// Overlays that were rendered before.
    pub memo: Memo,
    /// Whether an earlier try at the same may have got somewhere: then nothing is taken for free.
    pub wary: bool,
    answers: BTreeMap<Need, Known<Answer>>,
    blobs: Blobs,
    /// What was asked for, answered or not, here and in copies.
    asked: Arc<Mutex<BTreeSet<Need>>>,
}

impl Facts {
    /// Knows the time, and nothing else.
    pub fn new(now: Timestamp, github_pages: Arc<str>, seal: Seal, links: Links) -> Self {
        let (answers, blobs) = (BTreeMap::new(), Blobs::new());
        let memo = Memo::default();
        let asked = Arc::default();
        Self { now, github_pages, seal, links, memo, wary: false, answers, blobs, asked }
    }

    /// The link to the page of a pull request at its head.
    pub fn page(&self, repo: &RepoRef, pull: &PullRequest) -> Link {
        let (repo, pr, head) = (repo.id, pull.number, pull.head.sha.clone());
        self.links.to(&PageId { repo, pr, head }, self.now)
    }

    /// The same facts, and the contents of files that nobody has committed yet.
    pub fn supposing(&self, contents: impl IntoIterator<Item = (Sha, Arc<[u8]>)>) -> Self {
        let mut supposed = self.clone();
        supposed.blobs.extend(contents);
        supposed
    }

    /// SHA-256 of everything that is known, but for the time: what rests on the same has the same.
    pub fn digest(&self) -> String {
        let mut hasher = Hasher(Sha256::new());
        for (need, answer) in &self.answers {
            // Trees and files are known by what they are called.
            let told = match need {
                Need::Tree { .. } | Need::Blob { .. } => writeln!(hasher, "{need:?}"),
                _ => writeln!(hasher, "{need:?} {answer:?}"),
            };
            if told.is_err() {
                break;
            }
        }
        hex::encode(hasher.0.finalize())
    }

    /// The repository if something can be done there: neither gone nor archived.
    pub fn live(&self, repo: &RepoRef) -> Result<Option<&Repository>, Gap> {
        Ok(self.repository(repo)?.as_ref().filter(|found| !found.archived))
    }

    /// Sets and reads the seals of a repository.
    pub fn sealer(&self, repo: &RepoRef) -> Sealer {
        Sealer { seal: self.seal.clone(), repo: repo.id }
    }

    /// What was asked for so far, files not included: what is asked for this time will be the next time.
    pub fn asked(&self) -> BTreeSet<Need> {
        self.asked_so_far().clone()
    }

    fn asked_so_far(&self) -> MutexGuard<'_, BTreeSet<Need>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer to a need.
    pub fn learn(&mut self, need: Need, answer: Known<Answer>) {
        if let (Need::Blob { sha, .. }, Ok(Answer::Blob(bytes))) = (&need, &answer) {
            self.blobs.insert(sha.clone(), bytes.clone());
        }
        self.answers.insert(need, answer);
    }

    /// A tree together with the blobs read so far.
    pub fn view<'a>(&'a self, tree: &'a GitTree) -> TreeView<'a> {
        TreeView { tree, blobs: &self.blobs }
    }

    /// Whether these files of a tree have been read; or the gap that asks for those that have not.
    pub fn have_read(
        &self,
        repo: &RepoRef,
        tree: &GitTree,
        paths: impl Iterator<Item = String>,
    ) -> Result<(), Gap> {
        let view = self.view(tree);
        let unread: Vec<String> = paths.filter(|path| view.entry(path) == Entry::Unread).collect();
        if unread.is_empty() { Ok(()) } else { Err(self.lacks_files(repo, tree, &unread)) }
    }

    /// The gap that asks for the files at these paths of a tree. A blob that has been asked for and
    /// could not be had makes it unknown.
    pub fn lacks_files(&self, repo: &RepoRef, tree: &GitTree, paths: &[String]) -> Gap {
        let mut needs = Vec::new();
        for path in paths {
            let Some((_, sha)) = tree.entries.get(path) else {
                continue;
            };
            let need = Need::Blob { repo: repo.clone(), sha: sha.clone() };
            match self.answers.get(&need) {
                Some(Err(reason)) => {
                    return Gap::Unknown(format!("{path} cannot be read: {reason}"));
                }
                Some(Ok(_)) => {}
                None if needs.contains(&need) => {}
                None => needs.push(need),
            }
        }
        if needs.is_empty() {
            Gap::Unknown(format!("{} cannot be read", paths.join(", ")))
        } else {
            Gap::Lacks(needs)
        }
    }
}
