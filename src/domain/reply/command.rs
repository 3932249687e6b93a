//! Answers to commands: what was done, or exactly why not and what would help.
//!
//! Foreign text comes in as it is and leaves inert.

mod meant;
mod promotion;
mod pull;
mod stops;
mod verified;
mod written;

use crate::domain::ground::Ground;
use crate::domain::reply::refer::spelt_out;
use crate::intent::Answer;
use crate::intent::command::Remark;
use crate::model::ids::CommentId;

pub use meant::*;
pub use promotion::*;
pub use pull::*;
pub use stops::*;
pub use verified::*;
pub use written::*;

/// The hidden first line of the one answer to a comment.
pub fn marker(comment: CommentId) -> String {
    format!("<!-- usher:answer {comment} -->")
}

/// The whole answer: it begins with the person, so that the person is told.
///
/// On a thread of a source, numbers are those of the repository acted upon; what that one shows to fewer
/// people than the source does is not told.
pub fn answer(remark: &Remark, ground: &Ground<'_>, answers: &[Answer]) -> String {
    let login = remark.author.login.as_str();
    let mut out = format!("{}\n@{login} ", marker(remark.id));
    let elsewhere = remark.at.id != ground.repo.id;
    let told = |answer: &Answer| match elsewhere {
        true if remark.home.visibility > ground.home.visibility => veiled(answer.done),
        true => spelt_out(&answer.text, &ground.home.name),
        false => answer.text.clone(),
    };
    let mut parts: Vec<String> = answers.iter().map(told).collect();
    if remark.dropped > 0 {
        let most = remark.spoken.len();
        parts.push(format!(
            "One comment may hold {most} commands; {} after them {} not read.",
            remark.dropped,
            if remark.dropped == 1 { "was" } else { "were" }
        ));
    }
    if let [only] = parts.as_slice() {
        out.push_str(only);
    } else {
        for (number, part) in (1..).zip(&parts) {
            out.push_str(&format!("\n{number}. {}", part.replace('\n', "\n   ")));
        }
    }
    out.push('\n');
    out
}

/// What may be said where more people read than in the repository acted upon.
fn veiled(done: bool) -> String {
    let what = if done { "Done" } else { "Not done" };
    format!(
        "{what}. The repository that this was about is seen by fewer people than this one, so no more is told here."
    )
}
