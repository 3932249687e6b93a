//! The forms of all commands: which words, which text and which flags each takes, and what it becomes.
//!
//! It does not know how a line is read.

use super::said::Said;
use crate::intent::command::Command;

/// How a command is said.
pub(super) struct Form {
    /// Its word.
    pub(super) word: &'static str,
    /// The words that follow it, as the table of commands calls them.
    pub(super) words: &'static [&'static str],
    /// How many of these it needs.
    pub(super) needed: usize,
    /// Whether the rest of the line is a text.
    pub(super) text: Text,
    /// The flags it takes.
    pub(super) flags: &'static [Flag],
    /// What it becomes, of what was said.
    pub(super) build: fn(Said) -> Command,
}

/// Whether the rest of a line is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// It is not.
    No,
    /// It may be empty.
    May,
    /// It may not; the table of commands calls it so.
    Must(&'static str),
}

/// A flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    App,
    Services,
    Targets,
    Ticket,
    DryRun,
    Argocd,
    Reason,
    For,
    Failed,
}

impl Flag {
    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::App => "--app",
            Self::Services => "--services",
            Self::Targets => "--targets",
            Self::Ticket => "--ticket",
            Self::DryRun => "--dry-run",
            Self::Argocd => "--argocd",
            Self::Reason => "--reason",
            Self::For => "--for",
            Self::Failed => "--failed",
        }
    }
}

const PLAIN: Form =
    Form { word: "", words: &[], needed: 0, text: Text::No, flags: &[], build: |_| Command::Help };

const PROMOTE: Form = Form {
    word: "promote",
    words: &["ENV", "VERSION"],
    needed: 1,
    flags: &[Flag::App, Flag::Services, Flag::Targets, Flag::Ticket, Flag::DryRun],
    build: |mut said| Command::Promote {
        environment: said.word(),
        version: said.next(),
        dry_run: said.has(Flag::DryRun),
        scope: said.scope,
        ticket: said.ticket,
    },
    ..PLAIN
};

/// Every command, in the order of the table.
pub(super) const FORMS: &[Form] = &[
    PROMOTE,
    Form {
        word: "plan",
        build: |said| match (PROMOTE.build)(said) {
            Command::Promote { environment, version, scope, ticket, dry_run: _ } => {
                Command::Promote { environment, version, scope, ticket, dry_run: true }
            }
            other => other,
        },
        ..PROMOTE
    },
    Form {
        word: "rollback",
        words: &["ENV", "VERSION"],
        flags: &[Flag::App, Flag::Services, Flag::Targets, Flag::Argocd, Flag::Reason],
        build: |mut said| Command::Rollback {
            environment: said.next(),
            version: said.next(),
            argocd: said.has(Flag::Argocd),
            reason: Some(said.text).filter(|reason| !reason.is_empty()),
            scope: said.scope,
        },
        ..PLAIN
    },
    Form {
        word: "status",
        words: &["ENV"],
        build: |mut said| Command::Status { environment: said.next() },
        ..PLAIN
    },
    Form {
        word: "diff",
        words: &["ENV"],
        build: |mut said| Command::Diff { environment: said.next() },
        ..PLAIN
    },
    Form { word: "validate", build: |_| Command::Validate, ..PLAIN },
    Form { word: "help", ..PLAIN },
    Form {
        word: "hold",
        text: Text::May,
        flags: &[Flag::App],
        build: |said| Command::Hold { text: said.text, application: said.scope.application },
        ..PLAIN
    },
    Form {
        word: "lock",
        words: &["ENV"],
        needed: 1,
        text: Text::May,
        flags: &[Flag::For],
        build: |mut said| Command::Lock {
            environment: said.word(),
            reason: said.text,
            seconds: said.seconds,
        },
    },
    Form {
        word: "unhold",
        words: &["ENV"],
        flags: &[Flag::App],
        build: |mut said| Command::Unhold {
            environment: said.next(),
            application: said.scope.application,
        },
        ..PLAIN
    },
    Form { word: "merge", build: |_| Command::Merge, ..PLAIN },
    Form {
        word: "unlock",
        words: &["ENV"],
        needed: 1,
        build: |mut said| Command::Unlock { environment: said.word() },
        ..PLAIN
    },
    Form {
        word: "approve",
        text: Text::Must("LABEL"),
        build: |said| Command::Approve { label: said.text },
        ..PLAIN
    },
    Form {
        word: "reject",
        words: &["VERSION"],
        needed: 1,
        text: Text::Must("reason"),
        flags: &[Flag::App],
        build: |mut said| Command::Reject {
            version: said.word(),
            reason: said.text,
            application: said.scope.application,
        },
    },
    Form {
        word: "verified",
        words: &["NAME"],
        needed: 1,
        flags: &[Flag::Failed],
        build: |mut said| Command::Verified { name: said.word(), failed: said.has(Flag::Failed) },
        ..PLAIN
    },
    Form {
        word: "ticket",
        words: &["ID"],
        needed: 1,
        build: |mut said| Command::Ticket { ticket: said.word() },
        ..PLAIN
    },
    Form {
        word: "override",
        words: &["GATE"],
        needed: 1,
        text: Text::Must("reason"),
        build: |mut said| Command::Override { gate: said.word(), reason: said.text },
        ..PLAIN
    },
    Form { word: "cancel", build: |_| Command::Cancel, ..PLAIN },
    Form { word: "retry", build: |_| Command::Retry, ..PLAIN },
];
