//! Knows how two renders differ: object by object, and field by field, with what is secret left out.
//!
//! Objects are the same by kind, name and namespace, a name's hash aside; elements of lists by what names them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use similar::{ChangeTag, DiffOp, TextDiff, capture_diff_slices};

use super::emit;
use super::object::Object;
use super::value::{Content, Value};

/// What names the elements of lists of mappings, tried in this order.
const NAMES: [&str; 6] = ["name", "mountPath", "containerPort", "port", "key", "host"];
/// What stands where a secret value would.
const HIDDEN: &str = "(not shown)";
/// What a Secret shows. Everything else may be a value, if only because of a misspelt field.
const OPEN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];
/// Where kubectl keeps a copy of an object, values and all.
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How two renders differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The objects that differ, in the order in which they are printed.
    pub objects: Vec<ObjectDiff>,
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDiff {
    /// Its kind.
    pub kind: String,
    /// Its name, as it is afterwards.
    pub name: String,
    /// Its namespace; empty if it has none.
    pub namespace: String,
    /// How it differs.
    pub change: Change,
}

/// How an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new; its YAML.
    Added(String),
    /// It is gone; its YAML.
    Removed(String),
    /// It has other fields.
    Changed(Vec<FieldDiff>),
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDiff {
    /// Where it is: `spec.template.spec.containers[server].image`.
    pub path: String,
    /// What it was, as YAML; none if it is new.
    pub from: Option<String>,
    /// What it is, as YAML; none if it is gone.
    pub to: Option<String>,
}

impl Diff {
    /// How `after` differs from `before`.
    pub fn between(before: &[Object], after: &[Object]) -> Self {
        let mut old: HashMap<String, Vec<&Object>> = HashMap::new();
        for object in before.iter().rev() {
            old.entry(key(object)).or_default().push(object);
        }
        let mut objects = Vec::new();
        for object in after {
            let change = match old.get_mut(&key(object)).and_then(Vec::pop) {
                None => Change::Added(shown(object)),
                Some(old) => {
                    let mut fields = Vec::new();
                    let secret = is_secret(object);
                    let start = Path { text: String::new(), secret };
                    compare(&told(old), &told(object), &start, &mut fields);
                    if fields.is_empty() {
                        continue;
                    }
                    Change::Changed(fields)
                }
            };
            objects.push(ObjectDiff::of(object, change));
        }
        for object in before {
            let gone = old.get_mut(&key(object)).and_then(Vec::pop).is_some();
            if gone {
                objects.push(ObjectDiff::of(object, Change::Removed(shown(object))));
            }
        }
        Self { objects }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// How many objects are new, are gone, and have other fields.
    pub fn tally(&self) -> [usize; 3] {
        let mut tally = [0; 3];
        for object in &self.objects {
            tally[match object.change {
                Change::Added(_) => 0,
                Change::Removed(_) => 1,
                Change::Changed(_) => 2,
            }] += 1;
        }
        tally
    }

    /// As people read it: lines with `-` and `+` in front, under the names of objects and fields.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for object in &self.objects {
            let _ = write!(out, "{} {}\n{}", object.sign(), object.title(), object.body());
        }
        out
    }
}

impl ObjectDiff {
    fn of(object: &Object, change: Change) -> Self {
        Self {
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            namespace: object.namespace().to_owned(),
            change,
        }
    }

    /// What it is called: `Kind name in namespace`.
    pub fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {} in {namespace}", self.kind, self.name),
        }
    }

    /// Its lines, with `-` and `+` in front.
    pub fn body(&self) -> String {
        let mut out = String::new();
        match &self.change {
            Change::Added(yaml) | Change::Removed(yaml) => lines(&mut out, self.sign(), yaml),
            Change::Changed(fields) => fields.iter().for_each(|field| field.write(&mut out)),
        }
        out
    }

    fn sign(&self) -> char {
        match self.change {
            Change::Added(_) => '+',
            Change::Removed(_) => '-',
            Change::Changed(_) => ' ',
        }
    }
}

impl FieldDiff {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "    {}", self.path);
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if from.lines().count() + to.lines().count() > 2 => {
                let diff = TextDiff::from_lines(from, to);
                for group in diff.grouped_ops(2) {
                    for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                        let sign = match change.tag() {
                            ChangeTag::Delete => '-',
                            ChangeTag::Insert => '+',
                            ChangeTag::Equal => ' ',
                        };
                        lines(out, sign, change.value());
                    }
                }
            }
            (from, to) => {
                from.iter().for_each(|from| lines(out, '-', from));
                to.iter().for_each(|to| lines(out, '+', to));
            }
        }
    }
}

fn lines(out: &mut String, sign: char, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{sign}     {line}");
    }
}

/// What makes objects of two renders the same.
fn key(object: &Object) -> String {
    let id = object.id();
    // A name with a hash ends in ten characters behind a dash.
    let name = match object.needs_hash.then(|| id.name.rsplit_once('-')).flatten() {
        Some((name, hash)) if hash.len() == 10 => name,
        _ => id.name,
    };
    [id.gvk.group, id.gvk.kind, name, id.effective_namespace()].join("\n")
}

fn is_secret(object: &Object) -> bool {
    object.kind() == "Secret" && object.gvk().group.is_empty()
}

/// An object without the copy of itself that it may carry, if that could tell secret values.
fn told(object: &Object) -> Cow<'_, Value> {
    let mut value = Cow::Borrowed(&object.value);
    if is_secret(object) && value.at_path(&["metadata", "annotations", COPY]).is_some() {
        let metadata = value.to_mut().get_mut("metadata");
        let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
        if let Some(annotations) = annotations.and_then(Value::as_map_mut) {
            annotations.remove(COPY);
        }
    }
    value
}

/// The YAML of an object, secret values aside.
fn shown(object: &Object) -> String {
    let mut value = told(object).into_owned();
    if is_secret(object) {
        let fields = value.as_map_mut().into_iter().flat_map(|map| map.iter_mut());
        for (_, value) in fields.filter(|(key, _)| !OPEN.contains(&&*key.text)) {
            match value.as_map_mut() {
                Some(map) => map.iter_mut().for_each(|(_, value)| *value = Value::string(HIDDEN)),
                None => *value = Value::string(HIDDEN),
            }
        }
    }
    printed(&value)
}

fn printed(value: &Value) -> String {
    match &value.content {
        // A text of several lines is shown as it is.
        Content::Scalar(scalar) if scalar.text.contains('\n') => scalar.text.to_string(),
        _ => emit::print(value).unwrap_or_default().trim_end_matches('\n').to_owned(),
    }
}

/// The way to a field.
struct Path {
    text: String,
    /// Whether the object is a Secret.
    secret: bool,
}

impl Path {
    fn key(&self, key: &str) -> Self {
        let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        let text = match (plain, self.text.is_empty()) {
            (true, true) => key.to_owned(),
            (true, false) => format!("{}.{key}", self.text),
            (false, _) => format!("{}[{key:?}]", self.text),
        };
        Self { text, ..*self }
    }

    fn element(&self, name: &str) -> Self {
        Self { text: format!("{}[{name}]", self.text), ..*self }
    }

    fn is_hidden(&self) -> bool {
        let inside = |field: &&str| {
            self.text
                .strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.secret && !OPEN.iter().any(inside)
    }
}

fn differ(path: &Path, from: Option<&Value>, to: Option<&Value>, out: &mut Vec<FieldDiff>) {
    let text = |value: &Value| if path.is_hidden() { HIDDEN.to_owned() } else { printed(value) };
    out.push(FieldDiff { path: path.text.clone(), from: from.map(text), to: to.map(text) });
}

fn compare(from: &Value, to: &Value, path: &Path, out: &mut Vec<FieldDiff>) {
    match (&from.content, &to.content) {
        (Content::Map(old), Content::Map(new)) => {
            let (old_places, new_places) = (old.by_key(), new.by_key());
            let mut keys: Vec<&str> =
                old.iter().chain(new.iter()).map(|(key, _)| &*key.text).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let from = old_places.get(key).and_then(|at| old.entry_at(*at));
                let to = new_places.get(key).and_then(|at| new.entry_at(*at));
                either(from, to, &path.key(key), out);
            }
        }
        (Content::List(old), Content::List(new)) => compare_lists(old, new, path, out),
        _ if from.means(to) => {}
        _ => differ(path, Some(from), Some(to), out),
    }
}

fn either(from: Option<&Value>, to: Option<&Value>, path: &Path, out: &mut Vec<FieldDiff>) {
    match (from, to) {
        // Whether a Secret has data may be seen by key, and no more.
        (None, Some(value)) | (Some(value), None)
            if path.is_hidden() && value.as_map().is_some_and(|map| !map.is_empty()) =>
        {
            for (key, value) in value.as_map().into_iter().flat_map(super::value::Map::iter) {
                let value = Some(value);
                let (from, to) = if from.is_none() { (None, value) } else { (value, None) };
                differ(&path.key(&key.text), from, to, out);
            }
        }
        (Some(from), Some(to)) => compare(from, to, path, out),
        (None, None) => {}
        (from, to) => differ(path, from, to, out),
    }
}

fn compare_lists(old: &[Value], new: &[Value], path: &Path, out: &mut Vec<FieldDiff>) {
    if let Some((old_names, new_names)) =
        named(old).zip(named(new)).filter(|(old, new)| old.0 == new.0)
    {
        let (old_names, new_names) = (old_names.1, new_names.1);
        let places: HashMap<&str, usize> =
            new_names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        for (name, from) in old_names.iter().zip(old) {
            let to = places.get(name.as_str()).and_then(|at| new.get(*at));
            either(Some(from), to, &path.element(name), out);
        }
        for (name, to) in new_names.iter().zip(new) {
            if !old_names.contains(name) {
                either(None, Some(to), &path.element(name), out);
            }
        }
        return;
    }
    let (old_texts, new_texts): (Vec<String>, Vec<String>) =
        (old.iter().map(printed).collect(), new.iter().map(printed).collect());
    for op in capture_diff_slices(similar::Algorithm::Myers, &old_texts, &new_texts) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (op.old_range(), op.new_range());
        for step in 0..from.len().max(to.len()) {
            let (old_at, new_at) = (from.start + step, to.start + step);
            let from = old.get(old_at).filter(|_| old_at < from.end);
            let to = new.get(new_at).filter(|_| new_at < to.end);
            let at = if to.is_some() { new_at } else { old_at };
            either(from, to, &path.element(&at.to_string()), out);
        }
    }
}

/// What names each element, and by which field, if one field tells all apart.
fn named(list: &[Value]) -> Option<(&'static str, Vec<String>)> {
    NAMES.into_iter().find_map(|field| {
        let name = |value: &Value| value.get(field)?.as_text().map(str::to_owned);
        let names = list.iter().map(name).collect::<Option<Vec<String>>>()?;
        let mut sorted = names.clone();
        sorted.sort_unstable();
        let unique = sorted.windows(2).all(|pair| pair[0] != pair[1]);
        (unique && !names.is_empty()).then_some((field, names))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::kustomize::load::Restriction;
    use crate::kustomize::render;

    fn rendered(kustomization: &str, resources: &str) -> Vec<Object> {
        let file = |name: &str, text: &str| (name.to_owned(), Arc::from(text.as_bytes()));
        let tree: BTreeMap<String, Arc<[u8]>> =
            [file("kustomization.yaml", kustomization), file("all.yaml", resources)].into();
        render(&tree, "", Restriction::RootOnly).unwrap().objects
    }

    #[test]
    fn objects_and_fields_are_told_and_secrets_are_not() {
        let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {a.b/c: x}\nspec:\n  \
                   template:\n    spec:\n      containers:\n      - {name: side, image: side:1}\n      - name: web\n        \
                   image: web:1\n        args: [a, b, c]\n";
        let old = rendered(
            "resources: [all.yaml]\nnamespace: shop\nconfigMapGenerator:\n- {name: c, literals: [\"t=one\\ntwo\\nthree\", k=v]}\n\
             secretGenerator:\n- {name: s, literals: [old=1, kept=a]}\n",
            &format!("{web}---\napiVersion: v1\nkind: Service\nmetadata: {{name: gone}}\n"),
        );
        let new = rendered(
            "resources: [all.yaml]\nnamespace: shop\nimages: [{name: web, newTag: \"2\"}]\nconfigMapGenerator:\n\
             - {name: c, literals: [\"t=one\\nTWO\\nthree\", k=v]}\n\
             secretGenerator:\n- {name: s, literals: [new=1, kept=b]}\n",
            &format!(
                "{}---\napiVersion: v1\nkind: Service\nmetadata: {{name: come}}\n",
                web.replace("[a, b, c]", "[b, x, c]").replace("c: x", "c: y")
            ),
        );
        insta::assert_snapshot!(Diff::between(&old, &new).to_text());
        assert!(Diff::between(&old, &old).is_empty());
    }

    #[test]
    fn a_secret_that_comes_or_goes_shows_its_keys_only() {
        let secret = rendered(
            "resources: [all.yaml]",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pass: word}\n",
        );
        let bare = rendered(
            "resources: [all.yaml]",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
        );
        for (old, new) in
            [(&secret, &Vec::new()), (&Vec::new(), &secret), (&bare, &secret), (&secret, &bare)]
        {
            let text = Diff::between(old, new).to_text();
            assert!(text.contains("pass") && !text.contains("word"), "{text}");
        }
    }

    #[test]
    fn a_secret_shows_no_value_where_a_field_is_misspelt_or_a_copy_is_kept() {
        let secret = |value: &str| {
            let copy = format!("{{\"stringData\":{{\"pass\":\"{value}\"}}}}");
            rendered(
                "resources: [all.yaml]",
                &format!(
                    "apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata:\n  name: s\n  annotations:\n    \
                     {COPY}: '{copy}'\n    note: {}\nstringdata: {{pass: {value}}}\ndatum: {value}\ndata: [{value}]\n",
                    value.len()
                ),
            )
        };
        let bare = rendered(
            "resources: [all.yaml]",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
        );
        let (old, new) = (secret("hunter2"), secret("correct-horse"));
        for (old, new) in [(&old, &new), (&bare, &new), (&old, &bare), (&Vec::new(), &new)] {
            let text = Diff::between(old, new).to_text();
            assert!(text.contains("datum"), "{text}");
            assert!(!text.contains("hunter2") && !text.contains("correct-horse"), "{text}");
        }
    }
}
