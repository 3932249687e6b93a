//! Text that people and bots write, as HTML that can do no harm: GitHub's Markdown, then a filter.
//! It does not know what the text belongs to.
//! <https://github.github.com/gfm/>

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::parts::{Html, segment};
use crate::sandbox::state::State;

/// Where a text stands: what `@somebody` and `#1` mean there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) state: &'a State,
    /// `/owner/name`.
    pub(super) home: &'a str,
    /// Comments keep their line breaks, files do not.
    pub(super) breaks: bool,
}

/// Renders a text.
pub(super) fn render(text: &str, place: Place<'_>) -> Html {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut events = Vec::new();
    // Inside code and links, nothing is a mention.
    let mut quiet = 0_usize;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Link { .. }) => quiet += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Link) => quiet = quiet.saturating_sub(1),
            _ => {}
        }
        match event {
            Event::SoftBreak if place.breaks => events.push(Event::HardBreak),
            Event::Text(text) if quiet == 0 => link(&text, place, &mut events),
            other => events.push(other),
        }
    }
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, events.into_iter());
    Html::trusted(FILTER.clean(&unsafe_html).to_string())
}

/// Makes links of `@login` and `#number` where there is somebody or something of that name.
fn link(text: &str, place: Place<'_>, events: &mut Vec<Event<'_>>) {
    let mut plain = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find(['@', '#']) {
        let sign = at + offset;
        at = sign + 1;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let length = text[at..].find(|c| !word(c)).unwrap_or(text.len() - at);
        let (before, name) = (&text[..sign], &text[at..at + length]);
        let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '/' || c == '_');
        let Some(target) = target(&text[sign..at], name, place).filter(|_| !inside) else {
            continue;
        };
        let link = Tag::Link {
            link_type: LinkType::Inline,
            dest_url: CowStr::from(target),
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        };
        let end = link.to_end();
        at += length;
        events.push(Event::Text(CowStr::from(text[plain..sign].to_owned())));
        events.push(Event::Start(link));
        events.push(Event::Text(CowStr::from(text[sign..at].to_owned())));
        events.push(Event::End(end));
        plain = at;
    }
    events.push(Event::Text(CowStr::from(text[plain..].to_owned())));
}

fn target(sign: &str, name: &str, place: Place<'_>) -> Option<String> {
    if sign == "@" {
        let account = place.state.account_named(name)?;
        return Some(format!("/{}", segment(&account.login, false)));
    }
    let number: u64 = name.parse().ok()?;
    let (owner, repo) = place.home.strip_prefix('/')?.split_once('/')?;
    let issue = place.state.repo_named(owner, repo)?.issues.get(&number)?;
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    Some(format!("{}/{kind}/{number}", place.home))
}

static FILTER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let alerts = [
        "markdown-alert-note",
        "markdown-alert-tip",
        "markdown-alert-important",
        "markdown-alert-warning",
        "markdown-alert-caution",
    ];
    let mut filter = Builder::default();
    filter
        .add_tags(["input"])
        .add_tag_attributes("input", ["checked", "disabled"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("td", ["align"])
        .add_tag_attributes("th", ["align"])
        .allowed_classes(HashMap::from([("blockquote", HashSet::from(alerts))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("nofollow noopener noreferrer"));
    filter
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;

    fn shown(text: &str) -> String {
        let (state, _folder) = seeded();
        let place = Place { state: &state, home: "/acme/microservices-demo", breaks: true };
        render(text, place).to_string()
    }

    #[test]
    fn github_flavour_is_rendered() {
        assert_eq!(shown("a\nb"), "<p>a<br>\nb</p>\n");
        assert!(shown("| a |\n|---|\n| `b` |").contains("<td><code>b</code></td>"));
        assert!(shown("- [x] done").contains(r#"type="checkbox""#));
        assert!(shown("> [!WARNING]\n> x").contains("markdown-alert-warning"));
        assert!(
            shown("<details><summary>more</summary>\n\n*x*\n</details>").contains("<em>x</em>")
        );
        assert_eq!(shown("<!-- hidden -->"), "");
    }

    #[test]
    fn people_are_linked_outside_code_only() {
        let ada = r#"<a href="/ada" rel="nofollow noopener noreferrer">@ada</a>"#;
        assert_eq!(shown("thanks @ada!"), format!("<p>thanks {ada}!</p>\n"));
        for text in ["`@ada`", "me@ada", "@nobody", "#99", "[@ada](http://x)"] {
            assert!(!shown(text).contains(r#"href="/"#), "{text}");
        }
    }

    #[test]
    fn nothing_in_a_text_acts() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<a href=\"data:text/html,x\">x</a>",
            "<form action=/viewer><input name=login><button>go</button></form>",
            "<iframe src=/></iframe><style>*{}</style>",
            "<svg onload=alert(1)><p id=main class=flash style=color:red>",
            "<input type=image src=x onfocus=alert(1) autofocus>",
        ] {
            let shown = shown(text);
            for bad in [
                "<script",
                "onerror",
                "javascript:",
                "data:",
                "<form",
                "<button",
                "<iframe",
                "<style",
                "onload",
                "class=",
                "style=",
                "id=",
                "onfocus",
                "autofocus",
                "name=",
                "image",
            ] {
                assert!(!shown.contains(bad), "{text} became {shown}");
            }
        }
    }
}
