//! stub
use super::Policy;
/// stub
pub fn differences(_: &Policy, _: &Policy) -> Vec<String> {
    Vec::new()
}
