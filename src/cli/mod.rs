//! The command line: each command a thin call.

pub mod deliveries;
pub mod set_image;
