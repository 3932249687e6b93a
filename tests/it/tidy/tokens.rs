//! Knows just enough of Rust's surface to read paths and attributes: words and marks with their
//! lines, without comments and string contents. Knows nothing of the rules held with them.

/// A word or a mark of the source, and the line (from 1) that it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// A path as it would read without groups: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) segments: Vec<&'a str>,
    pub(super) line: usize,
}

/// Splits source text into words, `::` and single marks; comments, strings, characters and
/// lifetimes leave nothing behind.
pub(super) fn parse_tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'\'' => quote_end(bytes, at),
            byte if is_word(byte) => {
                let end = word_end(bytes, at);
                match raw_string_end(bytes, at, end) {
                    Some(raw) => raw,
                    None => {
                        tokens.push(Token { text: &source[at..end], line });
                        end
                    }
                }
            }
            b':' if bytes[at..].starts_with(b"::") => {
                tokens.push(Token { text: "::", line });
                at + 2
            }
            byte => {
                if byte.is_ascii_punctuation() {
                    tokens.push(Token { text: &source[at..=at], line });
                }
                at + 1
            }
        };
        line += bytes[at..end].iter().filter(|byte| **byte == b'\n').count();
        at = end;
    }
    tokens
}

/// Every path of two or more segments, and every single name that a `use` brings in.
pub(super) fn find_paths<'a>(tokens: &[Token<'a>]) -> Vec<Path<'a>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let used = at > 0 && tokens[at - 1].text == "use";
        let starts = is_name(tokens[at].text) && (at == 0 || tokens[at - 1].text != "::");
        let goes_on = tokens.get(at + 1).is_some_and(|next| next.text == "::");
        if starts && (goes_on || used) {
            at = follow(tokens, at, &[], &mut paths);
        } else {
            at += 1;
        }
    }
    paths
}

/// Reads one path from its first segment on and returns where it ends.
fn follow<'a>(
    tokens: &[Token<'a>],
    from: usize,
    prefix: &[&'a str],
    paths: &mut Vec<Path<'a>>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            return follow_group(tokens, at, &segments, paths);
        }
        if !(is_name(token.text) || token.text == "*") {
            break;
        }
        segments.push(token.text);
        at += 1;
        if tokens.get(at).is_none_or(|next| next.text != "::") {
            break;
        }
        at += 1;
    }
    paths.push(Path { segments, line: tokens[from].line });
    at.max(from + 1)
}

fn follow_group<'a>(
    tokens: &[Token<'a>],
    open: usize,
    prefix: &[&'a str],
    paths: &mut Vec<Path<'a>>,
) -> usize {
    let mut at = open + 1;
    while let Some(token) = tokens.get(at) {
        at = match token.text {
            "}" => return at + 1,
            "," => at + 1,
            "as" => at + 2,
            _ => follow(tokens, at, prefix, paths),
        };
    }
    at
}

fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| is_word(**byte)).count()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| **byte != b'\n').count()
}

fn comment_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(bytes.len())
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `br#"…"#`: the end of the string, when the word from `at` to `end` opens one.
fn raw_string_end(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    if !matches!(&bytes[at..end], b"r" | b"br" | b"cr") {
        return None;
    }
    let hashes = bytes[end..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(end + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = end + hashes + 1;
    let length = bytes[body..].windows(close.len()).position(|window| window == close);
    Some(length.map_or(bytes.len(), |length| body + length + close.len()))
}

/// A character literal is skipped whole; of a lifetime only the mark and its name.
fn quote_end(bytes: &[u8], from: usize) -> usize {
    let first = from + 1;
    if bytes.get(first) == Some(&b'\\') {
        let mut at = first + 2;
        while at < bytes.len() && bytes[at] != b'\'' {
            at += 1;
        }
        return (at + 1).min(bytes.len());
    }
    let mut after = first + 1;
    while bytes.get(after).is_some_and(|byte| (0x80..0xC0).contains(byte)) {
        after += 1;
    }
    if bytes.get(after) == Some(&b'\'') {
        after + 1
    } else {
        word_end(bytes, first).max(first).min(bytes.len())
    }
}

mod tests {
    use super::{find_paths, parse_tokens};

    fn words(source: &str) -> Vec<&str> {
        parse_tokens(source).iter().map(|token| token.text).collect()
    }

    fn paths(source: &str) -> Vec<String> {
        find_paths(&parse_tokens(source)).iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_strings_and_characters_leave_nothing() {
        assert_eq!(words("a // crate::b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(
            words(r##"x("crate::b \" c", r#"d " e"#, b"f") y"##),
            ["x", "(", ",", ",", "b", ")", "y"]
        );
        assert_eq!(
            words("'{' 'é' '\\'' '\\u{41}' fn f<'a>(&'static str)").join(" "),
            "fn f < > ( & str )"
        );
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let tokens = parse_tokens("/* \n */ \"\n\" a\nb");
        assert_eq!(
            tokens.iter().map(|token| (token.text, token.line)).collect::<Vec<_>>(),
            [("a", 3), ("b", 4)]
        );
    }

    #[test]
    fn groups_are_flattened() {
        assert_eq!(
            paths("use a::{b, c::{d, e::*}, f as g};"),
            ["a::b", "a::c::d", "a::c::e::*", "a::f"]
        );
        assert_eq!(paths("use tokio; let x = Vec::<u8>::new();"), ["tokio", "Vec"]);
        assert_eq!(
            paths("crate::model::now(crate::store::x)"),
            ["crate::model::now", "crate::store::x"]
        );
    }

    #[test]
    fn broken_source_does_not_stop_the_reader() {
        for source in ["use a::{b, {", "\"open", "r#\"open", "/* open", "'", "a::", "use ::{"] {
            find_paths(&parse_tokens(source));
        }
    }
}
