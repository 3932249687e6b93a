//! References to pull requests as they are read in another repository than theirs.
//!
//! It does not know which text is read where.

use crate::domain::decision::OPENED;
use crate::model::ids::RepoName;

/// Our text with the repository in front of each `#7`. Foreign text stands in code, which stays as it is.
pub fn spelt_out(text: &str, home: &RepoName) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['#', '`']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let taken = if from.starts_with('`') {
            code(from)
        } else {
            let number = from[1..].starts_with(|c: char| c.is_ascii_digit());
            if number || from[1..].starts_with(OPENED) {
                out.push_str(home.as_str());
            }
            1
        };
        out.push_str(&from[..taken]);
        rest = &from[taken..];
    }
    out.push_str(rest);
    out
}

/// How long the code is that begins here: to the next run of as many ticks, else only the ticks.
fn code(text: &str) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(next) = text[at..].find('`') {
        let from = at + next;
        let run = text[from..].len() - text[from..].trim_start_matches('`').len();
        if run == ticks {
            return from + run;
        }
        at = from + run;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_references_are_spelt_out() {
        let home = RepoName::new("acme/demo").unwrap();
        let text =
            "#7 is open: `x #8`. Closed: #9.\n```diff\n# 1\n#2 `\n```\n### Head, #{opened} ` #3";
        assert_eq!(
            spelt_out(text, &home),
            "acme/demo#7 is open: `x #8`. Closed: acme/demo#9.\n```diff\n# 1\n#2 `\n```\n### Head, acme/demo#{opened} ` acme/demo#3"
        );
    }
}
