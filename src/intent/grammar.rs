//! The grammar of commands: a line that begins with a slash becomes a command, or the mistake in it.
//!
//! It does not know where the line stands, nor whether there is what it names.

mod forms;
mod said;
mod words;

use forms::FORMS;

use super::command::{Mistake, Spoken};

/// The word that makes any command ours.
const NAME: &str = "usher";
/// How much of a line is shown again.
const LONGEST_LINE: usize = 200;
/// Longer words name nothing; they are kept as far as it takes to show them.
const LONGEST_WORD: usize = 300;

/// Reads a line. `None` where it is not meant for us.
pub(super) fn parse(line: &str) -> Option<Spoken> {
    let (prefixed, word, rest) = head(line)?;
    let meant = match find(&word) {
        Some(form) => said::gather(form, rest).map(form.build),
        None => match near(&word) {
            None if !prefixed => return None,
            near => Err(Mistake::Unknown {
                word: cut(&word, LONGEST_WORD),
                near: near.map(ToOwned::to_owned),
            }),
        },
    };
    Some(Spoken { line: cut(line, LONGEST_LINE), prefixed, meant })
}

/// Whether a line is one of our commands, right or wrong.
pub(super) fn is_command(line: &str) -> bool {
    head(line).is_some_and(|(prefixed, word, _)| prefixed || find(&word).is_some())
}

/// Whether `/usher` leads, the command's word in lower case, and what follows.
fn head(line: &str) -> Option<(bool, String, &str)> {
    let line = line.strip_prefix('/')?;
    let (word, rest) = first(line);
    // What is glued to the word makes it another: a path, a greeting, the end of a sentence.
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '_');
    if line.starts_with(words::is_blank) || word.is_empty() || !word.chars().all(plain) {
        return None;
    }
    let word = word.to_ascii_lowercase();
    if word != NAME {
        return Some((false, word, rest));
    }
    let (word, rest) = first(rest);
    let word = if word.is_empty() { "help".to_owned() } else { word.to_lowercase() };
    Some((true, word, rest))
}

fn first(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(words::is_blank);
    text.split_at(text.find(words::is_blank).unwrap_or(text.len()))
}

fn find(word: &str) -> Option<&'static forms::Form> {
    FORMS.iter().find(|form| form.word == word)
}

/// The command that was probably meant. Other bots have words of their own, so it takes more than a
/// likeness: one slip of the finger, two in a long word that begins right.
fn near(word: &str) -> Option<&'static str> {
    let distance = |known: &'static str| {
        let begins_right = known.get(..1) == word.get(..1);
        let most = match (known.len(), begins_right) {
            (..=4, false) => 0,
            (7.., true) => 2,
            _ => 1,
        };
        if known.len().abs_diff(word.len()) > most {
            return None;
        }
        Some(strsim::osa_distance(word, known)).filter(|distance| *distance <= most)
    };
    let close = FORMS.iter().filter_map(|form| Some((distance(form.word)?, form.word)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// At most `most` characters, with a sign that something was cut.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
