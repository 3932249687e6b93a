//! Builds environments from values that have been checked, with what stands where nothing is written.
//!
//! It complains about nothing by itself.

use super::{environments, gates, people, rules, schedule, span, text, word};
use crate::domain::policy::check::{Content, Value};
use crate::domain::policy::environment::{
    Approval, Approve, ArgoApplication, Environment, Mover, Overrides, Owners, Reviews, Rollback,
    Target, Wave,
};
use crate::domain::policy::time::{Weekly, Window, parse_date};
use crate::domain::policy::value::{Complaint, Label, Overlay, Principal, Role};
use crate::model::ids::{EnvName, TargetName};
use crate::model::write::MergeMethod;

/// All of them: an environment comes after the one above unless it says otherwise.
pub(super) fn all(values: &[Value<'_>]) -> Result<Vec<Environment>, Complaint> {
    let mut built: Vec<Environment> = Vec::with_capacity(values.len());
    for value in values {
        let above = built.last().map(|above| above.name.clone());
        built.push(one(value, above)?);
    }
    Ok(built)
}

fn one(value: &Value<'_>, above: Option<EnvName>) -> Result<Environment, Complaint> {
    let name = EnvName::new(word(value, "name"))?;
    let targets = targets(value, &name)?;
    let configured = value.get("gates");
    let freeze = configured.and_then(|gates| gates.get("freeze"));
    Ok(Environment {
        waves: waves(value, &targets)?,
        approve: match word(value, "approve") {
            "each" => Approve::Each,
            _ => Approve::Once,
        },
        targets,
        promote: mover(value, "promote"),
        schedule: value.get("trigger").map_or(Ok(None), schedule)?,
        merge: mover(value, "merge"),
        method: match word(value, "method") {
            "merge" => MergeMethod::Merge,
            "rebase" => MergeMethod::Rebase,
            _ => MergeMethod::Squash,
        },
        after: match value.get("after") {
            Some(_) => environments(value, "after")?,
            None => above.into_iter().collect(),
        },
        promoters: match value.get("promoters") {
            Some(_) => people(value, "promoters")?,
            None => vec![Principal::Role(Role::Write)],
        },
        approvals: value.list("approvals").iter().map(approval).collect::<Result<_, _>>()?,
        reviews: value.get("reviews").map(reviews).transpose()?,
        changes: value
            .get("changes")
            .and_then(|changes| changes.get("reviews"))
            .map(reviews)
            .transpose()?,
        gates: gates::gates(configured)?,
        windows: freeze
            .map_or(&[][..], |freeze| freeze.list("windows"))
            .iter()
            .map(window)
            .collect::<Result<_, _>>()?,
        overrides: value.get("overrides").map(overrides).transpose()?.unwrap_or_default(),
        owners: owners(value)?,
        rollback: value.get("rollback").map(rollback).transpose()?,
        rules: rules(value),
        renamed_from: text(value, "renamed_from").map(EnvName::new).transpose()?,
        name,
    })
}

fn mover(value: &Value<'_>, key: &str) -> Mover {
    match word(value, key) {
        "automatic" => Mover::Automatic,
        _ => Mover::Manual,
    }
}

fn targets(value: &Value<'_>, environment: &EnvName) -> Result<Vec<Target>, Complaint> {
    if let Some(overlay) = text(value, "overlay") {
        return Ok(vec![Target {
            name: TargetName::new(environment.as_str())?,
            overlay: Overlay::parse(overlay)?,
            argocd: argocd(value),
        }]);
    }
    let entries = value.get("targets").map_or(&[][..], Value::names);
    let target = |name: &str, value: &Value<'_>| {
        let (overlay, argocd) = match value.content {
            Content::Text(overlay) => (overlay, None),
            _ => (word(value, "overlay"), argocd(value)),
        };
        Ok(Target { name: TargetName::new(name)?, overlay: Overlay::parse(overlay)?, argocd })
    };
    entries.iter().map(|entry| target(entry.name, &entry.value)).collect()
}

fn waves(value: &Value<'_>, targets: &[Target]) -> Result<Vec<Wave>, Complaint> {
    let names = |items: &[Value<'_>]| -> Result<Vec<TargetName>, Complaint> {
        let texts = items.iter().filter_map(Value::text);
        Ok(texts.map(TargetName::new).collect::<Result<_, _>>()?)
    };
    let Some(waves) = value.get("waves") else {
        let targets = targets.iter().map(|target| target.name.clone()).collect();
        return Ok(vec![Wave { targets, soak: None, health: false }]);
    };
    let wave = |value: &Value<'_>| match value.content {
        Content::List(_) => Ok(Wave { targets: names(value.items())?, soak: None, health: false }),
        _ => Ok(Wave {
            targets: names(value.list("targets"))?,
            soak: span(value, "soak")?,
            health: value.is_true("health"),
        }),
    };
    waves.items().iter().map(wave).collect()
}

fn argocd(value: &Value<'_>) -> Option<ArgoApplication> {
    let argocd = value.get("argocd")?;
    Some(ArgoApplication {
        server: word(argocd, "server").to_owned(),
        application: word(argocd, "application").to_owned(),
    })
}

fn approval(value: &Value<'_>) -> Result<Approval, Complaint> {
    Ok(Approval {
        label: Label::parse(word(value, "label"))?,
        by: people(value, "by")?,
        own: value.is_true("self"),
    })
}

fn reviews(value: &Value<'_>) -> Result<Reviews, Complaint> {
    let count = |value: &Value<'_>| match value.content {
        Content::Count(count) => count,
        _ => 0,
    };
    Ok(match value.get("count") {
        Some(number) => Reviews { count: count(number), by: people(value, "by")? },
        None => Reviews { count: count(value), by: Vec::new() },
    })
}

fn window(value: &Value<'_>) -> Result<Window, Complaint> {
    if let Content::Text(text) = value.content {
        return Weekly::parse(text).map(Window::Weekly);
    }
    Ok(Window::Days {
        from: parse_date(word(value, "from"))?,
        to: parse_date(word(value, "to"))?,
        reason: text(value, "reason").map(ToOwned::to_owned),
    })
}

fn owners(value: &Value<'_>) -> Result<Owners, Complaint> {
    let Some(owners) = value.get("owners") else {
        return Ok(Owners::default());
    };
    Ok(Owners {
        verification: text(owners, "verification").map(Principal::parse).transpose()?,
        fallback: text(owners, "fallback").map(Principal::parse).transpose()?,
    })
}

fn overrides(value: &Value<'_>) -> Result<Overrides, Complaint> {
    let principals = |value: &Value<'_>| -> Result<Vec<Principal>, Complaint> {
        value.items().iter().filter_map(Value::text).map(Principal::parse).collect()
    };
    let named = value.names().iter();
    Ok(Overrides {
        all: principals(value)?,
        by_gate: named
            .map(|entry| Ok((entry.name.to_owned(), principals(&entry.value)?)))
            .collect::<Result<_, Complaint>>()?,
    })
}

fn rollback(value: &Value<'_>) -> Result<Rollback, Complaint> {
    let words = |key: &str| {
        let items = value.get(key)?.items().iter();
        Some(items.filter_map(Value::text).map(str::to_owned).collect())
    };
    let unsaid = Rollback::default();
    Ok(Rollback {
        by: people(value, "by")?,
        gates: words("gates").unwrap_or(unsaid.gates),
        within: match value.get("within").map(|within| &within.content) {
            Some(Content::Count(count)) => Some(*count),
            _ => None,
        },
        via: text(value, "via").map(EnvName::new).transpose()?,
        argocd: value.is_true("argocd"),
        on: words("on").unwrap_or_default(),
        watch: span(value, "watch")?.unwrap_or(unsaid.watch),
    })
}
