//! Knows how labels select pods.
//!
//! It does not know who selects what for which purpose.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::is_put_in_later;
use crate::kubernetes::scene::{Scene, entries, items, may_be_same_namespace, text};
use crate::kustomize::value::{Key, Value};

/// The most pods and labels that the selectors of an overlay are held against, so that many of both are no trouble.
const MOST_COMPARED: usize = 5_000_000;

/// A selector: labels, and expressions where there may be some.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selector<'v> {
    labels: Option<&'v Value>,
    expressions: Option<&'v Value>,
}

/// The pods of an overlay, ready to be selected.
#[derive(Debug)]
pub(super) struct Pods<'r> {
    /// Who makes it, by number; its namespace; its labels.
    all: Vec<(usize, &'r str, BTreeMap<&'r str, &'r str>)>,
    /// How many more pods and labels are looked at.
    left: Cell<usize>,
}

/// What a selector selects.
#[derive(Debug)]
pub(super) enum Selected<'v> {
    /// Something, or so much was looked at that nobody can say.
    Something,
    /// Nothing, since there are no pods where it selects.
    NoPods,
    /// Nothing. The pod that comes closest is made by this object, and this label of it differs.
    Nothing { closest: Option<Closest<'v>> },
}

/// The pod that comes closest to a selector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closest<'v> {
    /// Who makes it, by number.
    pub(super) object: usize,
    /// What is wanted, and is not so there.
    pub(super) wanted: (&'v Key, &'v Value),
}

impl<'v> Selector<'v> {
    /// Labels alone.
    pub(super) fn of_labels(labels: &'v Value) -> Self {
        Self { labels: Some(labels), expressions: None }
    }

    /// A selector with `matchLabels` and `matchExpressions`.
    pub(super) fn of(selector: &'v Value) -> Self {
        let at = |key: &str| selector.get(key).filter(|value| !value.is_empty());
        Self { labels: at("matchLabels"), expressions: at("matchExpressions") }
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_none_or(Value::is_empty) && self.expressions.is_none()
    }

    /// The labels that it wants.
    pub(super) fn labels(self) -> impl DoubleEndedIterator<Item = (&'v Key, &'v Value)> {
        self.labels.into_iter().flat_map(|labels| entries(labels, &[]))
    }

    /// The labels that it wants and that these are not.
    pub(super) fn unmet(
        self,
        labels: &BTreeMap<&str, &str>,
    ) -> impl Iterator<Item = (&'v Key, &'v Value)> {
        let meets = |(key, value): &(&Key, &Value)| {
            let is = |text: &str| {
                labels.get(&*key.text).is_some_and(|label| *label == text || is_put_in_later(label))
            };
            value.as_text().is_none_or(is)
        };
        self.labels().filter(move |wanted| !meets(wanted))
    }

    /// Whether the expressions are met; one that is not understood is.
    pub(super) fn expressions_are_met(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let met = |expression: &Value| {
            let Some(key) = text(expression, &["key"]) else { return true };
            let value = labels.get(key).copied();
            let mut values = items(expression, &["values"]).filter_map(Value::as_text);
            match text(expression, &["operator"]) {
                Some("In") => values.any(|one| Some(one) == value),
                Some("NotIn") => !values.any(|one| Some(one) == value),
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                _ => true,
            }
        };
        self.expressions.and_then(Value::as_list).unwrap_or_default().iter().all(met)
    }
}

impl<'r> Pods<'r> {
    /// The pods of an overlay.
    pub(super) fn of(scene: &Scene<'r>) -> Self {
        let pods = scene.pods.iter();
        let all = pods.map(|pod| (pod.object, scene.namespace(pod.object), pod.labels())).collect();
        Self { all, left: Cell::new(MOST_COMPARED) }
    }

    /// The pods in a namespace, with their numbers, as long as there is time.
    fn of_namespace(
        &self,
        namespace: &str,
    ) -> impl Iterator<Item = (usize, usize, &BTreeMap<&'r str, &'r str>)> {
        let pods = self.all.iter().enumerate().take_while(|(_, (_, _, labels))| {
            self.left.set(self.left.get().saturating_sub(1 + labels.len()));
            self.left.get() > 0
        });
        pods.filter(move |(_, (_, other, _))| may_be_same_namespace(other, namespace))
            .map(|(at, (object, _, labels))| (at, *object, labels))
    }

    /// What a selector selects of those in a namespace.
    pub(super) fn select<'v>(&self, namespace: &str, selector: Selector<'v>) -> Selected<'v> {
        let mut closest: Option<((usize, bool), Closest<'_>)> = None;
        let mut has_pods = false;
        for (_, object, labels) in self.of_namespace(namespace) {
            has_pods = true;
            let mut unmet = selector.unmet(labels);
            let Some(wanted) = unmet.next() else {
                match selector.expressions_are_met(labels) {
                    true => return Selected::Something,
                    false => continue,
                }
            };
            // Another value is closer than no such label.
            let distance = (1 + unmet.count(), !labels.contains_key(&*wanted.0.text));
            if closest.is_none_or(|(least, _)| distance < least) {
                closest = Some((distance, Closest { object, wanted }));
            }
        }
        if self.left.get() == 0 {
            return Selected::Something;
        }
        let wants = selector.labels().count();
        let closest = closest.filter(|((differ, _), _)| *differ < wants || wants == 1);
        match has_pods {
            true => Selected::Nothing { closest: closest.map(|(_, closest)| closest) },
            false => Selected::NoPods,
        }
    }

    /// The numbers of the pods that a selector selects; none where there was no time to look.
    pub(super) fn selected(&self, namespace: &str, selector: Selector<'_>) -> Vec<usize> {
        let is_selected = |labels: &BTreeMap<&str, &str>| {
            selector.unmet(labels).next().is_none() && selector.expressions_are_met(labels)
        };
        let here = self.of_namespace(namespace).filter(|(_, _, labels)| is_selected(labels));
        let selected = here.map(|(at, _, _)| at).collect();
        if self.left.get() == 0 { Vec::new() } else { selected }
    }
}
