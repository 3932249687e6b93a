//! Knows the `images:` entries of a kustomization as they are written.
//!
//! It does not know what they do to containers, and it never changes them.

use super::yaml::{Node, YamlError, parse};

/// One `images:` entry and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// The image as containers name it.
    pub name: String,
    /// What replaces the name.
    pub new_name: Option<String>,
    /// What replaces the tag.
    pub new_tag: Option<String>,
    /// What replaces the tag, and wins over it.
    pub digest: Option<String>,
    /// The line of the entry, from 1.
    pub line: u32,
    /// The column of the entry, from 1.
    pub column: u32,
}

/// The entries of a kustomization's `images:`, in order; none where there is no such field.
///
/// A text that YAML reads as a number or as anything else than a string is an error: Kustomize refuses it too.
pub fn entries(source: &[u8]) -> Result<Vec<ImageEntry>, YamlError> {
    let documents = parse(source)?;
    let Some(images) = documents
        .first()
        .and_then(|document| document.root().get("images"))
    else {
        return Ok(Vec::new());
    };
    read(images)
}

/// The entries of the value of `images:`.
pub(crate) fn read(images: Node<'_>) -> Result<Vec<ImageEntry>, YamlError> {
    if !images.is_sequence() && !images.is_null() {
        return Err(images.error("`images` is not a list"));
    }
    images
        .items()
        .filter(|item| !item.is_null())
        .map(entry)
        .collect()
}

fn entry(item: Node<'_>) -> Result<ImageEntry, YamlError> {
    if !item.is_mapping() {
        return Err(item.error("an entry of `images` is a mapping with a `name`"));
    }
    let text = |field: &str| match item.get(field) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => match value.as_string() {
            Some(text) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
            None => Err(value.error(match value.as_str() {
                Some(text) => {
                    format!("`{field}: {text}` is not a text to YAML; put quotes around it")
                }
                None => format!("`{field}` is not a text"),
            })),
        },
    };
    Ok(ImageEntry {
        name: text("name")?.ok_or_else(|| item.error("this entry of `images` has no `name`"))?,
        new_name: text("newName")?,
        new_tag: text("newTag")?,
        digest: text("digest")?,
        line: item.line(),
        column: item.column(),
    })
}
