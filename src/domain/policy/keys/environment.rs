//! The keys of an environment.
//!
//! It knows nothing of gates but that there are some.

use super::gates::{GATES_MAP, OVERRIDES};
use super::{DURATION, GATES, PEOPLE, RULES};
use crate::domain::policy::format;
use crate::domain::policy::shape::{Key, List, Map, Names, Shape};

pub(super) const ENVIRONMENT: Shape = Shape::Map(&Map {
    one: "an environment",
    keys: &[
        Key::new(
            "name",
            Shape::Text(&format::ENVIRONMENT),
            "Its name, also in commands, branches and labels.",
        )
        .required(),
        Key::new(
            "overlay",
            Shape::Text(&format::OVERLAY),
            "Its Kustomize folder, which may hold `{application}`; or else `targets`.",
        ),
        Key::new(
            "targets",
            Shape::Names(&Names {
                many: "folders by target",
                name: &format::TARGET,
                of: Shape::Either(&[Shape::Text(&format::OVERLAY), TARGET]),
                most: 100,
            }),
            "Its Kustomize folders by name, where it has several (tenants, regions, clusters).",
        ),
        Key::new(
            "waves",
            Shape::List(&List {
                of: Shape::Either(&[
                    Shape::List(&List { of: Shape::Text(&format::TARGET), least: 1, most: 100 }),
                    WAVE,
                ]),
                least: 1,
                most: 100,
            }),
            "In which order targets are promoted, each wave by a pull request of its own.",
        )
        .or("(all targets at once)")
        .later(),
        Key::new(
            "approve",
            Shape::Choice(&["once", "each"]),
            "Whether the first wave's approvals cover later waves of the same plan.",
        )
        .or("once")
        .later(),
        Key::new(
            "promote",
            Shape::Choice(&["manual", "automatic"]),
            "Whether promotions open only on `/promote`, or as soon as they may.",
        )
        .or("manual"),
        Key::new(
            "merge",
            Shape::Choice(&["manual", "automatic"]),
            "Whether people merge promotions, or Usher does once all gates are passed.",
        )
        .or("manual"),
        Key::new(
            "method",
            Shape::Choice(&["squash", "merge", "rebase"]),
            "How Usher merges, where the branch has no merge queue.",
        )
        .or("squash"),
        Key::new(
            "after",
            Shape::List(&List { of: Shape::Text(&format::ENVIRONMENT), least: 0, most: 50 }),
            "The environments where a version has to run first; `[]` for none.",
        )
        .or("(the environment above)"),
        Key::new("trigger", SCHEDULE, "When an automatic promotion may open.")
            .or("(at once)")
            .later(),
        Key::new("promoters", PEOPLE, "Who may ask for promotions.").or("[write]"),
        Key::new(
            "approvals",
            Shape::List(&List { of: APPROVAL, least: 0, most: 20 }),
            "Labels that certain people have to give.",
        )
        .or("[]"),
        Key::new("reviews", REVIEWS, "How many approving reviews are needed, and whose.").or("0"),
        Key::new(
            "changes",
            CHANGES,
            "What pull requests need that change objects of this environment but not its promoted images.",
        ),
        Key::new("gates", GATES_MAP, "What has to be true before a promotion.").or("{}"),
        Key::new(
            "overrides",
            OVERRIDES,
            "Who may override gates with a reason, for all gates or gate by gate.",
        )
        .or("[]"),
        Key::new("rollback", ROLLBACK, "How this environment goes back."),
        Key::new("argocd", ARGOCD, "What deploys this environment."),
        Key::new("owners", OWNERS, "Who answers for this environment."),
        Key::new("rules", RULES, "The severity of validation rules where it is another one here.")
            .or("{}"),
        Key::new(
            "renamed_from",
            Shape::Text(&format::ENVIRONMENT),
            "What it was called before, so that its history goes on.",
        )
        .later(),
    ],
});

const TARGET: Shape = Shape::Map(&Map {
    one: "a target",
    keys: &[
        Key::new(
            "overlay",
            Shape::Text(&format::OVERLAY),
            "Its Kustomize folder, which may hold `{application}`.",
        )
        .required(),
        Key::new("argocd", ARGOCD, "What deploys this target."),
    ],
});

const WAVE: Shape = Shape::Map(&Map {
    one: "a wave",
    keys: &[
        Key::new(
            "targets",
            Shape::List(&List { of: Shape::Text(&format::TARGET), least: 1, most: 100 }),
            "The targets that are promoted together.",
        )
        .required(),
        Key::new("soak", DURATION, "How long they run before the next wave.").or("(no time)"),
        Key::new("health", Shape::Bool, "Whether they have to be healthy before the next wave.")
            .or("false"),
    ],
});

const SCHEDULE: Shape = Shape::Map(&Map {
    one: "a schedule",
    keys: &[
        Key::new("schedule", Shape::Text(&format::CRON), "The times, in cron's five fields.")
            .required(),
        Key::new("tz", Shape::Text(&format::ZONE), "The time zone of the schedule.").or("UTC"),
    ],
});

const APPROVAL: Shape = Shape::Map(&Map {
    one: "an approval",
    keys: &[
        Key::new("label", Shape::Text(&format::LABEL), "The label.").required(),
        Key::new("by", PEOPLE, "Who may give it.").required(),
        Key::new(
            "self",
            Shape::Bool,
            "Whether those with a hand in the promotion may give it, too.",
        )
        .or("false"),
    ],
});

const REVIEWS: Shape = Shape::Either(&[
    Shape::Count(0, 10),
    Shape::Map(&Map {
        one: "reviews",
        keys: &[
            Key::new("count", Shape::Count(0, 10), "How many.").required(),
            Key::new("by", PEOPLE, "Whose count.").or("[write]"),
        ],
    }),
]);

const CHANGES: Shape = Shape::Map(&Map {
    one: "what changes need",
    keys: &[
        Key::new("reviews", REVIEWS, "How many approving reviews are needed, and whose.").or("0")
    ],
});

const ROLLBACK: Shape = Shape::Map(&Map {
    one: "a rollback",
    keys: &[
        Key::new("by", PEOPLE, "Who may roll back, besides promoters.").or("(promoters)"),
        Key::new(
            "gates",
            Shape::List(&List { of: Shape::Choice(GATES), least: 0, most: 20 }),
            "The gates that a rollback has to pass.",
        )
        .or("[kustomize]"),
        Key::new(
            "within",
            Shape::Count(1, 100),
            "How many of the last versions it may go back to.",
        )
        .or("(any that ran there)"),
        Key::new("via", Shape::Text(&format::ENVIRONMENT), "The environment that goes back first.")
            .or("(none)"),
        Key::new(
            "argocd",
            Shape::Bool,
            "Whether Argo CD brings the live application back at once, also without `--argocd`.",
        )
        .or("false"),
        Key::new(
            "on",
            Shape::List(&List { of: Shape::Choice(&["health", "verified"]), least: 0, most: 2 }),
            "What opens a rollback by itself when it fails after a promotion.",
        )
        .or("[]"),
        Key::new("watch", DURATION, "How long after a promotion.").or("30m"),
    ],
});

const ARGOCD: Shape = Shape::Map(&Map {
    one: "an Argo CD Application",
    keys: &[
        Key::new(
            "server",
            Shape::Text(&format::SERVER),
            "The server's name in the operator's settings.",
        )
        .required(),
        Key::new("application", Shape::Text(&format::RESOURCE), "The Application's name there.")
            .required(),
    ],
});

const OWNERS: Shape = Shape::Map(&Map {
    one: "owners",
    keys: &[
        Key::new(
            "verification",
            Shape::Text(&format::PRINCIPAL),
            "Who verifies what was promoted.",
        ),
        Key::new("fallback", Shape::Text(&format::PRINCIPAL), "Who decides on the way back."),
    ],
});
