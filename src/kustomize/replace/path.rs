//! Knows how paths of fields are written: `spec.containers.[name=web].env.0`, with `\.` for a dot in a name.
//!
//! It knows nothing of values.

/// The parts of a path; brackets hold together what has dots in it, and fall off where there is no `=`.
pub fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = unescaped(path).into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut whole = piece;
        for piece in pieces.by_ref() {
            whole.push('.');
            whole.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        if !whole.contains('=') {
            whole = whole.trim_matches(['[', ']']).to_owned();
        }
        parts.push(whole);
    }
    parts
}

/// Split at dots, but not after a backslash; one dot at the front does not count.
fn unescaped(path: &str) -> Vec<String> {
    let path = path.strip_prefix('.').unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for piece in path.split('.') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// What a part of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The item of a list with a number.
    Item(i64),
    /// `-`: the last item of a list.
    Last,
    /// `*`: all items of a list.
    Every,
    /// `[field=value]`: the items of a list that have it, or `[=value]`, that are it.
    Condition,
    /// The field of a mapping.
    Field,
}

impl Part {
    /// What it is.
    pub fn of(part: &str) -> Self {
        match (index(part), part) {
            (Some(index), _) => Self::Item(index),
            (None, "-") => Self::Last,
            (None, "*") => Self::Every,
            _ if is_bracketed(part) => Self::Condition,
            _ => Self::Field,
        }
    }
}

/// Whether what is made for a part to be looked up in is a list.
pub fn next_is_list(part: &str) -> bool {
    is_bracketed(part) || index(part).is_some_and(|index| index >= 0)
}

/// A part that is a number in a list.
pub(super) fn index(part: &str) -> Option<i64> {
    part.parse().ok()
}

/// Whether a part is in brackets.
pub(super) fn is_bracketed(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// The field and the value of `[field=value]`.
pub fn condition(part: &str) -> Result<(&str, &str), String> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| format!("{part} has to be [field=value]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_dots_that_count() {
        for (path, parts) in [
            ("a.b", &["a", "b"][..]),
            (".a", &["a"]),
            ("", &[""]),
            ("a..b", &["a", "", "b"]),
            (r"a.b\.c.d", &["a", "b.c", "d"]),
            ("a.[b.c].d", &["a", "b.c", "d"]),
            ("a.[b=c.d].e", &["a", "[b=c.d]", "e"]),
            ("a.[b]", &["a", "[b]"]),
            ("a.[b.c", &["a", "b.c"]),
        ] {
            assert_eq!(split(path), parts, "{path}");
        }
    }
}
