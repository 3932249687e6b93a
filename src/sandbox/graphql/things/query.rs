//! What a query begins with.
//! It does not know what is found there.

use serde_json::Value;

use crate::sandbox::graphql::problem::Problem;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::AccountKind;

fn text<'g>(given: &'g Arguments, name: &str) -> &'g str {
    given.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(in crate::sandbox::graphql) fn query<'a>(
    at: At<'a>,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    match name {
        "viewer" => {
            let actor = at.caller.actor();
            Ok(Out::maybe(actor.map(|actor| Thing::Account(at.state.account(actor.account)))))
        }
        "rateLimit" => Ok(Out::Thing(Thing::RateLimit)),
        "repository" => {
            let (owner, name) = (text(given, "owner"), text(given, "name"));
            let renamed = || {
                let follows = given.get("followRenames") != Some(&Value::Bool(false));
                at.state.repo_formerly(owner, name).filter(|_| follows)
            };
            let found = at.state.repo_named(owner, name).or_else(renamed);
            let missing = || Problem::not_found("Repository", "name", &format!("{owner}/{name}"));
            let repo = found.filter(|repo| at.sees(repo)).ok_or_else(missing)?;
            Ok(Out::Thing(Thing::Repository(repo)))
        }
        "organization" => {
            let login = text(given, "login");
            let account = at.state.account_named(login);
            let org = account.and_then(|account| at.state.orgs.get(&account.id));
            let missing = || Problem::not_found("Organization", "login", login);
            Ok(Out::Thing(Thing::Organization(org.ok_or_else(missing)?)))
        }
        "user" => {
            let login = text(given, "login");
            let account = at.state.account_named(login);
            let user = account.filter(|account| account.kind == AccountKind::User);
            let missing = || Problem::not_found("User", "login", login);
            Ok(Out::Thing(Thing::Account(user.ok_or_else(missing)?)))
        }
        _ => Ok(Out::Null),
    }
}

pub(in crate::sandbox::graphql) fn rate_limit<'a>(at: At<'a>, name: &str) -> Out<'a> {
    let window = at.window;
    match name {
        "cost" => Out::leaf(at.cost.0),
        "nodeCount" => Out::leaf(at.cost.1),
        "limit" => Out::leaf(window.limit),
        "remaining" => Out::leaf(window.remaining()),
        "used" => Out::leaf(window.used),
        "resetAt" => {
            let reset = jiff::Timestamp::from_second(window.reset).unwrap_or_default();
            Out::leaf(crate::sandbox::shape::time(reset))
        }
        _ => Out::Null,
    }
}
