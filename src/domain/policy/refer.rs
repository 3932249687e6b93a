//! How places of a configuration bear on each other: names that must exist, must not stand twice,
//! and make a graph without circles.
//!
//! It sees values that fit the table of keys, perhaps not all of them; it builds nothing.

mod environment;
mod graph;

use std::collections::{BTreeSet, HashMap};

use super::check::{Content, Findings, Value};
use super::problem::nearest;
use super::value::{APPLICATION, Complaint, quoted};

/// The names of applications or environments.
struct Names<'v> {
    what: &'static str,
    all: BTreeSet<&'v str>,
    /// Whether a name could not be read: then it may be the one that is missing elsewhere.
    partial: bool,
}

impl<'v> Names<'v> {
    fn collect(what: &'static str, values: &[Value<'v>], findings: &mut Findings<'_>) -> Self {
        let mut names = Self { what, all: BTreeSet::new(), partial: false };
        // GitHub's labels and many file systems do not tell cases apart
        let mut first_of: HashMap<String, &str> = HashMap::new();
        for value in values {
            let Some(name) = value.get("name") else {
                names.partial = true;
                continue;
            };
            let text = name.text().unwrap_or_default();
            if let Some(first) = first_of.insert(text.to_lowercase(), text) {
                let message = match first == text {
                    true => format!("there are two {what}s {}", quoted(text)),
                    false => format!(
                        "the {what}s {} and {} differ only in case",
                        quoted(first),
                        quoted(text)
                    ),
                };
                let complaint = Complaint::new(message, "give each a name of its own");
                findings.problem(&name.place, complaint);
            }
            names.all.insert(text);
        }
        names
    }

    fn has(&self, name: &str) -> bool {
        self.all.contains(name)
    }

    /// Complains about a name that does not exist.
    fn check(&self, value: &Value<'_>, findings: &mut Findings<'_>) {
        let name = value.text().unwrap_or_default();
        if self.has(name) {
            return;
        }
        let near = nearest(name, self.all.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.partial || self.all.is_empty() => return,
            None => {
                let known: Vec<_> = self.all.iter().copied().take(12).collect();
                format!("the {}s are {}", self.what, known.join(", "))
            }
        };
        let message = format!("there is no {} {}", self.what, quoted(name));
        findings.problem(&value.place, Complaint::new(message, help));
    }
}

/// Checks the whole file.
pub(super) fn check(root: &Value<'_>, findings: &mut Findings<'_>) {
    let (applications, environments) = (root.list("applications"), root.list("environments"));
    presence(root, findings);
    let names = Names::collect("application", applications, findings);
    let places = Names::collect("environment", environments, findings);
    for value in applications {
        application(value, &places, findings);
    }
    let graph = graph::Graph::new(environments, &places, findings);
    for (index, value) in environments.iter().enumerate() {
        environment::check(value, index, &graph, &places, findings);
    }
    environment::renames(environments, &places, findings);
    overlays(environments, &names, findings);
    images(applications, environments, findings);
}

/// A file without applications and environments makes sense only in a source that lists followers.
fn presence(root: &Value<'_>, findings: &mut Findings<'_>) {
    let both = [("applications", "environments"), ("environments", "applications")];
    for (missing, other) in both {
        if root.get(missing).is_none() && findings.is_silent_about(missing) {
            let message = match (root.get(other), root.get("followers")) {
                (Some(_), _) => format!("there are {other} but no {missing}"),
                (None, None) => format!("a configuration needs the key `{missing}`"),
                (None, Some(_)) => continue,
            };
            let help = match missing {
                "applications" => "add `applications: [{name: shop, images: [\"*\"]}]`",
                _ => "add `environments: [{name: staging, overlay: kustomize/staging}]`",
            };
            findings.problem(&root.place, Complaint::new(message, help));
        }
    }
}

fn application(value: &Value<'_>, environments: &Names<'_>, findings: &mut Findings<'_>) {
    for name in value.list("prereleases") {
        environments.check(name, findings);
    }
    if let Some(marker) = value.get("hold_marker") {
        for name in marker.list("environments") {
            environments.check(name, findings);
        }
    }
    if let Some(trigger) = value.get("trigger")
        && matches!(trigger.content, Content::Map(..))
        && let (Some(zone), None) = (trigger.get("tz"), trigger.get("schedule"))
    {
        let help = "add `schedule: \"0 2 * * *\"`, or leave `tz` out";
        findings.problem(&zone.place, Complaint::new("a time zone needs a schedule", help));
    }
}

/// Each folder belongs to one target of one environment, for each application.
fn overlays(environments: &[Value<'_>], applications: &Names<'_>, findings: &mut Findings<'_>) {
    let mut owners: HashMap<String, String> = HashMap::new();
    for environment in environments {
        let name = environment.get("name").and_then(Value::text).unwrap_or("?");
        for (target, overlay) in environment::overlays(environment) {
            let owner = match target {
                Some(target) => format!("target `{target}` of `{name}`"),
                None => format!("`{name}`"),
            };
            let text = overlay.text().unwrap_or_default();
            let folders: Vec<String> = match text.contains(APPLICATION) {
                true => applications.all.iter().map(|app| text.replace(APPLICATION, app)).collect(),
                false => vec![text.to_owned()],
            };
            let taken =
                folders.iter().find_map(|folder| owners.get(folder).map(|owner| (folder, owner)));
            if let Some((folder, first)) = taken {
                let message = format!("the folder {} is already that of {first}", quoted(folder));
                let help = "each target has a folder of its own";
                findings.problem(&overlay.place, Complaint::new(message, help));
            }
            for folder in folders {
                owners.entry(folder).or_insert_with(|| owner.clone());
            }
        }
    }
}

/// Where applications share a folder, an entry must not carry the versions of two.
fn images(applications: &[Value<'_>], environments: &[Value<'_>], findings: &mut Findings<'_>) {
    let mut overlays = environments.iter().flat_map(environment::overlays);
    if overlays.all(|(_, overlay)| overlay.text().is_some_and(|text| text.contains(APPLICATION))) {
        return;
    }
    let mut carriers: HashMap<&str, usize> = HashMap::new();
    for (index, application) in applications.iter().enumerate() {
        for image in application.list("images") {
            let glob = image.text().unwrap_or_default();
            let first = *carriers.entry(glob).or_insert(index);
            if first != index {
                let other = applications[first].get("name").and_then(Value::text).unwrap_or("?");
                let message = format!("the image {} is already that of `{other}`", quoted(glob));
                let help = "name each image in one application, or give each application a folder by `{application}` in overlays";
                findings.problem(&image.place, Complaint::new(message, help));
            }
        }
    }
}
