//! Knows where and how a list of images gets new entries: in the style of the list, or of the file.
//!
//! It knows nothing of entries that are there.

use super::source::{Source, Splices};
use super::{EditError, ImageEdit};
use crate::kustomize::yaml::{Document, Kind, Node, Style};

/// Adds entries at the end of `images:`, and `images:` itself where it is absent.
pub(super) fn entries(
    file: &Source<'_>,
    document: Option<&Document>,
    edits: &[&ImageEdit],
    splices: &mut Splices,
) -> Result<(), EditError> {
    let root = document.map(Document::root).filter(|root| !root.is_null());
    let Some(root) = root else {
        return to_empty_file(file, document, edits, splices);
    };
    match root.entry("images") {
        None if root.style() == Style::Flow => to_flow_root(file, root, edits, splices),
        None => to_block_root(file, root, edits, splices),
        Some((_, images)) if images.kind() == Kind::Alias || images.anchor().is_some() => {
            Err(EditError::at(images, "the list is shared by an anchor; write it out first"))
        }
        Some((key, images)) => match (images.style(), images.items().last()) {
            (Style::Flow, Some(last)) => {
                to_flow_list(file, last, edits, splices);
                Ok(())
            }
            (_, Some(last)) => {
                to_block_list(file, images, last, edits, splices);
                Ok(())
            }
            (_, None) if root.style() == Style::Flow => {
                let list = format!("[{}]", flow_entries(file, edits, quoted_keys(root)));
                let at = file.pair_end((key, images));
                match images.span().is_empty() {
                    true => splices.insert(at, format!(" {list}")),
                    false => splices.replace(images.span(), list),
                }
                Ok(())
            }
            (_, None) => {
                to_empty_list(file, root, (key, images), edits, splices);
                Ok(())
            }
        },
    }
}

/// The fields of a new entry.
fn fields(edit: &ImageEdit) -> Vec<(&'static str, &str)> {
    [("name", edit.name.as_str())].into_iter().chain(edit.fields()).collect()
}

/// A new entry in a block: `first` stands in front of its first line, `other` in front of the others.
fn block_entry(
    file: &Source<'_>,
    edit: &ImageEdit,
    styles: impl Fn(&str) -> Style,
    (first, other): (&str, &str),
) -> String {
    let lines: Vec<String> = fields(edit)
        .into_iter()
        .map(|(field, text)| format!("{field}: {}", file.write(text, styles(field), false)))
        .collect();
    format!("{first}{}", lines.join(other))
}

fn flow_entries(file: &Source<'_>, edits: &[&ImageEdit], key_style: Style) -> String {
    let entry = |edit: &&ImageEdit| {
        let pairs: Vec<String> = fields(edit)
            .into_iter()
            .map(|(field, text)| {
                let key = file.write(field, key_style, true);
                format!("{key}: {}", file.write(text, key_style, true))
            })
            .collect();
        format!("{{{}}}", pairs.join(", "))
    };
    edits.iter().map(entry).collect::<Vec<_>>().join(", ")
}

/// How the keys of a mapping are written.
fn quoted_keys(mapping: Node<'_>) -> Style {
    mapping.entries().next().map_or(Style::Plain, |(key, _)| key.style())
}

/// The quotes around each field of an entry, for others to follow.
fn styles_of<'a>(list: Node<'a>) -> impl Fn(&str) -> Style + 'a {
    move |field| {
        let mut styles = list
            .items()
            .filter_map(|entry| entry.entry(field))
            .map(|(_, value)| value.target().style());
        match styles.next() {
            Some(first) if styles.all(|style| style == first) => first,
            _ => Style::Plain,
        }
    }
}

fn to_block_list(
    file: &Source<'_>,
    images: Node<'_>,
    last: Node<'_>,
    edits: &[&ImageEdit],
    splices: &mut Splices,
) {
    let dash = file.indent(images.span().start);
    let end = match last.outer_span().is_empty() {
        true => last.span().start,
        false => file.end(last),
    };
    let line_break = file.line_break(end);
    let mut at = file.line_end(end);
    let mut text = String::new();
    for edit in edits {
        text += line_break;
        if blank_line_before(file, images, last) {
            text += line_break;
        }
        if last.style() == Style::Flow && last.kind() == Kind::Mapping {
            text += &format!("{dash}- {}", flow_entries(file, &[*edit], quoted_keys(last)));
            continue;
        }
        let (first, other) = layout(file, &dash, last, line_break);
        text += &block_entry(file, edit, styles_of(images), (&first, &other));
    }
    // Comments that are indented like the entry's fields belong to it.
    let inner = dash.len() + 1;
    while at < file.text.len() {
        let line = file.next_line(at);
        let comment = file.text[line..file.line_end(line)].trim_start_matches(' ');
        let belongs =
            comment.starts_with('#') && file.line_end(line) - line - comment.len() >= inner;
        if line >= file.text.len() || !belongs {
            break;
        }
        at = file.line_end(line);
    }
    splices.insert(at, text);
}

/// What stands in front of the first and of each other line of an entry like `last`.
fn layout(file: &Source<'_>, dash: &str, last: Node<'_>, line_break: &str) -> (String, String) {
    let first_key = last.entries().next().filter(|_| {
        last.kind() == Kind::Mapping && last.anchor().is_none() && last.tag().is_none()
    });
    let Some((key, _)) = first_key else {
        return (format!("{dash}- "), format!("{line_break}{dash}  "));
    };
    let start = key.outer_span().start;
    let indent = file.indent(start);
    let first = match file.starts_line(start) {
        true => format!("{dash}-{line_break}{indent}"),
        false => {
            format!("{dash}-{}", " ".repeat(indent.len().saturating_sub(dash.len() + 1).max(1)))
        }
    };
    (first, format!("{line_break}{indent}"))
}

/// Whether the list parts its entries by blank lines.
fn blank_line_before(file: &Source<'_>, images: Node<'_>, last: Node<'_>) -> bool {
    let Some(before) = images.items().rev().nth(1) else {
        return false;
    };
    let between = file.text.get(file.end(before)..last.outer_span().start).unwrap_or_default();
    between.lines().skip(1).any(|line| line.trim().is_empty())
}

fn to_flow_list(file: &Source<'_>, last: Node<'_>, edits: &[&ImageEdit], splices: &mut Splices) {
    let text = flow_entries(file, edits, quoted_keys(last));
    let end = file.end(last);
    let start = last.outer_span().start;
    if !file.starts_line(start) {
        return splices.insert(end, format!(", {text}"));
    }
    let line_end = file.line_end(end);
    let line = format!("{}{}{text}", file.line_break(end), file.indent(start));
    let rest = file.text[end..line_end].trim_start();
    let comma = rest.starts_with(',');
    let tail = rest.trim_start_matches(',').trim_start();
    if !tail.is_empty() && !tail.starts_with('#') {
        splices.insert(end, format!(", {text}"));
    } else if comma {
        splices.insert(line_end, line + ",");
    } else {
        splices.insert(end, ",");
        splices.insert(line_end, line);
    }
}

/// The lines of a list that is new, each entry behind a line break.
fn new_list(file: &Source<'_>, root: Option<Node<'_>>, edits: &[&ImageEdit], at: usize) -> String {
    let indent = root.map_or_else(String::new, |root| list_indent(file, root));
    let line_break = file.line_break(at);
    let (first, other) = (format!("{indent}- "), format!("{line_break}{indent}  "));
    edits
        .iter()
        .map(|edit| {
            line_break.to_owned() + &block_entry(file, edit, |_| Style::Plain, (&first, &other))
        })
        .collect()
}

/// How far the lists of this file are indented.
fn list_indent(file: &Source<'_>, root: Node<'_>) -> String {
    let mut lists =
        root.entries().filter(|(_, v)| v.kind() == Kind::Sequence && v.style() == Style::Block);
    let base = file.indent(root.span().start);
    lists.next_back().map_or(base, |(_, list)| file.indent(list.span().start))
}

fn to_empty_list(
    file: &Source<'_>,
    root: Node<'_>,
    (key, images): (Node<'_>, Node<'_>),
    edits: &[&ImageEdit],
    splices: &mut Splices,
) {
    let end = file.pair_end((key, images));
    if !images.span().is_empty() {
        let start = images.outer_span().start;
        let gap = file.text[..start].trim_end_matches([' ', '\t']).len();
        splices.remove(gap..images.span().end);
    }
    splices.insert(file.line_end(end), new_list(file, Some(root), edits, end));
}

fn to_block_root(
    file: &Source<'_>,
    root: Node<'_>,
    edits: &[&ImageEdit],
    splices: &mut Splices,
) -> Result<(), EditError> {
    let end = match root.entries().last() {
        Some(pair) => file.pair_end(pair),
        None => return Err(EditError::at(root, "the file has no fields")),
    };
    // Comments at the end of the file belong to what is above them; a document marker ends the document.
    let rest = &file.text[file.next_line(end)..];
    let only_comments =
        rest.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let at =
        if only_comments { file.line_end(file.text.trim_end().len()) } else { file.line_end(end) };
    let indent = file.indent(root.span().start);
    let line_break = file.line_break(at);
    splices.insert(
        at,
        format!("{line_break}{indent}images:{}", new_list(file, Some(root), edits, at)),
    );
    Ok(())
}

fn to_flow_root(
    file: &Source<'_>,
    root: Node<'_>,
    edits: &[&ImageEdit],
    splices: &mut Splices,
) -> Result<(), EditError> {
    let style = quoted_keys(root);
    let list =
        format!("{}: [{}]", file.write("images", style, true), flow_entries(file, edits, style));
    match root.entries().last() {
        None => splices.replace(root.span(), format!("{{{list}}}")),
        Some(pair) => {
            let start = pair.0.outer_span().start;
            let end = file.pair_end(pair);
            let between = match file.starts_line(start) {
                true => format!(",{}{}", file.line_break(end), file.indent(start)),
                false => ", ".to_owned(),
            };
            splices.insert(end, between + &list);
        }
    }
    Ok(())
}

fn to_empty_file(
    file: &Source<'_>,
    document: Option<&Document>,
    edits: &[&ImageEdit],
    splices: &mut Splices,
) -> Result<(), EditError> {
    if let Some(root) = document.map(Document::root).filter(|root| !root.outer_span().is_empty()) {
        return Err(EditError::at(root, "this is not a kustomization: its root is not a mapping"));
    }
    let at = file.line_end(file.text.trim_end().len());
    let line_break = file.line_break(at);
    let list = format!("images:{}", new_list(file, None, edits, at));
    let before = if at == 0 || file.text[..at].ends_with('\u{feff}') { "" } else { line_break };
    let after = if file.text.len() == at { line_break } else { "" };
    splices.insert(at, format!("{before}{list}{after}"));
    Ok(())
}
