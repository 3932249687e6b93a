//! Knows how go-yaml v2 writes a text: plain, in one of two quotes or as a block, and where it folds.
//!
//! The rules are those of libyaml's emitter, at 80 columns and with Unicode allowed.

use crate::kustomize::yaml;

/// Lines are folded at the first blank behind this column.
const WIDTH: usize = 80;

/// Where a text is written.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The indentation of the lines that it goes on with.
    pub(super) indent: usize,
    /// The column that it begins at.
    pub(super) column: usize,
    /// Whether it is a key on the line of its value: then it is not folded, and no block.
    pub(super) key: bool,
}

/// What can be said of a text before it is written.
#[derive(Default)]
struct Traits {
    /// Something in it means something to YAML.
    indicators: bool,
    line_breaks: bool,
    special: bool,
    blank_ends: bool,
    trailing_blank: bool,
    /// A blank before a line break.
    blank_break: bool,
    /// A line break before a blank.
    break_blank: bool,
}

/// Writes a text.
pub(super) fn write(out: &mut String, text: &str, spot: Spot) {
    let traits = traits(text);
    let plain_fits = !text.is_empty()
        && !traits.indicators
        && !traits.blank_ends
        && !traits.break_blank
        && !traits.blank_break
        && !traits.special
        && !traits.line_breaks;
    let single_fits = !traits.break_blank && !traits.blank_break && !traits.special;
    let block_fits =
        !traits.trailing_blank && !traits.blank_break && !traits.special && !text.is_empty();
    if text.contains('\n') {
        if block_fits && !spot.key { block(out, text, spot) } else { double(out, text, spot) }
    } else if !means_itself(text) {
        double(out, text, spot);
    } else if plain_fits {
        plain(out, text, spot);
    } else if single_fits && !(spot.key && traits.line_breaks) {
        single(out, text, spot);
    } else {
        double(out, text, spot);
    }
}

/// Whether a key with this text cannot stand on the line of its value.
pub(super) fn has_line_break(text: &str) -> bool {
    text.chars().any(is_break)
}

/// The column at the end of what is written.
pub(super) fn column(out: &str) -> usize {
    let start = out.rfind('\n').map_or(0, |at| at + 1);
    out[start..].chars().count()
}

/// Whether go-yaml v2 reads the text without quotes as this text.
fn means_itself(text: &str) -> bool {
    let word = matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    );
    !word
        && !is_base_60(text)
        && matches!(yaml::resolve(text, true, None), yaml::Scalar::String | yaml::Scalar::Merge)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`, which YAML 1.1 takes for a number.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let mut parts = parts.peekable();
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && parts.peek().is_some()
        && parts.all(|part| match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
            _ => false,
        })
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What may be written as it is. Beyond the basic plane go-yaml v2 writes escapes.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

fn traits(text: &str) -> Traits {
    let mut traits = Traits {
        indicators: text.starts_with("---") || text.starts_with("..."),
        ..Traits::default()
    };
    let (mut before_blank, mut before_break, mut spaced) = (false, false, true);
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let last = chars.peek().is_none();
        let spaced_after =
            chars.peek().is_none_or(|c| matches!(c, ' ' | '\t' | '\0') || is_break(*c));
        traits.indicators |= match c {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => first,
            '?' | '-' => first && spaced_after,
            ':' => spaced_after,
            '#' => first || spaced,
            _ => false,
        };
        traits.special |= !is_printable(c);
        if c == ' ' {
            traits.blank_ends |= first || last;
            traits.trailing_blank |= last;
            traits.break_blank |= before_break;
            (before_blank, before_break) = (true, false);
        } else if is_break(c) {
            traits.line_breaks = true;
            traits.blank_ends |= first || last;
            traits.blank_break |= before_blank;
            (before_blank, before_break) = (false, true);
        } else {
            (before_blank, before_break) = (false, false);
        }
        spaced = matches!(c, ' ' | '\t' | '\0') || is_break(c);
        first = false;
    }
    traits
}

/// Writes characters, counting columns.
struct Line<'a> {
    out: &'a mut String,
    spot: Spot,
    column: usize,
}

impl Line<'_> {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn fold(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.spot.indent));
        self.column = self.spot.indent;
    }
}

fn plain(out: &mut String, text: &str, spot: Spot) {
    let mut line = Line { out, spot, column: spot.column };
    let mut after_blank = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ' ' {
            let folds =
                !spot.key && !after_blank && line.column > WIDTH && chars.peek() != Some(&' ');
            if folds { line.fold() } else { line.put(c) }
        } else {
            line.put(c);
        }
        after_blank = c == ' ';
    }
}

fn single(out: &mut String, text: &str, spot: Spot) {
    let mut line = Line { out, spot, column: spot.column };
    line.put('\'');
    let (mut after_blank, mut after_break, mut first) = (false, false, true);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ' ' {
            let next = chars.peek();
            let folds = !spot.key
                && !after_blank
                && line.column > WIDTH
                && !first
                && next.is_some_and(|next| *next != ' ');
            if folds {
                line.fold();
            } else {
                line.put(c);
            }
            after_blank = true;
        } else if is_break(c) {
            // The break itself; a line feed would need another one, and does not come here.
            line.out.push(c);
            line.column = 0;
            after_break = true;
        } else {
            if after_break {
                line.out.extend(std::iter::repeat_n(' ', spot.indent));
                line.column = spot.indent;
            }
            if c == '\'' {
                line.put(c);
            }
            line.put(c);
            (after_blank, after_break) = (false, false);
        }
        first = false;
    }
    line.put('\'');
}

fn double(out: &mut String, text: &str, spot: Spot) {
    let mut line = Line { out, spot, column: spot.column };
    line.put('"');
    let (mut after_blank, mut first) = (false, true);
    // Behind a byte order mark go-yaml escapes everything.
    let marked = text.starts_with('\u{feff}');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if marked || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
            for c in escaped(c).chars() {
                line.put(c);
            }
            after_blank = false;
        } else if c == ' ' {
            let next = chars.peek();
            if !spot.key && !after_blank && line.column > WIDTH && !first && next.is_some() {
                let blank_next = next == Some(&' ');
                line.fold();
                if blank_next {
                    line.put('\\');
                }
            } else {
                line.put(c);
            }
            after_blank = true;
        } else {
            line.put(c);
            after_blank = false;
        }
        first = false;
    }
    line.put('"');
}

fn escaped(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// What follows the sign of a block: how far it is indented, if that cannot be seen, and how it ends.
pub(super) fn hints(text: &str) -> String {
    let mut hints = String::new();
    if text.starts_with(|c: char| c == ' ' || is_break(c)) {
        hints.push('2');
    }
    let mut ends = text.chars().rev();
    match (ends.next().is_some_and(is_break), ends.next()) {
        (false, _) => hints.push('-'),
        (true, None) => hints.push('+'),
        (true, Some(c)) if is_break(c) => hints.push('+'),
        (true, Some(_)) => {}
    }
    hints
}

/// Whether go-yaml v3 can write a text as a block; unlike v2 it has nothing against tabs.
pub(super) fn fits_block(text: &str) -> bool {
    let traits = traits(&text.replace('\t', "x"));
    !traits.trailing_blank && !traits.blank_break && !traits.special && !text.is_empty()
}

fn block(out: &mut String, text: &str, spot: Spot) {
    out.push('|');
    out.push_str(&hints(text));
    out.push('\n');
    let mut begun = false;
    for c in text.chars() {
        if is_break(c) {
            out.push(c);
            begun = false;
            continue;
        }
        if !begun {
            out.extend(std::iter::repeat_n(' ', spot.indent));
            begun = true;
        }
        out.push(c);
    }
}
