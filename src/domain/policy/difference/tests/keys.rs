//! Every key of the table, changed by itself in the full example: there is a sentence for each.
//!
//! What the sentences say is not tried here.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::{EVERYTHING, read};
use crate::domain::policy::differences;
use crate::domain::policy::keys::{ROOT, walk};
use crate::domain::policy::shape::{Key, Shape};
use crate::model::ids::RepoName;

/// Where something stands in a document.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Item(usize),
}

fn at<'v>(root: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(root, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()).unwrap(),
        Step::Item(index) => value.get_mut(*index).unwrap(),
    })
}

/// Calls `visit` with each key that is written, its path in the table, and where it stands.
fn written(
    value: &Value,
    shape: &Shape,
    (path, place): (&str, &[Step]),
    visit: &mut dyn FnMut(&str, &'static Key, &[Step]),
) {
    let below = |step: Step| [place, &[step]].concat();
    match (shape, value) {
        (Shape::Map(map), Value::Mapping(entries)) => {
            for (name, value) in entries {
                let key = map.key(name.as_str().unwrap()).unwrap();
                let path = if path.is_empty() {
                    key.name.to_owned()
                } else {
                    format!("{path}.{}", key.name)
                };
                let place = below(Step::Key(key.name.to_owned()));
                visit(&path, key, &place);
                written(value, &key.shape, (&path, &place), visit);
            }
        }
        (Shape::List(list), Value::Sequence(items)) => {
            for (index, item) in items.iter().enumerate() {
                written(item, &list.of, (&format!("{path}[]"), &below(Step::Item(index))), visit);
            }
        }
        (Shape::Names(names), Value::Mapping(entries)) => {
            for (name, value) in entries {
                let place = below(Step::Key(name.as_str().unwrap().to_owned()));
                written(value, &names.of, (&format!("{path}.*"), &place), visit);
            }
        }
        (Shape::Either(shapes), value) => {
            let fits = |shape: &&Shape| match shape {
                Shape::List(_) => value.is_sequence(),
                Shape::Map(_) | Shape::Names(_) => value.is_mapping(),
                _ => false,
            };
            if let Some(shape) = shapes.iter().find(fits) {
                written(value, shape, (path, place), visit);
            }
        }
        _ => {}
    }
}

/// Texts of many forms: each key takes one or the other.
const TEXTS: &[&str] = &[
    "other",
    "elsewhere",
    "qa",
    "v2*",
    "1.32",
    "@acme/other",
    "other[bot]",
    "other/repository",
    "3h",
    "45 3 * * *",
    "Europe/Paris",
    "kustomize/other",
    "x-{tag}",
    "x-([0-9]+)",
    "/other",
    "2027-01-01",
    "2026-12-01",
    "https://other.acme.io/{ticket}",
];

/// Other values that might stand there.
fn others(shape: &Shape, value: &Value) -> Vec<Value> {
    match shape {
        Shape::Text(format) => {
            let home = RepoName::new("acme/microservices-demo").unwrap();
            let takes = |text: &&&str| (format.check)(text, &home).is_ok();
            TEXTS.iter().filter(takes).map(|text| Value::from(*text)).collect()
        }
        Shape::Choice(words) => words.iter().map(|word| Value::from(*word)).collect(),
        Shape::Bool => vec![Value::from(true), Value::from(false)],
        Shape::Count(..) | Shape::Number => vec![Value::from(2), Value::from(7)],
        Shape::List(list) => {
            let items = value.as_sequence().cloned().unwrap_or_default();
            let more = others(&list.of, &Value::Null);
            let with = |one: &Value| [items.clone(), vec![one.clone()]].concat();
            let fewer = items.len().checked_sub(1).map(|most| items[..most].to_vec());
            more.iter()
                .filter(|one| !items.contains(one))
                .map(with)
                .chain(fewer)
                .map(Value::from)
                .collect()
        }
        Shape::Names(names) => {
            let others = others(&names.of, &Value::Null);
            others
                .into_iter()
                .map(|one| Value::from(Mapping::from_iter([("other".into(), one)])))
                .collect()
        }
        Shape::Either(shapes) => shapes.iter().flat_map(|shape| others(shape, value)).collect(),
        Shape::Map(_) => Vec::new(),
    }
}

/// Whether a key may as well be left out.
fn is_default(key: &Key, value: &Value) -> bool {
    if key.name == "after" {
        // the example names the environment above
        return true;
    }
    let default = key.default.and_then(|text| serde_yaml::from_str::<Value>(text).ok());
    default.as_ref() == Some(value)
}

/// The example with what stands in the place of a key instead of it, the value or none.
fn with(root: &Value, place: &[Step], value: Option<Value>) -> Value {
    let mut root = root.clone();
    match (value, place.split_last()) {
        (Some(value), _) => *at(&mut root, place) = value,
        (None, Some((Step::Key(key), parent))) => {
            at(&mut root, parent).as_mapping_mut().unwrap().remove(key.as_str());
        }
        (None, _) => panic!("only keys are left out"),
    }
    root
}

/// Changes each key that is written in `text` and has not been tried, and notes how often it could be.
fn change_each(text: &str, tried: &mut BTreeMap<String, usize>) {
    let root: Value = serde_yaml::from_str(text).unwrap();
    let old = read(text).unwrap();
    let mut places = Vec::new();
    written(&root, &ROOT, ("", &[]), &mut |path, key, place| {
        if !tried.contains_key(path) {
            places.push((path.to_owned(), key, place.to_vec()));
        }
    });
    for (path, key, place) in places {
        let value = at(&mut root.clone(), &place).clone();
        let others = others(&key.shape, &value).into_iter().filter(|other| *other != value);
        let gone = (!key.required && !is_default(key, &value)).then_some(None);
        let changed = others.map(Some).chain(gone).map(|other| with(&root, &place, other));
        let valid = changed.filter_map(|root| {
            let text = serde_yaml::to_string(&root).unwrap();
            read(&text).ok().map(|policy| (text, policy))
        });
        for (text, new) in valid.take(2) {
            assert!(!differences(&old, &new).is_empty(), "{path} means nothing:\n{text}");
            assert!(!differences(&new, &old).is_empty(), "{path} means nothing back:\n{text}");
            *tried.entry(path.clone()).or_default() += 1;
        }
    }
}

#[test]
fn every_key_means_something() {
    let mut tried = BTreeMap::new();
    change_each(EVERYTHING, &mut tried);
    let otherwise = EVERYTHING
        .replace("at_least: 80}", "at_least: 80, at_most: 90}")
        .replace("at_most: 300}", "at_most: 300, at_least: 1, app: metrics, or: slow-ok}")
        .replace("changes: {reviews: 1}", "changes: {reviews: {count: 1, by: [\"@acme/sre\"]}}")
        .replace("allow: [images, replicas, resources]", "allow: {Deployment: [spec.replicas]}");
    change_each(&otherwise, &mut tried);
    walk(&mut |path, _| {
        // what can only be changed together with others is changed within
        let tried = tried.keys().any(|key| key.starts_with(path));
        // there is but one version; names and waves are tried with the sentences
        let elsewhere =
            ["version", "environments[].name", "environments[].waves[].targets"].contains(&path);
        assert!(tried || elsewhere, "{path} is not tried");
    });
}
