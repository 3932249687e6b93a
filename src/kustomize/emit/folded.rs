//! Knows what becomes of a folded text: Kustomize writes it with go-yaml v3 and reads that again before it prints it,
//! and v3 writes an empty line too many before lines that are indented.
//!
//! It is the one place where what is printed is not what was meant; it is kept since all who compare see it.

use super::scalar::{fits_block, hints, is_break};
use crate::kustomize::yaml;

/// The text as it is after it was written and read again.
pub(in crate::kustomize) fn again(text: &str) -> String {
    if !fits_block(text) {
        return text.to_owned();
    }
    let written = format!("- >{}\n{}\n", hints(text), lines(text));
    let read = yaml::parse_one(written.as_bytes()).ok();
    let read = read.as_ref().and_then(|document| document.root().items().next());
    read.and_then(|item| item.as_str()).unwrap_or(text).to_owned()
}

fn lines(text: &str) -> String {
    // v3 looks at the beginning of the text where it should look at the line that follows.
    let first = text.chars().find(|c| !is_break(*c));
    let doubles = first.is_some_and(|c| !matches!(c, ' ' | '\t' | '\0'));
    let mut out = String::new();
    let (mut at_break, mut indented) = (true, true);
    for c in text.chars() {
        if is_break(c) {
            if !at_break && !indented && c == '\n' && doubles {
                out.push('\n');
            }
            out.push(c);
            at_break = true;
            continue;
        }
        if at_break {
            out.push_str("  ");
            indented = matches!(c, ' ' | '\t');
        }
        out.push(c);
        at_break = false;
    }
    // One line break ends it anyway. Whether it counts is told by the hints; more than one does, with the empty line.
    let kept = out.trim_end_matches('\n').len();
    if text.ends_with("\n\n") {
        out.pop();
    } else {
        out.truncate(kept);
    }
    out
}
