//! How a text changes, line by line.

use similar::TextDiff;

/// A unified diff with three lines of context; of what is no text only the name.
pub(super) fn unified(path: &str, before: &[u8], after: &[u8]) -> String {
    match (std::str::from_utf8(before), std::str::from_utf8(after)) {
        (Ok(before), Ok(after)) => TextDiff::from_lines(before, after)
            .unified_diff()
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string(),
        _ => format!("{path} changes, and is no text\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        insta::assert_snapshot!(unified("k.yaml", b"a\nb\nc\n", b"a\nx\nc\n"), @r"
        --- a/k.yaml
        +++ b/k.yaml
        @@ -1,3 +1,3 @@
         a
        -b
        +x
         c
        ");
        assert_eq!(unified("x", b"\xff", b"a"), "x changes, and is no text\n");
    }
}
