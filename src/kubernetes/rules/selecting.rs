//! Knows how labels select pods.
//!
//! It does not know who selects what for which purpose.

use std::collections::BTreeMap;

use crate::kubernetes::scene::{Scene, entries, items, may_be_same_namespace, text};
use crate::kustomize::value::{Key, Value};

/// The most pods that one selector is held against.
const MOST_COMPARED: usize = 1000;

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
            value.as_text().is_none_or(|text| labels.get(&*key.text) == Some(&text))
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
        Self {
            all: pods.map(|pod| (pod.object, scene.namespace(pod.object), pod.labels())).collect(),
        }
    }

    /// What a selector selects of those in a namespace.
    pub(super) fn select<'v>(&self, namespace: &str, selector: Selector<'v>) -> Selected<'v> {
        let mut here =
            self.all.iter().filter(|(_, other, _)| may_be_same_namespace(other, namespace));
        let mut closest: Option<((usize, bool), Closest<'_>)> = None;
        let mut looked_at = 0;
        for (object, _, labels) in here.by_ref().take(MOST_COMPARED) {
            looked_at += 1;
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
                closest = Some((distance, Closest { object: *object, wanted }));
            }
        }
        match (looked_at, here.next()) {
            (0, _) => Selected::NoPods,
            (_, Some(_)) => Selected::Something,
            (_, None) => {
                let wants = selector.labels().count();
                let closest = closest.filter(|((differ, _), _)| *differ < wants || wants == 1);
                Selected::Nothing { closest: closest.map(|(_, closest)| closest) }
            }
        }
    }

    /// The numbers of those who make pods that a selector selects.
    pub(super) fn selected(&self, namespace: &str, selector: Selector<'_>) -> Vec<usize> {
        let is_selected = |labels: &BTreeMap<&str, &str>| {
            selector.unmet(labels).next().is_none() && selector.expressions_are_met(labels)
        };
        let here =
            self.all.iter().enumerate().take(MOST_COMPARED).filter(|(_, (_, other, labels))| {
                may_be_same_namespace(other, namespace) && is_selected(labels)
            });
        here.map(|(at, _)| at).collect()
    }
}
