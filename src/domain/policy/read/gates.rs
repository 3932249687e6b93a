//! Builds the gates of an environment from values that have been checked.
//!
//! It complains about nothing by itself.

use super::{people, span, text, word};
use crate::domain::policy::check::{Content, Value};
use crate::domain::policy::gates::{
    Allowed, Artifacts, Exempt, Expectation, Gates, Parity, Ticket, TicketStatus,
};
use crate::domain::policy::value::{Complaint, Glob, Label, Pattern};
use crate::model::ids::EnvName;

/// The gates; those of an environment that configures none where there is no value.
pub(super) fn gates(value: Option<&Value<'_>>) -> Result<Gates, Complaint> {
    let within = |key: &str| value.and_then(|value| value.get(key));
    let is_true = |key: &str| value.is_some_and(|value| value.is_true(key));
    let expected = |key: &str| -> Result<Vec<Expectation>, Complaint> {
        value.map_or(&[][..], |value| value.list(key)).iter().map(expectation).collect()
    };
    let checks = within("checks").map_or(&[][..], Value::items);
    Ok(Gates {
        checks: checks.iter().filter_map(Value::text).map(Glob::parse).collect::<Result<_, _>>()?,
        release: expected("release")?,
        reviewed: is_true("reviewed"),
        verified: expected("verified")?,
        soak: value.map_or(Ok(None), |value| span(value, "soak"))?,
        health: is_true("health"),
        drift: is_true("drift"),
        artifacts: artifacts(within("artifacts")),
        ticket: within("ticket").map(ticket).transpose()?,
        parity: within("parity").map(parity).transpose()?,
        exempt: within("freeze").and_then(|freeze| freeze.get("exempt")).map(exempt).transpose()?,
    })
}

fn expectation(value: &Value<'_>) -> Result<Expectation, Complaint> {
    let number = |key: &str| match value.get(key).map(|value| &value.content) {
        Some(Content::Number(number)) => Some(*number),
        _ => None,
    };
    let check = value.text().unwrap_or_else(|| word(value, "check"));
    Ok(Expectation {
        check: Glob::parse(check)?,
        app: text(value, "app").map(ToOwned::to_owned),
        value: text(value, "value").map(Pattern::parse_value).transpose()?,
        at_least: number("at_least"),
        at_most: number("at_most"),
        or: text(value, "or").map(Label::parse).transpose()?,
    })
}

fn artifacts(value: Option<&Value<'_>>) -> Artifacts {
    Artifacts {
        present: value.and_then(Value::text) != Some("off"),
        same_digest: value.is_some_and(|value| value.is_true("same_digest")),
    }
}

fn ticket(value: &Value<'_>) -> Result<Ticket, Complaint> {
    let status = value.get("status").map(|status| TicketStatus {
        url: word(status, "url").to_owned(),
        json: word(status, "json").to_owned(),
        equals: word(status, "equals").to_owned(),
    });
    Ok(Ticket { pattern: Pattern::parse(word(value, "pattern"))?, status })
}

fn parity(value: &Value<'_>) -> Result<Parity, Complaint> {
    let allow = value.get("allow");
    let words = allow.map_or(&[][..], Value::items).iter().filter_map(Value::text);
    let fields = allow.map_or(&[][..], Value::names).iter().flat_map(|entry| {
        let fields = entry.value.items().iter().filter_map(Value::text);
        fields.map(|field| Allowed::Field { kind: entry.name.to_owned(), field: field.to_owned() })
    });
    Ok(Parity {
        with: EnvName::new(word(value, "with"))?,
        allow: words.map(|word| Allowed::Word(word.to_owned())).chain(fields).collect(),
    })
}

fn exempt(value: &Value<'_>) -> Result<Exempt, Complaint> {
    Ok(Exempt { label: Label::parse(word(value, "label"))?, by: people(value, "by")? })
}
