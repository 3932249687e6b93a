//! How differences are worded and sorted: people, sets, amounts, and what is turned on or off.
//!
//! It does not know what they are differences of.

use crate::domain::inert::{cut, span};
use crate::domain::policy::{Principal, Role};

/// What a difference does to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sense {
    /// Something may be done that might not, or is watched no more.
    Loosens,
    /// Something may no longer be done, or is watched now.
    Tightens,
    /// Neither.
    Changes,
}

impl Sense {
    fn opposite(self) -> Self {
        match self {
            Self::Loosens => Self::Tightens,
            Self::Tightens => Self::Loosens,
            Self::Changes => Self::Changes,
        }
    }
}

/// What has been said.
#[derive(Debug, Default)]
pub(super) struct Said(Vec<(Sense, String)>);

impl Said {
    pub(super) fn push(&mut self, sense: Sense, sentence: impl Into<String>) {
        self.0.push((sense, sentence.into()));
    }

    pub(super) fn loosens(&mut self, sentence: impl Into<String>) {
        self.push(Sense::Loosens, sentence);
    }

    pub(super) fn tightens(&mut self, sentence: impl Into<String>) {
        self.push(Sense::Tightens, sentence);
    }

    pub(super) fn changes(&mut self, sentence: impl Into<String>) {
        self.push(Sense::Changes, sentence);
    }

    /// Sorted by what they do, else in the order of the file.
    pub(super) fn sentences(mut self) -> Vec<String> {
        self.0.sort_by_key(|(sense, _)| *sense);
        self.0.into_iter().map(|(_, sentence)| sentence).collect()
    }

    /// Something that is on or off.
    pub(super) fn turned(
        &mut self,
        (old, new): (bool, bool),
        on: (Sense, impl Into<String>),
        off: (Sense, impl Into<String>),
    ) {
        match (old, new) {
            (false, true) => self.push(on.0, on.1),
            (true, false) => self.push(off.0, off.1),
            _ => {}
        }
    }

    /// A text that only is another: `what`, then the new one and the old.
    pub(super) fn changed(&mut self, (old, new): (&str, &str), what: &str) {
        if old != new {
            self.changes(format!("{what} {new} instead of {old}"));
        }
    }

    /// An amount, of which more has the sense `more`.
    pub(super) fn amount<T: PartialOrd>(
        &mut self,
        (old, new): (&T, &T),
        more: Sense,
        sentence: impl FnOnce() -> String,
    ) {
        if old != new {
            self.push(if new > old { more } else { more.opposite() }, sentence());
        }
    }

    /// Who may do something: `what`, then the people.
    pub(super) fn people(&mut self, (old, new): (&[Principal], &[Principal]), what: &str) {
        let (gone, come) = parted(old, new);
        let least = old.iter().filter_map(role).min();
        // a stronger role than one that is named brings nobody in
        let within = |one: &&Principal| {
            role(one).is_some_and(|role| least.is_some_and(|least| role >= least))
        };
        let sense = match (come.iter().all(within), gone.is_empty()) {
            (false, _) => Sense::Loosens,
            (true, false) => Sense::Tightens,
            (true, true) => Sense::Changes,
        };
        match (gone.is_empty(), come.is_empty()) {
            (true, true) => {}
            (true, false) if !old.is_empty() => {
                self.push(sense, format!("{what} {}, too", people(come)));
            }
            (false, true) if !new.is_empty() => {
                self.push(sense, format!("{what} {} no more", people(gone)));
            }
            _ => self.push(sense, format!("{what} {} instead of {}", people(new), people(old))),
        }
    }

    /// What is allowed of a set: more of it loosens.
    pub(super) fn allowed(
        &mut self,
        (old, new): (&[String], &[String]),
        sentence: impl Fn(Vec<&String>) -> String,
    ) {
        let (gone, come) = parted(old, new);
        if !come.is_empty() {
            self.loosens(format!("{} now", sentence(come)));
        }
        if !gone.is_empty() {
            self.tightens(format!("{} no more", sentence(gone)));
        }
    }

    /// What is asked for of a set: less of it loosens.
    pub(super) fn asked(
        &mut self,
        (old, new): (&[String], &[String]),
        sentence: impl Fn(&str, Vec<&String>) -> String,
    ) {
        let (gone, come) = parted(old, new);
        if !gone.is_empty() {
            self.loosens(sentence("no longer", gone));
        }
        if !come.is_empty() {
            self.tightens(sentence("now", come));
        }
    }
}

/// What is only in the old, and what is only in the new.
pub(super) fn parted<'a, T: PartialEq>(old: &'a [T], new: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
    let gone = old.iter().filter(|one| !new.contains(one)).collect();
    (gone, new.iter().filter(|one| !old.contains(one)).collect())
}

/// "new instead of old"
pub(super) fn instead<T>((old, new): (T, T), word: impl Fn(T) -> String) -> String {
    let old = word(old);
    format!("{} instead of {old}", word(new))
}

/// Foreign text in a sentence.
pub(super) fn shown(text: &str) -> String {
    span(&cut(text, 120))
}

/// Foreign texts in a sentence.
pub(super) fn names<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    both(texts.into_iter().map(|text| shown(text.as_ref())).collect())
}

/// "a", "a and b", "a, b and c"
pub(super) fn both(mut words: Vec<String>) -> String {
    match words.pop() {
        None => "nothing".to_owned(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} and {last}", words.join(", ")),
    }
}

/// "1 review instead of none", "no review instead of 2"
pub(super) fn counts((old, new): (u64, u64), what: &str) -> String {
    let old = if old == 0 { "none".to_owned() } else { old.to_string() };
    format!("{} instead of {old}", count(new, what))
}

/// "no review", "1 review", "2 reviews"
pub(super) fn count(number: u64, what: &str) -> String {
    match number {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

/// People in a sentence.
pub(super) fn people<'p>(who: impl IntoIterator<Item = &'p Principal>) -> String {
    let one = |principal: &Principal| match principal {
        Principal::Role(_) => format!("everybody with the role {}", shown(&principal.to_string())),
        named => shown(&named.to_string()),
    };
    let words: Vec<_> = who.into_iter().map(one).collect();
    if words.is_empty() { "nobody".to_owned() } else { both(words) }
}

fn role(principal: &Principal) -> Option<Role> {
    match principal {
        Principal::Role(role) => Some(*role),
        Principal::User(_) | Principal::Team { .. } => None,
    }
}
