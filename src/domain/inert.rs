//! Foreign text made inert: tags, notes, titles and logins are shown, and nothing in them happens.
//!
//! Inside a code span or a fence GitHub fires no mention, follows no issue reference, closes
//! nothing and renders no HTML; what is left to do is that the text cannot leave its code.

use std::fmt::Write as _;

/// Foreign text within a line of Markdown, table cells included: a code span that it cannot leave.
pub fn span(text: &str) -> String {
    let text = visible(text, false).replace('|', "\\|");
    let text = if text.trim().is_empty() { "(empty)".to_owned() } else { text };
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // A space on both sides is taken off again when rendering; it keeps a tick at the edge apart.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.starts_with(' ') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Foreign text of several lines: a fence that it cannot close, highlighted as `language`.
pub fn fence(text: &str, language: &str) -> String {
    let text = visible(text, true);
    let ticks = "`".repeat(longest_run(&text, '`').max(2) + 1);
    format!("{ticks}{language}\n{}\n{ticks}", text.trim_end())
}

/// The same in at most so many bytes: whole lines, or part of the first one; and how many lines are left
/// out. None where nothing of it fits.
pub fn fence_within(text: &str, language: &str, most: usize) -> Option<(String, usize)> {
    let text = text.trim_end();
    let (mut shown, mut left_out) = lines_within(text, most);
    while !shown.is_empty() {
        let fenced = fence(shown, language);
        if fenced.len() <= most {
            return Some((fenced, left_out));
        }
        // What cannot be seen is written out, and ticks need longer ones around them: that takes more room.
        let less = (fenced.len() - most).min(shown.len().div_ceil(2));
        (shown, left_out) = lines_within(text, shown.len() - less);
    }
    None
}

/// As many lines as fit into so many bytes, or part of the first one; and how many are not there whole.
pub fn lines_within(text: &str, most: usize) -> (&str, usize) {
    let cut = &text[..text.floor_char_boundary(most)];
    let all = text.lines().count();
    if cut.len() == text.len() || text[cut.len()..].starts_with('\n') {
        return (cut, all - cut.lines().count());
    }
    match cut.rsplit_once('\n') {
        Some((lines, _)) => (lines, all - lines.lines().count()),
        None => (cut, all),
    }
}

/// Foreign text that is shown as text, on one line.
pub fn one_line(text: &str) -> String {
    visible(text, false)
}

/// Foreign text that is shown as text, on as many lines as it has.
pub fn lines(text: &str) -> String {
    visible(text, true)
}

/// Foreign text within HTML: code, without the marks of Markdown.
pub fn code(text: &str) -> String {
    let escaped = visible(text, false).chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        out
    });
    format!("<code>{escaped}</code>")
}

/// Foreign text where no Markdown is rendered (titles, commit messages, log lines): what could
/// start a mention, a reference or a closing keyword becomes `_`.
pub fn plain(text: &str) -> String {
    visible(text, false)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '/') {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// Foreign text for a terminal or a file, on one line: what cannot be seen is written out.
pub fn line(text: &str) -> String {
    visible(text, false)
}

/// At most `most` characters, with a sign that something was cut.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|c| c != wanted).map(str::len).max().unwrap_or(0)
}

/// Shows control and bidirectional characters as what they are.
fn visible(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\t' if lines => out.push(c),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || hides(c) => {
                let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters that turn the reading direction or are not seen at all.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    /// Whether rendering shows anything but text, code and the paragraphs around them.
    fn escapes(markdown: &str) -> bool {
        let mut in_fence = false;
        Parser::new_ext(markdown, Options::all()).any(|event| match event {
            Event::Start(Tag::CodeBlock(_)) => {
                in_fence = true;
                false
            }
            Event::End(TagEnd::CodeBlock) => {
                in_fence = false;
                false
            }
            Event::Text(text) => !in_fence && text.contains(['@', '#', '<']),
            Event::Html(_) | Event::InlineHtml(_) => true,
            Event::Start(tag) => tag != Tag::Paragraph,
            _ => false,
        })
    }

    #[test]
    fn nothing_leaves_its_span() {
        for text in [
            "@acme/qa",
            "fixes #1",
            "`@eve`",
            "``",
            "``` @eve",
            "a\n\n# @b",
            "<img src=x onerror=y>",
            "",
            "  ",
            "x`",
            "`x",
            "a\u{202e}b",
            "\\`@eve",
        ] {
            assert!(!escapes(&span(text)), "{text:?} → {}", span(text));
        }
        assert_eq!(span("v1.0\u{202e}1"), "`v1.0⟨U+202E⟩1`");
    }

    #[test]
    fn nothing_closes_its_fence() {
        for text in
            ["```\n@eve", "````\n````\n@eve", "~~~\n@eve\n~~~", "</details>@eve", "\r\n```\r\n@eve"]
        {
            assert!(!escapes(&fence(text, "markdown")), "{text:?} → {}", fence(text, "markdown"));
        }
    }

    #[test]
    fn a_fence_keeps_within_its_bytes() {
        let text = "- ä\n+ ö\n".repeat(50);
        for most in 12..text.len() + 20 {
            let Some((fenced, left_out)) = fence_within(&text, "diff", most) else {
                continue;
            };
            assert!(fenced.len() <= most && fenced.ends_with("\n```"), "{most}: {fenced}");
            let lines = if fenced.contains(['ä', 'ö']) { fenced.lines().count() - 2 } else { 0 };
            assert_eq!(lines + left_out, 100, "{most}: {fenced}");
        }
        assert_eq!(fence_within(&text, "diff", 5000), Some((fence(&text, "diff"), 0)));
        assert!(fence_within(&text, "diff", 11).is_none());
        // Ticks and what cannot be seen take more room than they have here; one long line is cut within.
        for hostile in ["`".repeat(4000), "\u{202e}".repeat(4000), "ä".repeat(4000)] {
            let (fenced, _) = fence_within(&hostile, "diff", 500).unwrap();
            assert!(fenced.len() <= 500 && !escapes(&fenced), "{fenced}");
        }
    }

    #[test]
    fn code_in_html_opens_no_tag() {
        assert_eq!(code("a<b>&`@x`\u{202e}"), "<code>a&lt;b&gt;&amp;`@x`⟨U+202E⟩</code>");
    }

    #[test]
    fn plain_text_starts_nothing() {
        assert_eq!(plain("v1.0.1 @eve closes #1"), "v1.0.1__eve_closes__1");
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(cut("äö", 2), "äö");
    }

    proptest::proptest! {
        #[test]
        fn any_text_stays_inside(text in ".{0,60}") {
            proptest::prop_assert!(!escapes(&span(&text)));
        }
        #[test]
        fn any_lines_stay_inside(text in "[`~@#<>a \n\r\\\\]{0,60}") {
            proptest::prop_assert!(!escapes(&fence(&text, "markdown")));
        }
    }
}
