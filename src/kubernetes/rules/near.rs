//! Knows when one name is another one misspelt, beyond reasonable doubt, and how to speak of names that are not there.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::is_put_in_later;
use crate::kubernetes::scene::{Held, Scene, Type};
use crate::kustomize::object::Object;
use crate::model::read::Severity;

/// The fewest letters of a word that is told apart from another one by a single letter.
const SHORTEST_WORD: usize = 5;
/// The longest name that is looked at, and by how much one that is meant may be longer or shorter.
const LONGEST_NAME: usize = 253;
const MOST_MORE: usize = 4;
/// The most names that are compared, so that many references to many names are no trouble.
const MOST_COMPARED: usize = 1000;
/// The most names that a message lists.
const MOST_SHOWN: usize = 3;
/// How many letters of a hash stand at the end of a generated name, and a dash.
const HASH: usize = 11;

/// How a name is missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// This was meant.
    Misspelt(String),
    /// There are others of its kind here, so that it should be, too.
    OthersAreHere(String),
    /// It has to be there already.
    Elsewhere,
}

impl Missing {
    /// How bad that is.
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Misspelt(_) => Severity::Error,
            Self::OthersAreHere(_) => Severity::Warning,
            Self::Elsewhere => Severity::Note,
        }
    }

    /// What to say of it. `help` is what else to do about one that should be here.
    pub(super) fn message(&self, kind: &str, name: &str, help: &str) -> String {
        match self {
            Self::Misspelt(meant) => {
                format!("this overlay has no {kind} {name}; did you mean {meant}?")
            }
            Self::OthersAreHere(others) => {
                format!("this overlay has no {kind} {name}, only {others}: add it{help}")
            }
            Self::Elsewhere => {
                format!(
                    "the {kind} {name} is not in this overlay: it has to be in the cluster already"
                )
            }
        }
    }
}

/// How a name is missing that nobody has.
pub(super) fn missing(scene: &Scene<'_>, of: Type<'_>, namespace: &str, name: &str) -> Missing {
    let names = scene.names.of_type(of, namespace);
    let compared = &names[..names.len().min(MOST_COMPARED)];
    let may_be_made = scene.may_be_made(namespace, name);
    let moved = scene.names.moved(of, namespace);
    let moved = &moved[..moved.len().min(MOST_COMPARED)];
    let meant = compared.iter().chain(moved).find_map(|(held, by)| {
        written(scene, held, *by).find(|meant| is_misspelt(name, meant)).map(Cow::into_owned)
    });
    match meant {
        Some(meant) => Missing::Misspelt(meant),
        // ClusterRoles are there for all, and seldom where they are bound; a name that is put together later may be any.
        None if may_be_made || names.is_empty() || of.kind == "ClusterRole" => Missing::Elsewhere,
        None if compared.iter().any(|(held, _)| held.contains("$(") || is_put_in_later(held)) => {
            Missing::Elsewhere
        }
        None => Missing::OthersAreHere(listed(
            compared
                .iter()
                .map(|(held, by)| without_hash(&scene.objects[by.object], held, by.made)),
        )),
    }
}

/// Names for a message: the first few.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.take(MOST_COMPARED).collect();
    let shown: Vec<&str> = names.iter().take(MOST_SHOWN).copied().collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The names by which people may write one that is held: before prefixes and hashes, and after them.
fn written<'s>(
    scene: &'s Scene<'_>,
    held: &'s str,
    by: Held,
) -> impl Iterator<Item = Cow<'s, str>> {
    let object = &scene.objects[by.object];
    let before = object.previous_ids().filter(move |_| !by.made).map(|id| Cow::Borrowed(id.name));
    before.chain([Cow::Borrowed(without_hash(object, held, by.made))])
}

fn without_hash<'n>(object: &Object, name: &'n str, made: bool) -> &'n str {
    let hashed = object.needs_hash && !made;
    let end = name.len().checked_sub(HASH).filter(|_| hashed);
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// Whether `name` is `meant`, misspelt: in one letter of each of at most two long words, or in a sign between words.
/// Digits tell things apart, and so do short words such as `dev` and `qa`.
pub(super) fn is_misspelt(name: &str, meant: &str) -> bool {
    if name == meant || name.len() > LONGEST_NAME || name.len().abs_diff(meant.len()) > MOST_MORE {
        return false;
    }
    let is_sign = |c: char| "-._:/".contains(c);
    let has_digits = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    if name.split(is_sign).eq(meant.split(is_sign)) {
        return !has_digits(name);
    }
    let letters = |text: &str| text.replace(is_sign, "");
    if !has_digits(name) && name.len() >= SHORTEST_WORD && letters(name) == letters(meant) {
        return true;
    }
    let (mut words, mut meant_words) = (name.split(is_sign), meant.split(is_sign));
    let mut slips = 0;
    loop {
        match (words.next(), meant_words.next()) {
            (None, None) => return slips > 0,
            (Some(word), Some(meant)) if word == meant => {}
            (Some(word), Some(meant)) if slips < 2 && is_slip(word, meant) => slips += 1,
            _ => return false,
        }
    }
}

/// Whether one word becomes the other by one letter that is added, left out, wrong, or changed with its neighbour.
fn is_slip(word: &str, meant: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if word.len().max(meant.len()) < SHORTEST_WORD || digits(word) != digits(meant) {
        return false;
    }
    let (word, meant) = (word.as_bytes(), meant.as_bytes());
    let start = word.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (word, meant) = (&word[start..], &meant[start..]);
    let end = word.iter().rev().zip(meant.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&word[..word.len() - end], &meant[..meant.len() - end]) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_names() {
        for (name, meant) in [
            ("app-confg", "app-config"),
            ("app-cofnig", "app-config"),
            ("app-configg", "app-config"),
            ("app-konfig", "app-config"),
            ("appconfig", "app-config"),
            ("app_config", "app-config"),
            ("shop-databse-pasword", "shop-database-password"),
            ("config1-databse", "config1-database"),
        ] {
            assert!(is_misspelt(name, meant), "{name}");
        }
        for (name, meant) in [
            ("app-config", "app-config"),
            ("app-config", "web-config"),
            ("app-config-dev", "app-config-qa"),
            ("app-config-dev", "app-config"),
            ("app-config1", "app-config2"),
            ("app-config1", "app-config"),
            ("a-v1-2", "a-v12"),
            ("a1.b", "a1-b"),
            ("app", "api"),
            ("db-ro", "db-rw"),
            ("app-prod", "app-prov"),
            ("import-data", "export-data"),
        ] {
            assert!(!is_misspelt(name, meant), "{name}");
        }
    }
}
