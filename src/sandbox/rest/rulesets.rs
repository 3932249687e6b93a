//! Rulesets, and the rules that hold for a branch.
//! <https://docs.github.com/en/rest/repos/rules>

use serde_json::Value;

use crate::sandbox::http::{Answer, Call, Reply, Route, WRITE, texts};
use crate::sandbox::model::rules::Bypass;
use crate::sandbox::model::{Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{RulesetChange, State};

const ADMINISTER: &[(&str, Level)] = &[("administration", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/repos/{owner}/{repo}/rulesets";
    const ONE: &str = "/repos/{owner}/{repo}/rulesets/{ruleset_id}";
    vec![
        Route::get(ALL, list),
        Route::post(ALL, create).needs(ADMINISTER).role(Role::Admin),
        Route::get(ONE, get),
        Route::put(ONE, update).needs(ADMINISTER).role(Role::Admin),
        Route::delete(ONE, delete).needs(ADMINISTER).role(Role::Admin),
        Route::get("/repos/{owner}/{repo}/rules/branches/{branch+}", of_branch),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let all = repo.rulesets.values().collect();
    Ok(call.page(all, |set| state.ruleset_json(repo, set, false)))
}

fn shown(state: &State, call: &Call, id: u64) -> Result<Value, Refusal> {
    let repo = call.repo()?;
    Ok(state.ruleset_json(state.repo(repo)?, state.ruleset(repo, id)?, true))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let change = change(call)?;
    let id = state.put_ruleset(call.repo()?, None, change)?;
    Ok(Answer::created(shown(state, call, id)?))
}

fn get(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(shown(state, call, call.number("ruleset_id")?)?))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let id = call.number("ruleset_id")?;
    let change = change(call)?;
    state.put_ruleset(call.repo()?, Some(id), change)?;
    Ok(Answer::ok(shown(state, call, id)?))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    let id = call.number("ruleset_id")?;
    let gone = state.repo_mut(call.repo()?)?.rulesets.remove(&id);
    gone.map(|_| Answer::empty(204)).ok_or_else(Refusal::not_found)
}

fn of_branch(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let rules = state.rules_of(repo, call.param("branch")).collect();
    Ok(call.page(rules, |(set, rule)| state.rule_json(repo, set, rule)))
}

fn change(call: &Call) -> Result<RulesetChange, Refusal> {
    let enforcement = call.require("enforcement")?.to_owned();
    if !["active", "evaluate", "disabled"].contains(&enforcement.as_str()) {
        return Err(Refusal::invalid("RepositoryRuleset", "enforcement", "invalid"));
    }
    let list = |key: &str| call.body[key].as_array().cloned().unwrap_or_default();
    let rules = list("rules");
    if rules.iter().any(|rule| rule["type"].as_str().is_none()) {
        return Err(Refusal::unprocessable("Invalid rule"));
    }
    let bypass = list("bypass_actors").into_iter().map(|actor| Bypass {
        kind: actor["actor_type"].as_str().unwrap_or_default().to_owned(),
        id: actor["actor_id"].as_u64(),
        mode: actor["bypass_mode"].as_str().unwrap_or("always").to_owned(),
    });
    let names = &call.body["conditions"]["ref_name"];
    Ok(RulesetChange {
        name: call.require("name")?.to_owned(),
        enforcement,
        bypass: bypass.collect(),
        include: texts(&names["include"]).unwrap_or_default(),
        exclude: texts(&names["exclude"]).unwrap_or_default(),
        rules,
    })
}
