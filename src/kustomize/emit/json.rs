//! Knows what an object is as JSON: what is printed, before it is YAML again, and what a cluster would be sent.

use serde_json::Value as Json;

use super::number::{self, as_json};
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Content, Key, Value};

/// The value as JSON.
///
/// # Errors
/// When JSON has no word for something in it, as with [`print`](super::print).
pub fn to_json(value: &Value) -> Result<Json, Problem> {
    Ok(match &value.content {
        Content::Map(map) => {
            let entry = |(key, value): (&Key, &Value)| Ok((key.text.to_string(), to_json(value)?));
            Json::Object(map.iter().map(entry).collect::<Result<_, Problem>>()?)
        }
        Content::List(list) => Json::Array(list.iter().map(to_json).collect::<Result<_, _>>()?),
        Content::Scalar(scalar) => {
            let wrong = |message: String| Problem::new(message, value.place);
            match as_json(scalar).map_err(wrong)? {
                number::Json::Text(text) => Json::String(text),
                number::Json::Bare(text) => serde_json::from_str(&text).map_err(|_error| {
                    wrong(format!("{text} is no number that JSON has a word for"))
                })?,
            }
        }
    })
}
