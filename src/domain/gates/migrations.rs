//! `migrations`: between the running version and the one that comes, no migration was edited, removed or put before
//! an applied one; all ran in the environment before. A way back that crosses one is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gate, Outcome, order};
use crate::domain::candidate;
use crate::domain::classify::{Effect, Moving};
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::policy::{Application, Glob};
use crate::domain::reply::Said;
use crate::domain::reply::gate::migrations as say;
use crate::model::files::GitTree;
use crate::model::ids::{RepoRef, Sha};

/// The migrations of a version: the content of each, by its path.
type Files = BTreeMap<String, Sha>;

/// Judges one environment; nothing where no application that moves has migrations.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let watched =
        touch.moving.iter().filter_map(|moving| Some((moving, moving.application.migrations()?)));
    let watched: Vec<_> = watched.collect();
    if watched.is_empty() {
        return Ok(None);
    }
    let stands = |outcome, said| Ok(Some(Gate::new("migrations", touch, outcome, said)));
    let mut new = BTreeSet::new();
    for (moving, glob) in watched {
        match of_application(facts, look, moving, glob) {
            Ok(Ok(Steps { failed: Some(said), .. })) => return stands(Outcome::Failed, said),
            Ok(Ok(steps)) => new.extend(steps.new),
            Ok(Err(said)) => return stands(Outcome::Failed, said),
            Err(Gap::Unknown(why)) => return stands(Outcome::Waiting, say::unknown(&why)),
            Err(gap) => return Err(gap),
        }
    }
    let new: Vec<String> = new.into_iter().collect();
    let before = touch.environment.after();
    if !new.is_empty()
        && !before.is_empty()
        && order::judge(facts, look, touch)?.outcome != Outcome::Passed
    {
        return stands(Outcome::Waiting, say::not_run_before(&new, before));
    }
    stands(Outcome::Passed, say::passed(&new, before))
}

/// What lies between two versions.
#[derive(Default)]
struct Steps {
    /// What cannot be.
    failed: Option<Said>,
    /// The migrations that come.
    new: BTreeSet<String>,
}

/// Looks at every step that entries of an application make. The error says which version is not known.
fn of_application(
    facts: &Facts,
    look: &Look<'_>,
    moving: &Moving<'_>,
    glob: &Glob,
) -> Result<Result<Steps, Said>, Gap> {
    let application = moving.application;
    let Some(source) = facts.source(application.source())? else {
        return Ok(Err(say::no_source(application)));
    };
    let mut tags: BTreeSet<(&str, &str)> = BTreeSet::new();
    for one in &moving.moves {
        let Some(to) = &one.to else { continue };
        // What is new runs nowhere yet.
        let Some(from) = &one.from else { continue };
        match (from.entry.new_tag.as_deref(), to.entry.new_tag.as_deref()) {
            (Some(from), Some(to)) => {
                tags.insert((from, to));
            }
            _ => return Ok(Err(say::version_unknown(&to.entry.name))),
        }
    }
    let mut steps = Steps::default();
    for (from, to) in tags {
        let (before, after) = match (
            files(facts, source, application, glob, (from, None))?,
            files(facts, source, application, glob, (to, promised(look, to)))?,
        ) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(said), _) | (_, Err(said)) => return Ok(Err(said)),
        };
        let back = look.is_rollback() || is_lower(application, to, from);
        let (failed, new) =
            if back { going_back(&before, &after, to) } else { going_on(&before, &after) };
        steps.failed = steps.failed.or(failed);
        steps.new.extend(new);
    }
    Ok(Ok(steps))
}

/// The commit that our promotion fixed for the version that it brings.
fn promised<'a>(look: &'a Look<'_>, tag: &str) -> Option<&'a Sha> {
    let promotion = look.promotion.as_ref()?;
    let carries = promotion.tag.as_ref().is_some_and(|carried| carried.as_str() == tag);
    promotion.commit.as_ref().filter(|_| carries)
}

fn is_lower(application: &Application, one: &str, other: &str) -> bool {
    let (one, other) = (application.version_of_image(one), application.version_of_image(other));
    one.zip(other).is_some_and(|(one, other)| one < other)
}

/// The migrations of the version that an image tag stands for.
fn files(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    glob: &Glob,
    (tag, commit): (&str, Option<&Sha>),
) -> Result<Result<Files, Said>, Gap> {
    let commit = match commit {
        Some(commit) => commit.clone(),
        None => match candidate::of_tag(facts, application, tag)? {
            Ok(found) => found.commit,
            Err(_) => return Ok(Err(say::no_release(tag, application))),
        },
    };
    let tree = facts.tree(source, &facts.commit(source, &commit)?.tree)?;
    Ok(Ok(matching(tree, glob)))
}

fn matching(tree: &GitTree, glob: &Glob) -> Files {
    let files = tree.entries.iter().filter(|(path, _)| glob.matches(path));
    files.map(|(path, (_, sha))| (path.clone(), sha.clone())).collect()
}

/// What stands in the way of going on, and the migrations that come.
fn going_on(before: &Files, after: &Files) -> (Option<Said>, Vec<String>) {
    let removed: Vec<&str> = missing(before, after);
    let edited = edited(before, after);
    let new: Vec<&str> = missing(after, before);
    let put_before: Vec<&str> = new
        .iter()
        .copied()
        .filter(|new| before.keys().any(|applied| comes_before(new, applied)))
        .collect();
    let failed = if edited.is_empty() && removed.is_empty() && put_before.is_empty() {
        None
    } else {
        Some(say::broken(&edited, &removed, &put_before))
    };
    (failed, new.into_iter().map(str::to_owned).collect())
}

/// What a way back crosses: migrations that were applied, and that the version before does not know.
fn going_back(before: &Files, after: &Files, to: &str) -> (Option<Said>, Vec<String>) {
    let crossed = missing(before, after);
    let edited = edited(before, after);
    let odd = missing(after, before);
    if crossed.is_empty() && edited.is_empty() && odd.is_empty() {
        return (None, Vec::new());
    }
    (Some(say::crossed(to, &crossed, &[edited, odd].concat())), Vec::new())
}

/// The files of one that the other does not have.
fn missing<'a>(of: &'a Files, other: &Files) -> Vec<&'a str> {
    of.keys().filter(|path| !other.contains_key(*path)).map(String::as_str).collect()
}

/// The files that both have, with another content.
fn edited<'a>(before: &'a Files, after: &Files) -> Vec<&'a str> {
    let differs =
        |(path, sha): &(&String, &Sha)| after.get(*path).is_some_and(|other| other != *sha);
    before.iter().filter(differs).map(|(path, _)| path.as_str()).collect()
}

/// Whether a file of a folder comes before another one there, or, where each migration is a numbered folder with a
/// file that is always called the same, whether its folder does.
fn comes_before(one: &str, other: &str) -> bool {
    let ((folder, one), (other_folder, other)) = (split(one), split(other));
    if folder == other_folder {
        return precedes(one, other);
    }
    let ((above, one_of), (other_above, another)) = (split(folder), split(other_folder));
    let numbered = |name: &str| name.starts_with(|first: char| first.is_ascii_digit());
    one == other
        && above == other_above
        && numbered(one_of)
        && numbered(another)
        && precedes(one_of, another)
}

/// The folder and the name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether a name comes before another: numbers count as numbers, so that `V10` comes after `V9`, and `V1.1` and `V1_1`
/// after `V1`.
fn precedes(one: &str, other: &str) -> bool {
    match (version(one), version(other)) {
        (Some(version), Some(another)) if version != another => version < another,
        _ => (pieces(one), one) < (pieces(other), other),
    }
}

/// The version of `V1.2__name.sql` and `V1_2__name.sql`.
/// <https://documentation.red-gate.com/fd/versioned-migrations-273973333.html>
fn version(name: &str) -> Option<Vec<Piece>> {
    let (version, _) = name.strip_prefix('V')?.split_once("__")?;
    let number = |part: &str| match pieces(part).as_slice() {
        [number @ Piece::Number(..)] => Some(number.clone()),
        _ => None,
    };
    version.split(['.', '_']).map(number).collect()
}

/// A name as what is compared: numbers without the zeroes in front, and what is between them.
fn pieces(name: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push(if digit {
            let number = piece.trim_start_matches('0');
            Piece::Number(number.len(), number.to_owned())
        } else {
            Piece::Text(piece.to_owned())
        });
        rest = after;
    }
    pieces
}

/// Numbers come before texts, as digits come before letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// How many digits, and which.
    Number(usize, String),
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, char)]) -> Files {
        let sha = |c: char| Sha::new(c.to_string().repeat(40)).unwrap();
        list.iter().map(|(path, c)| ((*path).to_owned(), sha(*c))).collect()
    }

    #[test]
    fn names_are_in_the_order_in_which_people_number_them() {
        for (one, other, before) in [
            ("db/0001_a.sql", "db/0002_b.sql", true),
            ("db/V9__a.sql", "db/V10__b.sql", true),
            ("db/V10__a.sql", "db/V9__b.sql", false),
            ("db/20260101_a.sql", "db/20260101_b.sql", true),
            ("db/2_a.sql", "db/002_b.sql", true),
            ("db/1.sql", "db/1.sql", false),
            ("db/V1__init.sql", "db/V1.1__add.sql", true),
            ("db/V1.1__add.sql", "db/V1__init.sql", false),
            ("db/V1_1__add.sql", "db/V1__init.sql", false),
            ("db/V1_10__b.sql", "db/V1.9__a.sql", false),
            ("db/V1.9__a.sql", "db/V2__b.sql", true),
            ("db/V01__a.sql", "db/V1__b.sql", true),
            ("a/1.sql", "b/2.sql", false),
            ("1_users/1.sql", "2_orders/2.sql", false),
            ("db/1_a/migration.sql", "db/2_b/migration.sql", true),
            ("db/10_a/migration.sql", "db/2_b/migration.sql", false),
            ("db/1_a/up.sql", "db/2_b/down.sql", false),
            ("a/1_a/up.sql", "b/2_b/up.sql", false),
            ("a/up.sql", "b/up.sql", false),
            ("1.sql", "a.sql", true),
            ("99999999999999999999998.sql", "99999999999999999999999.sql", true),
        ] {
            assert_eq!(comes_before(one, other), before, "{one} < {other}");
        }
    }

    #[test]
    fn what_was_applied_stays_as_it_is() {
        let before = files(&[("db/1.sql", 'a'), ("db/3.sql", 'c')]);
        for (after, wrong, new) in [
            (files(&[("db/1.sql", 'a'), ("db/3.sql", 'c')]), None, vec![]),
            (
                files(&[("db/1.sql", 'a'), ("db/3.sql", 'c'), ("db/4.sql", 'd')]),
                None,
                vec!["db/4.sql"],
            ),
            (files(&[("db/1.sql", 'b'), ("db/3.sql", 'c')]), Some("edited: `db/1.sql`"), vec![]),
            (files(&[("db/1.sql", 'a')]), Some("removed: `db/3.sql`"), vec![]),
            (
                files(&[("db/1.sql", 'a'), ("db/2.sql", 'b'), ("db/3.sql", 'c')]),
                Some("put before applied ones: `db/2.sql`"),
                vec!["db/2.sql"],
            ),
            (
                files(&[("db/1.sql", 'a'), ("db/03.sql", 'c')]),
                Some("removed: `db/3.sql`"),
                vec!["db/03.sql"],
            ),
        ] {
            let (failed, found) = going_on(&before, &after);
            assert_eq!(found, new);
            match wrong {
                None => assert_eq!(failed, None),
                Some(wrong) => {
                    let said = failed.unwrap().sentence;
                    assert!(said.contains(wrong), "{wrong}: {said}");
                }
            }
        }
    }

    #[test]
    fn a_way_back_crosses_nothing() {
        let now = files(&[("db/1.sql", 'a'), ("db/2.sql", 'b')]);
        assert_eq!(going_back(&now, &now, "v1").0, None);
        let said = going_back(&now, &files(&[("db/1.sql", 'a')]), "v1").0.unwrap();
        assert!(
            said.sentence.contains("`db/2.sql`") && said.sentence.contains("backward compatible"),
            "{said:?}"
        );
        assert!(said.help.unwrap().contains("/override migrations"));
        assert!(
            going_back(&now, &files(&[("db/1.sql", 'e'), ("db/2.sql", 'b')]), "v1").0.is_some()
        );
    }
}
