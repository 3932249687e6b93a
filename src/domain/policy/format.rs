//! The forms that texts of a configuration have: what each is called, looks like, and how it is checked.
//!
//! It does not know which key has which form.

mod forms;

use forms::{
    app, branch, field, files, kind, kubernetes, pointer, resource, rule, server, text, url,
};

use super::application::Template;
use super::shape::Format;
use super::time::{Weekly, parse_cron, parse_date, parse_zone};
use super::value::{Complaint, Glob, Label, Overlay, Pattern, Principal, Span};
use crate::model::ids::{AppName, EnvName, Login, RepoName, TargetName};

type Checked = Result<(), Complaint>;

const fn format(
    one: &'static str,
    many: &'static str,
    example: &'static str,
    check: fn(&str, &RepoName) -> Checked,
) -> Format {
    Format { one, many, pattern: None, example, weight: 1, check }
}

const fn weighing(weight: usize, format: Format) -> Format {
    Format { weight, ..format }
}

const fn pattern(format: Format, pattern: &'static str) -> Format {
    Format { pattern: Some(pattern), ..format }
}

pub(super) const ENVIRONMENT: Format = pattern(
    format("an environment's name", "environments' names", "staging", |text, _| {
        Ok(EnvName::new(text).map(drop)?)
    }),
    "^[A-Za-z0-9]([A-Za-z0-9._-]{0,28}[A-Za-z0-9])?$",
);
pub(super) const APPLICATION: Format = pattern(
    format("an application's name", "applications' names", "shop", |text, _| {
        Ok(AppName::new(text).map(drop)?)
    }),
    "^[A-Za-z0-9]([A-Za-z0-9._-]{0,58}[A-Za-z0-9])?$",
);
pub(super) const TARGET: Format = pattern(
    format("a target's name", "targets' names", "eu", |text, _| {
        Ok(TargetName::new(text).map(drop)?)
    }),
    "^[A-Za-z0-9]([A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$",
);
pub(super) const REPOSITORY: Format = pattern(
    format("a repository", "repositories", "acme/shop", |text, _| {
        Ok(RepoName::new(text).map(drop)?)
    }),
    "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$",
);
pub(super) const BOT: Format =
    format("a bot's login", "bots' logins", "\"renovate[bot]\"", |text, _| {
        Ok(Login::new(text).map(drop)?)
    });
pub(super) const PRINCIPAL: Format =
    format("a login, team or role", "logins, teams and roles", "\"@acme/qa\"", |text, home| {
        Principal::parse(text)?.of(home)
    });
pub(super) const LABEL: Format =
    format("a label", "labels", "qa-approved", |text, _| Label::parse(text).map(drop));
pub(super) const DURATION: Format = pattern(
    format("a duration", "durations", "24h", |text, _| Span::parse(text).map(drop)),
    "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
);
pub(super) const CRON: Format = weighing(
    50,
    format("a schedule", "schedules", "\"0 2 * * *\"", |text, _| parse_cron(text).map(drop)),
);
pub(super) const ZONE: Format = weighing(
    20,
    format("a time zone", "time zones", "Europe/Berlin", |text, _| parse_zone(text).map(drop)),
);
pub(super) const DATE: Format = pattern(
    format("a date", "dates", "2026-12-20", |text, _| parse_date(text).map(drop)),
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
);
pub(super) const WEEKLY: Format = weighing(
    20,
    format(
        "a window of the week",
        "windows of the week",
        "\"Fri 16:00 - Mon 08:00 Europe/Berlin\"",
        |text, _| Weekly::parse(text).map(drop),
    ),
);
pub(super) const GLOB: Format =
    weighing(8, format("a glob", "globs", "\"v*\"", |text, _| Glob::build(text).map(drop)));
pub(super) const IMAGE: Format = weighing(
    8,
    format("an image's name or glob", "images' names or globs", "cartservice", |text, _| {
        Glob::build(text).map(drop)
    }),
);
pub(super) const CHECK: Format = weighing(
    8,
    format("a check's name or glob", "checks' names or globs", "\"ci / *\"", |text, _| {
        Glob::build(text).map(drop)
    }),
);
pub(super) const FILES: Format = weighing(
    8,
    format("a path or glob of files", "paths and globs of files", "schemas/*.json", files),
);
pub(super) const OVERLAY: Format =
    format("a folder", "folders", "kustomize/staging", |text, _| Overlay::parse(text).map(drop));
pub(super) const TEMPLATE: Format =
    format("an image tag", "image tags", "\"{tag}\"", |text, _| Template::parse(text).map(drop));
pub(super) const PATTERN: Format = weighing(
    200,
    format("a regular expression", "regular expressions", "\"CHG-[0-9]+\"", |text, _| {
        Pattern::parse(text).map(drop)
    }),
);
pub(super) const VALUE: Format = weighing(
    200,
    format(
        "a regular expression with one group",
        "regular expressions with one group",
        "\"([0-9.]+)%\"",
        |text, _| Pattern::parse_value(text).map(drop),
    ),
);
pub(super) const KUBERNETES: Format = pattern(
    format("a Kubernetes version", "Kubernetes versions", "\"1.33\"", kubernetes),
    "^1\\.[0-9]{1,2}$",
);
pub(super) const URL: Format = pattern(
    format("an https address", "https addresses", "\"https://itsm.acme.io/api/{ticket}\"", url),
    "^https://[^/]+/.*\\{ticket\\}",
);
pub(super) const POINTER: Format =
    pattern(format("a JSON pointer", "JSON pointers", "/state", pointer), "^(/[^/]*)+$");
pub(super) const BRANCH: Format = format("a branch", "branches", "main", branch);
pub(super) const SERVER: Format = pattern(
    format("the name of a server", "names of servers", "main", server),
    "^[A-Za-z0-9][A-Za-z0-9_-]*$",
);
pub(super) const RESOURCE: Format = pattern(
    format(
        "the name of an Argo CD Application",
        "names of Argo CD Applications",
        "prod-shop",
        resource,
    ),
    "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
);
pub(super) const APP: Format = pattern(
    format("the short name of an App", "short names of Apps", "codecov", app),
    "^[a-z0-9]+(-[a-z0-9]+)*$",
);
pub(super) const RULE: Format = pattern(
    format("a rule's name", "rules' names", "latest-tag", rule),
    "^[a-z0-9]+(-[a-z0-9]+)*$",
);
pub(super) const KIND: Format = pattern(
    format("a kind of object", "kinds of objects", "Deployment", kind),
    "^[A-Z][A-Za-z0-9]*$",
);
pub(super) const FIELD: Format = format("a field", "fields", "spec.replicas", field);
pub(super) const TEXT: Format = format("a text", "texts", "\"year end\"", text);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &Format, text: &str) -> Checked {
        (format.check)(text, &RepoName::new("acme/shop").unwrap())
    }

    fn table(format: &Format, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(format, text), Ok(()), "{text:?} as {}", format.one);
        }
        for text in bad.iter().chain(&[""]) {
            assert!(check(format, text).is_err(), "{text:?} as {}", format.one);
        }
    }

    #[test]
    fn addresses_have_a_host_and_a_ticket() {
        table(
            &URL,
            &["https://itsm.acme.io/api/{ticket}", "https://h:8443/x?id={ticket}"],
            &[
                "http://itsm.acme.io/{ticket}",
                "https://itsm.acme.io/api",
                "https:///{ticket}",
                "https://{ticket}.acme.io/",
                "https://user@acme.io/{ticket}",
                "https://a..b/{ticket}",
                "https://h/{ticket}/{other}",
                "https://h/{ticket} x",
                "https://h:x/{ticket}",
            ],
        );
    }

    #[test]
    fn kubernetes_versions_have_two_numbers() {
        table(
            &KUBERNETES,
            &["1.30", "1.25"],
            &["1", "1.9", "1.99", "v1.30", "1.30.2", "2.1", "1.300", "1.x", "latest"],
        );
    }

    #[test]
    fn servers_are_names_and_never_addresses() {
        table(
            &SERVER,
            &["main", "eu_1"],
            &["https://argocd.acme.io", "argocd.acme.io", "10.0.0.1", "a b"],
        );
        table(&RESOURCE, &["prod-shop"], &["Prod", "-x", "x/y", "x."]);
    }

    #[test]
    fn branches_follow_git() {
        table(
            &BRANCH,
            &["main", "release/1.x"],
            &["refs/heads/main", "a..b", "a b", "-x", "x.lock", "a//b", "x~1"],
        );
    }

    #[test]
    fn small_names() {
        table(&POINTER, &["/state", "/a/b"], &["state", "$.state"]);
        table(&RULE, &["latest-tag"], &["Latest", "a--b", "a b"]);
        table(&KIND, &["Deployment"], &["deployment", "apps/Deployment"]);
        table(&FIELD, &["spec.replicas"], &["a b", ".spec", "a..b"]);
        table(&FILES, &["schemas/*.json"], &["/etc/*", "../x", "a/[", "a\\b"]);
        table(
            &DURATION,
            &["30m", "24h", "2h", "1d12h", "1w", "90s"],
            &["30", "0m", "1h1d", "1h1h", "-1h", "1.5h", "1y", "54w", "h", "99999999999999999999h"],
        );
    }

    #[test]
    fn examples_are_what_they_are_examples_of() {
        for format in [
            &ENVIRONMENT,
            &APPLICATION,
            &TARGET,
            &REPOSITORY,
            &BOT,
            &PRINCIPAL,
            &LABEL,
            &DURATION,
            &CRON,
            &ZONE,
            &DATE,
            &WEEKLY,
            &GLOB,
            &IMAGE,
            &CHECK,
            &IMAGE,
            &CHECK,
            &FILES,
            &OVERLAY,
            &TEMPLATE,
            &PATTERN,
            &VALUE,
            &KUBERNETES,
            &URL,
            &POINTER,
            &BRANCH,
            &SERVER,
            &RESOURCE,
            &APP,
            &RULE,
            &KIND,
            &FIELD,
            &TEXT,
        ] {
            let example = format.example.trim_matches('"');
            assert_eq!(check(format, example), Ok(()), "{}", format.one);
            if let Some(pattern) = format.pattern {
                assert!(regex::Regex::new(pattern).unwrap().is_match(example), "{}", format.one);
            }
        }
    }
}
