//! Attacks: each is its own test, none achieves anything, and the legitimate way works all the same.

mod branches;
mod comments;
mod forgeries;
mod labels;
mod races;
mod renames;
mod rules;
mod texts;
mod way_back;
