//! The keys of the gates, and of who may override them.
//!
//! It knows how gates are configured, not how they judge.

use super::{DURATION, PEOPLE};
use crate::domain::policy::format;
use crate::domain::policy::shape::{Format, Key, List, Map, Names, Shape};
use crate::domain::policy::value::{Complaint, quoted};

pub(super) const GATES_MAP: Shape = Shape::Map(&Map {
    one: "gates",
    keys: &[
        Key::new(
            "checks",
            Shape::List(&List { of: Shape::Text(&format::CHECK), least: 1, most: 100 }),
            "Checks and statuses that must be green on the promotion's pull request.",
        ),
        Key::new(
            "release",
            EXPECTATIONS,
            "Checks and statuses that must be green on the release's own commit.",
        ),
        Key::new(
            "reviewed",
            Shape::Bool,
            "Every commit since the running version came by an approved pull request.",
        )
        .or("false"),
        Key::new(
            "verified",
            EXPECTATIONS,
            "Checks, statuses, deployments and manual verifications in the environment before, after the version ran there.",
        ),
        Key::new(
            "soak",
            DURATION,
            "How long the version has to run whole in the environment before.",
        ),
        Key::new("health", Shape::Bool, "Argo CD reports what runs as healthy.").or("false"),
        Key::new("drift", Shape::Bool, "Nothing but promotions has changed what runs.").or("false"),
        Key::new(
            "artifacts",
            Shape::Either(&[Shape::Choice(&["off"]), ARTIFACTS]),
            "Every image is in its registry.",
        )
        .or("(on for registries that the operator configured)"),
        Key::new("ticket", TICKET, "A change ticket is named, and approved."),
        Key::new("parity", PARITY, "The environment differs from another only where it may."),
        Key::new("freeze", FREEZE, "The calendar does not forbid it."),
    ],
});

const EXPECTATIONS: Shape = Shape::List(&List {
    of: Shape::Either(&[Shape::Text(&format::CHECK), EXPECTATION]),
    least: 1,
    most: 100,
});

const EXPECTATION: Shape = Shape::Map(&Map {
    one: "an expected check",
    keys: &[
        Key::new("check", Shape::Text(&format::CHECK), "The check's name or a glob.").required(),
        Key::new("app", Shape::Text(&format::APP), "The App that has to report it.").or("(any)"),
        Key::new(
            "value",
            Shape::Text(&format::VALUE),
            "A regular expression whose one group catches a number in the check's output.",
        ),
        Key::new("at_least", Shape::Number, "The least that the number may be."),
        Key::new("at_most", Shape::Number, "The most that the number may be."),
        Key::new("or", Shape::Text(&format::LABEL), "An approval that does instead."),
    ],
});

const ARTIFACTS: Shape = Shape::Map(&Map {
    one: "what images need",
    keys: &[Key::new(
        "same_digest",
        Shape::Bool,
        "The digest is the one that ran in the environment before.",
    )
    .or("false")],
});

const TICKET: Shape = Shape::Map(&Map {
    one: "a change ticket",
    keys: &[
        Key::new("pattern", Shape::Text(&format::PATTERN), "What a ticket's name looks like.")
            .required(),
        Key::new("status", TICKET_STATUS, "Where to ask whether it is approved.").or("(not asked)"),
    ],
});

const TICKET_STATUS: Shape = Shape::Map(&Map {
    one: "where to ask for a ticket",
    keys: &[
        Key::new("url", Shape::Text(&format::URL), "The address, with `{ticket}`.").required(),
        Key::new(
            "json",
            Shape::Text(&format::POINTER),
            "Where the answer says it, as a JSON pointer.",
        )
        .required(),
        Key::new(
            "equals",
            Shape::Text(&format::TEXT),
            "What it says there when the ticket is approved.",
        )
        .required(),
    ],
});

const PARITY: Shape = Shape::Map(&Map {
    one: "parity",
    keys: &[
        Key::new("with", Shape::Text(&format::ENVIRONMENT), "The other environment.").required(),
        Key::new(
            "allow",
            Shape::Either(&[
                Shape::List(&List {
                    of: Shape::Choice(&["images", "replicas", "resources"]),
                    least: 0,
                    most: 10,
                }),
                Shape::Names(&Names {
                    many: "fields by kind",
                    name: &format::KIND,
                    of: Shape::List(&List { of: Shape::Text(&format::FIELD), least: 1, most: 100 }),
                    most: 100,
                }),
            ]),
            "Where they may differ: in these, or in fields by kind of object.",
        )
        .or("[]"),
    ],
});

const FREEZE: Shape = Shape::Map(&Map {
    one: "a freeze",
    keys: &[
        Key::new(
            "windows",
            Shape::List(&List {
                of: Shape::Either(&[Shape::Text(&format::WEEKLY), DAYS]),
                least: 1,
                most: 100,
            }),
            "When nothing moves: stretches of the week, or days of the calendar.",
        )
        .required(),
        Key::new("exempt", EXEMPT, "What may move all the same.").or("(nothing)"),
    ],
});

const DAYS: Shape = Shape::Map(&Map {
    one: "days of the calendar",
    keys: &[
        Key::new("from", Shape::Text(&format::DATE), "The first day, in UTC.").required(),
        Key::new("to", Shape::Text(&format::DATE), "The last day, in UTC.").required(),
        Key::new("reason", Shape::Text(&format::TEXT), "Why nothing moves."),
    ],
});

const EXEMPT: Shape = Shape::Map(&Map {
    one: "an exemption",
    keys: &[
        Key::new("label", Shape::Text(&format::LABEL), "The label that exempts.").required(),
        Key::new("by", PEOPLE, "Who may give it.").required(),
    ],
});

pub(super) const OVERRIDES: Shape = Shape::Either(&[
    PEOPLE,
    Shape::Names(&Names { many: "people by gate", name: &GATE, of: PEOPLE, most: 20 }),
]);

const GATE: Format = Format {
    one: "a gate",
    many: "gates",
    pattern: None,
    example: "soak",
    weight: 1,
    check: |text, _| {
        // what `/override` takes besides gates
        if super::GATES.contains(&text) || text == "bad-version" {
            return Ok(());
        }
        let near = crate::domain::policy::problem::nearest(text, super::GATES.iter().copied());
        Err(Complaint::new(
            format!("{} is not a gate", quoted(text)),
            match near {
                Some(gate) => format!("did you mean `{gate}`?"),
                None => format!("the gates are {}", super::GATES.join(", ")),
            },
        ))
    },
};
