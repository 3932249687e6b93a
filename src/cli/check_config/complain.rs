//! Problems of a configuration with the lines they stand on.
//!
//! It does not know what is a problem.

use std::fmt::Write as _;

use crate::domain::policy::Problem;

/// The most of a line that is shown.
const WIDTH: usize = 100;

/// All problems from top to bottom, then how many there are.
pub(super) fn write(name: &str, bytes: &[u8], problems: &[Problem]) -> String {
    let source = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = source.lines().collect();
    let mut text = String::new();
    for problem in problems {
        let number = problem.line as usize;
        let _ = writeln!(text, "{name}:{}:{}: {}", problem.line, problem.column, problem.message);
        let margin = number.to_string().len();
        if let Some(line) = lines.get(number.saturating_sub(1)).filter(|line| !line.is_empty()) {
            let (shown, indent, length) = excerpt(line, problem.column as usize);
            let _ = writeln!(text, " {number} | {shown}");
            let _ =
                writeln!(text, " {:margin$} | {}{}", "", " ".repeat(indent), "^".repeat(length));
        }
        if let Some(help) = &problem.help {
            let _ = writeln!(text, " {:margin$} = help: {help}", "");
        }
        text.push('\n');
    }
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let _ = writeln!(text, "{name} is not valid: {count}");
    text
}

/// The part of a line around a column, where the column is in it, and how long the word there is.
fn excerpt(line: &str, column: usize) -> (String, usize, usize) {
    // what moves the cursor would move the caret
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let characters: Vec<char> = line.chars().map(shown).collect();
    let at = column.saturating_sub(1).min(characters.len());
    let start = if at < WIDTH * 3 / 4 { 0 } else { at - WIDTH / 4 };
    let end = characters.len().min(start + WIDTH);
    let part = characters.get(start..end).unwrap_or_default();
    let word = word(part.get(at - start..).unwrap_or_default());
    let dots = |cut: bool| if cut { "…" } else { "" };
    let text: String = part.iter().collect();
    let shown = format!("{}{text}{}", dots(start > 0), dots(end < characters.len()));
    (shown, at - start + usize::from(start > 0), word.max(1))
}

/// How many characters the word has that begins here: a text in quotes, brackets, or what YAML would take.
fn word(text: &[char]) -> usize {
    let find = |end: char| text.iter().skip(1).position(|c| *c == end).map(|at| at + 2);
    let plain =
        || text.iter().position(|c| c.is_whitespace() || ",]}:".contains(*c)).unwrap_or(text.len());
    match text.first() {
        Some(quote @ ('"' | '\'')) => find(*quote).unwrap_or(text.len()),
        Some('[') => find(']').unwrap_or(text.len()),
        Some('{') => find('}').unwrap_or(text.len()),
        _ => plain(),
    }
}
