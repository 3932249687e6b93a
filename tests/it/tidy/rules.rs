//! The house rules as functions: a file's name and text in, its offences with their lines out.
//! Knows nothing of where files are; each rule is tried below on text that breaks it.

use std::collections::BTreeSet;

use super::tokens::{Token, find_paths, parse_tokens};

/// Which top-level module may name which others, in layer order; each may always name itself.
const LAYERS: &str = "
    model: fault
    fault: model
    intent: model fault
    kustomize: model fault
    kubernetes: model fault kustomize
    domain: model fault intent kustomize kubernetes
    github: model fault
    reach: model fault
    argocd: model fault reach
    registry: model fault reach
    tickets: model fault reach
    disk: model fault
    local_git: model fault
    real_kustomize: model fault
    store: model fault
    world: model fault github argocd registry tickets disk real_kustomize store
    worker: model fault intent kustomize kubernetes domain github argocd registry tickets disk real_kustomize store world
    web: model fault domain github store world
    sandbox:
    settings: model fault intent kustomize kubernetes domain reach github argocd registry tickets disk real_kustomize store world worker web
    app: model fault intent kustomize kubernetes domain reach github argocd registry tickets disk real_kustomize store world worker web settings
    cli: model fault intent kustomize kubernetes domain reach github argocd registry tickets disk local_git real_kustomize store world worker web sandbox settings app
    main: model fault domain settings app cli
    lib:
";

/// Modules that compute and do nothing else.
const PURE: &[&str] = &["intent", "kustomize", "kubernetes", "domain"];

/// What a pure module may not name: the world outside.
const OUTSIDE: &[&str] = &[
    "tokio",
    "octocrab",
    "sqlx",
    "axum",
    "reqwest",
    "tracing",
    "getrandom",
    "rand",
    "futures_util",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "Timestamp::now",
    "Zoned::now",
    "Instant::now",
    "SystemTime::now",
];

/// What tests of pure modules may name besides: they read fixtures.
const FIXTURES: &str = "std::fs";

const MOST_LINES: usize = 600;

fn is_test(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// Paths that lead to a module which this file may not name, and outside names in pure modules.
pub(super) fn check_layers(file: &str, text: &str) -> Vec<String> {
    let Some(module) = module_of(file) else {
        return Vec::new();
    };
    let Some(allowed) = allowed_for(&module[0]) else {
        return vec![format!("{file}:1: `{}` is not in the layer table", module[0])];
    };
    let tokens = parse_tokens(text);
    let pure = PURE.contains(&module[0].as_str());
    let mut offences = Vec::new();
    for path in find_paths(&tokens) {
        if let Some(named) = top_level_module(&module, &path.segments)
            && named != module[0]
            && !allowed.contains(&named)
        {
            offences.push(format!("{file}:{}: `{}` may not name `{named}`", path.line, module[0]));
        }
        if pure {
            let written = path.segments.join("::");
            let outside = OUTSIDE
                .iter()
                .filter(|name| !(is_test(file) && **name == FIXTURES))
                .find(|name| written == **name || written.starts_with(&format!("{name}::")));
            if let Some(outside) = outside {
                offences.push(format!(
                    "{file}:{}: `{}` is pure and may not name `{outside}`",
                    path.line, module[0]
                ));
            }
        }
    }
    if pure {
        let asynchronous = tokens.iter().filter(|token| matches!(token.text, "async" | "await"));
        offences.extend(asynchronous.map(|token| {
            format!("{file}:{}: `{}` is pure and may not be async", token.line, module[0])
        }));
    }
    offences
}

/// Attributes and macros that leave something undone or unseen.
pub(super) fn check_words(file: &str, text: &str) -> Vec<String> {
    let tokens = parse_tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut offences = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let attribute = at > 0 && word(at - 1) == "[";
        let offence = match (token.text, word(at + 1)) {
            ("ignore", _) if attribute => "a test may not be ignored",
            ("allow", "(") if attribute => "`allow` hides a lint; `expect` with a reason",
            ("todo" | "unimplemented", "!") => "nothing is left undone",
            ("cfg" | "cfg_attr", "(" | "!")
                if names_test(&tokens, at + 1) && !is_tests_module(&tokens, at) =>
            {
                "`cfg(test)` only on `mod tests`: production and tests run the same code"
            }
            _ => continue,
        };
        offences.push(format!("{file}:{}: {offence}", token.line));
    }
    offences
}

/// A file opens with what it knows, and is short enough to be read.
pub(super) fn check_shape(file: &str, text: &str) -> Vec<String> {
    let mut offences = Vec::new();
    if !text.starts_with("//! ") {
        offences.push(format!(
            "{file}:1: a file opens with `//!`: what it knows, and what it does not"
        ));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        offences.push(format!(
            "{file}:{lines}: {lines} lines; {MOST_LINES} are the most, data goes into data files"
        ));
    }
    offences
}

/// Paths that exist on one machine only.
pub(super) fn check_paths(file: &str, text: &str) -> Vec<String> {
    let homes = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut offences = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for home in homes {
            let absolute = line.match_indices(home).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|character| {
                    character.is_whitespace() || "\"'`=(:<,".contains(character)
                })
            });
            if absolute {
                offences.push(format!("{file}:{}: `{home}…` is a path of one machine", number + 1));
            }
        }
    }
    offences
}

/// Folders of fixtures that nothing reads.
pub(super) fn check_fixtures(folders: &BTreeSet<String>, sources: &[String]) -> Vec<String> {
    let unused = folders.iter().filter(|folder| {
        let name = format!("fixtures/{folder}");
        !sources.iter().any(|source| source.contains(&name))
    });
    unused.map(|folder| format!("fixtures/{folder}: no test names it")).collect()
}

fn allowed_for(module: &str) -> Option<Vec<&'static str>> {
    let mut lines = LAYERS.lines().filter_map(|line| line.trim().split_once(':'));
    lines.find(|(name, _)| *name == module).map(|(_, allowed)| allowed.split_whitespace().collect())
}

/// `src/domain/gates/soak.rs` is `domain::gates::soak`.
fn module_of(file: &str) -> Option<Vec<String>> {
    let inner = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "mod") {
        segments.pop();
    }
    Some(segments)
}

/// The top-level module that a path leads to, when it starts at the crate's root or climbs up to it.
fn top_level_module<'a>(module: &[String], segments: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = segments.split_first()?;
    match *first {
        "crate" => rest.first().copied(),
        "usher" if module[0] == "main" => rest.first().copied(),
        "self" | "super" => {
            let climbs = segments.iter().filter(|segment| **segment == "super").count();
            let named = segments.iter().find(|segment| !matches!(**segment, "super" | "self"))?;
            (climbs >= module.len() && allowed_for(named).is_some()).then_some(*named)
        }
        _ => None,
    }
}

/// Whether the parentheses after a `cfg` speak of `test`.
fn names_test(tokens: &[Token<'_>], from: usize) -> bool {
    let open = from + usize::from(tokens.get(from).is_some_and(|token| token.text == "!"));
    tokens[open..close_of(tokens, open)].iter().any(|token| token.text == "test")
}

/// Whether the attribute with this `cfg` stands, among other attributes, before `mod tests`.
fn is_tests_module(tokens: &[Token<'_>], cfg: usize) -> bool {
    let plain =
        tokens[cfg..].iter().take(5).map(|token| token.text).eq(["cfg", "(", "test", ")", "]"]);
    let mut at = cfg + 5;
    while tokens.get(at).is_some_and(|token| token.text == "#") {
        at = close_of(tokens, at + 1) + 1;
    }
    if tokens.get(at).is_some_and(|token| token.text == "pub") {
        at += 1;
        if tokens.get(at).is_some_and(|token| token.text == "(") {
            at = close_of(tokens, at) + 1;
        }
    }
    let follows = tokens[at.min(tokens.len())..].iter().take(2).map(|token| token.text);
    plain && follows.eq(["mod", "tests"])
}

/// Where the bracket that opens at `open` is closed.
fn close_of(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

mod tests {
    use super::*;

    #[test]
    fn layers_name_the_offending_line() {
        let text = "//! x\nuse crate::model::Sha;\nuse crate::{fault::Fault, store::{Store}};\n";
        assert_eq!(
            check_layers("src/domain/gates/soak.rs", text),
            ["src/domain/gates/soak.rs:3: `domain` may not name `store`"]
        );
        assert_eq!(check_layers("src/worker/run.rs", text), Vec::<String>::new());
        assert_eq!(check_layers("src/sandbox/rest.rs", "fn f(x: crate::model::Sha) {}").len(), 1);
        assert_eq!(check_layers("src/github/mod.rs", "use super::store::Store;").len(), 1);
        assert_eq!(
            check_layers("src/github/read.rs", "use super::super::domain::X; use super::store::Y;")
                .len(),
            1
        );
        assert_eq!(check_layers("src/world.rs", "use crate::*;").len(), 1);
        assert_eq!(check_layers("src/helpers.rs", "").len(), 1);
        assert_eq!(check_layers("src/main.rs", "use usher::cli;"), Vec::<String>::new());
    }

    #[test]
    fn layers_read_code_and_not_prose() {
        let text = "//! [`crate::store`]\n// crate::web\nconst A: &str = \"crate::app tokio::spawn\";\npub(crate) fn a() {}\n";
        assert_eq!(check_layers("src/intent/mod.rs", text), Vec::<String>::new());
    }

    #[test]
    fn pure_modules_meet_nobody() {
        for text in [
            "use tokio;",
            "use tokio::sync::Mutex;",
            "use std::{collections::BTreeMap, fs};",
            "fn f() { std::env::var(\"A\"); }",
            "async fn f() {}",
            "fn f() { tracing::info!(\"x\"); }",
            "use std::time::{Duration, Instant};",
            "fn f() { jiff::Timestamp::now(); }",
        ] {
            assert_eq!(check_layers("src/domain/promote.rs", text).len(), 1, "{text}");
            assert_eq!(check_layers("src/store/jobs.rs", text).len(), 0, "{text}");
        }
        let reads = "use std::fs;";
        assert_eq!(check_layers("src/domain/policy/read.rs", reads).len(), 1);
        assert_eq!(check_layers("src/domain/policy/tests.rs", reads), Vec::<String>::new());
        assert_eq!(
            check_layers("src/domain/promote.rs", "use std::time::Duration; use std::fmt;"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn words_that_hide_or_leave_undone() {
        for text in [
            "#[ignore] fn f() {}",
            "#[ignore = \"slow\"] fn f() {}",
            "#[allow(dead_code)] fn f() {}",
            "#![allow(dead_code)]",
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"later\") }",
            "#[cfg(test)] fn f() {}",
            "#[cfg(any(test, debug_assertions))] mod tests {}",
            "#[cfg(not(test))] mod real {}",
            "fn f() { if cfg!(test) {} }",
            "#[cfg_attr(test, derive(Debug))] struct A;",
            "#[cfg(test)] mod helpers {}",
            "#[cfg(test)] pub(crate) fn tests() {}",
            "#[cfg(test)]",
        ] {
            assert_eq!(check_words("src/a.rs", text).len(), 1, "{text}");
        }
        for text in [
            "#[cfg(test)]\nmod tests {}",
            "#[cfg(test)] pub(in crate::a) mod tests {}",
            "#[cfg(test)] #[expect(clippy::panic, reason = \"a (test\")] mod tests {}",
            "#[cfg(unix)] fn f() {}",
            "fn ignore() {} fn allow(todo: bool) {}",
            "// todo!() and #[ignore]\nconst A: &str = \"#[allow(x)]\";",
        ] {
            assert_eq!(check_words("src/a.rs", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn shape_path_and_fixtures() {
        assert_eq!(check_shape("src/a.rs", "use b;\n").len(), 1);
        assert_eq!(
            check_shape("src/a.rs", &format!("//! x\n{}", "\n".repeat(MOST_LINES))).len(),
            1
        );
        assert_eq!(check_shape("src/a.rs", "//! x\n"), Vec::<String>::new());
        let home = concat!("/ro", "ot/");
        assert_eq!(
            check_paths("README.md", &format!("a\ncd {home}x")),
            [format!("README.md:2: `{home}…` is a path of one machine")]
        );
        assert_eq!(
            check_paths("README.md", &format!("https://example.org{home}x")),
            Vec::<String>::new()
        );
        let folders = BTreeSet::from(["overlays".to_owned(), "webhooks".to_owned()]);
        assert_eq!(
            check_fixtures(&folders, &["\"fixtures/webhooks/push.json\"".to_owned()]),
            ["fixtures/overlays: no test names it"]
        );
    }
}
