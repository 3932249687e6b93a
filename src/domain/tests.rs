//! Decisions on facts: a repository in memory answers what a walk asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::decide;
use super::decision::{Decision, Effect, Verdict};
use super::facts::{Answer, Facts, Gap, Known, Need};
use super::promotion::Promotion;
use crate::intent::{Intent, Reach, Trigger};
use crate::model::files::{GitTree, Mode};
use crate::model::ids::{
    AppId, InstallationId, Login, PrNumber, RepoId, RepoName, RepoRef, Sha, UserId,
};
use crate::model::read::{
    Account, Commit, Comparison, Conclusion, Identity, PullRequest, Release, Repository, Side,
    Visibility,
};
use crate::model::write::NewCheck;

const POLICY: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic}
  - {name: prod, overlay: prod, promote: automatic}
";
const STAGING: &str = "resources: [web.yaml]\nimages:\n- name: web # the shop\n  newTag: v1.0.0\n- name: other\n  newTag: '7'\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: w, image: web}]}}}\n";

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
    Account {
        id: UserId(id),
        login: Login::new(login).unwrap(),
        bot: login.ends_with("[bot]"),
    }
}

type Files = BTreeMap<String, String>;

fn files(list: &[(&str, &str)]) -> Files {
    list.iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// A GitHub of a few maps.
struct Hub {
    branches: BTreeMap<String, (Commit, Files)>,
    pulls: Vec<PullRequest>,
    releases: Vec<Release>,
    ran: Vec<String>,
    source: Known<Option<RepoRef>>,
    asked: Vec<Need>,
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
            source: Ok(Some(repo())),
            asked: Vec::new(),
        };
        hub.push("main", &account(5, "ada"), "start", main);
        hub
    }

    fn push(&mut self, branch: &str, by: &Account, message: &str, files: Files) -> Sha {
        let parents = self
            .branches
            .get("main")
            .map(|(commit, _)| commit.sha.clone())
            .into_iter()
            .collect();
        let tree = sha(&format!("{files:?}"));
        let sha = sha(&format!("{branch}{message}{files:?}"));
        let commit = Commit {
            sha: sha.clone(),
            tree,
            parents,
            message: message.to_owned(),
            author: Some(by.clone()),
            verified: by.bot,
        };
        self.branches.insert(branch.to_owned(), (commit, files));
        sha
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
        let side = |branch: &str, sha: Sha| Side {
            branch: branch.to_owned(),
            sha,
            repo: Some(RepoId(1)),
        };
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
        });
        number
    }

    fn decide(&mut self, intent: &Intent) -> Decision {
        let mut facts = Facts::new(
            "2026-11-20T12:00:00Z".parse().unwrap(),
            "https://github.test".into(),
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

    fn answer(&self, need: &Need) -> Known<Answer> {
        let commit = |wanted: &Sha| {
            self.branches
                .values()
                .find(|(commit, _)| commit.sha == *wanted)
                .map(|(commit, _)| commit.clone())
        };
        Ok(match need {
            Need::Identity {} => Answer::Identity(Identity {
                app: AppId(3),
                slug: "usher".to_owned(),
                bot: account(77, "usher[bot]"),
            }),
            Need::Repositories { .. } => Answer::Repositories(Vec::new()),
            Need::Source { .. } => Answer::Source(self.source.clone()?),
            Need::Repository { .. } => Answer::Repository(Some(Repository {
                id: RepoId(1),
                name: RepoName::new("acme/shop").unwrap(),
                default_branch: "main".to_owned(),
                visibility: Visibility::Private,
                archived: false,
            })),
            Need::Head { branch, .. } => {
                Answer::Head(self.branches.get(branch).map(|(commit, _)| commit.clone()))
            }
            Need::Commit { sha, .. } => Answer::Commit(commit(sha).unwrap()),
            Need::Tree { tree, .. } => {
                let (_, files) = self
                    .branches
                    .values()
                    .find(|(commit, _)| commit.tree == *tree)
                    .unwrap();
                let entries = files
                    .iter()
                    .map(|(path, text)| (path.clone(), (Mode::File, sha(text))))
                    .collect();
                Answer::Tree(Arc::new(GitTree {
                    sha: tree.clone(),
                    entries,
                }))
            }
            Need::Blob { sha: wanted, .. } => {
                let mut texts = self.branches.values().flat_map(|(_, files)| files.values());
                Answer::Blob(
                    texts
                        .find(|text| sha(text) == *wanted)
                        .unwrap()
                        .as_bytes()
                        .into(),
                )
            }
            Need::Pull { pr, .. } => {
                Answer::Pull(self.pulls.iter().find(|pull| pull.number == *pr).cloned())
            }
            Need::OpenPulls { .. } => Answer::OpenPulls(
                self.pulls
                    .iter()
                    .filter(|pull| pull.open)
                    .cloned()
                    .collect(),
            ),
            Need::PullsOfBranch { branch, .. } => Answer::PullsOfBranch(
                self.pulls
                    .iter()
                    .filter(|pull| pull.head.branch == *branch)
                    .cloned()
                    .collect(),
            ),
            Need::Comparison { base, head, .. } => {
                let commits = vec![commit(head).unwrap()];
                Answer::Comparison(Comparison {
                    merge_base: commit(base).unwrap(),
                    commits,
                    total_commits: 1,
                })
            }
            Need::Releases { .. } => Answer::Releases(self.releases.clone()),
            Need::Release { tag, .. } => Answer::Release(
                self.releases
                    .iter()
                    .find(|release| release.tag == *tag)
                    .cloned(),
            ),
            Need::Tags { .. } => Answer::Tags(Vec::new()),
            Need::Tag { tag, .. } => Answer::Tag(Some(sha(tag))),
            Need::Ran { .. } => Answer::Ran(self.ran.clone()),
        })
    }
}

fn facts_have(facts: &Facts, need: &Need) -> bool {
    match need {
        Need::Head { repo, branch } => facts.head(repo, branch).is_ok(),
        Need::Repository { repo } => facts.repository(repo).is_ok(),
        _ => false,
    }
}

fn released(tag: &str) -> Intent {
    Intent::Promote {
        repo: repo(),
        trigger: Trigger::Release {
            source: repo(),
            tag: tag.to_owned(),
        },
    }
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
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

#[test]
fn a_release_moves_only_the_entries_that_carry_it() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    let decision = hub.decide(&released("v1.1.0"));
    let expected = STAGING.replace("v1.0.0", "v1.1.0");
    assert_eq!(
        opened(&decision),
        [("Promote shop v1.1.0 to staging".to_owned(), expected)]
    );
    assert_eq!(decision.verdict, Verdict::Accepted);
    assert_eq!(
        check(&decision, "usher/promotion shop v1.1.0").conclusion,
        Some(Conclusion::Success)
    );
}

#[test]
fn what_runs_before_goes_on_to_the_next_environment() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    hub.write(
        "staging/kustomization.yaml",
        &STAGING.replace("v1.0.0", "v1.1.0"),
    );
    let decision = hub.decide(&Intent::Promote {
        repo: repo(),
        trigger: Trigger::State,
    });
    assert_eq!(
        opened(&decision)
            .iter()
            .map(|(title, _)| title.as_str())
            .collect::<Vec<_>>(),
        ["Promote shop v1.1.0 to prod"]
    );
}

#[test]
fn drafts_prereleases_and_lower_versions_stay_where_they_are() {
    let mut hub = Hub::new();
    for (tag, code) in [
        ("v0.9.0", "promote.not-higher"),
        ("v1.0.0", "promote.already-there"),
        ("v2.0.0-rc.1", "version.prerelease"),
    ] {
        hub.release(tag);
        let decision = hub.decide(&released(tag));
        assert_eq!(
            (codes(&decision)[0], opened(&decision).len()),
            (code, 0),
            "{tag}"
        );
    }
    hub.release("v3.0.0");
    hub.releases[0].draft = true;
    assert_eq!(opened(&hub.decide(&released("v3.0.0"))), []);
    // Marked as prerelease on GitHub, whatever its name says.
    hub.releases[0] = Release {
        draft: false,
        prerelease: true,
        ..hub.releases[0].clone()
    };
    assert_eq!(opened(&hub.decide(&released("v3.0.0"))), []);
}

#[test]
fn refusals_say_what_helps() {
    let digest = format!(
        "{STAGING}- name: api-x\n  digest: sha256:{}\n",
        "a".repeat(64)
    );
    let foreign = POLICY.replace("images: [web", "source: evil/shop\n    images: [web");
    for (path, text, code) in [
        (
            "staging/kustomization.yaml",
            "images: [",
            "overlay.unreadable",
        ),
        (
            "staging/kustomization.yaml",
            "images: []\n",
            "overlay.no-entry",
        ),
        (
            "staging/kustomization.yaml",
            digest.as_str(),
            "promote.pinned",
        ),
        (".github/usher.yml", "version: 2\n", "config.invalid"),
        (
            ".github/usher.yml",
            &POLICY.replace("overlay: staging", "overlay: nowhere"),
            "overlay.missing",
        ),
    ] {
        let mut hub = Hub::new();
        hub.release("v1.1.0");
        hub.write(path, text);
        let decision = hub.decide(&released("v1.1.0"));
        assert_eq!(
            (decision.verdict, codes(&decision)[0]),
            (Verdict::Refused, code),
            "{decision:?}"
        );
        assert_eq!(opened(&decision), []);
        assert_eq!(
            check(&decision, "usher/promotion shop v1.1.0").conclusion,
            Some(Conclusion::Failure)
        );
    }
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", &foreign);
    let decision = hub.decide(&Intent::Promote {
        repo: repo(),
        trigger: Trigger::State,
    });
    assert_eq!(codes(&decision), ["source.foreign", "source.foreign"]);
}

#[test]
fn a_source_that_cannot_be_read_stops_only_its_applications() {
    let mut hub = Hub::new();
    hub.source = Err("GitHub says no".to_owned());
    let decision = hub.decide(&released("v1.1.0"));
    assert_eq!(
        (decision.verdict, codes(&decision)[0]),
        (Verdict::Refused, "source.unreadable")
    );
    hub.source = Ok(None);
    assert_eq!(
        codes(&hub.decide(&released("v1.1.0")))[0],
        "source.not-installed"
    );
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
    hub.open(
        &new.branch,
        &account(77, "usher[bot]"),
        &new.message,
        &[(&new.files[0].path, &text)],
    )
}

#[test]
fn our_promotion_passes_and_is_not_opened_twice() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    assert_eq!(
        check(&decision, "usher/gates").conclusion,
        Some(Conclusion::Success),
        "{decision:?}"
    );
    assert_eq!(codes(&hub.decide(&released("v1.1.0")))[0], "promote.stands");
    hub.pulls[0].open = false;
    assert_eq!(
        codes(&hub.decide(&released("v1.1.0")))[0],
        "promote.once",
        "closed is closed"
    );
}

#[test]
fn a_newer_promotion_closes_the_older_one_and_never_the_other_way() {
    let mut hub = Hub::new();
    let older = promoted(&mut hub, "v1.1.0");
    let newer = promoted(&mut hub, "v1.2.0");
    let closes = |decision: &Decision| -> Vec<PrNumber> {
        let closed = |effect: &Effect| {
            if let Effect::ClosePull { pr } = effect {
                Some(*pr)
            } else {
                None
            }
        };
        decision.effects.iter().filter_map(closed).collect()
    };
    assert_eq!(closes(&evaluate(&mut hub, newer)), [older]);
    assert_eq!(closes(&evaluate(&mut hub, older)), []);
    // One that only looks like ours is left alone.
    hub.pulls[0].author = account(5, "ada");
    assert_eq!(closes(&evaluate(&mut hub, newer)), []);
}

#[test]
fn what_is_not_ours_is_never_taken_for_ours() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let (branch, message) = {
        let pull = &hub.pulls[0];
        (
            pull.head.branch.clone(),
            hub.branches[&pull.head.branch].0.message.clone(),
        )
    };
    assert!(Promotion::from_message(&message).is_some());
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    // A person who copies branch, message and text has a promotion by hand: no status comment of ours.
    let copy = hub.open(
        &format!("{branch}-x"),
        &account(5, "ada"),
        &message,
        &[("staging/kustomization.yaml", &text)],
    );
    let decision = evaluate(&mut hub, copy);
    assert!(
        !decision
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::EnsureComment { .. }))
    );
    // A commit by somebody else on our branch fails `scope`, though it changes the same bytes.
    hub.branches.get_mut(&branch).unwrap().0.author = Some(account(5, "ada"));
    let decision = evaluate(&mut hub, pr);
    assert_ne!(
        check(&decision, "usher/gates").conclusion,
        Some(Conclusion::Success)
    );
    // So does one that claims to be ours and is not signed.
    let commit = &mut hub.branches.get_mut(&branch).unwrap().0;
    commit.author = Some(account(77, "usher[bot]"));
    commit.verified = false;
    assert_ne!(
        check(&evaluate(&mut hub, pr), "usher/gates").conclusion,
        Some(Conclusion::Success)
    );
}

#[test]
fn each_pull_request_is_judged_by_what_it_changes() {
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let both = format!("namePrefix: x-\n{bumped}");
    let other = STAGING.replace("'7'", "'8'");
    let cases: &[(&str, &[(&str, &str)], Conclusion, &str)] = &[
        (
            "docs",
            &[("README.md", "words")],
            Conclusion::Success,
            "Not a promotion",
        ),
        (
            "staging by hand",
            &[("staging/kustomization.yaml", &bumped)],
            Conclusion::Success,
            "3 gates passed",
        ),
        (
            "another image",
            &[("staging/kustomization.yaml", &other)],
            Conclusion::Success,
            "Configuration change, no promotion: valid",
        ),
        (
            "both",
            &[("staging/kustomization.yaml", &both)],
            Conclusion::Failure,
            "scope failed for staging",
        ),
        (
            "prod first",
            &[("prod/kustomization.yaml", &bumped)],
            Conclusion::Failure,
            "order failed for prod",
        ),
        (
            "both environments",
            &[
                ("staging/kustomization.yaml", &bumped),
                ("prod/kustomization.yaml", &bumped),
            ],
            Conclusion::Failure,
            "order failed for prod",
        ),
        (
            "broken",
            &[("staging/kustomization.yaml", "images: [")],
            Conclusion::Failure,
            "kustomize failed for staging",
        ),
        (
            "the rules",
            &[(".github/usher.yml", &POLICY.replace("web", "w*"))],
            Conclusion::ActionRequired,
            "Changes the rules: needs an administrator",
        ),
        (
            "bad rules",
            &[(".github/usher.yml", "version: 1")],
            Conclusion::Failure,
            "The configuration has 2 mistakes",
        ),
    ];
    for (name, changes, conclusion, title) in cases {
        let mut hub = Hub::new();
        let pr = hub.open("feature", &account(5, "ada"), "change", changes);
        let decision = evaluate(&mut hub, pr);
        let gates = check(&decision, "usher/gates");
        assert_eq!(
            (gates.conclusion, gates.title.as_str()),
            (Some(*conclusion), *title),
            "{name}: {}",
            gates.summary
        );
        check(&decision, "usher/kustomize");
    }
}

#[test]
fn a_version_that_ran_before_and_was_replaced_may_go_on() {
    let mut hub = Hub::new();
    hub.write(
        "staging/kustomization.yaml",
        &STAGING.replace("v1.0.0", "v1.2.0"),
    );
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let pr = hub.open(
        "by-hand",
        &account(5, "ada"),
        "change",
        &[("prod/kustomization.yaml", &bumped)],
    );
    assert_eq!(
        check(&evaluate(&mut hub, pr), "usher/gates").conclusion,
        Some(Conclusion::Failure)
    );
    hub.ran = vec!["v1.0.0".to_owned(), "v1.1.0".to_owned()];
    assert_eq!(
        check(&evaluate(&mut hub, pr), "usher/gates").conclusion,
        Some(Conclusion::Success)
    );
}

#[test]
fn gates_that_cannot_be_judged_stay_shut() {
    let mut hub = Hub::new();
    let policy = POLICY.replace(
        "overlay: staging,",
        "overlay: staging, approvals: [{label: ok, by: [pat]}], reviews: 1,",
    );
    hub.write(".github/usher.yml", &policy);
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let gates = check(&decision, "usher/gates");
    assert_eq!(
        gates.conclusion,
        Some(Conclusion::ActionRequired),
        "{}",
        gates.summary
    );
    assert!(
        gates.summary.contains("`approvals`") && gates.summary.contains("`reviews`"),
        "{}",
        gates.summary
    );
}

#[test]
fn following_remembers_sources_and_what_runs() {
    let mut hub = Hub::new();
    hub.open(
        "feature",
        &account(5, "ada"),
        "change",
        &[("README.md", "words")],
    );
    let decision = hub.decide(&Intent::Follow {
        repo: repo(),
        reach: Reach::Promotions,
    });
    let kinds: Vec<_> = decision
        .effects
        .iter()
        .map(|effect| serde_json::to_value(effect).unwrap()["effect"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "remember_follows",
            "remember_running",
            "remember_running",
            "enqueue"
        ]
    );
    let everything = hub.decide(&Intent::Follow {
        repo: repo(),
        reach: Reach::Everything,
    });
    assert_eq!(everything.effects.len(), 5, "and the open pull request");
}

#[test]
fn decisions_hold_no_file_contents() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    let json = serde_json::to_string(&hub.decide(&released("v1.1.0"))).unwrap();
    assert!(!json.contains("newTag"), "{json}");
}
