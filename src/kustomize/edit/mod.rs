//! Knows how to change `images:` entries of a kustomization and leave every other byte as it is.
//!
//! It knows nothing of versions or of why an image changes. What it cannot prove, it refuses.

mod append;
mod entry;
mod proof;
mod source;

use super::yaml::{Document, Node, YamlError, parse};
use source::{Source, Splices};

/// What one `images:` entry is to say afterwards; `None` leaves a field alone, unless it is exact.
///
/// Setting only the tag removes the digest, which would win over it; setting only the digest removes the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEdit {
    /// The entry's `name`. All entries of this name are changed.
    pub name: String,
    /// What `newName` becomes.
    pub new_name: Option<String>,
    /// What `newTag` becomes.
    pub tag: Option<String>,
    /// What `digest` becomes.
    pub digest: Option<String>,
    /// Whether to add an entry where there is none; otherwise that is an error.
    pub add_if_absent: bool,
    /// Whether `newName`, `newTag` and `digest` go where nothing is named for them.
    pub exact: bool,
}

impl ImageEdit {
    /// Sets the tag of an entry that must be there.
    pub fn tag(name: impl Into<String>, tag: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            new_name: None,
            tag: Some(tag.into()),
            digest: None,
            add_if_absent: false,
            exact: false,
        }
    }

    /// The fields that are to have a value, in the order in which Kustomize writes them.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("newName", self.new_name.as_deref()),
            ("newTag", self.tag.as_deref()),
            ("digest", self.digest.as_deref()),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)))
    }

    /// The fields that must go, because they would contradict the others or nothing is named for them.
    fn unwanted(&self) -> impl Iterator<Item = &'static str> {
        let (name, tag, digest) = (&self.new_name, &self.tag, &self.digest);
        [
            ("newName", self.exact && name.is_none()),
            ("newTag", tag.is_none() && (self.exact || digest.is_some())),
            ("digest", digest.is_none() && (self.exact || tag.is_some())),
        ]
        .into_iter()
        .filter_map(|(field, goes)| goes.then_some(field))
    }
}

/// Why an edit was refused: nothing has been changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct EditError {
    /// What stands in the way, and what to do.
    pub message: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl EditError {
    fn at(node: Node<'_>, message: impl Into<String>) -> Self {
        node.error(message).into()
    }
}

impl From<YamlError> for EditError {
    fn from(error: YamlError) -> Self {
        Self { message: error.message, line: error.line, column: error.column }
    }
}

/// Applies all edits to the `images:` of a kustomization, or none.
///
/// Where everything is as wanted already, the result is `source`, byte for byte.
pub fn set_images(source: &[u8], edits: &[ImageEdit]) -> Result<Vec<u8>, EditError> {
    check(edits)?;
    let documents = parse(source)?;
    let text = std::str::from_utf8(source).unwrap_or_default();
    let document = documents.first();
    let file = Source::new(text, document);
    let images = document.map(images).transpose()?.flatten();
    let mut splices = Splices::default();
    let mut absent = Vec::new();
    for edit in edits {
        let entries = images.map_or_else(Vec::new, |images| named(images, &edit.name));
        if entries.is_empty() && !edit.add_if_absent {
            let message = format!("there is no `images:` entry with the name {}", edit.name);
            return Err(match images.or(document.map(Document::root)) {
                Some(node) => EditError::at(node, message),
                None => YamlError::new(message, 1, 1).into(),
            });
        }
        if entries.is_empty() {
            absent.push(edit);
        }
        for entry in entries {
            entry::change(&file, entry, images, edit, &mut splices)?;
        }
    }
    if let Some(document) = document {
        entry::keep_anchors(&file, document, &mut splices)?;
    }
    if !absent.is_empty() {
        append::entries(&file, document, &absent, &mut splices)?;
    }
    if splices.is_empty() {
        return Ok(source.to_vec());
    }
    let edited = splices.apply(text)?;
    proof::only_these_differ(&documents, &edited, edits)?;
    Ok(edited.into_bytes())
}

fn check(edits: &[ImageEdit]) -> Result<(), EditError> {
    let refuse = |message: String| Err(YamlError::new(message, 1, 1).into());
    for (i, edit) in edits.iter().enumerate() {
        if edit.name.is_empty() {
            return refuse("an image must have a name".to_owned());
        }
        if edits[..i].iter().any(|other| other.name == edit.name) {
            return refuse(format!("the image {} is asked for twice", edit.name));
        }
        let texts = edit.fields().map(|(_, text)| text).chain([edit.name.as_str()]);
        for text in texts {
            if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
                return refuse(format!("{text:?} has a space or a control character in it"));
            }
        }
    }
    Ok(())
}

/// The value of `images:`, if it is there, null included.
fn images(document: &Document) -> Result<Option<Node<'_>>, EditError> {
    let root = document.root();
    if !root.is_mapping() && !root.is_null() {
        return Err(EditError::at(root, "this is not a kustomization: its root is not a mapping"));
    }
    if let Some((key, _)) = root.duplicate_key().filter(|(key, _)| key.as_str() == Some("images")) {
        return Err(EditError::at(key, "`images` stands twice; merge the two lists first"));
    }
    let mut keys = root.entries().map(|(key, _)| key);
    if let Some(key) = keys.find(|key| is_odd(*key, &["images"])) {
        return Err(EditError::at(key, "to Kustomize this is `images`; write it so first"));
    }
    let Some((_, images)) = root.entry("images") else {
        return Ok(None);
    };
    if !images.is_sequence() && !images.is_null() {
        return Err(EditError::at(images, "`images` is not a list"));
    }
    if let Some(key) = images.items().find_map(entry::odd_key) {
        let message = "to Kustomize this is a field in other letters; write it as usual first";
        return Err(EditError::at(key, message));
    }
    Ok(Some(images))
}

/// Whether a key is one of these names in other letters: Kustomize takes it for the name.
fn is_odd(key: Node<'_>, names: &[&str]) -> bool {
    key.as_str()
        .is_some_and(|key| names.iter().any(|name| *name != key && name.eq_ignore_ascii_case(key)))
}

/// The entries of this name that are written in the list itself or nowhere else: those to edit.
fn named<'a>(images: Node<'a>, name: &str) -> Vec<Node<'a>> {
    let written: Vec<Node<'a>> = images.items().collect();
    written
        .iter()
        .copied()
        .filter(|entry| {
            entry.is_mapping() && entry.get("name").and_then(Node::as_str) == Some(name)
        })
        // An alias of another entry of the list follows that entry.
        .filter(|entry| entry.target() == *entry || !written.contains(&entry.target()))
        .collect()
}

#[cfg(test)]
mod tests;
