//! Texts on their way out: cut to what GitHub takes, secrets taken out, paths escaped.
//!
//! It does not know what the texts say.

const NOTE: &str = "\n\n_(cut: too long for GitHub)_\n";
/// GitHub's limit for a body is 65,536 characters.
const BODY: usize = 65_536;
/// GitHub's limit for a check's summary and text is 65,535 bytes.
const OUTPUT: usize = 65_535;
const SECRETS: [&str; 6] = ["ghs_", "ghp_", "gho_", "ghu_", "ghr_", "github_pat_"];

/// A pull request's or comment's body. Counted in bytes, so it holds however GitHub counts.
pub(super) fn body(text: &str) -> String {
    cut_with_note(text, BODY)
}

/// A check's summary or text.
pub(super) fn output(text: &str) -> String {
    cut_with_note(text, OUTPUT)
}

/// One line of at most `most` characters.
pub(super) fn line(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut line: String = text.chars().take(most - 1).collect();
    line.push('…');
    line
}

/// At most `most` bytes, on a character's boundary.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn cut_with_note(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}{NOTE}", cut(text, most - NOTE.len()))
}

/// A text of GitHub's or the network's as it may stand in a log: short, one line, without tokens.
pub(super) fn presentable(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line(&redact(&plain), 400)
}

/// Takes out whatever looks like a token of GitHub's.
fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let secret = SECRETS.iter().find(|p| rest.starts_with(**p));
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            .count();
        if let Some(prefix) = secret {
            out.push_str(prefix);
            out.push_str("[redacted]");
            rest = &rest[length..];
        } else if rest.starts_with("eyJ") && length > 40 {
            out.push_str("[redacted]");
            rest = &rest[length..];
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    out
}

/// Escapes for a path; slashes stay, as branch names have them.
pub(super) fn escape_path(text: &str) -> String {
    escape(text, |b| b == b'/')
}

/// Escapes for a query value.
pub(super) fn escape_query(text: &str) -> String {
    escape(text, |_| false)
}

fn escape(text: &str, also: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') || also(b) {
            out.push(char::from(b));
        } else {
            // writing to a String cannot fail
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

/// Whether Git would take it as the name of a branch or tag; nothing else is put into a path, so that
/// no name can reach beyond its place.
pub(super) fn is_ref_name(name: &str) -> bool {
    (1..=250).contains(&name.len())
        && name != "@"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c))
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_out_wherever_they_stand() {
        let long = format!("ghs_{}", "aB3.x_".repeat(90));
        assert_eq!(
            redact(&format!("é {long}, then github_pat_11AA_b and ghp_x!")),
            "é ghs_[redacted], then github_pat_[redacted] and ghp_[redacted]!"
        );
        let jwt = format!("eyJ{}.{}", "a".repeat(30), "b".repeat(30));
        assert_eq!(redact(&format!("Bearer {jwt}")), "Bearer [redacted]");
        assert_eq!(redact("eyJ is short"), "eyJ is short");
    }

    #[test]
    fn bodies_fit_and_end_on_a_character() {
        let long = "ä".repeat(70_000);
        let body = body(&long);
        assert!(body.len() <= BODY && body.ends_with(NOTE));
        assert!(output(&long).len() <= OUTPUT);
        assert_eq!(output("short"), "short");
        assert_eq!(line("abcdef", 4), "abc…");
    }

    #[test]
    fn names_that_would_leave_their_place_are_no_refs() {
        for bad in [
            "",
            "../../x",
            "a..b",
            "a b",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a/.b",
            "x.lock",
            "a\u{7}",
            "v1.0.1; rm -rf /",
            "a@{1}",
            "a?b",
            "@",
            "a.",
        ] {
            assert!(!is_ref_name(bad), "{bad:?}");
        }
        for good in ["main", "usher/prod/shop-v1.0.1-abcd1234", "v1.0.1;x", "ünï"] {
            assert!(is_ref_name(good), "{good:?}");
        }
        assert_eq!(escape_path("a/ü#?%"), "a/%C3%BC%23%3F%25");
        assert_eq!(escape_query("usher/gates"), "usher%2Fgates");
    }
}
