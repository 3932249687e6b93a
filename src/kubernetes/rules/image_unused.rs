//! `image-unused`: entries of the overlay's own `images` that match no container.

use std::collections::BTreeSet;

use super::Rule;
use crate::kubernetes::scene::{Remark, Scene};
use crate::kustomize::images::split;
use crate::kustomize::problem::Place;
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "image-unused",
    severity: Some(Severity::Warning),
    finds: "an `images` entry of a kustomization that matches no container",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    if scene.unused_images.is_empty() {
        return;
    }
    let containers = scene.pods.iter().flat_map(|pod| pod.containers());
    let images = containers.filter_map(|container| container.get("image").and_then(Value::as_text));
    let known: BTreeSet<&str> = images.map(|image| split(image).0).collect();
    for entry in scene.unused_images {
        // The kustomization is the first file that is read.
        let place = Place { file: 0, line: entry.line, column: entry.column };
        remarks.push(Remark::new(None, place, unused(&entry.name, &known)));
    }
}

fn unused(name: &str, known: &BTreeSet<&str>) -> String {
    let near = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let help = match near {
        Some((_, near)) => format!("did you mean {near}?"),
        None if known.is_empty() => "there are no containers here".to_owned(),
        None => {
            let some: Vec<&str> = known.iter().take(5).copied().collect();
            let more = if known.len() > some.len() { ", …" } else { "" };
            format!("containers here use {}{more}", some.join(", "))
        }
    };
    format!("no container uses the image {name}, so this entry changes nothing: {help}")
}
