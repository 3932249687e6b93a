//! HTML in Markdown: what is hidden by it, and what it marks as somebody else's words or as code.
//!
//! It does not know Markdown; it is told what is text and what is HTML. Where it has to guess, it takes
//! for hidden what is shown, so that nothing is acted upon that its writer may not have meant.

use std::ops::Range;

/// Elements in which Markdown may go on, and whose content is no plain text of the writer's own:
/// quotations, code, what is struck out, lists, tables, headings, and what browsers do not show.
const MARKED: [&str; 37] = [
    "blockquote",
    "q",
    "cite",
    "pre",
    "code",
    "samp",
    "kbd",
    "tt",
    "var",
    "xmp",
    "plaintext",
    "listing",
    "del",
    "s",
    "strike",
    "ul",
    "ol",
    "dl",
    "li",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "template",
    "script",
    "style",
    "textarea",
    "title",
    "noscript",
    "noframes",
    "noembed",
    "iframe",
    "select",
    "svg",
];

/// What has been opened so far, by HTML.
#[derive(Debug)]
pub(super) struct Markup {
    /// Where the last HTML comment ends.
    hidden: usize,
    /// How many of each marking element are open.
    open: [usize; MARKED.len()],
}

impl Default for Markup {
    fn default() -> Self {
        Self { hidden: 0, open: [0; MARKED.len()] }
    }
}

impl Markup {
    /// Whether what stands there is neither hidden nor marked.
    pub(super) fn is_open_at(&self, at: usize) -> bool {
        at >= self.hidden && self.open.iter().all(|open| *open == 0)
    }

    /// Reads a stretch of text: a comment that Markdown does not take for one is a comment all the same,
    /// as its writer meant it.
    pub(super) fn read_text(&mut self, source: &str, range: Range<usize>) {
        // the parser may cut a text within the sign
        let end = range.end.saturating_add("!--".len()).min(source.len());
        let mut at = range.start.max(self.hidden);
        while at < range.end {
            let Some(found) = source.as_bytes().get(at..end).and_then(comment) else { return };
            at = self.hide(source, at + found);
        }
    }

    /// Reads a stretch of HTML.
    pub(super) fn read_html(&mut self, source: &str, range: Range<usize>) {
        let mut at = range.start.max(self.hidden);
        while let Some(found) = source.get(at..range.end).and_then(|html| html.find('<')) {
            at += found;
            if source[at..].starts_with("<!--") {
                at = self.hide(source, at);
            } else {
                at += 1;
                self.tag(&source[at..range.end]);
            }
        }
    }

    /// Hides everything up to the comment's end; all of the rest if it has none.
    fn hide(&mut self, source: &str, start: usize) -> usize {
        // `<!-->` is whole
        let inside = start + "<!".len();
        let end = source[inside..].find("-->");
        self.hidden = end.map_or(source.len(), |length| inside + length + "-->".len());
        self.hidden
    }

    fn tag(&mut self, tag: &str) {
        let (closes, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let tag = &tag[..end];
        if let Some(at) = MARKED.iter().position(|name| name.eq_ignore_ascii_case(tag)) {
            let open = &mut self.open[at];
            *open = if closes { open.saturating_sub(1) } else { *open + 1 };
        }
    }
}

fn comment(text: &[u8]) -> Option<usize> {
    text.windows("<!--".len()).position(|window| window == b"<!--")
}
