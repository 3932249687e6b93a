//! What was said behind a command's word: its words, its flags and its text, in any order.
//!
//! It does not know what a command makes of them.

use std::collections::VecDeque;

use super::forms::{Flag, Form, Text};
use super::words::{self, Kind, Value, Word};
use super::{LONGEST_WORD, cut};
use crate::intent::command::{Mistake, Scope};

/// Reasons are shown for ever: so much of them.
const LONGEST_TEXT: usize = 2_000;
/// More names than anybody would write in one line.
const MOST_NAMES: usize = 100;
/// A year, be it a leap year.
const LONGEST_STRETCH: u64 = 366 * 86_400;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The words, in order.
    words: VecDeque<String>,
    /// The flags that were given.
    given: Vec<Flag>,
    /// `--app`, `--services`, `--targets`.
    pub(super) scope: Scope,
    /// `--ticket`.
    pub(super) ticket: Option<String>,
    /// `--for`, in seconds.
    pub(super) seconds: Option<u64>,
    /// The text: the rest of the line, or that of `--reason`.
    pub(super) text: String,
}

impl Said {
    /// The next word, which has been seen to be there.
    pub(super) fn word(&mut self) -> String {
        self.next().unwrap_or_default()
    }

    /// The next word, if there is one.
    pub(super) fn next(&mut self) -> Option<String> {
        self.words.pop_front()
    }

    /// Whether the flag was given.
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.given.contains(&flag)
    }
}

/// Reads what stands behind the word of a command.
pub(super) fn gather(form: &Form, rest: &str) -> Result<Said, Mistake> {
    let mut reading = Reading {
        form,
        rest,
        words: words::split(rest),
        at: 0,
        pieces: Vec::new(),
        reason: false,
        said: Said::default(),
    };
    while let Some(word) = reading.take() {
        reading.read(word)?;
    }
    reading.finish()
}

/// A line that is being read.
struct Reading<'a> {
    form: &'a Form,
    rest: &'a str,
    words: Vec<Word<'a>>,
    at: usize,
    /// The stretches of the text, between the flags that stand in it.
    pieces: Vec<Piece>,
    /// Whether `--reason` has been read, so that the text goes on to the end.
    reason: bool,
    said: Said,
}

struct Piece {
    start: usize,
    end: usize,
    /// The index of its last word.
    last: usize,
}

impl<'a> Reading<'a> {
    fn take(&mut self) -> Option<Word<'a>> {
        let word = self.words.get(self.at).copied();
        self.at += usize::from(word.is_some());
        word
    }

    fn read(&mut self, word: Word<'a>) -> Result<(), Mistake> {
        let as_written = &self.rest[word.start..word.end];
        let takes_word = !self.reason && self.said.words.len() < self.form.words.len();
        let takes_text = self.reason || !takes_word && self.form.text != Text::No;
        match word.kind {
            Kind::Flag { name, value } => {
                if let Some(flag) = self.flag(name) {
                    return self.set(flag, value);
                }
                let near = self.near(name);
                // a text may speak of flags, but does not begin with one
                if near.is_some() || !takes_text || self.pieces.is_empty() {
                    return Err(self.unknown(as_written, near));
                }
                self.extend(word.start, word.end);
            }
            Kind::Dashed if !takes_text => {
                return Err(self.unknown(as_written, self.near(as_written.trim_matches('-'))));
            }
            Kind::Plain(text) | Kind::Quoted(text) if takes_word => {
                if !text.trim().is_empty() {
                    self.said.words.push_back(cut(text, LONGEST_WORD));
                }
            }
            _ if takes_text => self.extend(word.start, word.end),
            _ => {
                return Err(Mistake::Surplus {
                    command: self.command(),
                    word: cut(as_written, LONGEST_WORD),
                });
            }
        }
        Ok(())
    }

    fn set(&mut self, flag: Flag, value: Option<Value<'a>>) -> Result<(), Mistake> {
        match flag {
            Flag::DryRun | Flag::Argocd | Flag::Failed if value.is_some() => {
                return Err(self.bad(flag, "no value"));
            }
            Flag::DryRun | Flag::Argocd | Flag::Failed => {}
            Flag::Services | Flag::Targets => {
                let names = self.names(flag, value)?;
                let list = match flag {
                    Flag::Services => &mut self.said.scope.services,
                    _ => &mut self.said.scope.targets,
                };
                for name in names {
                    if !list.contains(&name) {
                        list.push(name);
                    }
                }
                if list.len() > MOST_NAMES {
                    return Err(self.bad(flag, "at most 100 names"));
                }
            }
            Flag::Reason => self.begin_reason(value)?,
            Flag::App | Flag::Ticket | Flag::For if self.said.has(flag) => {
                return Err(self.bad(flag, "one value, once"));
            }
            Flag::App => {
                let name = self.one(flag, value, "the name of an application")?;
                self.said.scope.application = Some(name);
            }
            Flag::Ticket => self.said.ticket = Some(self.one(flag, value, "a change ticket")?),
            Flag::For => {
                const WANTS: &str = "a duration such as `2h`, at most a year";
                let text = self.one(flag, value, WANTS)?;
                let seconds = seconds(&text).ok_or_else(|| self.bad(flag, WANTS))?;
                self.said.seconds = Some(seconds);
            }
        }
        if !self.said.has(flag) {
            self.said.given.push(flag);
        }
        Ok(())
    }

    /// The value of a flag: behind its `=`, else the next word.
    fn value(&mut self, value: Option<Value<'a>>) -> Option<&'a str> {
        if let Some(value) = value {
            return Some(value.text);
        }
        match self.words.get(self.at)?.kind {
            Kind::Plain(text) | Kind::Quoted(text) => {
                self.at += 1;
                Some(text)
            }
            Kind::Flag { .. } | Kind::Dashed => None,
        }
    }

    fn one(
        &mut self,
        flag: Flag,
        value: Option<Value<'a>>,
        wants: &str,
    ) -> Result<String, Mistake> {
        let text = self.value(value).map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| cut(text, LONGEST_WORD)).ok_or_else(|| self.bad(flag, wants))
    }

    /// A list: people put spaces around commas, too.
    fn names(&mut self, flag: Flag, value: Option<Value<'a>>) -> Result<Vec<String>, Mistake> {
        let mut list = self.value(value).unwrap_or_default().to_owned();
        while let Some(Word { kind: Kind::Plain(next) | Kind::Quoted(next), .. }) =
            self.words.get(self.at)
            && !list.is_empty()
            && (list.trim_end().ends_with(',') || next.starts_with(','))
        {
            list.push_str(next);
            self.at += 1;
        }
        let names = list.split(',').map(|name| name.trim_matches(['"', ' ', '\t']));
        let names: Vec<_> = names
            .filter(|name| !name.is_empty())
            .take(MOST_NAMES + 1)
            .map(|name| cut(name, LONGEST_WORD))
            .collect();
        if names.is_empty() {
            return Err(self.bad(flag, "names with commas between them"));
        }
        Ok(names)
    }

    /// `--reason`: a quoted text, or the rest of the line.
    fn begin_reason(&mut self, value: Option<Value<'a>>) -> Result<(), Mistake> {
        if self.reason || !self.pieces.is_empty() {
            return Err(self.bad(Flag::Reason, "one text, once"));
        }
        let next = self.words.get(self.at).copied();
        match (value, next) {
            (Some(value), _) => {
                let end = self.words.get(self.at.saturating_sub(1)).map(|word| word.end);
                if let Some(end) = end.filter(|end| *end > value.start) {
                    self.extend(value.start, end);
                }
                self.reason = !value.quoted;
            }
            (None, Some(Word { start, end, kind: Kind::Quoted(_) })) => {
                self.at += 1;
                self.extend(start, end);
            }
            _ => self.reason = true,
        }
        Ok(())
    }

    /// Adds the word that was taken last to the text.
    fn extend(&mut self, start: usize, end: usize) {
        match self.pieces.last_mut() {
            Some(piece) if piece.last + 1 == self.at => (piece.end, piece.last) = (end, self.at),
            _ => self.pieces.push(Piece { start, end, last: self.at }),
        }
    }

    fn finish(mut self) -> Result<Said, Mistake> {
        self.said.text = self.text();
        let missing =
            |what: &str| Mistake::Missing { command: self.command(), what: what.to_owned() };
        if self.said.words.len() < self.form.needed {
            return Err(missing(self.form.words[self.said.words.len()]));
        }
        match self.form.text {
            Text::Must(what) if self.said.text.is_empty() => return Err(missing(what)),
            _ => {}
        }
        if self.said.has(Flag::Reason) && self.said.text.is_empty() {
            return Err(self.bad(Flag::Reason, "a text"));
        }
        Ok(self.said)
    }

    /// The text as it was written, without its flags; without its quotes where it is all in quotes.
    fn text(&self) -> String {
        let whole: Vec<_> =
            self.pieces.iter().map(|piece| &self.rest[piece.start..piece.end]).collect();
        let whole = whole.join(" ");
        let text = match words::split(&whole).as_slice() {
            [Word { kind: Kind::Quoted(text), .. }] => text,
            _ => whole.as_str(),
        };
        cut(text.trim(), LONGEST_TEXT)
    }

    fn flag(&self, name: &str) -> Option<Flag> {
        let wanted = |flag: &&Flag| flag.name()[2..].eq_ignore_ascii_case(name);
        self.form.flags.iter().find(wanted).copied()
    }

    fn near(&self, name: &str) -> Option<&'static str> {
        if name.len() > 20 {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let distance = |flag: &Flag| strsim::osa_distance(&name, &flag.name()[2..]);
        let close = |flag: &&Flag| distance(flag) <= if flag.name().len() > 6 { 2 } else { 1 };
        let flags = self.form.flags.iter().filter(close);
        flags.min_by_key(|flag| distance(flag)).map(|flag| flag.name())
    }

    fn command(&self) -> String {
        self.form.word.to_owned()
    }

    fn unknown(&self, flag: &str, near: Option<&str>) -> Mistake {
        Mistake::UnknownFlag {
            command: self.command(),
            flag: cut(flag, LONGEST_WORD),
            near: near.map(ToOwned::to_owned),
        }
    }

    fn bad(&self, flag: Flag, wants: &str) -> Mistake {
        Mistake::BadFlag {
            command: self.command(),
            flag: flag.name().to_owned(),
            wants: wants.to_owned(),
        }
    }
}

/// A duration as people write it: `30m`, `24h`, `1d12h`, from large to small.
fn seconds(text: &str) -> Option<u64> {
    const UNITS: [(char, u64); 5] =
        [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    let text = text.to_ascii_lowercase();
    let mut units = UNITS.iter();
    let mut rest = text.as_str();
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: u64 = rest[..digits].parse().ok()?;
        let (_, unit) = units.find(|(letter, _)| rest[digits..].starts_with(*letter))?;
        seconds = seconds.checked_add(amount.checked_mul(*unit)?)?;
        rest = &rest[digits + 1..];
    }
    (1..=LONGEST_STRETCH).contains(&seconds).then_some(seconds)
}
