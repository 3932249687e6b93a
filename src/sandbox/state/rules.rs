//! Rulesets: which rules hold for a branch and for whom, and what they have against a push or a merge.
//! Of the rules it knows `required_status_checks`, `pull_request` and `merge_queue`; others are kept and shown.
//! <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets>

use globset::GlobBuilder;
use serde_json::Value;

use super::{Actor, State};
use crate::sandbox::model::rules::{Bypass, ChecksRule, QueueRule, Ruleset};
use crate::sandbox::model::{Id, OrgRole, Repo, RequiredCheck, Role};
use crate::sandbox::refusal::Refusal;

/// What is wanted of a ruleset.
#[derive(Clone, Debug)]
pub(crate) struct RulesetChange {
    pub(crate) name: String,
    pub(crate) enforcement: String,
    pub(crate) bypass: Vec<Bypass>,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) rules: Vec<Value>,
}

/// How GitHub says that a rule stands against something.
pub(super) fn violation(what: &str) -> String {
    format!("Repository rule violations found\n\n{what}")
}

/// What somebody is about to do, which decides whether a bypass counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Pushing,
    Merging,
}

impl State {
    /// Makes a ruleset, or replaces one.
    pub(crate) fn put_ruleset(
        &mut self,
        repo: Id,
        id: Option<Id>,
        change: RulesetChange,
    ) -> Result<Id, Refusal> {
        let now = self.now();
        let (id, created_at) = match id {
            Some(id) => (id, self.ruleset(repo, id)?.created_at),
            None => (self.new_id(), now),
        };
        let RulesetChange { name, enforcement, bypass, include, exclude, rules } = change;
        let ruleset = Ruleset {
            id,
            name,
            enforcement,
            bypass,
            include,
            exclude,
            rules,
            created_at,
            updated_at: now,
        };
        self.repo_mut(repo)?.rulesets.insert(id, ruleset);
        Ok(id)
    }

    /// A ruleset by id.
    pub(crate) fn ruleset(&self, repo: Id, id: Id) -> Result<&Ruleset, Refusal> {
        self.repo(repo)?.rulesets.get(&id).ok_or_else(Refusal::not_found)
    }

    /// The rules that are in force for a branch, whoever asks, each with the set that it stands in.
    pub(crate) fn rules_of<'a>(
        &'a self,
        repo: &'a Repo,
        branch: &'a str,
    ) -> impl Iterator<Item = (&'a Ruleset, &'a Value)> {
        repo.rulesets
            .values()
            .filter(|set| set.enforcement == "active" && covers(set, repo, branch))
            .flat_map(|set| set.rules.iter().map(move |rule| (set, rule)))
    }

    /// What the branch's merge queue is like, where it has one.
    pub(crate) fn queue_rule(&self, repo: Id, branch: &str) -> Result<Option<QueueRule>, Refusal> {
        let repo = self.repo(repo)?;
        let mut rules = self.rules_of(repo, branch);
        Ok(rules.find(|(_, rule)| rule["type"] == "merge_queue").map(|(_, rule)| queue(rule)))
    }

    /// Whether this actor can merge into the branch only through its queue.
    pub(super) fn must_queue(&self, actor: Actor, repo: Id, branch: &str) -> Result<bool, Refusal> {
        let repo = self.repo(repo)?;
        let mut rules = self.rules_of(repo, branch);
        Ok(rules.any(|(set, rule)| {
            rule["type"] == "merge_queue" && !self.bypasses(actor, repo.id, set, Doing::Merging)
        }))
    }

    /// All checks that rulesets and protection require of what goes to a branch.
    pub(super) fn required_checks(
        &self,
        repo: Id,
        branch: &str,
    ) -> Result<Vec<RequiredCheck>, Refusal> {
        let repo = self.repo(repo)?;
        let protection = repo.protections.get(branch).and_then(|one| one.checks.as_ref());
        let mut all: Vec<RequiredCheck> =
            protection.map(|checks| checks.checks.clone()).unwrap_or_default();
        for (_, rule) in self.rules_of(repo, branch) {
            all.extend(checks(rule).checks);
        }
        Ok(all)
    }

    /// What the rules have against merging a pull request, the queue left out.
    pub(super) fn rules_on_merge(
        &self,
        actor: Actor,
        repo: Id,
        number: u64,
    ) -> Result<Vec<String>, Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let seen = self.repo(repo)?;
        let mut objections = Vec::new();
        for (set, rule) in self.rules_of(seen, &pull.base.branch) {
            if self.bypasses(actor, repo, set, Doing::Merging) {
                continue;
            }
            match rule["type"].as_str() {
                Some("required_status_checks") => {
                    let asked = checks(rule);
                    objections.extend(self.checks_objection(repo, &pull.head.sha, &asked.checks));
                    if asked.strict && !self.up_to_date(repo, number)? {
                        let behind = "The head branch is not up to date with the base branch.";
                        objections.push(behind.to_owned());
                    }
                }
                Some("pull_request") => {
                    let count = &rule["parameters"]["required_approving_review_count"];
                    let count = count.as_u64().unwrap_or(0);
                    objections.extend(self.reviews_objection(
                        repo,
                        issue.author,
                        &pull.reviews,
                        count,
                    ));
                }
                _ => {}
            }
        }
        Ok(objections.iter().map(|objection| violation(objection)).collect())
    }

    /// Refuses a push to a branch that a rule stands against.
    pub(super) fn rules_on_push(
        &self,
        actor: Actor,
        repo: Id,
        branch: &str,
        after: &str,
    ) -> Result<(), Refusal> {
        let seen = self.repo(repo)?;
        for (set, rule) in self.rules_of(seen, branch) {
            if self.bypasses(actor, repo, set, Doing::Pushing) {
                continue;
            }
            let objection = match rule["type"].as_str() {
                Some("merge_queue") => {
                    Some("Changes must be made through the merge queue".to_owned())
                }
                Some("pull_request") => {
                    Some("Changes must be made through a pull request.".to_owned())
                }
                Some("required_status_checks") => {
                    self.checks_objection(repo, after, &checks(rule).checks)
                }
                _ => None,
            };
            if let Some(objection) = objection {
                return Err(Refusal::unprocessable(violation(&objection)));
            }
        }
        Ok(())
    }

    /// <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#granting-bypass-permissions-for-your-branch-or-tag-ruleset>
    fn bypasses(&self, actor: Actor, repo: Id, set: &Ruleset, doing: Doing) -> bool {
        set.bypass.iter().any(|bypass| {
            let counts = doing == Doing::Merging || bypass.mode != "pull_request";
            counts && self.is_meant(actor, repo, bypass)
        })
    }

    fn is_meant(&self, actor: Actor, repo: Id, bypass: &Bypass) -> bool {
        let person = actor.app.is_none();
        match bypass.kind.as_str() {
            "Integration" => actor.app.is_some() && actor.app == bypass.id,
            "User" => person && bypass.id == Some(actor.account),
            "OrganizationAdmin" => {
                let admin = |org: &crate::sandbox::model::Organization| {
                    org.members.get(&actor.account) == Some(&OrgRole::Admin)
                };
                let owner = self.repo(repo).ok().and_then(|repo| self.orgs.get(&repo.owner));
                person && owner.is_some_and(admin)
            }
            "RepositoryRole" => {
                let least = match bypass.id {
                    Some(2) => Role::Maintain,
                    Some(4) => Role::Write,
                    _ => Role::Admin,
                };
                person && self.role(actor.account, repo) >= least
            }
            "Team" => {
                person
                    && self.orgs.values().any(|org| {
                        bypass.id.is_some_and(|team| {
                            self.team_members(org, team).contains_key(&actor.account)
                        })
                    })
            }
            _ => false,
        }
    }
}

fn covers(set: &Ruleset, repo: &Repo, branch: &str) -> bool {
    let name = format!("refs/heads/{branch}");
    let fits = |pattern: &String| match pattern.as_str() {
        "~ALL" => true,
        "~DEFAULT_BRANCH" => branch == repo.default_branch,
        pattern => {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match(&name))
        }
    };
    set.include.iter().any(fits) && !set.exclude.iter().any(fits)
}

fn queue(rule: &Value) -> QueueRule {
    let parameters = &rule["parameters"];
    let text = |key: &str, default: &str| parameters[key].as_str().unwrap_or(default).to_owned();
    let number = |key: &str, default: u64| parameters[key].as_u64().unwrap_or(default);
    QueueRule {
        merge_method: text("merge_method", "MERGE"),
        grouping_strategy: text("grouping_strategy", "ALLGREEN"),
        min_entries_to_merge: usize::try_from(number("min_entries_to_merge", 1)).unwrap_or(1),
        min_entries_to_merge_wait_minutes: parameters["min_entries_to_merge_wait_minutes"]
            .as_i64()
            .unwrap_or(5),
        max_entries_to_merge: usize::try_from(number("max_entries_to_merge", 5)).unwrap_or(5),
        check_response_timeout_minutes: parameters["check_response_timeout_minutes"]
            .as_i64()
            .unwrap_or(60),
    }
}

/// The checks of a rule; none where it is another kind of rule.
fn checks(rule: &Value) -> ChecksRule {
    if rule["type"] != "required_status_checks" {
        return ChecksRule::default();
    }
    let parameters = &rule["parameters"];
    let all = parameters["required_status_checks"].as_array().into_iter().flatten();
    ChecksRule {
        strict: parameters["strict_required_status_checks_policy"] == true,
        checks: all
            .filter_map(|check| {
                Some(RequiredCheck {
                    context: check["context"].as_str()?.to_owned(),
                    app: check["integration_id"].as_u64(),
                })
            })
            .collect(),
    }
}
