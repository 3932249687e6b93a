//! `image-unused`: entries of the overlay's own `images` that match no container.

use std::collections::BTreeSet;

use super::Rule;
use super::near::listed;
use crate::kubernetes::scene::{Remark, Scene};
use crate::kustomize::images::split;
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "image-unused",
    severity: Some(Severity::Warning),
    finds: "an `images` entry of a kustomization that matches no container",
    check,
};

/// The most entries, and the most images, that are compared with each other.
const MOST_COMPARED: usize = 50;

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    if scene.unused_images.is_empty() {
        return;
    }
    let containers = scene.pods.iter().flat_map(|pod| pod.containers());
    let images = containers.filter_map(|container| container.get("image").and_then(Value::as_text));
    let known: BTreeSet<&str> = images.map(|image| split(image).0).collect();
    for entry in scene.unused_images {
        let place = entry.place();
        if remarks.len() >= super::MOST {
            return;
        }
        let compares = remarks.len() < MOST_COMPARED;
        remarks.push(Remark::new(None, place, unused(&entry.name, &known, compares)));
    }
}

/// What to say of an entry. Comparing takes time, so that only the first are compared with what is there.
fn unused(name: &str, known: &BTreeSet<&str>, compares: bool) -> String {
    let near = near(name, known).filter(|_| compares);
    let help = match near {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "there are no containers here".to_owned(),
        None => format!("containers here use {}", listed(known.iter().copied())),
    };
    format!("no container uses the image {name}, so this entry changes nothing: {help}")
}

/// The one that was meant, probably: the same image of another registry, or one that is written almost so.
fn near<'k>(name: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    fn last(image: &str) -> &str {
        image.rsplit('/').next().unwrap_or(image)
    }
    let elsewhere = known.iter().find(|known| last(known) == last(name));
    let likeness = |known: &&&str| strsim::normalized_damerau_levenshtein(last(known), last(name));
    let alike = || {
        let compared = known.iter().take(MOST_COMPARED).map(|known| (likeness(&known), known));
        let best = compared.max_by(|a, b| a.0.total_cmp(&b.0));
        best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, known)| known)
    };
    elsewhere.or_else(alike).copied()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found_in};
    use super::*;

    #[test]
    fn entries_change_some_container() {
        let pod = deployment(
            "containers:\n- {name: a, image: 'ghcr.io/acme/web:1'}\n- {name: b, image: 'acme/worker'}\n",
        );
        let kustomization = "resources: [all.yaml]\nimages:\n- name: acme/worker\n  newTag: v2\n\
            - name: web\n  newTag: v2\n- newTag: v2\n  name: acme/wroker\n- {name: nginx, newTag: v2}\n";
        let files = [("kustomization.yaml", kustomization), ("all.yaml", &pod)];
        insta::assert_snapshot!(found_in(&RULE, &files, ""), @r"
        kustomization.yaml:5:3 warning: no container uses the image web, so this entry changes nothing: did you mean ghcr.io/acme/web?
        kustomization.yaml:7:3 warning: no container uses the image acme/wroker, so this entry changes nothing: did you mean acme/worker?
        kustomization.yaml:9:3 warning: no container uses the image nginx, so this entry changes nothing: containers here use acme/worker, ghcr.io/acme/web
        ");
    }
}
