//! Knows the `ValueAddTransformer`: one value put into fields, or into paths of files that fields hold.
//!
//! It knows nothing of how it comes to be configured.

use super::field_specs::MAX_PARTS;
use super::fields::{Fields, Reading};
use super::load::Folder;
use super::object::Object;
use super::problem::{Place, Problem};
use super::replace::{Part, condition, next_is_list};
use super::select::Selector;
use super::transform::namespace::{Namespace, Subjects};
use super::value::{Budget, Content, Key, Map, Value};

/// The field that is set as namespaces are set.
const NAMESPACE: &str = "metadata/namespace";

/// A `ValueAddTransformer`.
#[derive(Debug, Clone)]
pub struct AddValue {
    /// The value.
    pub value: String,
    /// Where it goes.
    pub targets: Vec<Target>,
}

/// Where a value goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which objects; none for all.
    pub selector: Option<Selector>,
    /// The path of the field, with `/` between its parts and `\/` for one within.
    pub field_path: String,
    /// Of which part of the path in the field, from 1, it takes the place; 0 to take the place of all.
    pub position: usize,
    /// Where it was written.
    pub place: Place,
}

impl AddValue {
    /// Of a configuration object; more targets may stand in a file in `folder`.
    pub fn from_config(value: &Value, folder: &Folder<'_, '_>) -> Result<Self, Problem> {
        let fields = Fields::of(value, "ValueAddTransformer", &[], Reading::Lenient)?;
        let mut text = fields.any_text("value")?.trim().to_owned();
        if text.is_empty() {
            folder.path().rsplit('/').next().unwrap_or_default().clone_into(&mut text);
        }
        if text.is_empty() {
            let message = "value is missing; in the topmost folder there is no name to take for it";
            return Err(Problem::new(message, value.place));
        }
        let mut targets = Target::list(&fields)?;
        let path = fields.any_text("targetFilePath")?;
        if !path.is_empty() {
            let place = fields.get("targetFilePath").map_or(value.place, |path| path.place);
            let source = folder.read(&path, place)?;
            if let Some(value) = folder.config_values(&source)?.first() {
                let fields = Fields::of(value, "a file of targets", &[], Reading::Lenient)?;
                targets.extend(Target::list(&fields)?);
            }
        }
        if targets.is_empty() {
            return Err(Problem::new("it needs at least one target", value.place));
        }
        Ok(Self { value: text, targets })
    }

    /// Puts the value where it goes.
    pub fn apply(&self, objects: &mut [Object], budget: &Budget) -> Result<(), Problem> {
        for target in &self.targets {
            budget.steps(
                objects
                    .len()
                    .saturating_mul(1 + target.selector.as_ref().map_or(0, Selector::steps)),
            )?;
            let matcher = target.selector.as_ref().map(Selector::compile).transpose()?;
            for object in &mut *objects {
                let is_target = match &matcher {
                    Some(matcher) => matcher.matches(object)?,
                    None => true,
                };
                if is_target {
                    self.put(object, target, budget).map_err(|problem| {
                        problem.while_at(&target.field_path).or_at(target.place)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn put(&self, object: &mut Object, target: &Target, budget: &Budget) -> Result<(), Problem> {
        if target.field_path == NAMESPACE {
            let subjects = Subjects::default();
            let namespace =
                Namespace { name: &self.value, fields: &[], unset_only: false, subjects };
            return namespace.put_one(object);
        }
        let parts = super::field_specs::split(&target.field_path, '/');
        let parts: Vec<_> =
            parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        if parts.len() > MAX_PARTS {
            let message = format!("a path of {} parts leads deeper than any value", parts.len());
            return Err(Problem::new(message, target.place));
        }
        budget.values(parts.len())?;
        let Some(field) = field(&mut object.value, &parts)? else {
            // Kustomize crashes where there is no text to put it into.
            return match target.position {
                0 => Ok(()),
                _ => Err(Problem::new("there is no such field", target.place)),
            };
        };
        let Content::Scalar(old) = &field.content else {
            let message = format!("it has to be a text, not {}", field.kind_name());
            return Err(Problem::new(message, field.place));
        };
        let text = match target.position.checked_sub(1) {
            None => self.value.clone(),
            Some(position) => inserted(&old.text, position, &self.value),
        };
        budget.bytes(text.len())?;
        field.replace(Value::plain(text).at(field.place));
        Ok(())
    }
}

impl Target {
    fn list(fields: &Fields<'_>) -> Result<Vec<Self>, Problem> {
        fields.list("targets")?.iter().map(Self::read).collect()
    }

    fn read(value: &Value) -> Result<Self, Problem> {
        let fields = Fields::of(value, "a target", &[], Reading::Lenient)?;
        let selector = fields.get("selector");
        let selector = selector.map(|value| Selector::read(value, Reading::Lenient)).transpose()?;
        let field_path = fields.any_text("fieldPath")?;
        if field_path.is_empty() {
            return Err(Problem::new("a target needs a fieldPath", value.place));
        }
        let position = usize::try_from(fields.number("filePathPosition")?)
            .map_err(|_| Problem::new("filePathPosition cannot be below 0", value.place))?;
        Ok(Self { selector, field_path, position, place: value.place })
    }
}

/// The field at a path, made if it is not there; none where nothing can be made, as in a null.
fn field<'v>(value: &'v mut Value, path: &[&str]) -> Result<Option<&'v mut Value>, Problem> {
    let mut at = value;
    for (number, part) in path.iter().enumerate() {
        let place = at.place;
        let next = path.get(number + 1).copied();
        if at.is_null() && Part::of(part) != Part::Every {
            return Ok(None);
        }
        let kind = at.kind_name();
        let found = match (Part::of(part), &mut at.content) {
            (Part::Every, _) => {
                return Err(Problem::new("* stands for several fields; name one", place));
            }
            (Part::Item(index), Content::List(list)) => match usize::try_from(index) {
                Ok(index) => list.get_mut(index),
                Err(_) => return Err(Problem::new("an item cannot have a number below 0", place)),
            },
            (Part::Last, Content::List(list)) => match list.last_mut() {
                Some(last) => Some(last),
                None => return Err(Problem::new("an empty list has no last item", place)),
            },
            (Part::Condition, Content::List(list)) => {
                let (name, text) =
                    condition(part).map_err(|message| Problem::new(message, place))?;
                item(list, name, text)
            }
            (Part::Field, Content::Map(map)) => Some(map.get_or_insert(part, || made(next))),
            _ => {
                let wanted = if Part::of(part) == Part::Field { "a mapping" } else { "a list" };
                let message = format!("{part} is looked up in {wanted}, and this is {kind}");
                return Err(Problem::new(message, place));
            }
        };
        match found {
            Some(found) => at = found,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The first item that is `text`, or that has it in the field `name`; made if there is none.
fn item<'v>(list: &'v mut Vec<Value>, name: &str, text: &str) -> Option<&'v mut Value> {
    let is = |value: &Value| value.as_text().unwrap_or_default() == text;
    let matches = |item: &Value| match name {
        "" => is(item),
        name => item.get(name).is_some_and(is),
    };
    let at = list.iter().position(matches).unwrap_or_else(|| {
        let value = Value::plain(text);
        list.push(match name {
            "" => value,
            name => Map::from_entries([(Key::new(name), value)]).into(),
        });
        list.len() - 1
    });
    list.get_mut(at)
}

fn made(next: Option<&str>) -> Value {
    match next {
        None => Value::plain(""),
        Some(part) if next_is_list(part) => Value::list(),
        Some(_) => Value::map(),
    }
}

/// A path of a file with one part more; a leading slash does not count (`InsertPathPart` of kyaml).
fn inserted(path: &str, position: usize, part: &str) -> String {
    let (root, path) = match path.strip_prefix('/') {
        Some(path) => ("/", path),
        None => ("", path),
    };
    let mut parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
    parts.insert(position.min(parts.len()), part);
    let mut clean: Vec<&str> = Vec::new();
    for part in parts.into_iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." if clean.last().is_some_and(|last| *last != "..") => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    format!("{root}{}", clean.join("/"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::kustomize::fields::tests::value_of;
    use crate::kustomize::load::{Loader, Restriction};
    use crate::kustomize::value::ScalarKind;

    const OBJECT: &str = r#"{apiVersion: v1, kind: T, metadata: {name: t, namespace: old}, spec: {s: old,
        q: "8080", i: 1, nul: null, m: {k: v}, l: [a, {name: web, path: x/y}], p: /a/b, r: a/b/c, e: ""}}"#;

    fn added(config: &str) -> Result<Vec<Object>, Problem> {
        let files: BTreeMap<String, Arc<[u8]>> =
            [("gen-x/targets.yaml".to_owned(), Arc::from(&b"targets: [{fieldPath: spec/s}]"[..]))]
                .into();
        let loader = Loader::new(&files, Restriction::RootOnly);
        let add = AddValue::from_config(&value_of(config), &loader.open("gen-x")?)?;
        let mut objects = vec![
            Object::new(value_of(OBJECT)),
            Object::new(value_of("{apiVersion: v1, kind: U, metadata: {name: u}}")),
        ];
        add.apply(&mut objects, &Budget::default())?;
        Ok(objects)
    }

    /// The kind and the text of a field after it was set.
    fn set(path: &str, position: i32, value: &str) -> Option<(ScalarKind, String)> {
        let config = format!(
            "{{value: {value:?}, targets: [{{selector: {{kind: T}}, fieldPath: {path:?}, filePathPosition: {position}}}]}}"
        );
        let mut objects = added(&config).ok()?;
        let parts = super::super::field_specs::split(path, '/');
        let parts: Vec<_> =
            parts.iter().map(|part| part.trim()).filter(|p| !p.is_empty()).collect();
        let field = field(&mut objects[0].value, &parts).ok()??;
        let scalar = field.as_scalar()?;
        Some((scalar.kind, scalar.text.to_string()))
    }

    // What follows is what `kubectl kustomize` v5.5.0 printed.

    #[test]
    fn a_field_is_set_or_made() {
        for path in [
            "spec/s",
            "spec/new",
            "spec/a/b/c",
            "spec/nul",
            "spec/l/0",
            "spec/l/[name=web]/path",
            "spec/l/[name=new]/path",
            "spec/l/[=new]",
            "spec/a\\/b",
            "/spec/s",
            "spec//s",
            "metadata/namespace",
            "metadata/name",
            "spec/e",
            " spec / s ",
            "kind",
        ] {
            assert_eq!(set(path, 0, "new"), Some((ScalarKind::String, "new".to_owned())), "{path}");
        }
        for path in ["spec/m", "spec/l", "spec/l/-", "spec/l/*", "spec/s/x"] {
            assert_eq!(set(path, 0, "new"), None, "{path}");
        }
        let before = Object::new(value_of(OBJECT));
        for path in ["spec/l/9", "spec/nul/x"] {
            let config =
                format!("{{value: new, targets: [{{selector: {{kind: T}}, fieldPath: {path}}}]}}");
            let after = added(&config).expect(path);
            assert!(after[0].value.means(&before.value), "{path}");
        }
        assert_eq!(set("spec/l/9", 1, "new"), None, "Kustomize crashes");
    }

    #[test]
    fn quotes_stay_and_nothing_else_keeps_its_type() {
        use ScalarKind::{Bool, Int, Null, String};
        for (path, value, kind, text) in [
            ("spec/q", "5", String, "5"),
            ("spec/s", "5", Int, "5"),
            ("spec/i", "true", Bool, "true"),
            ("spec/q", "null", String, "null"),
            ("spec/s", "null", Null, "null"),
            ("spec/new", "5", Int, "5"),
            ("spec/s", " x ", String, "x"),
            ("spec/s", "", String, "gen-x"),
            ("spec/i", "a: b", String, "a: b"),
        ] {
            assert_eq!(set(path, 0, value), Some((kind, text.to_owned())), "{path} {value}");
        }
    }

    #[test]
    fn a_path_of_a_file_gets_a_part_more() {
        for (path, position, text) in [
            ("spec/p", 1, "/new/a/b"),
            ("spec/p", 2, "/a/new/b"),
            ("spec/p", 9, "/a/b/new"),
            ("spec/r", 1, "new/a/b/c"),
            ("spec/r", 9, "a/b/c/new"),
            ("spec/e", 1, "new"),
            ("spec/new", 2, "new"),
            ("spec/i", 1, "new/1"),
            ("spec/i", 2, "1/new"),
            ("spec/nul", 1, "new/null"),
        ] {
            let set = set(path, position, "new").map(|(_, text)| text);
            assert_eq!(set.as_deref(), Some(text), "{path} {position}");
        }
        assert_eq!(set("spec/p", -1, "new"), None);
    }

    #[test]
    fn targets_are_needed_and_may_stand_in_a_file() {
        for config in ["{value: new}", "{value: new, targets: [{}]}"] {
            added(config).expect_err(config);
        }
        let objects = added("{value: 5, targetFilePath: targets.yaml}").expect("added");
        for object in objects {
            assert_eq!(object.value.at_path(&["spec", "s"]).and_then(Value::as_text), Some("5"));
        }
    }
}
