//! What must hold within an environment: folders, waves, approvals, gates and the way back.
//!
//! It knows other environments only by the graph.

use std::collections::HashSet;

use super::Names;
use super::graph::{Graph, needs_predecessor};
use crate::domain::policy::check::{Content, Findings, Value};
use crate::domain::policy::problem::nearest;
use crate::domain::policy::value::{Complaint, quoted};

/// The folders of an environment, by target where it has targets.
pub(super) fn overlays<'r, 'v>(
    environment: &'r Value<'v>,
) -> Vec<(Option<&'v str>, &'r Value<'v>)> {
    let whole = environment.get("overlay").map(|overlay| (None, overlay));
    let targets = environment.get("targets").map_or(&[][..], Value::names);
    let of_target = targets.iter().filter_map(|target| {
        let overlay = match target.value.content {
            Content::Text(_) => &target.value,
            _ => target.value.get("overlay")?,
        };
        Some((Some(target.name), overlay))
    });
    whole.into_iter().chain(of_target).collect()
}

pub(super) fn check(
    value: &Value<'_>,
    index: usize,
    graph: &Graph<'_>,
    names: &Names<'_>,
    findings: &mut Findings<'_>,
) {
    folders(value, findings);
    waves(value, findings);
    labels(value, findings);
    if let Some(gates) = value.get("gates") {
        before(gates, !graph.before(index).is_empty(), findings);
        expectations(gates, findings);
        parity(value, gates, names, findings);
        freeze(gates, findings);
    }
    if let Some(rollback) = value.get("rollback") {
        way_back(value, rollback, index, graph, names, findings);
    }
}

/// An environment has folders in one way.
fn folders(value: &Value<'_>, findings: &mut Findings<'_>) {
    let (overlay, targets) = (value.get("overlay"), value.get("targets"));
    let silent = |key: &str| findings.is_silent_about(&format!("{}.{key}", value.place.path));
    if overlay.is_none() && targets.is_none() && silent("overlay") && silent("targets") {
        let help = "add `overlay: kustomize/staging`, or `targets` where it has several folders";
        findings.problem(
            &value.place,
            Complaint::new("an environment needs `overlay` or `targets`", help),
        );
    }
    if let (Some(_), Some(targets)) = (overlay, targets) {
        let help = "keep `overlay` for one folder, `targets` for several";
        let message = "an environment has either `overlay` or `targets`, not both";
        findings.problem(&targets.place, Complaint::new(message, help));
    }
    if let (Some(argocd), Some(_)) = (value.get("argocd"), targets) {
        let message = "an environment with targets has no Argo CD Application of its own";
        let help = "write it with the target: `eu: {overlay: …, argocd: …}`";
        findings.problem(&argocd.place, Complaint::new(message, help));
    }
    let mut seen = HashSet::new();
    for target in targets.map_or(&[][..], Value::names) {
        if !seen.insert(target.name.to_lowercase()) {
            let message =
                format!("the target {} differs from another only in case", quoted(target.name));
            findings.problem(&target.place, Complaint::new(message, "give each a name of its own"));
        }
    }
}

/// Waves hold each target once.
fn waves(value: &Value<'_>, findings: &mut Findings<'_>) {
    let Some(waves) = value.get("waves") else {
        return;
    };
    let Some(targets) = value.get("targets") else {
        if findings.is_silent_about(&format!("{}.targets", value.place.path)) {
            let message = "waves need targets";
            let help = "write `targets` instead of `overlay`, or leave `waves` out";
            findings.problem(&waves.place, Complaint::new(message, help));
        }
        return;
    };
    let known: Vec<&str> = targets.names().iter().map(|target| target.name).collect();
    let mut seen = HashSet::new();
    let lists = waves.items().iter().map(|wave| match wave.content {
        Content::List(_) => wave.items(),
        _ => wave.list("targets"),
    });
    for item in lists.flatten() {
        let name = item.text().unwrap_or_default();
        if !known.contains(&name) {
            let message = format!("there is no target {} here", quoted(name));
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the targets are {}", known.join(", ")),
            };
            findings.problem(&item.place, Complaint::new(message, help));
        } else if !seen.insert(name) {
            let message = format!("the target {} is in two waves", quoted(name));
            findings.problem(&item.place, Complaint::new(message, "keep it in one of them"));
        }
    }
    let missing: Vec<_> =
        known.iter().filter(|name| !seen.contains(*name)).map(|name| quoted(name)).collect();
    if !missing.is_empty() && findings.is_silent_about(&waves.place.path) {
        let message = format!("no wave takes {}", missing.join(", "));
        let help = "add a wave: a target without one would never be promoted";
        findings.problem(&waves.place, Complaint::new(message, help));
    }
}

/// A label is one approval.
fn labels(value: &Value<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for approval in value.list("approvals") {
        let Some(label) = approval.get("label") else {
            continue;
        };
        let text = label.text().unwrap_or_default();
        if !seen.insert(text.to_lowercase()) {
            let message = format!("the label {} is asked for twice", quoted(text));
            let help = "name everybody who may give it in one `by`";
            findings.problem(&label.place, Complaint::new(message, help));
        }
    }
}

fn before(gates: &Value<'_>, has_predecessor: bool, findings: &mut Findings<'_>) {
    if has_predecessor {
        return;
    }
    for gate in ["soak", "verified"] {
        if let Some(value) = gates.get(gate) {
            needs_predecessor(gate, &value.place, findings);
        }
    }
    if let Some(artifacts) = gates.get("artifacts")
        && artifacts.is_true("same_digest")
    {
        needs_predecessor("same_digest", &artifacts.place, findings);
    }
}

/// A number that is caught is compared, and a comparison has a number.
fn expectations(gates: &Value<'_>, findings: &mut Findings<'_>) {
    for item in gates.list("release").iter().chain(gates.list("verified")) {
        let bound = |key: &str| match item.get(key).map(|value| &value.content) {
            Some(Content::Number(number)) => Some(*number),
            _ => None,
        };
        let (least, most) = (bound("at_least"), bound("at_most"));
        match (item.get("value"), least, most) {
            (Some(value), None, None) => {
                let help = "add `at_least` or `at_most`, or leave `value` out";
                findings
                    .problem(&value.place, Complaint::new("nothing is said about the value", help));
            }
            (None, _, _)
                if least.or(most).is_some()
                    && findings.is_silent_about(&format!("{}.value", item.place.path)) =>
            {
                let help = "add `value: \"([0-9.]+)%\"`";
                let message = "a bound needs `value`, which says where the number stands";
                findings.problem(&item.place, Complaint::new(message, help));
            }
            (Some(value), Some(least), Some(most)) if least > most => {
                let message = format!("no number is at least {least} and at most {most}");
                findings.problem(&value.place, Complaint::new(message, "swap the bounds"));
            }
            _ => {}
        }
    }
}

fn parity(value: &Value<'_>, gates: &Value<'_>, names: &Names<'_>, findings: &mut Findings<'_>) {
    let Some(with) = gates.get("parity").and_then(|parity| parity.get("with")) else {
        return;
    };
    names.check(with, findings);
    if with.text() == value.get("name").and_then(Value::text) {
        let message = "an environment is always equal to itself";
        findings.problem(&with.place, Complaint::new(message, "name another environment"));
    }
}

fn freeze(gates: &Value<'_>, findings: &mut Findings<'_>) {
    for window in gates.get("freeze").map_or(&[][..], |freeze| freeze.list("windows")) {
        if !matches!(window.content, Content::Map(..)) {
            continue;
        }
        // dates of this form compare as texts
        if let (Some(from), Some(to)) = (window.get("from"), window.get("to"))
            && from.text() > to.text()
        {
            let message = "the freeze ends before it begins";
            findings.problem(&to.place, Complaint::new(message, "swap `from` and `to`"));
        }
    }
}

fn way_back(
    value: &Value<'_>,
    rollback: &Value<'_>,
    index: usize,
    graph: &Graph<'_>,
    names: &Names<'_>,
    findings: &mut Findings<'_>,
) {
    if let Some(via) = rollback.get("via") {
        let name = via.text().unwrap_or_default();
        names.check(via, findings);
        if names.has(name) && !graph.leads_to(name, index) {
            let message = format!("{} does not come before this environment", quoted(name));
            let help = "name an environment through which versions come here";
            findings.problem(&via.place, Complaint::new(message, help));
        }
    }
    let targets = value.get("targets").map_or(&[][..], Value::names);
    let of_target = |target: &Value<'_>| {
        matches!(target.content, Content::Map(..)) && target.get("argocd").is_some()
    };
    let applications =
        value.get("argocd").is_some() || targets.iter().any(|target| of_target(&target.value));
    if rollback.is_true("argocd") && !applications {
        let message = "a rollback by Argo CD needs its Application";
        let help = "add `argocd: {server: …, application: …}` to the environment or its targets";
        let place = rollback.get("argocd").map_or(&rollback.place, |value| &value.place);
        findings.problem(place, Complaint::new(message, help));
    }
}

/// A former name is free, and one environment's.
pub(super) fn renames(environments: &[Value<'_>], names: &Names<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for value in environments.iter().filter_map(|environment| environment.get("renamed_from")) {
        let name = value.text().unwrap_or_default();
        if names.has(name) {
            let message = format!("there still is an environment {}", quoted(name));
            let help = "name what it was called before, or leave `renamed_from` out";
            findings.problem(&value.place, Complaint::new(message, help));
        } else if !seen.insert(name) {
            let message = format!("two environments were renamed from {}", quoted(name));
            findings.problem(&value.place, Complaint::new(message, "keep one of them"));
        }
    }
}
