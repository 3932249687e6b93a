//! What people command by comments and labels, on the whole bot: each command of the table, and the rules
//! around them.

mod aftermath;
mod again;
mod back;
mod decisions;
mod hand_made;
mod rules;
mod since;
mod stops;
mod stories;
mod talk;
mod tell;
mod via;
