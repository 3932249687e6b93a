//! The promotion graph while it is checked: which environments come before which, and that it has no circle.
//!
//! It knows environments by their index only.

use std::collections::HashMap;

use super::Names;
use crate::domain::policy::check::{Findings, Place, Value};
use crate::domain::policy::value::{Complaint, quoted};

pub(super) struct Graph<'v> {
    names: Vec<&'v str>,
    index: HashMap<&'v str, usize>,
    before: Vec<Vec<usize>>,
}

impl<'v> Graph<'v> {
    pub(super) fn new(
        environments: &[Value<'v>],
        names: &Names<'_>,
        findings: &mut Findings<'_>,
    ) -> Self {
        let name = |value: &Value<'v>| value.get("name").and_then(Value::text).unwrap_or_default();
        let mut graph = Self {
            names: environments.iter().map(name).collect(),
            index: HashMap::new(),
            before: Vec::new(),
        };
        for (index, name) in graph.names.iter().enumerate() {
            graph.index.entry(name).or_insert(index);
        }
        for (index, environment) in environments.iter().enumerate() {
            let before = match environment.get("after") {
                None => index.checked_sub(1).into_iter().collect(),
                Some(after) => graph.after(after, index, names, findings),
            };
            graph.before.push(before);
        }
        if let Some(circle) = graph.circle() {
            let steps: Vec<_> = circle.iter().map(|at| format!("`{}`", graph.names[*at])).collect();
            let message =
                format!("environments wait for each other in a circle: {}", steps.join(" after "));
            // not each has an `after` of its own, but one of them must
            let place = circle.iter().find_map(|at| environments[*at].get("after"));
            if let Some(value) = place {
                findings.problem(
                    &value.place,
                    Complaint::new(message, "take one of them out of `after`"),
                );
            }
        }
        graph
    }

    fn after(
        &self,
        after: &Value<'_>,
        index: usize,
        names: &Names<'_>,
        findings: &mut Findings<'_>,
    ) -> Vec<usize> {
        let mut before = Vec::new();
        for value in after.items() {
            names.check(value, findings);
            let text = value.text().unwrap_or_default();
            match self.index.get(text).copied() {
                Some(own) if own == index => {
                    let message = format!("{} cannot come after itself", quoted(text));
                    let help = "name the environments where a version has to run first, or `[]`";
                    findings.problem(&value.place, Complaint::new(message, help));
                }
                Some(other) if before.contains(&other) => {
                    let message = format!("{} stands twice", quoted(text));
                    findings.problem(&value.place, Complaint::new(message, "keep one of them"));
                }
                Some(other) => before.push(other),
                None => {}
            }
        }
        before
    }

    /// The environments right before this one.
    pub(super) fn before(&self, index: usize) -> &[usize] {
        &self.before[index]
    }

    /// Whether a version runs in `name` before it comes to the environment.
    pub(super) fn leads_to(&self, name: &str, index: usize) -> bool {
        let Some(&wanted) = self.index.get(name) else {
            return false;
        };
        let mut seen = vec![false; self.names.len()];
        let mut left = self.before[index].clone();
        while let Some(at) = left.pop() {
            if at == wanted {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                left.extend(&self.before[at]);
            }
        }
        false
    }

    /// A circle, its first environment repeated at its end.
    fn circle(&self) -> Option<Vec<usize>> {
        // take away what nothing holds back, until only circles and what waits for them are left
        let mut waiting = vec![true; self.names.len()];
        while let Some(free) = (0..waiting.len())
            .find(|at| waiting[*at] && !self.before[*at].iter().any(|other| waiting[*other]))
        {
            waiting[free] = false;
        }
        let mut trail = vec![waiting.iter().position(|waits| *waits)?];
        loop {
            let last = *trail.last()?;
            let next = *self.before[last].iter().find(|other| waiting[**other])?;
            if let Some(start) = trail.iter().position(|at| *at == next) {
                let mut circle = trail.split_off(start);
                circle.push(next);
                return Some(circle);
            }
            trail.push(next);
        }
    }
}

/// Complains at a gate that looks at the environment before where there is none.
pub(super) fn needs_predecessor(gate: &str, place: &Place, findings: &mut Findings<'_>) {
    let message = format!("`{gate}` looks at the environment before, and there is none");
    let help = "name one in `after`, or leave the gate out";
    findings.problem(place, Complaint::new(message, help));
}
