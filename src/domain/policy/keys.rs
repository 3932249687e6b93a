//! Every key of the configuration: the one table that reader, schema and reference follow.
//!
//! It knows single keys; how they bear on each other is checked in [`super::refer`].

mod environment;
mod gates;

use super::format;
use super::shape::{Enforced, Key, List, Map, Names, Shape};

/// The whole file.
pub(super) static ROOT: Shape = Shape::Map(&Map {
    one: "a configuration",
    keys: &[
        Key::new("version", Shape::Count(1, 1), "The version of this format.").required(),
        Key::new(
            "mode",
            Shape::Choice(&["enforce", "observe"]),
            "With `observe` checks only say what they would block, and nothing is merged.",
        )
        .or("enforce"),
        Key::new("admins", PEOPLE, "Who approves changes of this file.")
            .or("(administrators of the repository)"),
        Key::new(
            "bots",
            Shape::List(&List { of: Shape::Text(&format::BOT), least: 0, most: 100 }),
            "Bots whose comments may command, with their own permission.",
        )
        .or("[]"),
        Key::new("commands", COMMANDS, "How commands are written.").or("{}"),
        Key::new(
            "kubernetes",
            Shape::Text(&format::KUBERNETES),
            "The Kubernetes version whose schemas objects are validated against.",
        )
        .or("(the newest that is known)"),
        Key::new(
            "schemas",
            Shape::List(&List { of: Shape::Text(&format::FILES), least: 0, most: 100 }),
            "Files in this repository with schemas of custom resources.",
        )
        .or("[]"),
        Key::new("rules", RULES, "The severity of validation rules.").or("{}"),
        Key::new(
            "followers",
            Shape::List(&List { of: Shape::Text(&format::REPOSITORY), least: 0, most: 200 }),
            "Repositories of other owners that may follow releases of this one.",
        )
        .or("[]")
        .later(),
        Key::new(
            "commands_max_age",
            DURATION,
            "How old a command may be when Usher gets to read it.",
        )
        .or("30m"),
        Key::new(
            "applications",
            Shape::List(&List { of: APPLICATION, least: 1, most: 1_000 }),
            "What is released, and which images carry its version.",
        ),
        Key::new(
            "environments",
            Shape::List(&List { of: environment::ENVIRONMENT, least: 1, most: 200 }),
            "Where releases go; the order is the promotion path unless `after` says otherwise.",
        ),
    ],
});

const COMMANDS: Shape = Shape::Map(&Map {
    one: "how commands are written",
    keys: &[Key::new(
        "prefix",
        Shape::Choice(&["", "usher"]),
        "With `usher` only `/usher …` is a command, for repositories where other bots use the same words.",
    )
    .or("\"\"")],
});

const APPLICATION: Shape = Shape::Map(&Map {
    one: "an application",
    keys: &[
        Key::new(
            "name",
            Shape::Text(&format::APPLICATION),
            "Its name, also in branches and titles.",
        )
        .required(),
        Key::new(
            "source",
            Shape::Text(&format::REPOSITORY),
            "The repository whose releases are promoted.",
        )
        .or("(this repository)"),
        Key::new(
            "trigger",
            Shape::Either(&[Shape::Choice(&["release", "tag"]), TRIGGER]),
            "What counts as a release: a published release, a pushed tag, a branch's commits, or a branch at set times.",
        )
        .or("release")
        .enforced(Enforced::For(&["release", "tag"])),
        Key::new(
            "versions",
            Shape::Text(&format::GLOB),
            "Which tags are versions of this application.",
        )
        .or("(anything that reads as a version)"),
        Key::new(
            "scheme",
            Shape::Choice(&["semver", "calver"]),
            "How versions are read and compared: semantic (leniently: `v1.2`, `release-1.2.3`) or by calendar.",
        )
        .or("semver"),
        Key::new(
            "prereleases",
            Shape::List(&List { of: Shape::Text(&format::ENVIRONMENT), least: 0, most: 200 }),
            "The environments that take prereleases.",
        )
        .or("[]"),
        Key::new(
            "images",
            Shape::List(&List { of: Shape::Text(&format::IMAGE), least: 1, most: 200 }),
            "Which entries under `images:` of a kustomization carry the version; `[\"*\"]` for all.",
        )
        .required(),
        Key::new(
            "tag",
            Shape::Text(&format::TEMPLATE),
            "What `newTag` becomes, from `{tag}` (v1.0.1), `{version}` (1.0.1), `{sha}` and `{sha7}`.",
        )
        .or("\"{tag}\""),
        Key::new("pin", Shape::Bool, "Whether the registry's digest is written too.")
            .or("false")
            .later(),
        Key::new(
            "hold_marker",
            HOLD_MARKER,
            "A text in front of a release's name, or of the tagged commit's message, that makes the release wait.",
        )
        .later(),
        Key::new(
            "migrations",
            Shape::Text(&format::FILES),
            "Database migrations in the source repository; turns the `migrations` gate on.",
        ),
    ],
});

const RULES: Shape = Shape::Names(&Names {
    many: "severities by rule",
    name: &format::RULE,
    of: Shape::Choice(&["error", "warning", "note", "off"]),
    most: 200,
});

const TRIGGER: Shape = Shape::Map(&Map {
    one: "a trigger",
    keys: &[
        Key::new("branch", Shape::Text(&format::BRANCH), "The branch whose commits are versions.")
            .required(),
        Key::new(
            "schedule",
            Shape::Text(&format::CRON),
            "When the branch's head becomes a version, in cron's five fields.",
        )
        .or("(at each push)"),
        Key::new("tz", Shape::Text(&format::ZONE), "The time zone of the schedule.").or("UTC"),
    ],
});

const HOLD_MARKER: Shape = Shape::Map(&Map {
    one: "a hold marker",
    keys: &[
        Key::new("text", Shape::Text(&format::TEXT), "The text.").required(),
        Key::new(
            "environments",
            Shape::List(&List { of: Shape::Text(&format::ENVIRONMENT), least: 1, most: 200 }),
            "Where such a release waits.",
        )
        .or("(environments without a successor)"),
    ],
});

/// The gates, by the names under which they are shown, overridden and configured.
pub(super) const GATES: &[&str] = &[
    "kustomize",
    "order",
    "scope",
    "artifacts",
    "checks",
    "release",
    "reviewed",
    "verified",
    "approvals",
    "reviews",
    "changes",
    "soak",
    "health",
    "drift",
    "parity",
    "migrations",
    "ticket",
    "hold",
    "lock",
    "freeze",
];

const DURATION: Shape = Shape::Text(&format::DURATION);

const PEOPLE: Shape =
    Shape::List(&List { of: Shape::Text(&format::PRINCIPAL), least: 1, most: 100 });

/// Calls `visit` with each key of the table and its path, as `environments[].gates.soak`, in reading order.
pub(super) fn walk(visit: &mut dyn FnMut(&str, &'static Key)) {
    descend(&ROOT, "", visit);
}

fn descend(shape: &Shape, path: &str, visit: &mut dyn FnMut(&str, &'static Key)) {
    match shape {
        Shape::Map(map) => {
            for key in map.keys {
                let path = match path {
                    "" => key.name.to_owned(),
                    path => format!("{path}.{}", key.name),
                };
                visit(&path, key);
                descend(&key.shape, &path, visit);
            }
        }
        Shape::List(list) => descend(&list.of, &format!("{path}[]"), visit),
        Shape::Names(names) => descend(&names.of, &format!("{path}.*"), visit),
        Shape::Either(shapes) => {
            for shape in *shapes {
                descend(shape, path, visit);
            }
        }
        Shape::Text(_) | Shape::Choice(_) | Shape::Bool | Shape::Count(..) | Shape::Number => {}
    }
}

/// The maps in which a key of that name stands.
pub(super) fn paths_of(name: &str) -> Vec<String> {
    let mut paths = Vec::new();
    walk(&mut |path, key| {
        if key.name == name {
            let parent = path.rsplit_once('.').map_or("the file itself", |(parent, _)| parent);
            paths.push(parent.to_owned());
        }
    });
    paths
}
