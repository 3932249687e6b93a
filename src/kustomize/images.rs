//! Knows the `images:` entries of a kustomization, and what each does to the image of a container.
//!
//! It does not know where containers are, and it never changes a file.

use regex::{Regex, RegexBuilder};

use super::fields::{Fields, Reading};
use super::problem::{Place, Problem};
use super::select;
use super::value::{self, Value};
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
    /// What is appended to the tag that is there, if nothing replaces it.
    pub tag_suffix: Option<String>,
    /// The file of the entry, by its number among those that were read.
    pub file: u32,
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
    let Some(images) = documents.first().and_then(|document| document.root().get("images")) else {
        return Ok(Vec::new());
    };
    read(images)
}

/// The entries of the value of `images:`.
pub(crate) fn read(images: Node<'_>) -> Result<Vec<ImageEntry>, YamlError> {
    if !images.is_sequence() && !images.is_null() {
        return Err(images.error("`images` is not a list"));
    }
    let entry = |item| ImageEntry::read(&value::read_config(item, 0)?);
    let entries: Result<_, Problem> =
        images.items().filter(|item| !item.is_null()).map(entry).collect();
    entries.map_err(|problem| {
        let Place { line, column, .. } = problem.place;
        YamlError::new(problem.message, line, column)
    })
}

/// Tells which images an entry changes.
#[derive(Debug)]
pub(crate) struct Matcher<'a> {
    entry: &'a ImageEntry,
    /// For a name with more than letters in it.
    pattern: Option<Regex>,
}

impl Matcher<'_> {
    /// About how many steps it takes to match an image.
    pub(crate) fn steps(&self, image: &str) -> usize {
        if self.pattern.is_some() { select::steps(&self.entry.name, image) } else { 1 }
    }

    /// Whether the entry changes this image.
    pub(crate) fn matches(&self, image: &str) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.is_match(image),
            None => self.entry.matches_plain(image),
        }
    }
}

impl ImageEntry {
    /// Where it was written.
    pub fn place(&self) -> Place {
        Place { file: self.file, line: self.line, column: self.column }
    }

    /// Makes it ready to match: Kustomize takes the name for a regular expression.
    pub(crate) fn matcher(&self) -> Result<Matcher<'_>, Problem> {
        if self.is_plain() {
            return Ok(Matcher { entry: self, pattern: None });
        }
        let version = "[a-zA-Z0-9_.{}-]*";
        let pattern = format!("^{}(:{version})?(@sha256:{version})?$", self.name);
        let pattern =
            RegexBuilder::new(&pattern).size_limit(select::MAX_SIZE).build().map_err(|_error| {
                let message = format!("the name {:?} of an image is no pattern", self.name);
                Problem::new(message, Place::NOWHERE)
            })?;
        Ok(Matcher { entry: self, pattern: Some(pattern) })
    }

    /// Whether the name is a name, and no pattern that only Kustomize can judge.
    pub(crate) fn is_plain(&self) -> bool {
        !self.name.contains(|c: char| "*+?()[]{}|^$\\".contains(c))
    }

    /// Whether the entry changes this image. Kustomize takes the name for a pattern in which `.` is any
    /// character; names with other signs of patterns match here if the rest could.
    pub(crate) fn matches(&self, image: &str) -> bool {
        !self.is_plain() || self.matches_plain(image)
    }

    /// The same for a name that is one: a version may follow it, even if it holds one.
    fn matches_plain(&self, image: &str) -> bool {
        let mut rest = image.chars();
        let mut name = self.name.chars();
        let same = name.all(|wanted| rest.next().is_some_and(|c| wanted == c || wanted == '.'));
        same && is_version(rest.as_str())
    }

    /// Whether an image may have been made by this entry.
    pub(crate) fn makes(&self, image: &str) -> bool {
        let (name, rest) = split(image);
        let wanted = [(":", &self.new_tag), ("@", &self.digest)];
        let version: String = wanted
            .iter()
            .filter_map(|(sign, text)| text.as_ref().map(|text| format!("{sign}{text}")))
            .collect();
        let named = match &self.new_name {
            Some(new_name) => new_name == name,
            None => self.matches(name),
        };
        named && (version.is_empty() || version == rest)
    }

    /// The image that Kustomize puts in the place of one that matches.
    pub(crate) fn apply(&self, image: &str) -> String {
        let (name, rest) = split(image);
        let name = self.new_name.as_deref().unwrap_or(name);
        let tag = self.new_tag.as_ref().map(|tag| format!(":{tag}"));
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}"));
        match (tag, digest, &self.tag_suffix) {
            (None, None, None) => format!("{name}{rest}"),
            (None, None, Some(suffix)) => {
                let tag = rest.split('@').next().unwrap_or_default();
                let colon = if tag.is_empty() { ":" } else { "" };
                format!("{name}{tag}{colon}{suffix}")
            }
            (tag, digest, _) => {
                format!("{name}{}{}", tag.unwrap_or_default(), digest.unwrap_or_default())
            }
        }
    }

    /// One entry of the value of `images:`.
    pub(crate) fn read(value: &Value) -> Result<Self, Problem> {
        let known = ["name", "newName", "newTag", "digest", "tagSuffix"];
        let fields = Fields::of(value, "an entry of `images`", &known, Reading::Strict)?;
        let text = |name| Ok(Some(fields.text(name)?).filter(|text| !text.is_empty()));
        Ok(Self {
            name: text("name")?.unwrap_or_default(),
            new_name: text("newName")?,
            new_tag: text("newTag")?,
            digest: text("digest")?,
            tag_suffix: text("tagSuffix")?,
            file: value.place.file,
            line: value.place.line,
            column: value.place.column,
        })
    }
}

/// An image's name, and its tag and digest with their signs; a colon in front of a slash is a registry's port.
pub(crate) fn split(image: &str) -> (&str, &str) {
    let path = image.find('/').unwrap_or(0);
    let end = image[path..].find([':', '@']).map_or(image.len(), |at| path + at);
    image.split_at(end)
}

/// `:tag`, `@sha256:digest`, both or nothing.
fn is_version(rest: &str) -> bool {
    let fits = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}-".contains(c));
    let (tag, digest) = match rest.split_once('@') {
        Some((tag, digest)) => (tag, digest.strip_prefix("sha256:")),
        None => (rest, Some("")),
    };
    (tag.is_empty() || tag.strip_prefix(':').is_some_and(fits)) && digest.is_some_and(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> ImageEntry {
        ImageEntry {
            name: name.to_owned(),
            new_name: None,
            new_tag: None,
            digest: None,
            tag_suffix: None,
            file: 0,
            line: 1,
            column: 1,
        }
    }

    #[test]
    fn entries_are_read_with_their_place() {
        let source = b"x: &x {newTag: v1}\nimages:\n- name: a\n  newName: b\n  digest:\n-\n  <<: *x\n  name: c\n";
        let read = entries(source).unwrap();
        assert_eq!((read[0].line, read[0].column), (3, 3));
        assert_eq!((read[0].new_name.as_deref(), &read[0].digest), (Some("b"), &None));
        assert_eq!((read[1].line, read[1].new_tag.as_deref()), (7, Some("v1")));
        assert_eq!(entries(b"resources: []\n").unwrap(), []);
        assert_eq!(entries(b"").unwrap(), []);
        insta::assert_snapshot!(
            entries(b"images:\n- name: a\n  newTag: 1.10\n").unwrap_err(),
            @"line 3, column 11: newTag: 1.10 is a number to YAML, and has to be a text; put it in quotes"
        );
        insta::assert_snapshot!(
            entries(b"images: {name: a}").unwrap_err(),
            @"line 1, column 9: `images` is not a list"
        );
        insta::assert_snapshot!(
            entries(b"images: [a]").unwrap_err(),
            @"line 1, column 10: an entry of `images` has to be a mapping, not a text"
        );
    }

    #[test]
    fn an_entry_matches_the_name_without_tag_and_digest() {
        for image in ["a", "a:1", "a@sha256:ab", "a:1@sha256:ab", "a:{tag}"] {
            assert!(named("a").matches(image), "{image}");
        }
        for image in ["ab", "x/a", "a/b", "a:1:2", "a:5000/a", "", "a@sha256"] {
            assert!(!named("a").matches(image), "{image}");
        }
        assert!(named("localhost:5000/a").matches("localhost:5000/a:1"));
        assert!(!named("localhost").matches("localhost:5000/a"));
        assert!(named("gcr.io/a").matches("gcr.io/a"));
        assert!(named("a:1").matches("a:1@sha256:ab"));
        assert!(!named("a:1").matches("a:12"));
    }

    #[test]
    fn a_new_tag_or_digest_replaces_both() {
        let entry = |new_name: &str, new_tag: &str, digest: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let (new_name, new_tag, digest) = (some(new_name), some(new_tag), some(digest));
            ImageEntry { new_name, new_tag, digest, ..named("a") }
        };
        assert_eq!(entry("b", "", "").apply("a:1@sha256:ab"), "b:1@sha256:ab");
        assert_eq!(entry("", "2", "").apply("h:50/a:1@sha256:ab"), "h:50/a:2");
        assert_eq!(entry("", "", "sha256:cd").apply("a:1"), "a@sha256:cd");
        assert_eq!(entry("b", "2", "sha256:cd").apply("a"), "b:2@sha256:cd");
    }
}
