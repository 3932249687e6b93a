//! Decisions on facts: a repository in memory answers what a walk asks for.

mod aftermath;
mod alone;
mod artifacts;
mod dossier;
mod drift;
mod evaluate;
mod evidence;
mod hands;
mod ill;
mod labels;
mod live;
mod meanwhile;
mod merging;
mod page;
mod promote;
mod reported;
mod restore;
mod reviews;
mod states;
mod tickets;
mod undone;
mod unneeded;
mod unseen;
mod via;
mod waiting;
mod watch;
mod way_back;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::decide;
use super::decision::{Decision, Effect, Verdict};
use super::drift::Baseline;
use super::drift::issue::Told;
use super::facts::{Answer, Facts, Gap, Known, Need, Ran};
use super::promotion::Promotion;
use crate::intent::command::{Command, Remark, Spoken};
use crate::intent::{Asked, Intent, Reach, Trigger};
use crate::model::act::Act;
use crate::model::argocd::{self, Unseen};
use crate::model::artifact::{Artifact, Noted, TicketAnswer};
use crate::model::bundle::Printed;
use crate::model::evidence::{Judged, Verdict as Word};
use crate::model::files::{GitTree, Mode};
use crate::model::ids::{
    AppId, CommentId, EnvName, InstallationId, Login, PrNumber, RepoId, RepoName, RepoRef, Sha,
    UserId,
};
use crate::model::links::Links;
use crate::model::read::{
    Access, Account, CommandPast, Comment, Commit, Comparison, Conclusion, Identity, PullRequest,
    Release, Repository, Review, Reviewed, Side, Visibility,
};
use crate::model::report::{Deployed, Reports};
use crate::model::restoration::{Restoration, Restorations};
use crate::model::seal::Seal;
use crate::model::write::{Merged, NewCheck};

const POLICY: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic}
  - {name: prod, overlay: prod, promote: automatic}
";
const STAGING: &str = "resources: [web.yaml]\nimages:\n- name: web # the shop\n  newTag: v1.0.0\n- name: other\n  newTag: '7'\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: w, image: web}]}}}\n";

fn sha(text: &str) -> Sha {
    Sha::new(hex::encode(Sha256::digest(text))[..40].to_owned()).unwrap()
}

fn repo() -> RepoRef {
    RepoRef {
        id: RepoId(1),
        name: RepoName::new("acme/shop").unwrap(),
        installation: InstallationId(9),
    }
}

fn account(id: u64, login: &str) -> Account {
    Account { id: UserId(id), login: Login::new(login).unwrap(), bot: login.ends_with("[bot]") }
}

fn us() -> Identity {
    let bot = account(77, "usher[bot]");
    Identity { app: AppId(3), slug: "usher".to_owned(), bot }
}

fn shop() -> Repository {
    Repository {
        id: RepoId(1),
        name: RepoName::new("acme/shop").unwrap(),
        default_branch: "main".to_owned(),
        visibility: Visibility::Private,
        archived: false,
    }
}

type Files = BTreeMap<String, String>;

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// A GitHub of a few maps.
struct Hub {
    branches: BTreeMap<String, (Commit, Files)>,
    pulls: Vec<PullRequest>,
    releases: Vec<Release>,
    ran: Vec<Ran>,
    acts: Vec<Act>,
    reviews: Vec<Review>,
    /// What is reported on commits; on those that are not named, nothing.
    reports: BTreeMap<Sha, Known<Reports>>,
    deployed: Vec<Deployed>,
    /// Where tags point that are not where one would think.
    tags: BTreeMap<String, Option<Sha>>,
    /// The pull requests that any commit came by, and the newest commits of any path.
    brought_by: Vec<PullRequest>,
    history: Vec<Commit>,
    /// The heads that pull requests were seen to get.
    heads: Vec<(Sha, Timestamp)>,
    /// The commits that every version brings beyond every other.
    brought: Known<Vec<Commit>>,
    /// How many there are beyond those.
    unlisted: u64,
    reviewed: Known<Reviewed>,
    /// Tags that the source does not have.
    untagged: Vec<String>,
    /// The last verdict on record.
    judged: Option<Judged>,
    /// The pull requests that stand open in the record.
    unended: Vec<PrNumber>,
    /// What each may do; who is not named may push.
    access: BTreeMap<String, Access>,
    /// `team login`, for each member.
    members: Vec<String>,
    source: Known<Option<RepoRef>>,
    /// How many see the repository, and its source where that is another.
    seen_by: (Visibility, Visibility),
    /// What Argo CDs tell, by `server/name`.
    applications: BTreeMap<String, argocd::Seen>,
    /// What accepted merges left, by environment.
    baselines: BTreeMap<String, Baseline>,
    /// What was told of drift.
    told_drift: BTreeMap<EnvName, Told>,
    /// The last configuration that was valid.
    last_config: Option<Sha>,
    /// How far Applications are brought back.
    restorations: Restorations,
    /// The same of other pull requests.
    elsewhere: Vec<Restoration>,
    /// What a real Kustomize prints, where the operator allows one.
    kustomized: Option<Printed>,
    /// Where pull requests parted from the base; at its head where it is not said.
    parted: Option<Commit>,
    /// What came of merging by itself.
    tried: Option<(Asked, Timestamp)>,
    /// What the default branch got since it was last seen.
    between: Option<Comparison>,
    now: Timestamp,
    /// What registries say of images, by name and reference; of the others nobody is asked.
    artifacts: BTreeMap<String, Artifact>,
    /// What was seen to run, in every environment.
    digests: Vec<Noted>,
    /// What servers say of tickets, by address.
    tickets: BTreeMap<String, TicketAnswer>,
    asked: Vec<Need>,
    /// The comments that can be read.
    comments: Vec<Comment>,
}

impl Hub {
    fn new() -> Self {
        let main = files(&[
            (".github/usher.yml", POLICY),
            ("staging/kustomization.yaml", STAGING),
            ("staging/web.yaml", WEB),
            ("prod/kustomization.yaml", STAGING),
            ("prod/web.yaml", WEB),
            ("README.md", "hello\n"),
        ]);
        let mut hub = Self {
            branches: BTreeMap::new(),
            pulls: Vec::new(),
            releases: Vec::new(),
            ran: Vec::new(),
            acts: Vec::new(),
            reviews: Vec::new(),
            reports: BTreeMap::new(),
            deployed: Vec::new(),
            tags: BTreeMap::new(),
            brought_by: Vec::new(),
            history: Vec::new(),
            heads: Vec::new(),
            brought: Ok(Vec::new()),
            unlisted: 0,
            reviewed: Ok(Reviewed { commits: Vec::new(), total: 0, pulls: Vec::new() }),
            untagged: Vec::new(),
            judged: None,
            unended: Vec::new(),
            access: BTreeMap::new(),
            members: Vec::new(),
            source: Ok(Some(repo())),
            seen_by: (Visibility::Private, Visibility::Private),
            applications: BTreeMap::new(),
            baselines: BTreeMap::new(),
            told_drift: BTreeMap::new(),
            last_config: None,
            restorations: Restorations::default(),
            elsewhere: Vec::new(),
            kustomized: None,
            parted: None,
            tried: None,
            between: None,
            now: "2026-11-20T12:00:00Z".parse().unwrap(),
            artifacts: BTreeMap::new(),
            digests: Vec::new(),
            tickets: BTreeMap::new(),
            asked: Vec::new(),
            comments: Vec::new(),
        };
        hub.push("main", &account(5, "ada"), "start", main);
        hub
    }

    fn push(&mut self, branch: &str, by: &Account, message: &str, files: Files) -> Sha {
        let parents =
            self.branches.get("main").map(|(commit, _)| commit.sha.clone()).into_iter().collect();
        let tree = sha(&format!("{files:?}"));
        let sha = sha(&format!("{branch}{message}{files:?}"));
        let commit = Commit {
            sha: sha.clone(),
            tree,
            parents,
            message: message.to_owned(),
            author: Some(by.clone()),
            committer: Some(by.clone()),
            verified: by.bot,
        };
        self.branches.insert(branch.to_owned(), (commit, files));
        sha
    }

    /// Somebody comments, with nothing but a command; gives what follows from it.
    fn comment(
        &mut self,
        id: CommentId,
        by: &Account,
        thread: Option<PrNumber>,
        (command, written_at): (Command, Timestamp),
    ) -> Intent {
        let line = format!("{command:?}");
        let (author, digest) = (by.clone(), hex::encode(Sha256::digest(&line)));
        let body = line.clone();
        self.comments = vec![Comment { id, author, body, written_at, edited: false }];
        let remark = Box::new(Remark {
            at: repo(),
            home: shop(),
            thread: thread.unwrap_or(PrNumber(1_000)),
            on_pull: thread.is_some(),
            id,
            author: by.clone(),
            written_at,
            digest,
            spoken: vec![Spoken { line, prefixed: true, meant: Ok(command) }],
            dropped: 0,
        });
        Intent::Command { repo: repo(), remark, answers: Vec::new(), half: None }
    }

    fn write(&mut self, path: &str, text: &str) {
        let mut files = self.branches["main"].1.clone();
        files.insert(path.to_owned(), text.to_owned());
        self.push("main", &account(5, "ada"), "write", files);
    }

    fn release(&mut self, tag: &str) {
        self.releases.insert(
            0,
            Release {
                tag: tag.to_owned(),
                name: String::new(),
                notes: format!("notes of {tag}"),
                draft: false,
                prerelease: false,
                url: String::new(),
                author: None,
                branch: None,
            },
        );
    }

    /// Opens a pull request with these files changed.
    fn open(
        &mut self,
        branch: &str,
        by: &Account,
        message: &str,
        changes: &[(&str, &str)],
    ) -> PrNumber {
        let mut all = self.branches["main"].1.clone();
        all.extend(files(changes));
        let head = self.push(branch, by, message, all);
        let number = PrNumber(1 + self.pulls.len() as u64);
        let side =
            |branch: &str, sha: Sha| Side { branch: branch.to_owned(), sha, repo: Some(RepoId(1)) };
        self.pulls.push(PullRequest {
            number,
            open: true,
            merged: false,
            draft: false,
            title: String::new(),
            body: String::new(),
            author: by.clone(),
            head: side(branch, head),
            base: side("main", self.branches["main"].0.sha.clone()),
            labels: Vec::new(),
            comments: None,
            landed: None,
            merged_at: None,
            merged_by: None,
        });
        number
    }

    /// The branches of the merge queue.
    fn queue(&self) -> Vec<(String, Sha)> {
        let all = self.branches.iter();
        all.filter(|(name, _)| name.starts_with("gh-readonly-queue/"))
            .map(|(name, (commit, _))| (name.clone(), commit.sha.clone()))
            .collect()
    }

    fn decide(&mut self, intent: &Intent) -> Decision {
        let mut facts = Facts::new(
            self.now,
            "https://github.test".into(),
            Seal::new(b"key"),
            Links::new("https://usher.test", b"key"),
        );
        for _ in 0..200 {
            match decide(intent, &facts) {
                Ok(decision) => return decision,
                Err(Gap::Unknown(reason)) => panic!("unknown: {reason}"),
                Err(Gap::Lacks(needs)) => {
                    for need in needs {
                        assert!(
                            !self.asked.contains(&need) || !facts_have(&facts, &need),
                            "asked twice: {need:?}"
                        );
                        self.asked.push(need.clone());
                        let answer = self.answer(&need);
                        facts.learn(need, answer);
                    }
                }
            }
        }
        panic!("it asks for ever: {:?}", self.asked.last());
    }

    #[expect(clippy::too_many_lines, reason = "one arm a need")]
    fn answer(&self, need: &Need) -> Known<Answer> {
        let commit = |wanted: &Sha| {
            self.branches
                .values()
                .find(|(commit, _)| commit.sha == *wanted)
                .map(|(commit, _)| commit.clone())
        };
        Ok(match need {
            Need::Identity {} => Answer::Identity(us()),
            Need::Repositories { .. } => Answer::Repositories(Vec::new()),
            Need::Source { .. } => Answer::Source(self.source.clone()?),
            Need::Repository { repo } => {
                let (home, source) = self.seen_by;
                let visibility = if repo.id == RepoId(1) { home } else { source };
                Answer::Repository(Some(Repository { visibility, ..shop() }))
            }
            Need::Head { branch, .. } => {
                Answer::Head(self.branches.get(branch).map(|(commit, _)| commit.clone()))
            }
            Need::Commit { sha, .. } => Answer::Commit(commit(sha).unwrap()),
            Need::CommitIfAny { sha, .. } => Answer::CommitIfAny(commit(sha)),
            Need::Tree { tree, .. } => {
                let (_, files) =
                    self.branches.values().find(|(commit, _)| commit.tree == *tree).unwrap();
                let entries = files
                    .iter()
                    .map(|(path, text)| (path.clone(), (Mode::File, sha(text))))
                    .collect();
                Answer::Tree(Arc::new(GitTree { sha: tree.clone(), entries }))
            }
            Need::Blob { sha: wanted, .. } => {
                let mut texts = self.branches.values().flat_map(|(_, files)| files.values());
                Answer::Blob(texts.find(|text| sha(text) == *wanted).unwrap().as_bytes().into())
            }
            Need::Pull { pr, .. } => {
                Answer::Pull(self.pulls.iter().find(|pull| pull.number == *pr).cloned())
            }
            Need::OpenPulls { .. } => {
                Answer::OpenPulls(self.pulls.iter().filter(|pull| pull.open).cloned().collect())
            }
            Need::PullsOfBranch { branch, .. } => Answer::PullsOfBranch(
                self.pulls.iter().filter(|pull| pull.head.branch == *branch).cloned().collect(),
            ),
            Need::Comparison { base, head, .. } => {
                let commits = vec![commit(head).unwrap()];
                Answer::Comparison(Comparison {
                    merge_base: self.parted.clone().unwrap_or_else(|| commit(base).unwrap()),
                    commits,
                    total_commits: 1,
                })
            }
            Need::Releases { .. } => Answer::Releases(self.releases.clone()),
            Need::Release { tag, .. } => {
                Answer::Release(self.releases.iter().find(|release| release.tag == *tag).cloned())
            }
            Need::Tags { .. } => Answer::Tags(Vec::new()),
            Need::Tag { tag, .. } => {
                let usual = || (!self.untagged.contains(tag)).then(|| sha(tag));
                Answer::Tag(self.tags.get(tag).cloned().unwrap_or_else(usual))
            }
            Need::Brought { .. } => {
                let commits = self.brought.clone()?;
                let total_commits = commits.len() as u64 + self.unlisted;
                let merge_base = self.branches["main"].0.clone();
                Answer::Brought(Comparison { merge_base, commits, total_commits })
            }
            Need::Reviewed { .. } => Answer::Reviewed(self.reviewed.clone()?),
            Need::Ran { .. } => Answer::Ran(self.ran.clone()),
            Need::CommitsOf { .. } => Answer::CommitsOf(self.history.clone()),
            Need::PullsOfCommit { .. } => Answer::PullsOfCommit(self.brought_by.clone()),
            Need::Between { .. } => Answer::Between(self.between.clone()),
            Need::Access { login, .. } => {
                let access = self.access.get(login.as_str()).copied();
                Answer::Access(access.unwrap_or(Access::Write))
            }
            Need::Member { team, login, .. } => {
                Answer::Member(self.members.contains(&format!("{team} {login}")))
            }
            Need::Comment { comment, .. } => {
                Answer::Comment(self.comments.iter().find(|one| one.id == *comment).cloned())
            }
            Need::Reports { sha, .. } => Answer::Reports(match self.reports.get(sha) {
                Some(reports) => reports.clone()?,
                None => Reports::new(Vec::new(), Vec::new(), true),
            }),
            Need::Deployed { .. } => Answer::Deployed(self.deployed.clone()),
            Need::Reviews { .. } => Answer::Reviews(self.reviews.clone()),
            Need::Acts { .. } => Answer::Acts(self.acts.clone()),
            Need::ActsOfPull { pr, .. } => {
                let about = self.acts.iter().filter(|act| act.pr == Some(*pr));
                Answer::ActsOfPull(about.map(|act| (act.clone(), None)).collect())
            }
            Need::Heads { .. } => Answer::Heads(self.heads.clone()),
            Need::Judged { .. } => Answer::Judged(self.judged.clone()),
            Need::Past { .. } => {
                Answer::Past(CommandPast { handled: false, within_hour: 0, refused_today: false })
            }
            Need::Merging { .. } => Answer::Merging(Merged::Done),
            Need::Tried { .. } => Answer::Tried(self.tried.clone()),
            Need::Branches { .. } => Answer::Branches(self.queue()),
            Need::Groups { .. } => Answer::Groups(Vec::new()),
            Need::Baseline { environment, .. } => {
                Answer::Baseline(self.baselines.get(environment.as_str()).cloned())
            }
            Need::ToldDrift { .. } => Answer::ToldDrift(self.told_drift.clone()),
            Need::Application { server, application, .. } => {
                let known = self.applications.get(&format!("{server}/{application}"));
                Answer::Application(known.cloned().unwrap_or(Err(Unseen::NoServer)))
            }
            Need::Restorations { .. } => Answer::Restorations(self.restorations.clone()),
            Need::OpenRestorations { .. } => {
                let all = self.restorations.all.iter().chain(&self.elsewhere);
                Answer::OpenRestorations(all.filter(|one| !one.is_over()).cloned().collect())
            }
            Need::LastConfig { .. } => Answer::LastConfig(self.last_config.clone()),
            Need::Unended { .. } => Answer::Unended(self.unended.clone()),
            Need::Artifact { image, reference, .. } => {
                let found = self.artifacts.get(&format!("{image} {reference}")).cloned();
                let nobody = Artifact::NotAsked { registry: "docker.io".to_owned() };
                Answer::Artifact(found.unwrap_or(nobody))
            }
            Need::Digests { .. } => Answer::Digests(self.digests.clone()),
            Need::Ticket { url, .. } => {
                let found = self.tickets.get(url).cloned();
                let nobody = TicketAnswer::NotAsked { host: "itsm.acme.io".to_owned() };
                Answer::Ticket(found.unwrap_or(nobody))
            }
            Need::MayRunKustomize { .. } => Answer::MayRunKustomize(self.kustomized.is_some()),
            Need::Kustomized { .. } => Answer::Kustomized(self.kustomized.clone().unwrap()),
        })
    }
}

/// A state that was seen at the head of main as it was called then.
fn ran(tag: &str, at: &str) -> Ran {
    let since = "2026-11-20T10:00:00Z".parse().unwrap();
    Ran { tag: tag.to_owned(), entries: None, sha: sha(at), since, last: sha(at), until: since }
}

fn facts_have(facts: &Facts, need: &Need) -> bool {
    match need {
        Need::Head { repo, branch } => facts.head(repo, branch).is_ok(),
        Need::Repository { repo } => facts.repository(repo).is_ok(),
        _ => false,
    }
}

fn sealer() -> super::promotion::Sealer {
    super::promotion::Sealer { seal: Seal::new(b"key"), repo: RepoId(1) }
}

fn released(tag: &str) -> Intent {
    Intent::Promote {
        repo: repo(),
        trigger: Trigger::Release { source: repo(), tag: tag.to_owned() },
    }
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// The branches that the decision opens, with the files as they become.
fn opened(decision: &Decision) -> Vec<(String, String)> {
    let branch = |effect: &Effect| match effect {
        Effect::EnsureBranch(new) => {
            let text = new
                .files
                .iter()
                .map(|file| String::from_utf8(file.content.clone()).unwrap())
                .collect();
            Some((new.message.lines().next().unwrap().to_owned(), text))
        }
        _ => None,
    };
    decision.effects.iter().filter_map(branch).collect()
}

fn check<'a>(decision: &'a Decision, name: &str) -> &'a NewCheck {
    let found = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureCheck(check) if check.name == name => Some(check),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no check {name} in {decision:?}"))
}

fn evaluate(hub: &mut Hub, pr: PrNumber) -> Decision {
    hub.decide(&Intent::Evaluate { repo: repo(), pr })
}

/// Opens the promotion that a release leads to, as the bot would.
fn promoted(hub: &mut Hub, tag: &str) -> PrNumber {
    hub.release(tag);
    let decision = hub.decide(&released(tag));
    let new = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureBranch(new) => Some(new.clone()),
        _ => None,
    });
    let new = new.unwrap();
    let text = String::from_utf8(new.files[0].content.clone()).unwrap();
    hub.open(&new.branch, &account(77, "usher[bot]"), &new.message, &[(&new.files[0].path, &text)])
}

/// A version that was seen to run whole since then.
fn past(tag: &str, since: &str) -> Ran {
    let since = since.parse().unwrap();
    Ran { tag: tag.to_owned(), entries: None, sha: sha(tag), since, last: sha(tag), until: since }
}

/// That a pull request passed every gate at its head.
fn passed(hub: &Hub, pr: PrNumber) -> Judged {
    let pull = hub.pulls.iter().find(|pull| pull.number == pr).unwrap();
    Judged {
        head: pull.head.sha.clone(),
        branch: pull.base.branch.clone(),
        base: None,
        policy: None,
        verdict: Word::Passed,
        binds: true,
        gates: Vec::new(),
        changes: Vec::new(),
        more_changes: 0,
        facts: String::new(),
    }
}
