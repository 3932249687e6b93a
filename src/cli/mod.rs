//! The command line: each command a thin call.

pub mod check_config;
pub mod deliveries;
pub mod schema;
pub mod set_image;
