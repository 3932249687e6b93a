//! Knows what a kustomization says of a replacement.
//!
//! It knows nothing of how one is done.

use crate::kustomize::fields::{Fields, Reading};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::select::Selector;
use crate::kustomize::value::{Content, Value};

/// An entry of `replacements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `path`: a file with one replacement or a list of them, for [`Replacement::read`].
    File(String, Place),
    /// A replacement.
    Inline(Box<Replacement>),
}

/// A replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// `source`.
    pub source: Option<Source>,
    /// `targets`.
    pub targets: Option<Vec<Target>>,
    /// Where it was written.
    pub place: Place,
}

/// Where a value is taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The object: here its fields are no patterns, and there are none for labels and annotations.
    pub selector: Selector,
    /// `fieldPath`; empty for the name.
    pub field_path: String,
    /// `options`.
    pub options: Options,
}

/// Where a value goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `select`: its fields are no patterns.
    pub select: Option<Selector>,
    /// `reject`.
    pub reject: Vec<Selector>,
    /// `fieldPaths`; none for the name.
    pub field_paths: Vec<String>,
    /// `options`.
    pub options: Options,
    /// Where it was written.
    pub place: Place,
}

/// Which part of a field is meant, and whether it may be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `delimiter`.
    pub delimiter: String,
    /// `index`.
    pub index: i64,
    /// `create`.
    pub create: bool,
}

impl Entry {
    /// Of an entry of the list, in a kustomization file or in a `ReplacementTransformer`.
    pub fn from_value(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let known = ["path", "source", "targets"];
        let fields = Fields::of(value, "a replacement", &known, reading)?;
        let path = fields.text("path")?;
        let mut replacement = Replacement::of_fields(&fields)?;
        // An empty list of targets is lost on the way to the transformer.
        replacement.targets = replacement.targets.filter(|targets| !targets.is_empty());
        if path.is_empty() {
            return Ok(Self::Inline(Box::new(replacement)));
        }
        if replacement.source.is_some() || replacement.targets.is_some() {
            let message = "a replacement is either in the file at path or here, not both";
            return Err(Problem::new(message, value.place));
        }
        Ok(Self::File(path, fields.get("path").map_or(value.place, |path| path.place)))
    }
}

impl Replacement {
    /// Of a file: one replacement, or a list of them.
    pub fn read(value: &Value) -> Result<Vec<Self>, Problem> {
        let one = |value: &Value| {
            let fields = Fields::of(value, "a replacement", &[], Reading::Lenient)?;
            Self::of_fields(&fields)
        };
        match &value.content {
            Content::List(list) => list.iter().map(one).collect(),
            Content::Map(_) => Ok(vec![one(value)?]),
            Content::Scalar(_) => {
                let message = "there has to be a replacement, or a list of replacements";
                Err(Problem::new(message, value.place))
            }
        }
    }

    fn of_fields(fields: &Fields<'_>) -> Result<Self, Problem> {
        let reading = fields.reading();
        let targets = fields.get("targets").map(|_| {
            let targets = fields.list("targets")?.iter();
            targets.map(|target| Target::read(target, reading)).collect()
        });
        Ok(Self {
            source: fields.get("source").map(|one| Source::read(one, reading)).transpose()?,
            targets: targets.transpose()?,
            place: fields.place,
        })
    }
}

impl Source {
    fn read(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let known = ["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
        let fields = Fields::of(value, "a source", &known, reading)?;
        let selector = Selector {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            place: fields.place,
            ..Selector::default()
        };
        Ok(Self {
            selector,
            field_path: fields.any_text("fieldPath")?,
            options: Options::of(&fields)?,
        })
    }
}

impl Target {
    fn read(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let known = ["select", "reject", "fieldPaths", "options"];
        let fields = Fields::of(value, "a target", &known, reading)?;
        let selector = |value: &Value| Selector::read(value, reading);
        Ok(Self {
            select: fields.get("select").map(selector).transpose()?,
            reject: fields.list("reject")?.iter().map(selector).collect::<Result<_, _>>()?,
            field_paths: fields.texts("fieldPaths")?.into_iter().map(|(path, _)| path).collect(),
            options: Options::of(&fields)?,
            place: fields.place,
        })
    }
}

impl Options {
    fn of(fields: &Fields<'_>) -> Result<Self, Problem> {
        let known = ["delimiter", "index", "encoding", "create"];
        let Some(value) = fields.get("options") else { return Ok(Self::default()) };
        let options = Fields::of(value, "options", &known, fields.reading())?;
        // Kustomize reads `encoding` and does nothing with it.
        options.text("encoding")?;
        Ok(Self {
            delimiter: options.any_text("delimiter")?,
            index: options.number("index")?,
            create: options.truth("create")?,
        })
    }
}
