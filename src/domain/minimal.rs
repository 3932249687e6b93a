//! Whether what renders otherwise is promoted images and nothing else: object by object, field by field.
//!
//! It compares what is rendered; which files say so, and who wrote them, it does not know.

use super::policy::Policy;
use super::rendered::{ChangedOverlay, Overlay};
use crate::kustomize::diff::{Change, FieldDiff, ObjectDiff};
use crate::kustomize::images::ImageEntry;

/// An `images:` entry of an application that becomes another one; none before where it is new.
#[derive(Debug, Clone)]
pub struct Moved {
    from: Option<ImageEntry>,
    to: ImageEntry,
}

/// Something that renders otherwise and is no promoted image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// `Kind name` of the object.
    pub object: String,
    /// What of it.
    pub what: What,
}

/// What of an object renders otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// A field, by its path.
    Field(String),
}

/// The entries of an overlay that carry a version and become others.
pub(super) fn moved(policy: &Policy, before: &Overlay, after: &Overlay) -> Vec<Moved> {
    let carries = |name: &str| policy.applications().iter().any(|one| one.carries(name));
    let meaning = |entry: &ImageEntry| {
        (
            entry.new_name.clone(),
            entry.new_tag.clone(),
            entry.digest.clone(),
            entry.tag_suffix.clone(),
        )
    };
    let mut moved = Vec::new();
    for to in after.entries.iter().filter(|entry| carries(&entry.name)) {
        let from = before.entries.iter().rfind(|entry| entry.name == to.name);
        if from.map(meaning) != Some(meaning(to)) {
            moved.push(Moved { from: from.cloned(), to: to.clone() });
        }
    }
    moved
}

/// What of an overlay renders otherwise beyond its promoted images; nothing is said of one that cannot be
/// compared.
pub fn extras(overlay: &ChangedOverlay) -> Vec<Extra> {
    let objects = overlay.rerender.difference.as_ref().map(|diff| diff.objects.as_slice());
    objects
        .unwrap_or_default()
        .iter()
        .flat_map(|object| of_object(object, &overlay.moved))
        .collect()
}

fn of_object(object: &ObjectDiff, moved: &[Moved]) -> Vec<Extra> {
    let extra = |what| Extra { object: format!("{} {}", object.kind, object.name), what };
    match &object.change {
        Change::Added(_) => vec![extra(What::Added)],
        Change::Removed(_) => vec![extra(What::Removed)],
        Change::Changed(fields) => fields
            .iter()
            .filter(|field| !moved.iter().any(|moved| moved.explains(field)))
            .map(|field| extra(What::Field(field.path.clone())))
            .collect(),
    }
}

impl Moved {
    /// Whether a field is the image that the entry makes, or its tag or digest, whole: what a replacement takes
    /// elsewhere is the image still, but not what it is only a part of.
    fn explains(&self, field: &FieldDiff) -> bool {
        let (Some(from), Some(to)) = (text(&field.from), text(&field.to)) else {
            return false;
        };
        let was_made = match &self.from {
            Some(entry) => entry.makes(from),
            None => self.to.matches(from),
        };
        let Some(entry) = &self.from else {
            return was_made && self.to.makes(to);
        };
        let same = |one: &Option<String>, other: &Option<String>| {
            one.as_deref() == Some(from) && other.as_deref() == Some(to)
        };
        (was_made && self.to.makes(to))
            || same(&entry.new_tag, &self.to.new_tag)
            || same(&entry.digest, &self.to.digest)
    }
}

/// A value that is one word, without its quotes.
fn text(value: &Option<String>) -> Option<&str> {
    let value = value.as_deref()?;
    let bare =
        ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let word = bare.unwrap_or(value);
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-:/@".contains(c);
    (!word.is_empty() && word.chars().all(is_word)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, tag: &str) -> ImageEntry {
        let text = format!("images:\n- name: {name}\n  newTag: \"{tag}\"\n");
        crate::kustomize::images::entries(text.as_bytes()).unwrap().remove(0)
    }

    fn field(from: &str, to: &str) -> FieldDiff {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FieldDiff { path: "spec".to_owned(), from: some(from), to: some(to) }
    }

    #[test]
    fn only_the_image_its_tag_and_nothing_around_it_is_explained() {
        let moved = Moved { from: Some(entry("acme/web", "7")), to: entry("acme/web", "8") };
        for (from, to, explained) in [
            ("acme/web:7", "acme/web:8", true),
            ("\"7\"", "\"8\"", true),
            ("7", "8", true),
            ("acme/web:7", "acme/web:9", false),
            ("acme/web:6", "acme/web:8", false),
            ("acme/web:7", "acme/other:8", false),
            ("acme/other:7", "acme/other:8", false),
            ("version 7", "version 8", false),
            ("v7", "v8", false),
            ("7", "", false),
            ("", "8", false),
            ("8", "7", false),
            ("(not shown)", "(not shown)", false),
        ] {
            assert_eq!(moved.explains(&field(from, to)), explained, "{from} → {to}");
        }
        let new = Moved { from: None, to: entry("acme/web", "8") };
        assert!(new.explains(&field("acme/web:3", "acme/web:8")));
        assert!(!new.explains(&field("acme/web2:3", "acme/web2:8")));
        assert!(!new.explains(&field("3", "8")));
    }
}
