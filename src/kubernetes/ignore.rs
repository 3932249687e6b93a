//! Knows the comments that ask for a finding to be ignored: `# usher:ignore CODE[,CODE…] REASON`, behind what it is
//! about or on the line above.

use super::codes;
use crate::model::files::{Entry, FileTree};

const MARK: &str = "usher:ignore";

/// The comments of a file.
#[derive(Debug, Clone, Default)]
pub struct Ignores {
    comments: Vec<Comment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comment {
    /// The line of what it is about, from 1.
    line: u32,
    codes: Vec<String>,
    reason: String,
}

/// A comment that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1, in characters.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Ignores {
    /// Reads the comments of a file, and what is wrong with them.
    pub fn read(tree: &dyn FileTree, path: &str) -> (Self, Vec<Malformed>) {
        match tree.entry(path) {
            Entry::File(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) if text.contains(MARK) => Self::of(text),
                _ => Default::default(),
            },
            _ => Default::default(),
        }
    }

    fn of(text: &str) -> (Self, Vec<Malformed>) {
        let (mut comments, mut malformed) = (Vec::new(), Vec::new());
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((before, said)) = comment(line) else { continue };
            // On a line of its own it is about the next line that is no comment.
            let about = match before.trim().is_empty() {
                true => {
                    let is_comment = |line: &&&str| line.trim_start().starts_with('#');
                    at + 1 + lines[at + 1..].iter().take_while(is_comment).count()
                }
                false => at,
            };
            let place = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
            match parse(said) {
                Ok((codes, reason)) => comments.push(Comment { line: place(about), codes, reason }),
                Err(message) => malformed.push(Malformed {
                    line: place(at),
                    column: place(before.chars().count()),
                    message,
                }),
            }
        }
        (Self { comments }, malformed)
    }

    /// Why a finding is to be ignored, if it is.
    pub fn reason(&self, line: u32, code: &str) -> Option<&str> {
        let about = |comment: &&Comment| {
            comment.line == line && comment.codes.iter().any(|known| known == code)
        };
        self.comments.iter().find(about).map(|comment| &*comment.reason)
    }
}

/// What stands before a comment of ours on a line, and what it says.
fn comment(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(found) = line[from..].find('#') {
        let at = from + found;
        let begins = at == 0 || line[..at].ends_with([' ', '\t']);
        let said = line[at + 1..].trim_start().strip_prefix(MARK);
        if let Some(said) = said.filter(|said| begins && (said.is_empty() || said.starts_with(' ')))
        {
            return Some((&line[..at], said));
        }
        from = at + 1;
    }
    None
}

fn parse(said: &str) -> Result<(Vec<String>, String), String> {
    const FORM: &str = "write `# usher:ignore CODE REASON`";
    let said = said.trim();
    let (list, reason) = said.split_once(' ').unwrap_or((said, ""));
    let list: Vec<String> = list.trim_end_matches(':').split(',').map(ToOwned::to_owned).collect();
    if let Some(unknown) = list.iter().find(|code| !codes::is_adjustable(code)) {
        let fixed = [codes::CANNOT_RENDER, codes::NOT_RENDERED].contains(&unknown.as_str());
        let known: Vec<&str> = codes::all().map(|known| known.code).collect();
        return Err(match super::nearest(unknown, known.into_iter()) {
            _ if unknown.is_empty() => format!("this says neither what to ignore nor why; {FORM}"),
            _ if fixed => format!("{unknown} cannot be ignored"),
            Some(near) => format!("there is no rule {unknown:?}; did you mean {near}?"),
            None => format!("there is no rule {unknown:?}; {FORM}"),
        });
    }
    let reason = reason.trim_matches([' ', ':', '-', '–', '—']);
    if !reason.chars().any(char::is_alphabetic) {
        return Err(format!("this does not say why {} may be ignored; {FORM}", list.join(", ")));
    }
    Ok((list, reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_about_its_line_or_the_next_one() {
        let (ignores, malformed) = Ignores::of(
            "a: 1  # usher:ignore unknown-field read by the operator\n\
             # usher:ignore wrong-type,wrong-value: the vendor writes it so\n\
             # and says so\n\
             b: \"#no\" #usher:ignore image-unused -- nothing else is published\n\
             c: x#usher:ignore unknown-field not a comment\n",
        );
        assert_eq!(malformed, []);
        assert_eq!(ignores.reason(1, "unknown-field"), Some("read by the operator"));
        assert_eq!(ignores.reason(1, "wrong-type"), None);
        assert_eq!(ignores.reason(2, "wrong-type"), None);
        assert_eq!(ignores.reason(4, "wrong-type"), Some("the vendor writes it so"));
        assert_eq!(ignores.reason(4, "wrong-value"), Some("the vendor writes it so"));
        assert_eq!(ignores.reason(5, "unknown-field"), None);
    }

    #[test]
    fn a_comment_without_a_reason_ignores_nothing_and_is_told() {
        for (text, wanted) in [
            ("# usher:ignore", "neither what to ignore nor why"),
            ("# usher:ignore unknown-field", "does not say why unknown-field"),
            ("# usher:ignore unknown-field --", "does not say why"),
            ("# usher:ignore unknwon-field because", "did you mean unknown-field?"),
            ("# usher:ignore whatever-it-is because", "there is no rule \"whatever-it-is\""),
            ("# usher:ignore cannot-render because", "cannot-render cannot be ignored"),
        ] {
            let (ignores, malformed) = Ignores::of(&format!("a: 1\nb: 2 {text}\n"));
            assert!(malformed[0].message.contains(wanted), "{text}: {malformed:?}");
            assert_eq!((malformed[0].line, malformed[0].column), (2, 6));
            assert_eq!(ignores.reason(2, "unknown-field"), None);
        }
    }
}
