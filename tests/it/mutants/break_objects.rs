//! Breaks what stands in objects, at places that the rendered objects themselves come from: so each breakage survives.

use std::ops::Range;

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
        let role = |file: u32| match file {
            file if file == own && !object.generated => "base",
            file if is_kustomization(file) => "kustomization",
            _ => "patch",
        };
        walk(&object.value, &mut Vec::new(), &mut spots);
        for spot in &mut spots {
            (spot.role, spot.kind) = (role(spot.at.file), object.kind());
        }
        for spot in &spots {
            let file = &rendered.files[spot.at.file as usize];
            if let Some(text) = tree.text(file) {
                let lines: Vec<&str> = text.lines().collect();
                for (kind, edit) in breakages(spot, &lines, numbers) {
                    let Edit { at, lines: instead, right } = edit;
                    let name = (kind, spot.role, file.as_str());
                    out.push(Mutant::new(name, &lines, at, instead, &right));
                }
            }
        }
    }
    out
}

/// Every key whose place is known and whose value stands in the same file.
fn walk<'v>(value: &'v Value, keys: &mut Vec<&'v str>, spots: &mut Vec<Spot<'v>>) {
    match &value.content {
        Content::Map(map) => {
            for (key, value) in map.iter() {
                if key.place.is_known()
                    && value.place.is_known()
                    && key.place.file == value.place.file
                {
                    spots.push(Spot {
                        keys: keys.clone(),
                        key: &key.text,
                        at: key.place,
                        value,
                        siblings: map.iter().map(|(key, _)| &*key.text).collect(),
                        role: "",
                        kind: "",
                    });
                }
                keys.push(&key.text);
                walk(value, keys, spots);
                keys.pop();
            }
        }
        Content::List(list) => list.iter().for_each(|item| walk(item, keys, spots)),
        Content::Scalar(_) => {}
    }
}

/// Lines that become others, and where a finding is right.
struct Edit {
    at: Range<usize>,
    lines: Vec<String>,
    right: Vec<usize>,
}

type Edits = Vec<(&'static str, Edit)>;

/// A line with a key, taken apart.
struct Written<'l> {
    at: usize,
    column: usize,
    before: &'l str,
    key: &'l str,
    behind: &'l str,
}

impl<'l> Written<'l> {
    /// Only what is written one key a line: in brackets and with odd quotes a cut would break more than was meant.
    fn of(spot: &Spot<'l>, lines: &[&'l str]) -> Option<Self> {
        let (at, column) = (spot.at.line as usize - 1, spot.at.column as usize - 1);
        let line = lines.get(at).filter(|line| line.is_ascii())?;
        let behind = line.get(column..)?.strip_prefix(spot.key)?.strip_prefix(':')?;
        Some(Self { at, column, before: &line[..column], key: spot.key, behind })
    }

    /// The line with another key.
    fn keyed(&self, key: &str) -> Edit {
        self.line(format!("{}{key}:{}", self.before, self.behind))
    }

    /// The line with another value.
    fn with(&self, value: &str) -> Edit {
        self.line(format!("{}{}: {value}", self.before, self.key))
    }

    fn line(&self, line: String) -> Edit {
        Edit { at: self.at..self.at + 1, lines: vec![line], right: vec![self.at] }
    }

    fn doubled(&self) -> Edit {
        let Self { at, column, before, key, behind } = self;
        let again = format!("{}{key}:{behind}", " ".repeat(*column));
        let lines = vec![format!("{before}{key}:{behind}"), again];
        Edit { at: *at..at + 1, lines, right: vec![*at, at + 1] }
    }
}

fn breakages(spot: &Spot<'_>, lines: &[&str], numbers: &mut Numbers) -> Edits {
    let mut out = Edits::new();
    let Some(written) = Written::of(spot, lines) else { return out };
    let free = spot.keys.iter().any(|key| FREE.contains(key));
    let same_line = spot.value.place.line == spot.at.line;
    let plain = spot.value.as_scalar();
    let plain = plain.filter(|scalar| same_line && written.behind.trim() == &*scalar.text);
    if !free && spot.key.len() > 3 && !spot.keys.is_empty() {
        out.push(("misspelt field", written.keyed(&misspelt(spot.key, numbers))));
    }
    if let Some(scalar) = plain {
        if !free && !EITHER.contains(&spot.key) {
            match scalar.kind {
                ScalarKind::Int => out.push(("text for a number", written.with("several"))),
                ScalarKind::Bool => out.push(("text for a boolean", written.with("\"true\""))),
                ScalarKind::String if spot.keys.len() > 1 && spot.keys[0] == "spec" => {
                    out.push(("number for a text", written.with("7")));
                    out.push(("list for a text", written.with("[a]")));
                }
                _ => {}
            }
        }
        if !spot.keys.is_empty() {
            out.push(("doubled key", written.doubled()));
        }
        out.extend(other_values(spot, (&written, free), &scalar.text, numbers));
    }
    let parent = spot.keys.last().copied().unwrap_or_default();
    if REQUIRED.contains(&(parent, spot.key)) && spot.role == "base" && is_needed(spot) {
        out.extend(dropped(spot, lines, &written).map(|edit| ("dropped field", edit)));
    }
    out
}

/// What a value can be broken to, by what it is for.
fn other_values(
    spot: &Spot<'_>,
    (written, free): (&Written<'_>, bool),
    text: &str,
    numbers: &mut Numbers,
) -> Edits {
    let put = |kind, value: String| vec![(kind, written.with(&value))];
    let gone = || format!("{text}-gone");
    let chosen = ["Service", "Deployment", "Ingress", "StatefulSet", "DaemonSet"];
    match (spot.keys.as_slice(), spot.key) {
        ([], "apiVersion") => vec![
            ("wrong apiVersion", written.with(&format!("{text}x9"))),
            ("wrong apiVersion", written.with("apps/v7")),
        ],
        ([], "kind") if spot.role == "base" && !text.ends_with("List") => {
            put("misspelt kind", misspelt(text, numbers))
        }
        (_, "image") if !free => vec![
            ("broken image", written.with(&format!("Not {text}"))),
            ("broken image", written.with(&format!("{text}::x"))),
        ],
        (["spec", ..], "imagePullPolicy" | "protocol" | "restartPolicy" | "pathType" | "type")
        | (["spec", ..], "operator")
            if !free && chosen.contains(&spot.kind) =>
        {
            put("wrong value", format!("{text}s"))
        }
        ([.., "limits" | "requests"], "memory" | "cpu")
            if spot.kind != "CustomResourceDefinition" =>
        {
            put("broken quantity", "12 lots".to_owned())
        }
        (
            [.., "configMapRef" | "secretRef" | "configMapKeyRef" | "secretKeyRef" | "configMap"],
            "name",
        ) if spot.kind != "Secret" && !free && !spot.siblings.contains(&"optional") => {
            put("dangling reference", gone())
        }
        ([.., "template", "spec"], "serviceAccountName")
        | ([.., "persistentVolumeClaim"], "claimName") => put("dangling reference", gone()),
        ([.., "service"], "name") if spot.kind == "Ingress" => put("dangling reference", gone()),
        (["spec", "scaleTargetRef"], "name") if spot.kind == "HorizontalPodAutoscaler" => {
            put("dangling reference", gone())
        }
        (["spec", "template", "spec", .., "volumeMounts"], "name") => {
            put("mount without volume", gone())
        }
        // The names of roles are freer than others.
        (["metadata"], "name") if spot.role == "base" && !spot.kind.contains("Role") => {
            put("invalid name", format!("{text}_X"))
        }
        _ => Edits::new(),
    }
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
fn dropped(spot: &Spot<'_>, lines: &[&str], written: &Written<'_>) -> Option<Edit> {
    let (at, column) = (written.at, written.column);
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
    (!alone).then_some(Edit { at: at..end, lines: kept, right })
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
