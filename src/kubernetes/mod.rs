//! Knows Kubernetes' types, and what is wrong with rendered objects: findings with file, line and a code.
//!
//! Read [`validate`](mod@validate) first. It knows nothing of promotion, of GitHub, or of who asks.

pub mod codes;
pub mod ignore;
pub mod rules;
pub mod scene;
pub mod schema;
pub mod validate;
pub mod version;

pub use validate::validate;

/// What is longer is no word, and comparing it would take long.
const LONGEST_WORD: usize = 100;

/// The one of some words that a misspelt one was probably meant to be.
pub fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let folded = word.to_lowercase();
    let distance =
        |known: &'w str| (strsim::damerau_levenshtein(&folded, &known.to_lowercase()), known);
    // A short word has few letters to be known by.
    let most = (word.chars().count() / 3).clamp(1, 3);
    known.map(distance).filter(|(distance, _)| *distance <= most).min().map(|(_, known)| known)
}
