//! Attacks: each is its own test, none achieves anything, and the legitimate way works all the same.

mod branches;
mod comments;
mod labels;
mod rules;
mod texts;
mod way_back;
