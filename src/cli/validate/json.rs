//! Knows how findings are printed as JSON: the shape that product and tools rely on.

use serde_json::json;

use crate::model::read::Finding;

/// The findings of the overlays that were looked at: `{"overlays": N, "findings": […]}`.
pub(super) fn print(findings: &[Finding], overlays: &[String]) -> String {
    format!("{:#}\n", json!({ "overlays": overlays.len(), "findings": findings }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alike::tests::{finding, report};
    use crate::model::read::Severity;

    #[test]
    fn the_shape_is_as_it_was_promised() {
        let (findings, overlays) = report();
        let read: serde_json::Value = serde_json::from_str(&print(&findings, &overlays)).unwrap();
        assert_eq!(read["overlays"], 5);
        assert_eq!(read["findings"].as_array().unwrap().len(), findings.len());
        assert_eq!(
            read["findings"][0],
            json!({
                "code": "unknown-field",
                "severity": "error",
                "file": "base/web, 1.yaml",
                "line": 5,
                "column": 9,
                "message": finding(Severity::Error, 5, "a").message,
                "overlay": "a",
                "object": "Deployment web",
            })
        );
        let none: serde_json::Value = serde_json::from_str(&print(&[], &[])).unwrap();
        assert_eq!(none, json!({ "overlays": 0, "findings": [] }));
    }
}
