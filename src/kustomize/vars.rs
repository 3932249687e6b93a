//! Knows `vars`: which object each takes its value from, and how `$(NAME)` is written out in a field.
//!
//! It knows nothing of the fields where that is done.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::field_specs::{FieldSpec, Make};
use super::fields::{Fields, Reading};
use super::id::{DEFAULT_NAMESPACE, Gvk};
use super::object::Object;
use super::problem::{Place, Problem};
use super::replace::{DEFAULT_FIELD, lookup, split};
use super::value::{Budget, Content, Scalar, ScalarKind, Value};

/// An entry of `vars`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    /// `name`.
    pub name: String,
    /// The group of `objref`, by itself or out of its `apiVersion`.
    pub group: String,
    /// The version of `objref`, by itself or out of its `apiVersion`.
    pub version: String,
    /// `objref.kind`.
    pub kind: String,
    /// `objref.name`.
    pub object: String,
    /// `objref.namespace`; empty for any.
    pub namespace: String,
    /// `fieldref.fieldPath`.
    pub field_path: String,
    /// Where it was written.
    pub place: Place,
}

impl Var {
    /// Of an entry of the list in a kustomization file.
    pub fn from_value(value: &Value) -> Result<Self, Problem> {
        let fields = Fields::of(value, "a var", &["name", "objref", "fieldref"], Reading::Strict)?;
        let nothing = Value::null().at(value.place);
        let object = Fields::of(
            fields.get("objref").unwrap_or(&nothing),
            "objref",
            &["apiVersion", "group", "version", "kind", "name", "namespace"],
            Reading::Strict,
        )?;
        let field = Fields::of(
            fields.get("fieldref").unwrap_or(&nothing),
            "fieldref",
            &["fieldPath"],
            Reading::Strict,
        )?;
        let (mut group, mut version) = (object.text("group")?, object.text("version")?);
        match object.text("apiVersion")?.split('/').collect::<Vec<_>>().as_slice() {
            [both_group, both_version] => {
                (group, version) = ((*both_group).to_owned(), (*both_version).to_owned());
            }
            [only] if !only.is_empty() => version = (*only).to_owned(),
            _ => {}
        }
        let mut field_path = field.text("fieldPath")?;
        if field_path.is_empty() {
            DEFAULT_FIELD.clone_into(&mut field_path);
        }
        Ok(Self {
            name: fields.text("name")?,
            group,
            version,
            kind: object.text("kind")?,
            object: object.text("name")?,
            namespace: object.text("namespace")?,
            field_path,
            place: value.place,
        })
    }

    /// Whether it takes its value from an object, by any identity that this has or had.
    pub fn is_of(&self, object: &Object) -> bool {
        let gvk = Gvk { group: &self.group, version: &self.version, kind: &self.kind };
        object.was_called(&self.object)
            && object.ids().any(|id| {
                id.name == self.object
                    && id.gvk == gvk
                    && (self.namespace.is_empty() || id.effective_namespace() == self.namespace())
            })
    }

    fn namespace(&self) -> &str {
        if self.namespace.is_empty() { DEFAULT_NAMESPACE } else { &self.namespace }
    }
}

/// The value of a field of an object, for a variable; none if there is no such field.
///
/// Mappings and lists are given as they are; nothing takes them in (`GetFieldValue` of kyaml).
pub fn value_of(object: &Object, path: &str) -> Result<Option<Value>, Problem> {
    let parts: Vec<_> = split(path).into_iter().flat_map(with_index).collect();
    let Some(value) = lookup(&object.value, &parts)? else { return Ok(None) };
    let Content::Scalar(scalar) = &value.content else { return Ok(Some(value.clone())) };
    let unfit = || {
        let message = format!("Kustomize takes {} for no number to put into fields", scalar.text);
        Problem::new(message, value.place)
    };
    let typed = match scalar.kind {
        ScalarKind::Int => {
            let int: i64 = scalar.text.parse().map_err(|_| unfit())?;
            Scalar { kind: ScalarKind::Int, ..Scalar::string(int.to_string()) }
        }
        ScalarKind::Float => {
            let float: f64 = scalar.text.parse().map_err(|_| unfit())?;
            if !float.is_finite() {
                return Err(unfit());
            }
            Scalar { kind: ScalarKind::Float, ..Scalar::string(float.to_string()) }
        }
        ScalarKind::Bool => Scalar::tagged(scalar.text.to_ascii_lowercase()),
        _ => Scalar::string(scalar.text.clone()),
    };
    Ok(Some(Value::from(typed).at(value.place)))
}

/// `ports[0]` is `ports` and `0`.
fn with_index(part: String) -> Vec<String> {
    let Some((name, index)) = part.strip_suffix(']').and_then(|part| part.rsplit_once('[')) else {
        return vec![part];
    };
    if index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![part];
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    name.into_iter().chain([index.to_owned()]).collect()
}

/// The values of variables by their names, and which of them were asked for.
#[derive(Debug, Clone, Default)]
pub struct Values {
    values: HashMap<String, Value>,
    /// The names that stood somewhere.
    pub used: HashSet<String>,
}

impl Values {
    /// Adds a variable; there may be one of a name.
    pub fn insert(&mut self, var: &Var, value: Value) -> Result<(), Problem> {
        if self.values.insert(var.name.clone(), value).is_some() {
            let message = format!("there is more than one var {}; give one another name", var.name);
            return Err(Problem::new(message, var.place));
        }
        Ok(())
    }

    /// The scalar that stands for a name.
    fn get(&mut self, name: &str) -> Option<&Scalar> {
        let scalar = self.values.get(name)?.as_scalar()?;
        if !self.used.contains(name) {
            self.used.insert(name.to_owned());
        }
        Some(scalar)
    }
}

/// Marks the object that a variable takes its value from; there may be none yet, but not several.
pub fn claim(objects: &mut [Object], var: &Var) -> Result<(), Problem> {
    let mut found = objects.iter_mut().filter(|object| var.is_of(object));
    let Some(first) = found.next() else { return Ok(()) };
    if let Some(other) = found.next() {
        let (one, other) = (first.id(), other.id());
        let message = format!("the var {} could be of {one} or of {other}", var.name);
        return Err(Problem::new(message, var.place));
    }
    first.variables.push(var.name.clone());
    Ok(())
}

/// Writes out all variables in the fields where that is done.
pub fn resolve(
    objects: &mut [Object],
    vars: &[Var],
    fields: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Problem> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values = Values::default();
    let mut claimed: HashMap<&str, &Object> = HashMap::new();
    for object in &*objects {
        for name in &object.variables {
            claimed.entry(name).or_insert(object);
        }
    }
    for var in vars {
        let problem = |message: String| Problem::new(message, var.place);
        let object = claimed.get(&*var.name).ok_or_else(|| {
            problem(format!("there is no {} {} for the var {}", var.kind, var.object, var.name))
        })?;
        let value = value_of(object, &var.field_path).map_err(|problem| {
            problem.while_at(&format!("the var {}", var.name)).or_at(var.place)
        })?;
        let missing =
            || problem(format!("the var {}: {} has no {}", var.name, object.id(), var.field_path));
        let value = value.ok_or_else(missing)?;
        budget.copies(&value, 1)?;
        values.insert(var, value)?;
    }
    for object in objects {
        for field in fields {
            if field.selects(object) {
                field.visit(&mut object.value, Make::Nothing, &mut |value| {
                    expand(value, &mut values, budget)
                })?;
            }
        }
    }
    Ok(())
}

/// Writes out the variables in a field: in a text, in the texts of a mapping, or in a list of texts.
pub fn expand(value: &mut Value, values: &mut Values, budget: &Budget) -> Result<(), Problem> {
    let place = value.place;
    match &mut value.content {
        Content::Scalar(scalar) => expand_scalar(scalar, values, budget),
        Content::Map(map) => {
            for (key, value) in map.iter_mut() {
                if key.kind != ScalarKind::String {
                    let message =
                        format!("the key {} has to be a text: put it in quotes", key.text);
                    return Err(Problem::new(message, key.place));
                }
                if let Content::Scalar(scalar) = &mut value.content {
                    expand_scalar(scalar, values, budget)
                        .map_err(|problem| problem.or_at(value.place))?;
                }
            }
            Ok(())
        }
        Content::List(list) => list.iter_mut().try_for_each(|item| match &mut item.content {
            Content::Scalar(scalar) if scalar.kind == ScalarKind::String => {
                expand_scalar(scalar, values, budget)
            }
            _ => {
                let message = format!(
                    "vars are written out in lists of texts, and this is {}",
                    item.kind_name()
                );
                Err(Problem::new(message, item.place))
            }
        }),
    }
    .map_err(|problem| problem.or_at(place))
}

fn expand_scalar(scalar: &mut Scalar, values: &mut Values, budget: &Budget) -> Result<(), Problem> {
    if scalar.kind != ScalarKind::String {
        return Ok(());
    }
    let whole = scalar.text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(name) = whole.filter(|name| !name.contains(')')) {
        if let Some(value) = values.get(name) {
            budget.bytes(value.text.len())?;
            *scalar = value.clone();
        }
        return Ok(());
    }
    let text = expanded(&scalar.text, values, budget)?;
    *scalar = Scalar::string(text);
    Ok(())
}

/// The language is that of Kubernetes' containers: `$(NAME)`, and `$$` for a `$`; unknown names stay.
fn expanded(text: &str, values: &mut Values, budget: &Budget) -> Result<String, Problem> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let name = after.strip_prefix(b"(").and_then(|after| {
            let end = after.iter().position(|byte| *byte == b')')?;
            Some((std::str::from_utf8(after.get(..end)?).ok()?, after.get(end + 1..)?))
        });
        rest = match (byte, after.split_first(), name) {
            (b'$', _, Some((name, after))) => {
                match values.get(name) {
                    Some(value) => {
                        budget.bytes(value.text.len())?;
                        out.extend_from_slice(in_text(value).as_bytes());
                    }
                    None => out.extend_from_slice(format!("$({name})").as_bytes()),
                }
                after
            }
            (b'$', Some((b'$', after)), None) => {
                out.push(b'$');
                after
            }
            (b'$', Some((next, after)), None) => {
                // Kustomize takes the byte for a character, and what is then no UTF-8 for bytes.
                out.push(b'$');
                out.extend_from_slice(char::from(*next).to_string().as_bytes());
                after
            }
            _ => {
                out.push(*byte);
                after
            }
        };
    }
    Ok(String::from_utf8(out).unwrap_or_else(|error| STANDARD.encode(error.as_bytes())))
}

/// A value within a text; numbers as Go's `%v` writes them.
fn in_text(scalar: &Scalar) -> String {
    match (scalar.kind, scalar.text.parse::<f64>()) {
        (ScalarKind::Float, Ok(float)) if float != 0.0 => {
            let text = format!("{float:e}");
            let Some((digits, exponent)) = text.split_once('e') else { return text };
            match exponent.parse::<i32>() {
                Ok(exponent) if !(-4..GO_EXPONENT).contains(&exponent) => {
                    let sign = if exponent < 0 { '-' } else { '+' };
                    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
                }
                _ => scalar.text.to_string(),
            }
        }
        _ => scalar.text.to_string(),
    }
}

/// From this power of ten on, Go's `%v` writes an exponent.
const GO_EXPONENT: i32 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::fields::tests::value_of as parsed;

    const SOURCE: &str = r#"{apiVersion: v1, kind: ConfigMap, metadata: {name: src}, data: {s: abc, n5: "5",
        i: 5, h: 0x10, o: 010, f: 1.2, e: 1e30, w: 2.0, m: 1000000.0, t: 1.5e-7, b: True, nul: null,
        map: {x: 1}, l: [p, q], em: "", ts: 2001-01-02, us: 1_000, inf: .inf, ref: $(OTHER), k: 123456.5}}"#;

    fn values(path: &str) -> Result<Values, Problem> {
        let object = Object::new(parsed(SOURCE));
        let var = Var::from_value(&parsed(&format!(
            "{{name: V, objref: {{kind: ConfigMap, name: src, apiVersion: v1}}, fieldref: {{fieldpath: '{path}'}}}}"
        )))?;
        assert!(var.is_of(&object));
        let mut values = Values::default();
        let value = value_of(&object, &var.field_path)?;
        values.insert(&var, value.ok_or_else(|| Problem::new("nothing", var.place))?)?;
        Ok(values)
    }

    /// The kind and the text that a text becomes.
    fn text(text: &str, values: &mut Values) -> (ScalarKind, String) {
        let mut value = Value::string(text);
        expand(&mut value, values, &Budget::default()).expect("expanded");
        let scalar = value.as_scalar().expect("a scalar");
        (scalar.kind, scalar.text.to_string())
    }

    #[test]
    fn a_variable_alone_takes_the_type_of_its_value() {
        use ScalarKind::{Bool, Float, Int, String};
        for (path, kind, alone, within) in [
            ("data.s", String, "abc", "aabcb"),
            ("data.n5", String, "5", "a5b"),
            ("data.i", Int, "5", "a5b"),
            ("data.o", Int, "10", "a10b"),
            ("data.f", Float, "1.2", "a1.2b"),
            ("data.e", Float, "1000000000000000000000000000000", "a1e+30b"),
            ("data.w", Float, "2", "a2b"),
            ("data.m", Float, "1000000", "a1e+06b"),
            ("data.t", Float, "0.00000015", "a1.5e-07b"),
            ("data.k", Float, "123456.5", "a123456.5b"),
            ("data.b", Bool, "true", "atrueb"),
            ("data.nul", String, "null", "anullb"),
            ("data.map", String, "$(V)", "a$(V)b"),
            ("data.em", String, "", "ab"),
            ("data.ts", String, "2001-01-02", "a2001-01-02b"),
            ("data.l[0]", String, "p", "apb"),
            ("data.l.1", String, "q", "aqb"),
            ("", String, "src", "asrcb"),
            ("data.ref", String, "$(OTHER)", "a$(OTHER)b"),
        ] {
            let mut values = values(path).expect(path);
            assert_eq!(text("$(V)", &mut values), (kind, alone.to_owned()), "{path}");
            assert_eq!(text("a$(V)b", &mut values), (String, within.to_owned()), "{path}");
        }
        for path in
            ["data.h", "data.us", "data.inf", "data.l[9]", "data.none", "data.s.x", "data[s]"]
        {
            values(path).expect_err(path);
        }
    }

    #[test]
    fn the_language_is_that_of_kubernetes() {
        let mut values = values("data.s").expect("values");
        for (before, after) in [
            ("$$(V)", "$(V)"),
            ("$$$(V)", "$abc"),
            ("$(V", "$(V"),
            ("$(V)$(V)", "abcabc"),
            ("$", "$"),
            ("$$", "$"),
            ("$$$", "$$"),
            ("a$", "a$"),
            ("$x", "$x"),
            ("$é", "JMODqQ=="),
            ("$(", "$("),
            ("$()", "$()"),
            ("$( V)", "$( V)"),
            ("$(X)$(V)", "$(X)abc"),
            ("$$$$(V)", "$$(V)"),
            ("$((V))", "$((V))"),
            ("$(V))", "abc)"),
            ("$(é)", "$(é)"),
            ("x$(V", "x$(V"),
            ("$(V)$", "abc$"),
        ] {
            assert_eq!(text(before, &mut values).1, after, "{before}");
        }
        assert!(values.used.contains("V"));
    }

    #[test]
    fn mappings_and_lists_are_gone_through_once() {
        let mut values = values("data.i").expect("values");
        let budget = Budget::default();
        let mut map = parsed("{a: $(V), b: 7, c: {d: $(V)}}");
        expand(&mut map, &mut values, &budget).expect("a mapping");
        assert!(map.means(&parsed("{a: 5, b: 7, c: {d: $(V)}}")));
        let mut list = parsed("[$(V), x]");
        expand(&mut list, &mut values, &budget).expect("a list");
        assert!(list.means(&parsed("[5, x]")));
        expand(&mut parsed("[$(V), 5]"), &mut values, &budget).expect_err("a number");
        expand(&mut parsed("{1: $(V)}"), &mut values, &budget).expect_err("a number for a key");
        let mut number = parsed("5");
        expand(&mut number, &mut values, &budget).expect("left alone");
        assert!(number.means(&parsed("5")));
    }

    #[test]
    fn variables_are_claimed_and_then_resolved() {
        let var = "{name: V, objref: {kind: ConfigMap, name: src, apiVersion: v1}, fieldref: {fieldPath: data.s}}";
        let var = Var::from_value(&parsed(var)).expect("a var");
        let field = FieldSpec::new(crate::kustomize::id::GvkPattern::default(), "data/ref", false);
        let budget = Budget::default();
        let source = SOURCE.replace("$(OTHER)", "$(V)!");
        let mut objects = vec![Object::new(parsed(&source))];
        let fields = std::slice::from_ref(&field);
        let vars = std::slice::from_ref(&var);
        resolve(&mut objects, vars, fields, &budget).expect_err("claimed by none");
        claim(&mut objects, &var).expect("claimed");
        resolve(&mut objects, vars, fields, &budget).expect("resolved");
        let text = objects[0].value.at_path(&["data", "ref"]).and_then(Value::as_text);
        assert_eq!(text, Some("abc!"));
        let mut twice = vec![objects[0].clone(), objects[0].clone()];
        claim(&mut twice, &var).expect_err("by two");
    }

    #[test]
    fn an_object_is_meant_by_all_of_its_identity() {
        let mut object = Object::new(parsed(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: ns}}",
        ));
        object.remember_id();
        object.set_name("b");
        for (objref, found) in [
            ("{apiVersion: apps/v1, kind: Deployment, name: a}", true),
            ("{apiVersion: apps/v1, kind: Deployment, name: b}", true),
            ("{group: apps, version: v1, kind: Deployment, name: a, namespace: ns}", true),
            ("{apiVersion: apps/v1, kind: Deployment, name: a, namespace: default}", false),
            ("{kind: Deployment, name: a}", false),
            ("{apiVersion: v1, kind: Deployment, name: a}", false),
        ] {
            let var = Var::from_value(&parsed(&format!("{{name: V, objref: {objref}}}")));
            assert_eq!(var.expect("a var").is_of(&object), found, "{objref}");
        }
        let mut values = values("data.s").expect("values");
        let again = Var::from_value(&parsed("{name: V, objref: {}}")).expect("a var");
        values.insert(&again, Value::null()).expect_err("twice");
    }
}
