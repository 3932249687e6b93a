//! The fixtures of configurations against what is expected of them, and hostile files.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::shape::Shape;
use super::*;
use crate::kustomize::yaml::{self, Node};
use crate::model::ids::TargetName;

fn home() -> RepoName {
    RepoName::new("acme/microservices-demo").unwrap()
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policies").join(kind);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn said(result: &Result<Policy, Vec<Problem>>) -> String {
    let mut text = String::new();
    match result {
        Ok(policy) => {
            for note in policy.notes() {
                writeln!(text, "{}:{} {}: {}", note.line, note.column, note.path, note.message)
                    .unwrap();
            }
        }
        Err(problems) => {
            for problem in problems {
                let Problem { line, column, path, message, help } = problem;
                let help = help.as_deref().unwrap_or("-");
                writeln!(text, "{line}:{column} {path}: {message}\n    {help}").unwrap();
            }
        }
    }
    text
}

#[test]
fn fixtures_get_what_stands_beside_them() {
    let mut wrong = Vec::new();
    for kind in ["ok", "bad"] {
        for file in fixtures(kind) {
            let result = Policy::parse(&std::fs::read(&file).unwrap(), &home());
            assert_eq!(result.is_ok(), kind == "ok", "{}:\n{}", file.display(), said(&result));
            let beside = file.with_extension("expected");
            let expected = std::fs::read_to_string(&beside).unwrap_or_default();
            if said(&result) != expected {
                wrong.push(format!("{} should be:\n{}", beside.display(), said(&result)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The keys that are written in a file, by their path in the reference, with their nodes.
fn written<'a>(node: Node<'a>, shape: &Shape, path: &str, visit: &mut dyn FnMut(&str, Node<'a>)) {
    match shape {
        Shape::Map(map) if node.is_mapping() => {
            for (name, value) in node.entries() {
                let key = map.key(name.as_str().unwrap()).unwrap();
                let path = match path {
                    "" => key.name.to_owned(),
                    path => format!("{path}.{}", key.name),
                };
                visit(&path, name);
                written(value, &key.shape, &path, visit);
            }
        }
        Shape::List(list) => {
            let path = format!("{path}[]");
            node.items().for_each(|item| written(item, &list.of, &path, visit));
        }
        Shape::Names(names) => {
            let path = format!("{path}.*");
            node.entries().for_each(|(_, value)| written(value, &names.of, &path, visit));
        }
        Shape::Either(shapes) => {
            let fits = |shape: &&Shape| match shape {
                Shape::List(_) => node.is_sequence(),
                Shape::Map(_) | Shape::Names(_) => node.is_mapping(),
                _ => false,
            };
            if let Some(shape) = shapes.iter().find(fits) {
                written(node, shape, path, visit);
            }
        }
        _ => {}
    }
}

#[test]
fn the_fixtures_use_every_key() {
    let mut used = BTreeSet::new();
    for file in fixtures("ok") {
        let document = yaml::parse_one(&std::fs::read(&file).unwrap()).unwrap();
        written(document.root(), &keys::ROOT, "", &mut |path, _| {
            used.insert(path.to_owned());
        });
    }
    let known: BTreeSet<String> = reference().into_iter().map(|row| row.path).collect();
    assert_eq!(known.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn each_key_is_refused_where_it_is_misspelt() {
    let source = std::fs::read_to_string(&fixtures("ok")[1]).unwrap();
    let document = yaml::parse_one(source.as_bytes()).unwrap();
    let mut places = Vec::new();
    written(document.root(), &keys::ROOT, "", &mut |path, key| {
        places.push((path.to_owned(), key.span(), key.line(), key.column()));
    });
    assert!(places.len() > 100);
    for (path, span, line, column) in places {
        let mut bad = source.clone();
        bad.insert(span.end, 'x');
        let problems = Policy::parse(bad.as_bytes(), &home()).unwrap_err();
        let here = problems.iter().find(|problem| (problem.line, problem.column) == (line, column));
        let problem = here.unwrap_or_else(|| panic!("{path} at line {line}: {problems:?}"));
        assert!(problem.message.contains("is not a key of"), "{path}: {problem}");
    }
}

#[test]
fn each_required_key_is_missed() {
    keys::walk(&mut |path, key| {
        if key.required && !path.contains('.') {
            let problems = Policy::parse(b"mode: enforce", &home()).unwrap_err();
            let message = format!("needs the key `{}`", key.name);
            assert!(problems.iter().any(|problem| problem.message.contains(&message)), "{path}");
        }
    });
}

#[test]
fn what_is_not_written_has_its_default() {
    let policy = Policy::parse(
        b"version: 1\napplications: [{name: shop, images: [\"*\"]}]\nenvironments: [{name: qa, overlay: .}, {name: prod, overlay: 'deploy/{application}'}]",
        &home(),
    )
    .unwrap();
    assert!(policy.notes().is_empty());
    assert_eq!(policy.mode(), Mode::Enforce);
    assert_eq!(policy.commands_max_age().to_string(), "30m");
    let shop = &policy.applications()[0];
    assert_eq!(shop.source(), &home());
    assert!(matches!(shop.trigger(), Trigger::Release));
    assert!(shop.carries("ghcr.io/acme/anything"));
    let prod = policy.environment(&EnvName::new("prod").unwrap()).unwrap();
    assert_eq!(prod.after(), [EnvName::new("qa").unwrap()]);
    assert_eq!((prod.promote(), prod.merge()), (Mover::Manual, Mover::Manual));
    assert_eq!(prod.promoters(), [Principal::Role(Role::Write)]);
    assert_eq!(
        prod.targets_for(shop.name()),
        [(TargetName::new("prod").unwrap(), "deploy/shop".to_owned())]
    );
    assert_eq!(prod.waves().len(), 1);
    let qa = &policy.environments()[0];
    assert_eq!(qa.targets_for(shop.name())[0].1, "");
    assert!(qa.after().is_empty());
    assert_eq!(policy.automatic().count(), 0);
}

#[test]
fn everything_is_kept() {
    let source = std::fs::read(&fixtures("ok")[1]).unwrap();
    let policy = Policy::parse(&source, &home()).unwrap();
    let automatic: Vec<_> =
        policy.automatic().map(|environment| environment.name().as_str()).collect();
    assert_eq!(automatic, ["dev", "qa", "staging"]);
    let prod = policy.environments().last().unwrap();
    let targets: Vec<_> = prod.targets().iter().map(|target| target.name.as_str()).collect();
    assert_eq!(targets, ["canary", "eu", "us"]);
    assert_eq!(prod.waves().len(), 2);
    assert_eq!(prod.approvals()[1].label.as_str(), "pm-approved");
    assert_eq!(prod.approvals()[1].by[0].to_string(), "pat");
    assert_eq!(prod.windows().len(), 2);
    assert_eq!(prod.owners().fallback.as_ref().unwrap().to_string(), "@acme/sre");
    assert_eq!(prod.rollback().unwrap().within, Some(5));
    assert_eq!(prod.schedule().unwrap().to_string(), "0 2 * * * Europe/Berlin");
    let web = policy.application(&AppName::new("web").unwrap()).unwrap();
    assert!(matches!(web.trigger(), Trigger::Schedule { branch, .. } if branch == "main"));
    assert_eq!(policy.rules()["missing-key"], None);
}

/// Files that are dear to read, each near one megabyte.
#[test]
fn large_files_are_refused_and_not_chewed() {
    let many = |head: &str, item: &dyn Fn(usize) -> String, tail: &str| {
        let mut text = head.to_owned();
        for index in 0.. {
            let item = item(index);
            if text.len() + item.len() + tail.len() > 1_000_000 {
                return text + tail;
            }
            text.push_str(&item);
        }
        text
    };
    let anchors: String =
        (1..20).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let hostile = [
        many("version: 1\nbots: [", &|_| "a,".to_owned(), "]"),
        many("version: 1\nenvironments:\n", &|n| format!("- {{name: e{n}, overlay: o{n}}}\n"), ""),
        many(
            "version: 1\nenvironments:\n",
            &|n| format!("- {{name: e{n}, overlay: '{{application}}/{n}'}}\n"),
            "",
        ),
        many(
            "version: 1\napplications:\n",
            &|n| format!("- {{name: a{n}, images: [{}]}}\n", "\"?*a[b-z]{x,y}\",".repeat(190)),
            "",
        ),
        many("version: 1\nx: [", &|_| "[".to_owned(), ""),
        many(
            "version: 1\nenvironments: [{name: prod, overlay: x, gates: {verified: [",
            &|n| format!("{{check: c{n}, value: '(\\w{{9}}\\d{{9}})', at_least: 1}},"),
            "]}}]",
        ),
        many(
            "version: 1\napplications: [",
            &|n| {
                format!(
                    "{{name: a{n}, images: [x{n}], trigger: {{branch: main, schedule: '0 0 30 2 *', tz: Europa/Berlin}}}},"
                )
            },
            "]",
        ),
        many("", &|n| format!("key{n}: 1\n"), ""),
        format!("a0: &a0 [x, x, x, x]\n{anchors}"),
        "x".repeat(2 << 20),
    ];
    for text in hostile {
        let problems = Policy::parse(text.as_bytes(), &home()).unwrap_err();
        assert!((1..=200).contains(&problems.len()));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Policy::parse(&bytes, &home());
    }

    #[test]
    fn any_damage_is_read_or_refused(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[-a-z0-9:{}\\[\\]*&,'\" \n]{0,6}"), 1..6)) {
        let mut text = include_str!("../../../fixtures/policies/ok/everything.yml").to_owned();
        for (at, length, instead) in cuts {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &instead);
            }
        }
        if let Err(problems) = Policy::parse(text.as_bytes(), &home()) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.is_sorted());
            for problem in problems {
                prop_assert!(problem.line >= 1 && problem.column >= 1);
                prop_assert!(problem.line as usize <= text.lines().count() + 1);
            }
        }
    }
}
