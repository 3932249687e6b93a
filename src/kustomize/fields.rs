//! Knows how to read settings out of a value as Go's JSON decoder does: names in any case, nulls as if left out.
//!
//! It knows nothing of what the settings are for.

use super::problem::{Place, Problem};
use super::value::{Content, Key, Scalar, ScalarKind, Value};

/// What is done with fields that nobody knows, and with numbers where texts are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Both are refused, as in a kustomization file.
    Strict,
    /// Unknown fields are passed over, as in the files and objects that configure generators and transformers.
    Lenient,
}

/// The fields of a mapping.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    /// Where the mapping was written.
    pub place: Place,
    reading: Reading,
    entries: Vec<(&'a Key, &'a Value)>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which is `what` and may have those `known`; a null has none.
    pub fn of(
        value: &'a Value,
        what: &str,
        known: &[&str],
        reading: Reading,
    ) -> Result<Self, Problem> {
        let mut entries: Vec<_> = match &value.content {
            Content::Map(map) => map.iter().collect(),
            _ if value.is_null() => Vec::new(),
            _ => {
                let message = format!("{what} has to be a mapping, not {}", value.kind_name());
                return Err(Problem::new(message, value.place));
            }
        };
        // Go sees the keys sorted, and of several spellings of a name the last one counts.
        entries.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
        let is_known = |key: &Key| known.iter().any(|name| name.eq_ignore_ascii_case(&key.text));
        match entries.iter().find(|(key, _)| !is_known(key)) {
            Some((key, _)) if reading == Reading::Strict => {
                let message =
                    format!("{what} has no field {:?}; it has {}", key.text, known.join(", "));
                Err(Problem::new(message, key.place))
            }
            _ => Ok(Self { place: value.place, reading, entries }),
        }
    }

    /// How unknown fields are met.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// The value of a field, unless it is left out or null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        let mut named = self.entries.iter().rev();
        let found =
            named.find(|(key, value)| key.text.eq_ignore_ascii_case(name) && !value.is_null());
        found.map(|(_, value)| *value)
    }

    /// A text; empty if it is left out.
    pub fn text(&self, name: &str) -> Result<String, Problem> {
        self.get(name).map_or(Ok(String::new()), |value| text(value, name, self.reading))
    }

    /// A text, for which a lenient reader also takes a number or a boolean.
    pub fn any_text(&self, name: &str) -> Result<String, Problem> {
        match self.get(name).and_then(Value::as_text) {
            Some(text) if self.reading == Reading::Lenient => Ok(text.to_owned()),
            _ => self.text(name),
        }
    }

    /// A list of texts with their places.
    pub fn texts(&self, name: &str) -> Result<Vec<(String, Place)>, Problem> {
        let items = self.list(name)?.iter();
        items
            .map(|item| {
                if item.is_null() { Ok(String::new()) } else { text(item, name, self.reading) }
                    .map(|text| (text, item.place))
            })
            .collect()
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Result<&'a [Value], Problem> {
        let Some(value) = self.get(name) else { return Ok(&[]) };
        value.as_list().ok_or_else(|| wrong(name, "a list", value))
    }

    /// A boolean; false if it is left out.
    pub fn truth(&self, name: &str) -> Result<bool, Problem> {
        let Some(value) = self.get(name) else { return Ok(false) };
        match value.as_scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Bool => {
                Ok(scalar.text.eq_ignore_ascii_case("true"))
            }
            scalar => scalar.and_then(old_truth).ok_or_else(|| wrong(name, "true or false", value)),
        }
    }

    /// A whole number; 0 if it is left out.
    pub fn number(&self, name: &str) -> Result<i64, Problem> {
        use super::yaml::{Scalar as Meaning, resolve};
        let Some(value) = self.get(name) else { return Ok(0) };
        let refused = || wrong(name, "a whole number", value);
        let scalar = value.as_scalar().ok_or_else(refused)?;
        if !matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float) {
            return Err(refused());
        }
        match resolve(&scalar.text, true, None) {
            Meaning::Int(int) => i64::try_from(int).map_err(|_| refused()),
            Meaning::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => Ok(float as i64),
            _ => Err(refused()),
        }
    }

    /// A mapping of texts; to a configuration object numbers and booleans are texts too.
    pub fn any_pairs(&self, name: &str) -> Result<Vec<(String, String)>, Problem> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let map = value.as_map().ok_or_else(|| wrong(name, "a mapping", value))?;
        let pairs = map.iter().map(|(key, value)| match value.as_text() {
            _ if value.is_null() => Ok((key.text.to_string(), String::new())),
            Some(text) => Ok((key.text.to_string(), text.to_owned())),
            None => Err(wrong(&key.text, "a text", value)),
        });
        pairs.collect()
    }

    /// A mapping of texts to texts, if it is there.
    pub fn pairs(&self, name: &str) -> Result<Option<Vec<(String, String)>>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let map = value.as_map().ok_or_else(|| wrong(name, "a mapping", value))?;
        let pairs = map.iter().map(|(key, value)| {
            let text =
                if value.is_null() { String::new() } else { text(value, &key.text, self.reading)? };
            Ok((key.text.to_string(), text))
        });
        pairs.collect::<Result<_, _>>().map(Some)
    }
}

/// What a word is in YAML 1.1, as which Kustomize reads its settings.
fn old_truth(scalar: &Scalar) -> Option<bool> {
    match &*scalar.text {
        _ if scalar.quoted => None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn text(value: &Value, name: &str, reading: Reading) -> Result<String, Problem> {
    let Some(scalar) = value.as_scalar() else { return Err(wrong(name, "a text", value)) };
    let what = match scalar.kind {
        ScalarKind::Null | ScalarKind::Bool | ScalarKind::Int | ScalarKind::Float => {
            value.kind_name()
        }
        // In an object among generators or transformers they are texts.
        _ if reading == Reading::Strict && old_truth(scalar).is_some() => "a boolean of YAML 1.1",
        _ => return Ok(scalar.text.to_string()),
    };
    let message = format!(
        "{name}: {} is {what} to YAML, and has to be a text; put it in quotes",
        scalar.text
    );
    Err(Problem::new(message, value.place))
}

fn wrong(name: &str, wanted: &str, value: &Value) -> Problem {
    Problem::new(format!("{name} has to be {wanted}, not {}", value.kind_name()), value.place)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::kustomize::{value, yaml};

    /// The value of a document.
    pub(crate) fn value_of(text: &str) -> Value {
        value::read(yaml::parse_one(text.as_bytes()).expect("YAML").root(), 0).expect("a value")
    }

    #[test]
    fn names_may_be_in_any_case_and_the_last_of_them_counts() {
        let value = value_of("{Name: a, name: b, KIND: null}");
        let fields = Fields::of(&value, "it", &["name", "kind"], Reading::Strict).expect("fields");
        assert_eq!(fields.text("name").expect("text"), "b");
        assert_eq!(fields.text("kind").expect("text"), "");
    }

    #[test]
    fn what_is_not_wanted_is_pointed_at() {
        let value = value_of("name: 5\nlist: [a, {}]\non: yes\nint: 2.0\nmap: {a: 1}");
        let fields = Fields::of(&value, "it", &[], Reading::Lenient).expect("fields");
        let at = |problem: Problem| (problem.place.line, problem.place.column);
        assert_eq!(at(fields.text("name").expect_err("a number")), (1, 7));
        assert_eq!(fields.any_text("name").expect("text"), "5");
        assert_eq!(at(fields.texts("list").expect_err("a mapping")), (2, 11));
        assert!(fields.truth("on").expect("truth"));
        assert_eq!(fields.number("int").expect("number"), 2);
        assert_eq!(at(fields.number("on").expect_err("a word")), (3, 5));
        let word = value_of("{a: yes, b: 'yes'}");
        let fields = Fields::of(&word, "it", &["a", "b"], Reading::Strict).expect("fields");
        assert_eq!(at(fields.text("a").expect_err("a boolean")), (1, 5));
        assert_eq!(fields.text("b").expect("text"), "yes");
        fields.truth("b").expect_err("a text");
        let fields = Fields::of(&value, "it", &[], Reading::Lenient).expect("fields");
        assert_eq!(at(fields.pairs("map").expect_err("a number")), (5, 10));
        let problem = Fields::of(&value, "it", &["name"], Reading::Strict).expect_err("unknown");
        assert_eq!(problem.message, "it has no field \"int\"; it has name");
    }
}
