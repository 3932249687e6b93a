//! What a configuration may look like: keys, and the shapes of what stands behind them.
//!
//! It knows no key itself; the table of all keys is [`super::keys`].

use super::value::Complaint;
use crate::model::ids::RepoName;

/// A key: everything that is known about it, in one place.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What stands where nothing is written: YAML that could be written, or words in parentheses.
    pub(super) default: Option<&'static str>,
    /// What it does, in one sentence, for schema and reference.
    pub(super) meaning: &'static str,
    pub(super) enforced: Enforced,
}

/// Whether this version acts upon a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enforced {
    /// Whatever its value.
    Now,
    /// For these values only.
    For(&'static [&'static str]),
    /// Only where it says what would be done anyway.
    Later,
}

impl Key {
    pub(super) const fn new(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, shape, required: false, default: None, meaning, enforced: Enforced::Now }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(super) const fn enforced(mut self, enforced: Enforced) -> Self {
        self.enforced = enforced;
        self
    }

    pub(super) const fn later(self) -> Self {
        self.enforced(Enforced::Later)
    }
}

/// What may stand behind a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text of a certain form.
    Text(&'static Format),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A whole number within these bounds.
    Count(u64, u64),
    /// Any number.
    Number,
    /// A list.
    List(&'static List),
    /// A map of keys that are known.
    Map(&'static Map),
    /// A map of names that the writer chooses.
    Names(&'static Names),
    /// One of these; how it is written (a word, a number, a list, a map) tells which.
    Either(&'static [Shape]),
}

/// The form of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// With its article: "a duration".
    pub(super) one: &'static str,
    /// "durations"
    pub(super) many: &'static str,
    /// A regular expression (of ECMA-262) that editors may check; what it lets through is checked by `check`.
    pub(super) pattern: Option<&'static str>,
    /// What it looks like.
    pub(super) example: &'static str,
    /// What checking costs, in values: so many of them count as one.
    pub(super) weight: usize,
    /// The check itself; some texts bear on the repository of the configuration.
    pub(super) check: fn(&str, &RepoName) -> Result<(), Complaint>,
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) of: Shape,
    pub(super) least: usize,
    pub(super) most: usize,
}

#[derive(Debug)]
pub(super) struct Map {
    /// With its article: "an environment".
    pub(super) one: &'static str,
    pub(super) keys: &'static [Key],
}

#[derive(Debug)]
pub(super) struct Names {
    /// "targets"
    pub(super) many: &'static str,
    pub(super) name: &'static Format,
    pub(super) of: Shape,
    pub(super) most: usize,
}

impl Map {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// One of it, with its article, for "expected …".
    pub(super) fn one(&self) -> String {
        match self {
            Self::Text(format) => format.one.to_owned(),
            Self::Choice(words) => {
                alternatives(words.iter().map(|word| format!("`{}`", shown(word))))
            }
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Count(least, most) if least == most => format!("the number {least}"),
            Self::Count(..) => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::List(list) => format!("a list of {}", list.of.many()),
            Self::Map(map) => format!("a map ({})", map.one),
            Self::Names(names) => format!("a map of {}", names.many),
            Self::Either(shapes) => alternatives(shapes.iter().map(Self::one)),
        }
    }

    /// Several of it, for "a list of …".
    fn many(&self) -> String {
        match self {
            Self::Text(format) => format.many.to_owned(),
            Self::Choice(_) | Self::Bool => self.one(),
            Self::Count(..) | Self::Number => "numbers".to_owned(),
            Self::List(list) => format!("lists of {}", list.of.many()),
            Self::Map(map) => format!("maps ({} each)", map.one),
            Self::Names(names) => format!("maps of {}", names.many),
            Self::Either(shapes) => alternatives(shapes.iter().map(Self::many)),
        }
    }

    /// Something that could be written there, on one line.
    pub(super) fn example(&self) -> String {
        match self {
            Self::Text(format) => format.example.to_owned(),
            Self::Choice(words) => shown(words[0]).to_owned(),
            Self::Bool => "true".to_owned(),
            Self::Count(least, _) => least.to_string(),
            Self::Number => "80".to_owned(),
            Self::List(list) => format!("[{}]", list.of.example()),
            Self::Names(names) => format!("{{{}: {}}}", names.name.example, names.of.example()),
            Self::Map(map) => {
                let first = map.keys.iter().filter(|key| key.required);
                let pairs: Vec<_> =
                    first.map(|key| format!("{}: {}", key.name, key.shape.example())).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Self::Either(shapes) => shapes[0].example(),
        }
    }
}

/// The empty word has to be seen.
pub(super) fn shown(word: &str) -> &str {
    if word.is_empty() { "\"\"" } else { word }
}

/// "a", "a or b", "a, b or c".
pub(super) fn alternatives(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}
