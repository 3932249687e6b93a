//! To be written.

pub mod deliveries;
