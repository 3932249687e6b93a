//! Knows JSON pointers (RFC 6901), and places in lists as `evanphx/json-patch` counts them.
//!
//! It knows nothing of values.

use std::fmt;

/// A path into a value: the keys and indices on the way.
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    text: String,
    /// The way to the container of the last part; none if there is no last part.
    pub(super) parts: Option<(Vec<String>, String)>,
}

impl Pointer {
    /// What stands before the first slash does not count.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts: Vec<String> = text
            .split('/')
            .skip(1)
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        let last = parts.pop();
        Self { text: text.to_owned(), parts: last.map(|last| (parts, last)) }
    }

    /// Whether it is the whole value.
    pub(super) fn is_whole(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A place among `count`, also counted from the end: -1 is the last one.
pub(super) fn index(part: &str, count: usize) -> Option<usize> {
    // Go's `strconv.Atoi` takes a sign and leading zeros, as Rust does.
    let index: i64 = part.parse().ok()?;
    let count = i64::try_from(count).ok()?;
    let index = if index < 0 { index.checked_add(count)? } else { index };
    usize::try_from(index).ok().filter(|_| index < count)
}
