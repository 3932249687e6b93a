//! `/plan`, `/status`, `/diff`, `/validate`, `/help`: what changes nothing and only tells.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Step;
use super::context::Context;
use super::promote::{Granted, Wish, grant};
use super::right;
use crate::domain::acts::Acts;
use crate::domain::classify::folders;
use crate::domain::decision::Effect;
use crate::domain::evaluate::assess;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::{Change, Look};
use crate::domain::merge::Merged;
use crate::domain::overlay::overlays;
use crate::domain::plan::{Plan, opening};
use crate::domain::real::Origin;
use crate::domain::rendered::difference;
use crate::domain::reply::command as say;
use crate::domain::reply::overview::{self, Place};
use crate::domain::supersede::open;
use crate::intent::{Intent, Reach};
use crate::model::files::{GitTree, Mode};
use crate::model::ids::{PrNumber, Sha};
use crate::model::read::{Commit, Comparison, PullRequest, Side};

/// `/plan ENV …`, `/promote … --dry-run`: what would be, and nothing done.
pub(super) fn plan(context: &Context<'_>, wish: &Wish<'_>) -> Result<Step, Gap> {
    let granted = match grant(context, wish)? {
        Ok(granted) => granted,
        Err(why) => return Ok(Step::refused(why)),
    };
    let Granted { application, environment, plan } = &granted;
    let supposed = Supposed::of(context, plan);
    let gates = preview(context, plan, &supposed)?;
    let (_, pull) = opening(context.facts, context.ground, (application, environment), plan)?;
    let folders: BTreeSet<String> =
        environment.targets_for(application.name()).into_iter().map(|(_, folder)| folder).collect();
    let trees = (context.ground.tree, &supposed.tree, Origin::Repository);
    let diff = difference(&supposed.facts, context.ground.repo, trees, &folders)?;
    Ok(Step::done(overview::plan(&plan.promotion, &gates, &diff, &pull), Vec::new()))
}

/// What would be known, and the tree that would be there, if the files of a plan were committed.
struct Supposed {
    facts: Facts,
    tree: GitTree,
    changed: BTreeSet<String>,
}

impl Supposed {
    fn of(context: &Context<'_>, plan: &Plan) -> Self {
        let mut tree = context.ground.tree.clone();
        let mut contents = Vec::new();
        for file in &plan.files {
            let name = hex::encode(Sha256::digest(&file.content));
            let Ok(sha) = Sha::new(&name[..40]) else { continue };
            let mode = tree.entries.get(&file.path).map_or(Mode::File, |(mode, _)| *mode);
            tree.entries.insert(file.path.clone(), (mode, sha.clone()));
            contents.push((sha, Arc::from(file.content.as_slice())));
        }
        let changed = plan.files.iter().map(|file| file.path.clone()).collect();
        Self { facts: context.facts.supposing(contents), tree, changed }
    }
}

/// The gates of a promotion that is not open, as they would stand if it were.
fn preview(
    context: &Context<'_>,
    plan: &Plan,
    supposed: &Supposed,
) -> Result<Vec<crate::domain::gates::Gate>, Gap> {
    let (facts, ground) = (context.facts, context.ground);
    let identity = facts.identity()?;
    let side = |branch: &str| Side {
        branch: branch.to_owned(),
        sha: ground.head.sha.clone(),
        repo: Some(ground.repo.id),
    };
    let commit = Commit {
        message: plan.promotion.message(&facts.sealer(ground.repo)),
        author: Some(identity.bot.clone()),
        committer: Some(identity.bot.clone()),
        verified: true,
        ..ground.head.clone()
    };
    let pull = PullRequest {
        number: PrNumber(0),
        open: true,
        merged: false,
        draft: false,
        title: plan.promotion.title(),
        body: String::new(),
        author: identity.bot.clone(),
        head: side(&plan.promotion.branch()),
        base: side(&ground.home.default_branch),
        labels: plan.promotion.labels(),
        comments: None,
        landed: None,
        merged_at: None,
        merged_by: None,
    };
    let change = Change {
        pull: &pull,
        comparison: Comparison {
            merge_base: ground.head.clone(),
            commits: vec![commit.clone()],
            total_commits: 1,
        },
        head: commit,
        merged: Merged {
            tree: supposed.tree.clone(),
            conflicts: BTreeSet::new(),
            changed: supposed.changed.clone(),
        },
    };
    let look = Look::at(&supposed.facts, ground, context.policy, &change)?;
    Ok(assess(&supposed.facts, &look, None)?.gates().to_vec())
}

/// `/status [ENV]`: what runs where, what is open, what stands in the way.
pub(super) fn status(context: &Context<'_>, environment: Option<&str>) -> Result<Step, Gap> {
    let (facts, ground) = (context.facts, context.ground);
    let only = match environment.map(|name| context.environment(name)) {
        None => None,
        Some(Ok(environment)) => Some(environment.name()),
        Some(Err(why)) => return Ok(Step::refused(why)),
    };
    let acts = Acts::read(facts, ground.repo)?;
    let mut places = Vec::new();
    for environment in context.policy.environments() {
        let name = environment.name();
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let mut runs = Vec::new();
        for application in context.policy.applications() {
            let found = overlays(facts, ground.repo, ground.tree, environment, application)?;
            if let Ok(found) = found {
                let tags: Vec<String> = found.tags().into_iter().map(str::to_owned).collect();
                runs.push((application.name().clone(), tags));
            }
        }
        let open = open(facts, ground, name.as_str())?;
        places.push(Place {
            name: name.clone(),
            runs,
            open: open.into_iter().map(|(pull, promotion)| (pull.number, promotion)).collect(),
            stops: [acts.locks(name), acts.holds_in(name)].concat(),
            against: acts.all_against(name),
        });
    }
    Ok(Step::done(overview::status(&places), Vec::new()))
}

/// `/diff [ENV]`: what the pull request changes once rendered; elsewhere what a promotion would.
pub(super) fn diff(context: &Context<'_>, environment: Option<&str>) -> Result<Step, Gap> {
    let only = match environment.map(|name| context.environment(name)) {
        None => None,
        Some(Ok(environment)) => Some(environment),
        Some(Err(why)) => return Ok(Step::refused(why)),
    };
    let Some(pull) = context.pull.filter(|pull| pull.open) else {
        let Some(environment) = only else {
            return Ok(Step::refused(say::diff_of_what(context.policy.environments())));
        };
        let scope = crate::intent::command::Scope::default();
        let wish = Wish {
            environment: environment.name().as_str(),
            version: None,
            scope: &scope,
            ticket: None,
        };
        return plan(context, &wish);
    };
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let mut parts = Vec::new();
    for touch in &look.touches {
        if only.is_some_and(|only| only.name() != touch.environment.name()) {
            continue;
        }
        let trees = (context.ground.tree, &change.merged.tree, Origin::of(change.pull));
        let folders = folders(context.policy, touch.environment);
        let text = difference(context.facts, context.ground.repo, trees, &folders)?;
        parts.push((touch.environment.name().clone(), text));
    }
    Ok(Step::done(overview::diff(&parts, pull.number), Vec::new()))
}

/// `/validate`: the checks run again.
pub(super) fn validate(context: &Context<'_>) -> Step {
    let repo = context.ground.repo.clone();
    match context.pr() {
        Some(pr) => {
            let effect = Effect::Enqueue(Intent::Evaluate { repo, pr });
            Step::done(say::judged_again(), vec![effect])
        }
        None => {
            let follow = Intent::Follow { repo, reach: Reach::Everything };
            Step::done(say::all_judged_again(), vec![Effect::Enqueue(follow)])
        }
    }
}

/// `/help`: the commands, and what this person may do.
pub(super) fn help(context: &Context<'_>) -> Result<Step, Gap> {
    let mut rows = Vec::new();
    for usage in overview::commands() {
        let line = crate::intent::command::Spoken {
            line: String::new(),
            prefixed: false,
            meant: Ok(usage.means),
        };
        let may =
            right::might(context.facts, context.ground, context.policy, context.remark, &line)?;
        rows.push((usage.line, usage.what, may));
    }
    Ok(Step::done(overview::help(&rows, context.policy.prefixed()), Vec::new()))
}
