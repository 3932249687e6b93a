//! Knows how a render fails: what is wrong, and at which place of which file.
//!
//! A place is three numbers, so that every value can carry its own; names of files join at the very end.

/// A place in one of the files that a render has read; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, by its number among those that were read.
    pub file: u32,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    /// No place: what the renderer made by itself.
    pub const NOWHERE: Self = Self { file: u32::MAX, line: 0, column: 0 };

    /// Whether it is a place at all.
    pub fn is_known(self) -> bool {
        self != Self::NOWHERE
    }
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong and what to do about it, without the place.
    pub message: String,
    /// Where, as far as it is known.
    pub place: Place,
    /// Whether Kustomize itself might render it: it is refused since it would be fetched or run.
    pub refused: bool,
}

impl Problem {
    /// A problem at a place.
    pub fn new(message: impl Into<String>, place: Place) -> Self {
        Self { message: message.into(), place, refused: false }
    }

    /// What is not done here, though Kustomize might.
    pub fn refused(message: impl Into<String>, place: Place) -> Self {
        Self { refused: true, ..Self::new(message, place) }
    }

    /// The same with this place, if it has none of its own.
    #[must_use]
    pub fn or_at(self, place: Place) -> Self {
        if self.place.is_known() { self } else { Self { place, ..self } }
    }

    /// The same, after words that say what was being done.
    #[must_use]
    pub fn while_at(self, doing: &str) -> Self {
        Self { message: format!("{doing}: {}", self.message), ..self }
    }
}
