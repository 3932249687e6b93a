//! Breaks what stands in objects, at places that the rendered objects themselves come from: so each breakage survives.

use usher::kubernetes::schema::{Custom, Known, Types};
use usher::kubernetes::version::Version;
use usher::kustomize::load::Restriction;
use usher::kustomize::problem::Place;
use usher::kustomize::render::render;
use usher::kustomize::value::{Content, ScalarKind, Value};

use super::trees::Tree;
use super::{Mutant, Numbers};

/// Below these keys people choose the names.
const FREE: &[&str] = &[
    "labels",
    "annotations",
    "data",
    "stringData",
    "binaryData",
    "matchLabels",
    "nodeSelector",
    "selector",
    "limits",
    "requests",
    "parameters",
    "hard",
    "capacity",
    "overhead",
    "allocatable",
    "driver",
    "options",
    "volumeAttributes",
    "default",
    "properties",
    "definitions",
    "openAPIV3Schema",
];
/// These take texts and numbers alike, or things of any type.
const EITHER: &[&str] = &[
    "port",
    "targetPort",
    "maxSurge",
    "maxUnavailable",
    "minAvailable",
    "default",
    "example",
    "enum",
    "divisor",
    "sizeLimit",
    "storage",
    "averageValue",
    "value",
    "memory",
    "cpu",
];
/// What has to be there, by the key that holds it.
const REQUIRED: &[(&str, &str)] = &[
    ("containers", "name"),
    ("initContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("volumeMounts", "name"),
    ("volumeMounts", "mountPath"),
    ("ports", "port"),
    ("ports", "containerPort"),
    ("roleRef", "kind"),
    ("roleRef", "name"),
    ("subjects", "kind"),
    ("subjects", "name"),
    ("rules", "verbs"),
    ("httpGet", "port"),
    ("tcpSocket", "port"),
    ("scaleTargetRef", "kind"),
    ("scaleTargetRef", "name"),
    ("paths", "pathType"),
    ("paths", "backend"),
    ("configMapKeyRef", "key"),
    ("secretKeyRef", "key"),
    ("hostPath", "path"),
];

/// A key of a rendered object and the value behind it, where both were written.
struct Spot<'v> {
    keys: Vec<&'v str>,
    key: &'v str,
    at: Place,
    value: &'v Value,
    /// The keys that stand beside it, itself among them.
    siblings: Vec<&'v str>,
    role: &'static str,
    kind: &'v str,
}

/// Mutants of what stands in the objects of a tree.
pub fn mutants(tree: &Tree, numbers: &mut Numbers) -> Vec<Mutant> {
    let Ok(rendered) = render(&tree.files, &tree.folder, Restriction::RootOnly) else {
        return Vec::new();
    };
    let types = Types::new(Version::newest(), Custom::default());
    let mut out = Vec::new();
    for object in &rendered.objects {
        let version = object.value.get("apiVersion").and_then(Value::as_text).unwrap_or_default();
        if !matches!(types.of(version, object.kind()), Known::Schema(_)) {
            continue;
        }
        let mut spots = Vec::new();
        let is_kustomization =
            |file: u32| rendered.files[file as usize].to_lowercase().contains("kustomization");
        let own = object.place().file;
        walk(&object.value, &mut Vec::new(), &mut |keys, (key, siblings), at, value| {
            let role = match at.file {
                file if file == own && !object.generated => "base",
                file if is_kustomization(file) => "kustomization",
                _ => "patch",
            };
            spots.push(Spot {
                keys: keys.to_vec(),
                key,
                at,
                value,
                siblings,
                role,
                kind: object.kind(),
            });
        });
        for spot in &spots {
            let file = &rendered.files[spot.at.file as usize];
            if let Some(text) = tree.text(file) {
                let lines: Vec<&str> = text.lines().collect();
                for (kind, edit) in breakages(spot, &lines, numbers) {
                    out.push(mutant(kind, spot.role, file, &lines, &edit));
                }
            }
        }
    }
    out
}

/// Every key whose place is known and whose value stands in the same file.
fn walk<'v>(
    value: &'v Value,
    keys: &mut Vec<&'v str>,
    with: &mut dyn FnMut(&[&'v str], (&'v str, Vec<&'v str>), Place, &'v Value),
) {
    match &value.content {
        Content::Map(map) => {
            for (key, value) in map.iter() {
                if key.place.is_known()
                    && value.place.is_known()
                    && key.place.file == value.place.file
                {
                    let beside = map.iter().map(|(key, _)| &*key.text).collect();
                    with(keys, (&key.text, beside), key.place, value);
                }
                keys.push(&key.text);
                walk(value, keys, with);
                keys.pop();
            }
        }
        Content::List(list) => list.iter().for_each(|item| walk(item, keys, with)),
        Content::Scalar(_) => {}
    }
}

/// Lines from one to another (without it) become others; where a finding is right.
struct Edit {
    from: usize,
    upto: usize,
    lines: Vec<String>,
    right: Vec<usize>,
}

fn line_for(at: usize, line: String) -> Edit {
    Edit { from: at, upto: at + 1, lines: vec![line], right: vec![at] }
}

fn mutant(
    kind: &'static str,
    role: &'static str,
    file: &str,
    lines: &[&str],
    edit: &Edit,
) -> Mutant {
    let before = lines[..edit.from].iter().map(|line| (*line).to_owned());
    let after = lines[edit.upto..].iter().map(|line| (*line).to_owned());
    let all: Vec<String> = before.chain(edit.lines.iter().cloned()).chain(after).collect();
    Mutant {
        kind,
        role,
        file: file.to_owned(),
        lines: edit.right.iter().map(|line| *line as u32 + 1).collect(),
        text: all.join("\n") + "\n",
    }
}

fn breakages(spot: &Spot<'_>, lines: &[&str], numbers: &mut Numbers) -> Vec<(&'static str, Edit)> {
    let at = spot.at.line as usize - 1;
    let column = spot.at.column as usize - 1;
    let mut out = Vec::new();
    // Only what is written one key a line: in brackets and with odd quotes a cut would break more than was meant.
    let Some(line) = lines.get(at).filter(|line| {
        line.is_ascii()
            && line.get(column..).is_some_and(|rest| rest.starts_with(&format!("{}:", spot.key)))
    }) else {
        return out;
    };
    let parent = spot.keys.last().copied().unwrap_or_default();
    let free = spot.keys.iter().any(|key| FREE.contains(key));
    let (before, behind) = (&line[..column], &line[column + spot.key.len() + 1..]);
    let same_line = spot.value.place.line == spot.at.line;
    let plain = spot.value.as_scalar().filter(|scalar| same_line && behind.trim() == &*scalar.text);
    let with = |text: &str| line_for(at, format!("{before}{}: {text}", spot.key));
    if !free && spot.key.len() > 3 && !spot.keys.is_empty() {
        let other = misspelt(spot.key, numbers);
        out.push(("misspelt field", line_for(at, format!("{before}{other}:{behind}"))));
    }
    if let Some(scalar) = plain.filter(|_| !free && !EITHER.contains(&spot.key)) {
        match scalar.kind {
            ScalarKind::Int => out.push(("text for a number", with("several"))),
            ScalarKind::Bool => out.push(("text for a boolean", with("\"true\""))),
            ScalarKind::String if spot.keys.len() > 1 && spot.keys[0] == "spec" => {
                out.push(("number for a text", with("7")));
                out.push(("list for a text", with("[a]")));
            }
            _ => {}
        }
    }
    if plain.is_some() && !spot.keys.is_empty() {
        let twice =
            vec![(*line).to_owned(), format!("{}{}:{behind}", " ".repeat(column), spot.key)];
        let edit = Edit { from: at, upto: at + 1, lines: twice, right: vec![at, at + 1] };
        out.push(("doubled key", edit));
    }
    let secret = spot.kind == "Secret";
    match (spot.keys.as_slice(), spot.key, plain) {
        ([], "apiVersion", Some(scalar)) => {
            out.push(("wrong apiVersion", with(&format!("{}x9", scalar.text))));
            out.push(("wrong apiVersion", with("apps/v7")));
        }
        ([], "kind", Some(scalar)) if spot.role == "base" && !scalar.text.ends_with("List") => {
            out.push(("misspelt kind", with(&misspelt(&scalar.text, numbers))));
        }
        (_, "image", Some(scalar)) if !free => {
            out.push(("broken image", with(&format!("Not {}", scalar.text))));
            out.push(("broken image", with(&format!("{}::x", scalar.text))));
        }
        (["spec", ..], "imagePullPolicy" | "protocol" | "restartPolicy" | "pathType" | "type" | "operator", Some(scalar))
            if !free && parent != "driver" && ["PodSpec", "Service", "Deployment", "Ingress", "StatefulSet", "DaemonSet"].contains(&spot.kind) =>
        {
            out.push(("wrong value", with(&format!("{}s", scalar.text))));
        }
        ([.., "limits" | "requests"], "memory" | "cpu", Some(_)) => {
            out.push(("broken quantity", with("12 lots")));
        }
        ([.., "configMapRef" | "secretRef" | "configMapKeyRef" | "secretKeyRef" | "configMap"], "name", Some(scalar))
            if !secret && !free && !spot.siblings.contains(&"optional") =>
        {
            out.push(("dangling reference", with(&format!("{}-gone", scalar.text))));
        }
        ([.., "template", "spec"], "serviceAccountName", Some(scalar)) => {
            out.push(("dangling reference", with(&format!("{}-gone", scalar.text))));
        }
        ([.., "persistentVolumeClaim"], "claimName", Some(scalar)) => {
            out.push(("dangling reference", with(&format!("{}-gone", scalar.text))));
        }
        ([.., "service"], "name", Some(scalar)) if spot.kind == "Ingress" => {
            out.push(("dangling reference", with(&format!("{}-gone", scalar.text))));
        }
        (["spec", "scaleTargetRef"], "name", Some(scalar)) if spot.kind == "HorizontalPodAutoscaler" => {
            out.push(("dangling reference", with(&format!("{}-gone", scalar.text))));
        }
        (["spec", "template", "spec", .., "volumeMounts"], "name", Some(scalar)) => {
            out.push(("mount without volume", with(&format!("{}-gone", scalar.text))));
        }
        (["metadata"], "name", Some(scalar))
            // The names of roles are freer than others.
            if spot.role == "base" && !spot.kind.contains("Role") =>
        {
            out.push(("invalid name", with(&format!("{}_X", scalar.text))));
        }
        _ => {}
    }
    if REQUIRED.contains(&(parent, spot.key)) && spot.role == "base" && is_needed(spot) {
        out.extend(dropped(spot, lines, at, column).map(|edit| ("dropped field", edit)));
    }
    out
}

/// Whether the type needs the field there: some keys hold different types in different kinds.
fn is_needed(spot: &Spot<'_>) -> bool {
    match (spot.keys.as_slice(), spot.key) {
        ([.., "ports"], "port") => spot.kind == "Service",
        ([.., "rules"], "verbs") => ["Role", "ClusterRole"].contains(&spot.kind),
        ([.., "subjects"], _) => spot.kind.ends_with("RoleBinding"),
        ([.., "env"], "name") => spot.kind != "CustomResourceDefinition",
        _ => true,
    }
}

/// Takes a field away, the lines of its value with it.
fn dropped(spot: &Spot<'_>, lines: &[&str], at: usize, column: usize) -> Option<Edit> {
    let deeper = |line: &&str| {
        let indent = line.len() - line.trim_start().len();
        line.trim().is_empty()
            || indent > column
            || (indent == column && line.trim_start().starts_with("- "))
    };
    let upto = at + 1 + lines[at + 1..].iter().take_while(|line| deeper(line)).count();
    let head = &lines[at][..column];
    let first = head.trim_start().starts_with('-');
    let mut kept = Vec::new();
    let mut end = upto;
    if first {
        // The next field of the element takes the place behind the dash.
        let next = lines.get(upto).filter(|line| {
            line.len() - line.trim_start().len() == column && !line.trim_start().starts_with('-')
        })?;
        kept.push(format!("{head}{}", next.trim_start()));
        end += 1;
    }
    // A finding stands where the field was, or where what lacks it begins: its key, its first line.
    let mut right = vec![at];
    let indent = |line: &str| line.len() - line.trim_start().len();
    let owner = lines[..at].iter().rposition(|line| {
        !line.trim().is_empty() && !line.trim_start().starts_with('#') && (indent(line) < column)
    });
    if let Some(owner) = owner.filter(|_| !first) {
        right.push(owner);
        right.push(owner + 1);
    }
    // Without its only field the value is nothing, and nothing may stand there.
    let alone = spot.siblings.len() == 1;
    (!alone).then_some(Edit { from: at, upto: end, lines: kept, right })
}

/// A word with one letter gone, doubled, or two in the wrong order.
fn misspelt(word: &str, numbers: &mut Numbers) -> String {
    let letters: Vec<char> = word.chars().collect();
    loop {
        let at = numbers.below(letters.len() - 1);
        let mut other = letters.clone();
        match numbers.below(3) {
            0 => drop(other.remove(at)),
            1 => other.insert(at, letters[at]),
            _ => other.swap(at, at + 1),
        }
        let other: String = other.into_iter().collect();
        if other != word && !other.starts_with(['/', '-']) {
            return other;
        }
    }
}
