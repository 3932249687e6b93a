//! The words of a command line: what spaces part, quotes hold together, and dashes make a flag.
//!
//! It knows no command and no flag by name.

/// A word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Where it begins in the line, its quotes included.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What it is.
    pub(super) kind: Kind<'a>,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A word like any other.
    Plain(&'a str),
    /// What stood between quotes.
    Quoted(&'a str),
    /// Two dashes and a letter.
    Flag {
        /// Without its dashes.
        name: &'a str,
        /// What stands behind `=`.
        value: Option<Value<'a>>,
    },
    /// It begins with a dash and is no flag: `-x`, `--`.
    Dashed,
}

/// What stands behind a flag's `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// The text, without its quotes.
    pub(super) text: &'a str,
    /// Where it begins in the line, its quotes included.
    pub(super) start: usize,
    /// Whether it stood between quotes.
    pub(super) quoted: bool,
}

/// What opens a quotation, and what closes it.
const QUOTES: [(char, &[char]); 5] =
    [('"', &['"']), ('“', &['”']), ('„', &['“', '”']), ('”', &['”']), ('«', &['»'])];

/// What keyboards and their helpers write for a hyphen, and for two.
const DASHES: &[char] = &['-', '‐', '‑', '–', '—', '―', '−'];
/// Those that stand for two by themselves.
const LONG: &[char] = &['–', '—', '―'];

/// The words of a line.
pub(super) fn split(line: &str) -> Vec<Word<'_>> {
    let quotes = Quotes::new(line);
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(blank) = line[at..].find(|c| !is_blank(c)) {
        let start = at + blank;
        let (end, kind) = match quotes.at(start) {
            Some((text, end)) => (end, Kind::Quoted(text)),
            None => unquoted(line, start, &quotes),
        };
        words.push(Word { start, end, kind });
        at = end;
    }
    words
}

/// What parts words; anything else that looks empty does not.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn unquoted<'a>(line: &'a str, start: usize, quotes: &Quotes<'a>) -> (usize, Kind<'a>) {
    let end = line[start..].find(is_blank).map_or(line.len(), |length| start + length);
    let word = &line[start..end];
    let bare = word.trim_start_matches(DASHES);
    let dashes = &word[..word.len() - bare.len()];
    if dashes.is_empty() {
        return (end, Kind::Plain(word));
    }
    let double = dashes.chars().count() > 1 || dashes.starts_with(LONG);
    if !double || !bare.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return (end, Kind::Dashed);
    }
    let Some((name, text)) = bare.split_once('=') else {
        return (end, Kind::Flag { name: bare, value: None });
    };
    let behind = end - text.len();
    let (value, end) = match quotes.at(behind) {
        Some((text, end)) => (Value { text, start: behind, quoted: true }, end),
        None => (Value { text, start: behind, quoted: false }, end),
    };
    (end, Kind::Flag { name, value: Some(value) })
}

/// Where the quotations of a line can end: looked for once, so that a line of nothing but opening
/// quotes costs no more than any other.
struct Quotes<'a> {
    line: &'a str,
    last: [Option<usize>; QUOTES.len()],
}

impl<'a> Quotes<'a> {
    fn new(line: &'a str) -> Self {
        Self { line, last: QUOTES.map(|(_, closes)| line.rfind(closes)) }
    }

    /// The quotation that opens here and is closed somewhere: its text, and where it ends.
    fn at(&self, start: usize) -> Option<(&'a str, usize)> {
        let opens = self.line[start..].chars().next()?;
        let index = QUOTES.iter().position(|(quote, _)| *quote == opens)?;
        let inside = start + opens.len_utf8();
        if self.last[index]? < inside {
            return None;
        }
        let text = &self.line[inside..];
        let length = text.find(QUOTES[index].1)?;
        let closes = text[length..].chars().next()?;
        Some((&text[..length], inside + length + closes.len_utf8()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<Kind<'_>> {
        split(line).into_iter().map(|word| word.kind).collect()
    }

    fn flag(name: &str) -> Kind<'_> {
        Kind::Flag { name, value: None }
    }

    #[test]
    fn spaces_and_tabs_part_words() {
        assert_eq!(kinds(" a\tb  c "), [Kind::Plain("a"), Kind::Plain("b"), Kind::Plain("c")]);
        assert_eq!(kinds("a\u{a0}b"), [Kind::Plain("a\u{a0}b")]);
        assert_eq!(kinds(" \t "), []);
    }

    #[test]
    fn quotes_hold_words_together() {
        for line in ["\"a b\" c", "“a b” c", "„a b“ c", "„a b” c", "”a b” c", "«a b» c"]
        {
            assert_eq!(kinds(line), [Kind::Quoted("a b"), Kind::Plain("c")], "{line}");
        }
        assert_eq!(kinds("\"a b"), [Kind::Plain("\"a"), Kind::Plain("b")], "never closed");
        assert_eq!(kinds("a\"b c\""), [Kind::Plain("a\"b"), Kind::Plain("c\"")], "not opened");
        assert_eq!(kinds("\"\""), [Kind::Quoted("")]);
        assert_eq!(kinds("\"--app\""), [Kind::Quoted("--app")]);
    }

    #[test]
    fn two_dashes_make_a_flag_however_they_are_written() {
        for line in ["--app", "—app", "–app", "–-app", "——app", "−−app", "‐‐app", "---app", "-–app"]
        {
            assert_eq!(kinds(line), [flag("app")], "{line}");
        }
        for line in ["-app", "-", "--", "—", "--1", "−app", "--é"] {
            assert_eq!(kinds(line), [Kind::Dashed], "{line}");
        }
        assert_eq!(kinds("a--b"), [Kind::Plain("a--b")]);
    }

    #[test]
    fn values_stand_behind_an_equals_sign() {
        let value = |text, start, quoted| Some(Value { text, start, quoted });
        assert_eq!(kinds("--app=a=b"), [Kind::Flag { name: "app", value: value("a=b", 6, false) }]);
        assert_eq!(kinds("--app="), [Kind::Flag { name: "app", value: value("", 6, false) }]);
        let quoted = Kind::Flag { name: "app", value: value("a b", 6, true) };
        assert_eq!(kinds("--app=\"a b\" c"), [quoted, Kind::Plain("c")]);
    }

    proptest::proptest! {
        #[test]
        fn words_cover_all_that_is_not_blank(line in "[-a\"“”„«» \t=—é]{0,40}") {
            let mut rest = line.clone();
            for word in split(&line).into_iter().rev() {
                proptest::prop_assert!(word.start < word.end);
                rest.replace_range(word.start..word.end, "");
            }
            proptest::prop_assert!(rest.chars().all(is_blank));
        }
    }
}
