//! Knows the shape of a parsed document: nodes with style, properties and place, and how to look things up.
//!
//! It does not know how the tree came to be. Nodes live in one list and point to each other by index,
//! so an alias is only an index, and dropping a deep tree needs no stack.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Scalar, Style, YamlError, resolve};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, number, null, …
    Scalar,
    /// A list.
    Sequence,
    /// Keys and values.
    Mapping,
    /// Another node, by the name of its anchor.
    Alias,
}

pub(super) type Id = u32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Scalar(Arc<str>),
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
    Alias(Id),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data {
    pub(super) content: Content,
    pub(super) style: Style,
    pub(super) tag: Option<Box<str>>,
    pub(super) anchor: Option<Box<str>>,
    /// Where the node begins with its properties; `span` is the node proper.
    pub(super) outer: usize,
    pub(super) span: Range<usize>,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// One YAML document. It is never empty: an empty document has a null as its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(super) nodes: Vec<Data>,
    pub(super) root: Id,
}

impl Document {
    /// The outermost node.
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// All nodes as written, in no particular order; an alias counts as itself only.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.nodes.len()).map(|id| self.node(id as Id))
    }

    /// Fails at the first key that stands twice in one mapping, anywhere in the document.
    pub fn check_unique_keys(&self) -> Result<(), YamlError> {
        let twice = self.nodes().filter_map(Node::duplicate_key);
        match twice.min_by_key(|(key, _)| key.span().start) {
            None => Ok(()),
            Some((key, first)) => Err(key.error(format!(
                "the key {:?} stands twice; the first one is on line {}",
                key.as_str().unwrap_or_default(),
                first.line()
            ))),
        }
    }

    fn node(&self, id: Id) -> Node<'_> {
        Node { document: self, id }
    }
}

/// A node of a [`Document`]. Lookups follow aliases; style, properties and place are those of the node itself.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    id: Id,
}

impl<'a> Node<'a> {
    /// What the node is, as written.
    pub fn kind(self) -> Kind {
        match self.data().content {
            Content::Scalar(_) => Kind::Scalar,
            Content::Sequence(_) => Kind::Sequence,
            Content::Mapping(_) => Kind::Mapping,
            Content::Alias(_) => Kind::Alias,
        }
    }

    /// The node that an alias stands for; any other node itself.
    pub fn target(self) -> Self {
        match self.data().content {
            Content::Alias(id) => self.document.node(id),
            _ => self,
        }
    }

    /// Whether the value is a mapping.
    pub fn is_mapping(self) -> bool {
        self.target().kind() == Kind::Mapping
    }

    /// Whether the value is a sequence.
    pub fn is_sequence(self) -> bool {
        self.target().kind() == Kind::Sequence
    }

    /// Whether the value is a null, written or left out.
    pub fn is_null(self) -> bool {
        self.resolve() == Some(Scalar::Null)
    }

    /// The text of a scalar, whatever it resolves to.
    pub fn as_str(self) -> Option<&'a str> {
        match &self.target().data().content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The same, to be kept.
    pub fn as_text(self) -> Option<Arc<str>> {
        match &self.target().data().content {
            Content::Scalar(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// What a scalar means to go-yaml.
    pub fn resolve(self) -> Option<Scalar> {
        let node = self.target();
        let plain = node.style() == Style::Plain;
        node.as_str().map(|text| resolve(text, plain, node.tag()))
    }

    /// The text of a scalar that is a string, and not a number, null, …
    pub fn as_string(self) -> Option<&'a str> {
        match self.resolve() {
            Some(Scalar::String) => self.as_str(),
            _ => None,
        }
    }

    /// The keys and values of a mapping as written, `<<` included; nothing for other kinds.
    pub fn entries(
        self,
    ) -> impl DoubleEndedIterator<Item = (Node<'a>, Node<'a>)> + ExactSizeIterator {
        let document = self.document;
        let pairs: &[(Id, Id)] = match &self.target().data().content {
            Content::Mapping(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|(key, value)| (document.node(*key), document.node(*value)))
    }

    /// The items of a sequence; nothing for other kinds.
    pub fn items(self) -> impl DoubleEndedIterator<Item = Node<'a>> + ExactSizeIterator {
        let document = self.document;
        let items: &[Id] = match &self.target().data().content {
            Content::Sequence(items) => items,
            _ => &[],
        };
        items.iter().map(|id| document.node(*id))
    }

    /// The key node and the value at `key`, as written in this mapping: merges are not looked at.
    pub fn entry(self, key: &str) -> Option<(Node<'a>, Node<'a>)> {
        self.entries().find(|(k, _)| k.as_str() == Some(key))
    }

    /// The value at `key`; where the mapping has none of its own, that of the mappings merged by `<<`.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        // A chain of merges cannot be longer than documents may be deep, and cannot have cycles.
        self.entry(key).map(|(_, value)| value).or_else(|| {
            let (_, merged) = self.entries().find(|(k, _)| k.is_merge())?;
            if merged.is_sequence() {
                merged.items().find_map(|one| one.get(key))
            } else {
                merged.get(key)
            }
        })
    }

    /// Whether this is the key `<<`.
    pub fn is_merge(self) -> bool {
        self.resolve() == Some(Scalar::Merge)
    }

    /// How the node is written; an alias is plain.
    pub fn style(self) -> Style {
        self.data().style
    }

    /// The tag as resolved by its directives, as `tag:yaml.org,2002:str`.
    pub fn tag(self) -> Option<&'a str> {
        self.data().tag.as_deref()
    }

    /// The name of the anchor.
    pub fn anchor(self) -> Option<&'a str> {
        self.data().anchor.as_deref()
    }

    /// The bytes of the node proper: without anchor and tag, without what follows. Empty for a null left out.
    pub fn span(self) -> Range<usize> {
        self.data().span.clone()
    }

    /// The bytes of the node with its anchor and tag.
    pub fn outer_span(self) -> Range<usize> {
        self.data().outer..self.data().span.end
    }

    /// The line of the node proper, from 1.
    pub fn line(self) -> u32 {
        self.data().line
    }

    /// The column of the node proper, from 1, in characters.
    pub fn column(self) -> u32 {
        self.data().column
    }

    /// An error that points here.
    pub fn error(self, message: impl Into<String>) -> YamlError {
        YamlError::new(message, self.line(), self.column())
    }

    /// The first key of this mapping that stood before, and that one.
    pub fn duplicate_key(self) -> Option<(Node<'a>, Node<'a>)> {
        if self.kind() != Kind::Mapping {
            return None;
        }
        let mut seen = HashMap::new();
        self.entries().find_map(|(key, _)| {
            let first = *seen.entry(key.as_str()?).or_insert(key);
            (first.id != key.id).then_some((key, first))
        })
    }

    fn data(self) -> &'a Data {
        &self.document.nodes[self.id as usize]
    }
}

impl PartialEq for Node<'_> {
    /// Whether both are the same node of the same document.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.document, other.document)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = self.data();
        write!(f, "{:?} at {}:{}", data.content, data.line, data.column)
    }
}
