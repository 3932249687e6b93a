//! What a pull request changes once rendered, overlay by overlay, as a check shows it.
//!
//! It is cut to what GitHub takes; the page that the link leads to has all of it.

use std::fmt::Write as _;

use super::count;
use crate::domain::inert::{code, fence_within};
use crate::domain::look::Validated;
use crate::domain::rendered::Rerender;
use crate::kustomize::diff::Diff;
use crate::model::links::Link;
use crate::model::write::{Button, Details};

/// GitHub takes 65,535 bytes of text; what is said below the last overlay has its room in what is left.
const MOST_BYTES: usize = 64_000;
/// With less than that an overlay is only counted.
const LEAST_BYTES: usize = 2_000;

/// The button that has everything looked at once more; what it tells us means the same as GitHub's own button.
const VALIDATE: Button = Button {
    label: "Validate again",
    description: "Render and validate it once more",
    identifier: "validate",
};

/// What follows the text of a check that shows the difference. `taken`: how long that text is, in bytes.
pub fn details(validated: &[Validated<'_>], taken: usize, page: &Link) -> Details {
    let all = validated.iter().map(|one| (one.environment, &one.overlay.rerender));
    let all: Vec<(Option<&str>, &Rerender)> = all.collect();
    let mut room = MOST_BYTES.saturating_sub(taken);
    let (mut out, mut left_out) = (String::new(), 0);
    for (at, (name, rerender)) in all.iter().copied().enumerate() {
        // What one leaves of its share, the next ones have.
        let share = (room / (all.len() - at)).max(LEAST_BYTES);
        let whole = ("all of it", page.url.as_str());
        match section(name, rerender, share, whole).filter(|section| section.len() <= room) {
            Some(section) => {
                room -= section.len();
                out.push_str(&section);
            }
            None => left_out += 1,
        }
    }
    if !all.is_empty() {
        out.insert_str(0, "### What changes once rendered\n\n");
    }
    if left_out > 0 {
        let _ = writeln!(out, "… and {} more.\n", count(left_out, "overlay"));
    }
    Details { text: out + &whole(page), buttons: vec![VALIDATE], ..page_alone(page) }
}

/// What follows the text of a check that shows no difference.
pub fn page_alone(page: &Link) -> Details {
    Details { url: Some(page.url.clone()), text: whole(page), buttons: Vec::new() }
}

/// How many objects differ, and how.
pub fn tally(diff: &Diff) -> String {
    let [added, removed, changed] = diff.tally();
    let parts = [(changed, "changed"), (added, "added"), (removed, "removed")];
    let parts: Vec<_> = parts.into_iter().filter(|(number, _)| *number > 0).collect();
    match parts.as_slice() {
        [] => "no object differs".to_owned(),
        [(number, how)] => format!("{} {how}", count(*number, "object")),
        many => {
            let many: Vec<String> =
                many.iter().map(|(number, how)| format!("{number} {how}")).collect();
            format!("{}: {}", count(diff.objects.len(), "object"), many.join(", "))
        }
    }
}

/// One overlay, folded; none where so many bytes are too few for anything of it. `whole`: what all of it is called, and
/// where it is.
pub(super) fn section(
    name: Option<&str>,
    rerender: &Rerender,
    most: usize,
    (whole, url): (&str, &str),
) -> Option<String> {
    let (number, text, language) = match &rerender.difference {
        Ok(diff) => (tally(diff), diff.to_text(), "diff"),
        Err(sentence) => ("cannot be compared".to_owned(), sentence.clone(), "text"),
    };
    let name = name.map(|name| format!("<b>{}</b> ", code(name))).unwrap_or_default();
    let folder = code(if rerender.folder.is_empty() { "." } else { &rerender.folder });
    let heading = format!("{name}{folder}: {number}");
    if text.is_empty() {
        return Some(format!("{heading}\n\n"));
    }
    let open = format!("<details><summary>{heading}</summary>\n\n");
    let close = "\n\n</details>\n\n";
    let more = |lines| format!("\n\n… and {}: [{whole}]({url})", count(lines, "more line"));
    let room = most.checked_sub(open.len() + close.len() + more(text.len()).len())?;
    let (shown, left_out) = fence_within(&text, language, room)?;
    let more = if left_out > 0 { more(left_out) } else { String::new() };
    Some(format!("{open}{shown}{more}{close}"))
}

fn whole(page: &Link) -> String {
    let until = page.until.strftime("%Y-%m-%d");
    format!(
        "[Everything on one page]({}): the verdict, each gate, and all that changes once rendered. \
         Whoever has this link can read it, until {until}.\n",
        page.url
    )
}
