//! What is said about a value that does not fit: what was found, and what to write instead.
//!
//! It does not decide what fits.

use crate::domain::policy::keys;
use crate::domain::policy::shape::{Map, Shape, alternatives};
use crate::domain::policy::value::{Complaint, quoted};
use crate::kustomize::yaml::{Node, Scalar, Style};
use crate::model::ids::RepoName;

/// What stands there, for "found …".
pub(super) fn found(node: Node<'_>) -> String {
    let text = node.as_str().unwrap_or_default();
    match node.resolve() {
        None if node.is_sequence() => "a list".to_owned(),
        None => "a map".to_owned(),
        Some(Scalar::Null) => "nothing".to_owned(),
        Some(Scalar::Bool(_)) => format!("the boolean {}", quoted(text)),
        Some(Scalar::Int(_)) => format!("the number {text}"),
        Some(Scalar::Float(number)) if number.to_string() != text => {
            format!("the number {text}, which YAML reads as {number}")
        }
        Some(Scalar::Float(_)) => format!("the number {text}"),
        Some(_) => format!("the text {}", quoted(text)),
    }
}

/// What to do about a value of the wrong kind.
pub(super) fn remedy(node: Node<'_>, shape: &Shape, home: &RepoName) -> Option<String> {
    let text = node.as_str().unwrap_or_default();
    let scalar = node.resolve();
    match (shape, scalar) {
        (_, Some(Scalar::Null)) => Some("write a value, or leave the key out".to_owned()),
        (Shape::Text(_), Some(Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_))) => {
            Some(format!("put it in quotes: \"{text}\""))
        }
        (Shape::Bool, Some(Scalar::String)) => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some("write `true`, without quotes".to_owned()),
            "false" | "no" | "n" | "off" => Some("write `false`, without quotes".to_owned()),
            _ => None,
        },
        (Shape::Count(..) | Shape::Number, Some(Scalar::String))
            if node.target().style() != Style::Plain =>
        {
            text.parse::<f64>().ok().map(|_| format!("write it without quotes: {text}"))
        }
        (Shape::Count(least, most), Some(Scalar::Int(_) | Scalar::Float(_))) if least < most => {
            Some(format!("write a number from {least} to {most}"))
        }
        (Shape::Count(least, _), Some(Scalar::Int(_) | Scalar::Float(_))) => {
            Some(format!("write {least}"))
        }
        (Shape::List(list), Some(_)) if !text.contains(['"', '\\', '\n']) => {
            let fits =
                matches!(&list.of, Shape::Text(format) if (format.check)(text, home).is_ok());
            let quotes =
                if text.starts_with(|c: char| c.is_ascii_alphanumeric()) { "" } else { "\"" };
            fits.then(|| format!("write it in brackets: [{quotes}{text}{quotes}]"))
        }
        (Shape::Choice(words), Some(Scalar::Bool(false))) if words.contains(&"off") => {
            Some("write `off`".to_owned())
        }
        // `tag: {tag}` is a map to YAML
        (Shape::Text(_), None) if node.is_mapping() => node
            .entries()
            .next()
            .filter(|(_, value)| value.span().is_empty())
            .and_then(|(key, _)| Some(format!("put it in quotes: \"{{{}}}\"", key.as_str()?))),
        (Shape::Map(_), _) if shape.example() != "{}" => Some(format!("write {}", shape.example())),
        _ => None,
    }
}

/// About a key that is not of this map.
pub(super) fn unknown(name: &str, near: Option<&str>, map: &'static Map) -> Complaint {
    let message = format!("{} is not a key of {}", quoted(name), map.one);
    if let Some(near) = near {
        return Complaint::new(message, format!("did you mean `{near}`?"));
    }
    let elsewhere = keys::paths_of(name);
    let help = match &elsewhere[..] {
        [] => {
            let known: Vec<_> = map.keys.iter().map(|key| key.name).collect();
            format!("the keys here are {}", known.join(", "))
        }
        // what stands in many places says nothing about which is meant
        [_] | [_, _] => {
            let places = elsewhere.iter().map(|place| format!("`{place}`"));
            format!("it belongs in {}", alternatives(places))
        }
        _ => "it is known elsewhere in the file, not here".to_owned(),
    };
    Complaint::new(message, help)
}
