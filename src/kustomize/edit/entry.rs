//! Knows how to change one `images:` entry that is there: replace, add and remove single fields.
//!
//! It knows nothing of the rest of the file, but for anchors that others refer to.

use super::source::{Source, Splices};
use super::{EditError, ImageEdit};
use crate::kustomize::yaml::{Document, Kind, Node, Style, means_string};

/// The order in which Kustomize writes the fields; a new field goes behind those in front of it here.
const ORDER: [&str; 4] = ["name", "newName", "newTag", "digest"];

type Pair<'a> = (Node<'a>, Node<'a>);

/// Makes one entry say what is asked.
pub(super) fn change(
    file: &Source<'_>,
    entry: Node<'_>,
    images: Option<Node<'_>>,
    edit: &ImageEdit,
    splices: &mut Splices,
) -> Result<(), EditError> {
    if let Some((key, _)) = entry.target().duplicate_key() {
        let key = key.as_str().unwrap_or_default();
        return Err(EditError::at(entry, format!("`{key}` stands twice in this entry")));
    }
    let mut change = Change { file, entry, images, splices };
    let mut unwanted: Vec<_> = edit.unwanted().filter_map(|field| entry.entry(field)).collect();
    for (field, text) in edit.fields() {
        match (entry.get(field), entry.entry(field)) {
            (Some(value), _) if says(value, text) => {}
            (_, Some(pair)) => change.set_value(pair, text)?,
            // The field that goes makes room for the one that comes: one line changes, its comment stays.
            (_, None) => match room(&unwanted, field) {
                Some(at) => {
                    let pair = unwanted.remove(at);
                    change.rename(pair, field)?;
                    change.set_value(pair, text)?;
                }
                None => change.add(field, text, &unwanted)?,
            },
        }
    }
    for pair in unwanted {
        change.remove(pair)?;
    }
    edit.unwanted().try_for_each(|field| change.refuse_merged(field))
}

/// Which of the fields that go becomes this one: a tag becomes a digest, or the other way round.
fn room(unwanted: &[Pair<'_>], field: &str) -> Option<usize> {
    let is_name = |pair: &Pair<'_>| pair.0.as_str() == Some("newName");
    unwanted.iter().position(|pair| field != "newName" && !is_name(pair))
}

/// A field of an entry, or of what is merged into it, whose name is written in other letters than usual.
pub(super) fn odd_key(entry: Node<'_>) -> Option<Node<'_>> {
    entry.entries().find_map(|(key, value)| match key.is_merge() {
        true if value.is_sequence() => value.items().find_map(odd_key),
        true => odd_key(value),
        false => super::is_odd(key, &ORDER).then_some(key),
    })
}

/// Whether a value is this string already, to every reader.
fn says(value: Node<'_>, text: &str) -> bool {
    let plain = value.target().style() == Style::Plain && value.target().tag().is_none();
    value.as_string() == Some(text) && (!plain || means_string(text))
}

struct Change<'a, 's> {
    file: &'a Source<'a>,
    entry: Node<'a>,
    images: Option<Node<'a>>,
    splices: &'s mut Splices,
}

impl<'a> Change<'a, '_> {
    fn flow(&self) -> bool {
        self.entry.target().style() == Style::Flow
    }

    /// A digest that is merged in would still win, and cannot be removed here.
    fn refuse_merged(&self, field: &str) -> Result<(), EditError> {
        match self.entry.get(field) {
            Some(value) if self.entry.entry(field).is_none() && !value.is_null() => {
                Err(EditError::at(
                    value,
                    format!(
                        "`{field}` comes into the entry by a merge (`<<`); write the entry out first"
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    fn set_value(&mut self, (key, value): Pair<'a>, text: &str) -> Result<(), EditError> {
        match (value.kind(), value.style()) {
            (Kind::Sequence | Kind::Mapping, _) => Err(EditError::at(
                value,
                format!("`{}` is not a text", key.as_str().unwrap_or_default()),
            )),
            (Kind::Scalar, Style::Literal | Style::Folded) => self.set_block_scalar(value, text),
            (Kind::Scalar, _) if value.outer_span().is_empty() || value.span().is_empty() => {
                let end = self.file.pair_end((key, value));
                let colon = self.file.text[..end].ends_with(':') || !value.outer_span().is_empty();
                let text = self.file.write(text, self.habit(key.as_str()), self.flow());
                self.splices
                    .insert(end, if colon { format!(" {text}") } else { format!(": {text}") });
                Ok(())
            }
            _ => {
                let keeps_tag = value.tag().is_none_or(|tag| tag == "tag:yaml.org,2002:str");
                let span = if keeps_tag { value.span() } else { value.outer_span() };
                let style = match value.kind() {
                    Kind::Alias => self.habit(key.as_str()),
                    _ => value.style(),
                };
                self.splices.replace(span, self.file.write(text, style, self.flow()));
                Ok(())
            }
        }
    }

    /// Replaces the one line of a stripped block (`>-`), else the block by a plain scalar.
    fn set_block_scalar(&mut self, value: Node<'a>, text: &str) -> Result<(), EditError> {
        let file = self.file;
        let (start, end) = (value.span().start, file.end(value));
        let header_end = file.line_end(start);
        let header = &file.text[start..header_end];
        let indicators = header.split([' ', '\t']).next().unwrap_or_default();
        let body = file.text.get(header_end..end).unwrap_or_default();
        let content = body.trim_start();
        if indicators.ends_with('-') && !content.is_empty() && !content.contains('\n') {
            self.splices.replace(end - content.len()..end, text);
        } else {
            let text = file.write(text, Style::Plain, false);
            self.splices.replace(start..start + indicators.len(), text);
            self.splices.remove(header_end..end.max(header_end));
        }
        Ok(())
    }

    /// Gives a pair another key, written as the old one.
    fn rename(&mut self, (key, _): Pair<'a>, field: &str) -> Result<(), EditError> {
        if key.kind() != Kind::Scalar || key.anchor().is_some() {
            return Err(EditError::at(
                key,
                "this key is an alias or has an anchor; write it out first",
            ));
        }
        self.splices.replace(key.span(), self.file.write(field, key.style(), self.flow()));
        Ok(())
    }

    /// Adds a field behind those in front of it that stay: what comes must not meet what goes.
    fn add(&mut self, field: &str, text: &str, goes: &[Pair<'a>]) -> Result<(), EditError> {
        let file = self.file;
        let before = ORDER.iter().take_while(|known| **known != field);
        let pairs = before.filter_map(|known| self.entry.entry(known));
        let Some(last) = pairs.filter(|pair| !goes.contains(pair)).last() else {
            return Err(EditError::at(
                self.entry,
                "the entry has no `name` of its own; write it out first",
            ));
        };
        if self.entry.kind() == Kind::Alias {
            return Err(EditError::at(self.entry, "the entry is an alias; write it out first"));
        }
        let key_style = last.0.style();
        let style = match key_style {
            Style::Plain => self.habit(Some(field)),
            quoted => quoted,
        };
        let pair = format!(
            "{}: {}",
            file.write(field, key_style, false),
            file.write(text, style, self.flow())
        );
        let start = last.0.outer_span().start;
        let end = file.pair_end(last);
        let (at, between) = match (self.flow(), file.starts_line(start)) {
            (false, _) => {
                (file.line_end(end), file.line_break(end).to_owned() + &file.indent(start))
            }
            (true, true) => (end, format!(",{}{}", file.line_break(end), file.indent(start))),
            (true, false) => (end, ", ".to_owned()),
        };
        self.splices.insert(at, between + &pair);
        Ok(())
    }

    /// The quotes that all entries of the list put around this field, if they agree.
    fn habit(&self, field: Option<&str>) -> Style {
        let entries = self.images.into_iter().flat_map(Node::items);
        let values = entries.filter_map(|entry| entry.entry(field?));
        let mut styles =
            values.filter(|(_, value)| !value.is_null()).map(|(_, value)| value.target().style());
        match styles.next() {
            Some(first) if styles.all(|style| style == first) => first,
            _ => Style::Plain,
        }
    }

    fn remove(&mut self, pair: Pair<'a>) -> Result<(), EditError> {
        let pairs: Vec<Pair<'a>> = self.entry.entries().collect();
        let index = pairs.iter().position(|other| *other == pair).unwrap_or(0);
        let before = index.checked_sub(1).and_then(|i| pairs.get(i)).copied();
        let after = pairs.get(index + 1).copied();
        if self.flow() {
            self.remove_from_flow(before, pair, after)
        } else {
            self.remove_from_block(pair, after);
            Ok(())
        }
    }

    fn remove_from_block(&mut self, pair: Pair<'a>, after: Option<Pair<'a>>) {
        let file = self.file;
        let start = pair.0.outer_span().start;
        let end = file.pair_end(pair);
        if file.starts_line(start) {
            let next = file.next_line(end);
            let start = file.line_start(start);
            // The last line of a file without a final newline takes the line break in front of it along.
            let start = match file.text.ends_with('\n') || next < file.text.len() {
                true => start,
                false => file.text[..start].trim_end_matches(['\r', '\n']).len(),
            };
            return self.splices.remove(start..next);
        }
        // The first pair shares its line with the dash: what follows moves up.
        let next = after.map_or(end, |(key, _)| key.outer_span().start);
        let line_end = file.line_end(end);
        let comments = file.text.get(line_end..next).unwrap_or_default();
        if comments.trim().is_empty() {
            self.splices.remove(start..next);
        } else {
            let start = file.text[..start].trim_end_matches([' ', '\t']).len();
            self.splices.remove(start..line_end);
        }
    }

    fn remove_from_flow(
        &mut self,
        before: Option<Pair<'a>>,
        pair: Pair<'a>,
        after: Option<Pair<'a>>,
    ) -> Result<(), EditError> {
        let file = self.file;
        let start = pair.0.outer_span().start;
        let end = file.pair_end(pair);
        let rest = &file.text[end..file.line_end(end)];
        let (comma, comment) = match rest.trim_start().strip_prefix(',') {
            Some(comment) => (true, comment.trim_start()),
            None => (false, rest.trim_start()),
        };
        let alone = file.starts_line(start) && (comment.is_empty() || comment.starts_with('#'));
        let before_end = before.map(|before| file.pair_end(before));
        if alone && (comma || before_end.is_some()) {
            self.splices.remove(file.line_start(start)..file.next_line(end));
            let gap = &file.text[before_end.unwrap_or(start)..start];
            if let (false, Some(before_end), true) =
                (comma, before_end, gap.trim_start().starts_with(','))
            {
                let at = before_end + gap.len() - gap.trim_start().len();
                self.splices.remove(at..at + 1);
            }
            return Ok(());
        }
        let range = match (before_end, after) {
            (Some(before_end), _) => before_end..end,
            (None, Some((key, _))) => start..key.outer_span().start,
            (None, None) => start..end,
        };
        if file.text[range.clone()].contains('#') {
            let field = pair.0.as_str().unwrap_or_default();
            let message =
                format!("`{field}` must go, but comments stand around it; remove it by hand");
            return Err(EditError::at(pair.0, message));
        }
        self.splices.remove(range);
        Ok(())
    }
}

/// Where a text that goes has an anchor, moves the anchor to the first place that still refers to it.
pub(super) fn keep_anchors(
    file: &Source<'_>,
    document: &Document,
    splices: &mut Splices,
) -> Result<(), EditError> {
    for anchored in document.nodes() {
        let Some(name) = anchored.anchor() else {
            continue;
        };
        let (span, outer) = (anchored.span(), anchored.outer_span());
        let goes = splices.covers(&outer);
        if anchored.kind() != Kind::Scalar || !(goes || splices.covers(&span)) {
            continue;
        }
        let mut users: Vec<Node<'_>> = document
            .nodes()
            .filter(|node| node.kind() == Kind::Alias && node.target() == anchored)
            .collect();
        users.sort_by_key(|node| node.span().start);
        let stays = users.iter().find(|user| !splices.covers(&user.span()));
        let Some(first) = stays else {
            // Nobody needs the old text: users that become the same text need not change, they follow.
            if let Some(new) = splices.replacement(&span).map(|new| unquoted(new).to_owned()) {
                for user in users.iter().map(|user| user.span()) {
                    if splices.replacement(&user).map(unquoted) == Some(&new) {
                        splices.take_back(&user);
                    }
                }
            }
            continue;
        };
        let written = &file.text[span.clone()];
        if written.contains('\n')
            || !matches!(anchored.style(), Style::Plain | Style::SingleQuoted | Style::DoubleQuoted)
        {
            return Err(file
                .refuse(span.start, format!("other places use this text by its anchor &{name}")));
        }
        splices.replace(
            first.span(),
            format!("{} {written}", file.text[outer.start..span.start].trim_end()),
        );
        if !goes {
            splices.remove(outer.start..span.start);
        }
    }
    Ok(())
}

fn unquoted(written: &str) -> &str {
    written.trim_matches(['"', '\''])
}
