//! What `/rollback ENV [VERSION]` would put back, without anybody asking for it: for the command line.

use super::rollback::{Wish, promised, way_back};
use crate::domain::facts::{Facts, Gap};
use crate::domain::ground::Ground;
use crate::domain::overlay::Carried;
use crate::domain::plan::{Stop, plan};
use crate::domain::promotion::Promised;
use crate::domain::reply::{aside, command as say};
use crate::domain::via::before;
use crate::intent::command::Scope;
use crate::model::ids::RepoRef;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where.
    pub environment: String,
    /// To what; the newest that ran there and is lower, where it is not said.
    pub version: Option<String>,
    /// What of it.
    pub scope: Scope,
}

/// What would be put back.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What the pull request would be called.
    pub title: String,
    /// Whether it goes further back than the rules let a rollback go.
    pub beyond: bool,
    /// The entries as they are, each with what it becomes.
    pub entries: Vec<(Carried, Promised)>,
    /// The files that change: path, as they are, and as they become.
    pub files: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// What does not simply go back, in sentences.
    pub asides: Vec<String>,
}

/// Finds it; or says why nothing can go back.
pub fn preview(
    facts: &Facts,
    repo: &RepoRef,
    asked: &Asked,
) -> Result<Result<Preview, String>, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Err(say::reason(&reason))),
    };
    let Some(policy) = ground.policy() else { return Ok(Err(say::no_policy_here())) };
    let (environments, applications) = (policy.environments(), policy.applications());
    let same = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
    let mut named = environments.iter();
    let Some(environment) = named.find(|one| same(one.name().as_str(), &asked.environment)) else {
        return Ok(Err(say::unknown_environment(&asked.environment, environments)));
    };
    let application = match (&asked.scope.application, applications) {
        (None, [only]) => only,
        (None, all) => return Ok(Err(say::which_application(all))),
        (Some(name), all) => match all.iter().find(|one| same(one.name().as_str(), name)) {
            Some(application) => application,
            None => return Ok(Err(say::unknown_application(name, all))),
        },
    };
    let wish = Wish {
        environment: Some(&asked.environment),
        version: asked.version.as_deref(),
        scope: &asked.scope,
        argocd: false,
        reason: None,
    };
    let way = match way_back(facts, &ground, (application, environment), &wish)? {
        Ok(way) => way,
        Err(why) => return Ok(Err(why)),
    };
    let promotion = promised(&way, None, None);
    let (title, beyond) = (promotion.title(), way.back.beyond);
    let plan = match plan(application, environment, &way.now, promotion) {
        Ok(plan) => plan,
        Err(Stop::Rests(reason) | Stop::Refused(reason)) => return Ok(Err(say::reason(&reason))),
    };
    let becomes = |carried: &Carried| {
        let to = plan.promotion.promised(&carried.target, &carried.entry.name);
        to.map(|to| (carried.clone(), to))
    };
    let as_is = |path: &str| {
        let mut all = way.now.files.iter();
        all.find(|(_, file, _)| file == path).map_or_else(Vec::new, |(.., text)| text.to_vec())
    };
    let first = before(policy, environment).map(|first| aside::goes_first(first.name()));
    let asides = aside::sentences(&way.odd, environment.name()).into_iter().chain(first).collect();
    Ok(Ok(Preview {
        title,
        beyond,
        entries: plan.moves.iter().filter_map(becomes).collect(),
        files: plan
            .files
            .iter()
            .map(|file| (file.path.clone(), as_is(&file.path), file.content.clone()))
            .collect(),
        asides,
    }))
}
