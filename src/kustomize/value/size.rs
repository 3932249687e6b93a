//! Knows how large values are, and where to stop: a render may copy only so much.
//!
//! Files can be bounded by themselves; what multiplies are patches, replacements and bases that are used again.

use std::cell::Cell;

use super::{Content, Value};
use crate::kustomize::problem::Problem;

/// The most values that one render may read and copy, all in all: some hundred times a large repository,
/// and about 300 MB.
const MAX_VALUES: usize = 2_000_000;
/// The most bytes of text that one render may read and copy.
const MAX_BYTES: usize = 96 << 20;
/// The most steps that one render may take: each is a rule that looks at an object, or at a value of one, and takes
/// some ten nanoseconds. Hundreds of rules for thousands of objects take a tenth.
const MAX_STEPS: usize = 50_000_000;
/// The most kustomizations that one render may go through, each as often as it is named: a hundred times as many
/// as large repositories have.
const MAX_VISITS: usize = 10_000;
/// The deepest nesting that copies may add up to. Walks recurse this far.
pub const MAX_DEPTH: usize = 400;

/// How large a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Values, keys included.
    pub values: usize,
    /// Bytes of text.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
}

impl Value {
    /// How large it is.
    pub fn size(&self) -> Size {
        match &self.content {
            Content::Scalar(scalar) => Size { values: 1, bytes: scalar.text.len(), depth: 1 },
            Content::List(list) => list.iter().fold(Size::of_one(), |size, value| size.with(value)),
            Content::Map(map) => map.iter().fold(Size::of_one(), |size, (key, value)| {
                let size = size.with(value);
                Size { values: size.values + 1, bytes: size.bytes + key.text.len(), ..size }
            }),
        }
    }
}

impl Size {
    fn of_one() -> Self {
        Self { values: 1, bytes: 0, depth: 1 }
    }

    fn with(self, value: &Value) -> Self {
        let inner = value.size();
        Self {
            values: self.values + inner.values,
            bytes: self.bytes + inner.bytes,
            depth: self.depth.max(inner.depth + 1),
        }
    }
}

/// What one render has left to read and to copy.
#[derive(Debug)]
pub struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
    steps: Cell<usize>,
    visits: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: Cell::new(MAX_VALUES),
            bytes: Cell::new(MAX_BYTES),
            steps: Cell::new(MAX_STEPS),
            visits: Cell::new(MAX_VISITS),
        }
    }
}

impl Budget {
    /// Pays for `times` copies of a value.
    pub fn copies(&self, value: &Value, times: usize) -> Result<(), Problem> {
        let size = value.size();
        let paid = self
            .values(size.values.saturating_mul(times))
            .and_then(|()| self.bytes(size.bytes.saturating_mul(times)));
        let deep = || Problem::new(format!("nested deeper than {MAX_DEPTH} levels"), value.place);
        paid.map_err(|problem| problem.or_at(value.place))?;
        if size.depth > MAX_DEPTH { Err(deep()) } else { Ok(()) }
    }

    /// Pays for some values.
    pub fn values(&self, values: usize) -> Result<(), Problem> {
        spend(&self.values, values, || format!("read and copy more than {MAX_VALUES} values"))
    }

    /// Pays for some text.
    pub fn bytes(&self, bytes: usize) -> Result<(), Problem> {
        spend(&self.bytes, bytes, || format!("read and copy more than {MAX_BYTES} bytes"))
    }

    /// Pays for an entry of a mapping.
    pub fn entry(&self, key: &str, text: &str) -> Result<(), Problem> {
        self.values(2)?;
        self.bytes(key.len() + text.len())
    }

    /// Pays for some steps.
    pub fn steps(&self, steps: usize) -> Result<(), Problem> {
        spend(&self.steps, steps, || {
            "take too long: there are too many rules for so many objects".to_owned()
        })
    }

    /// Pays for a walk through all values that there can be.
    pub fn walk(&self) -> Result<(), Problem> {
        self.steps(MAX_VALUES - self.values.get())
    }

    /// Pays for a kustomization.
    pub fn visit(&self) -> Result<(), Problem> {
        spend(&self.visits, 1, || format!("go through more than {MAX_VISITS} kustomizations"))
    }
}

fn spend(left: &Cell<usize>, cost: usize, what: impl Fn() -> String) -> Result<(), Problem> {
    let Some(rest) = left.get().checked_sub(cost) else {
        let message = format!("rendering this would {}", what());
        return Err(Problem::new(message, super::Place::NOWHERE));
    };
    left.set(rest);
    Ok(())
}
