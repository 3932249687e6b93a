//! The way into the child, on every system: it reads its order, and is confined where that can be done.

use std::process::ExitCode;

use super::order::Order;

/// Confines this process and becomes the program of the order. Returns only where it has not become it: with the code
/// that its own child ended with.
///
/// # Errors
/// Where the order cannot be read, or the process cannot be confined or become the program.
pub fn confined(order: &str) -> Result<ExitCode, String> {
    let order: Order =
        serde_json::from_str(order).map_err(|error| format!("no order to follow: {error}"))?;
    begin(order)
}

#[cfg(target_os = "linux")]
use super::linux::begin;

#[cfg(not(target_os = "linux"))]
fn begin(_order: Order) -> Result<ExitCode, String> {
    Err("programs can be confined on Linux only".to_owned())
}
