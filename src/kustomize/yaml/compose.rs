//! Knows how to build documents from events, and where to stop: size, depth, number of nodes, alias bombs.
//!
//! It knows nothing of the meaning of values. It keeps its own stack, so nesting costs no call frames.

use std::collections::HashMap;
use std::ops::Range;

use super::events::{Event, Events, Mark, Properties};
use super::tree::{Content, Data, Document, Id};
use super::{Style, YamlError};

/// The largest source in bytes: several times the largest bundles of custom resource definitions.
pub const MAX_SOURCE: usize = 16 << 20;
/// The most nodes of a source, and of a document once its aliases are followed: what a source of
/// [`MAX_SOURCE`] in usual YAML has, and about 150 MB here.
pub const MAX_NODES: u32 = 1_000_000;
/// The deepest nesting, aliases followed: real schemas stay below 60, and walks may recurse this far.
pub const MAX_DEPTH: u32 = 200;

/// The most `%TAG` directives: libyaml compares each with all before it.
const MAX_DIRECTIVES: usize = 1_000;
/// The most bytes that libyaml may clear: after each white space it clears as much as the longest one took.
/// Real sources stay a thousand times below; this much costs about a second.
const MAX_CLEARED: usize = 4 << 30;

/// Reads all documents of a source; none when it holds nothing but comments.
pub fn parse(source: &[u8]) -> Result<Vec<Document>, YamlError> {
    documents(source)?.collect()
}

/// Reads the documents of a source one after another, so that nobody has to hold them all; the first error ends it.
pub fn documents(
    source: &[u8],
) -> Result<impl Iterator<Item = Result<Document, YamlError>>, YamlError> {
    if source.len() > MAX_SOURCE {
        let megabytes = MAX_SOURCE >> 20;
        return Err(YamlError::new(format!("the file is larger than {megabytes} MiB"), 1, 1));
    }
    let text = std::str::from_utf8(source).map_err(|error| {
        let good = std::str::from_utf8(&source[..error.valid_up_to()]).unwrap_or_default();
        YamlError::at(good, good.len(), "the file is not UTF-8 from here on")
    })?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_slow(body)?;
    let mut composer = Composer::new(text.len() - body.len(), body);
    let mut failed = false;
    Ok(std::iter::from_fn(move || {
        let next = if failed { None } else { composer.document().transpose() };
        failed = matches!(next, Some(Err(_)));
        next
    }))
}

/// Refuses what would keep libyaml busy out of all proportion.
fn refuse_slow(source: &str) -> Result<(), YamlError> {
    let (mut directives, mut runs, mut run, mut longest) = (0, 0_usize, 0, 0);
    let mut before = b'\n';
    for (at, byte) in source.bytes().enumerate() {
        // The line breaks of YAML 1.1 beyond ASCII end in one of these bytes.
        if byte.is_ascii_whitespace() || matches!(byte, 0xc2 | 0x85 | 0xe2 | 0x80 | 0xa8 | 0xa9) {
            run += 1;
            longest = longest.max(run);
        } else if run > 0 {
            runs += 1;
            run = 0;
        }
        if byte == b'%' && matches!(before, b'\n' | b'\r') {
            directives += 1;
        }
        if directives > MAX_DIRECTIVES {
            return Err(YamlError::at(source, at, "too many directives"));
        }
        before = byte;
    }
    if runs.saturating_mul(longest) > MAX_CLEARED {
        return Err(YamlError::new("too much white space in one place", 1, 1));
    }
    Ok(())
}

/// Reads a source that must hold exactly one document.
pub fn parse_one(source: &[u8]) -> Result<Document, YamlError> {
    let mut documents = parse(source)?;
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document),
        (None, _) => Err(YamlError::new("the file is empty", 1, 1)),
        (Some(last), more) => {
            Err(last.root().error(format!("the file holds {} documents, not one", more + 1)))
        }
    }
}

struct Composer<'a> {
    source: &'a str,
    /// The bytes in front of `source`: a byte order mark.
    skipped: usize,
    events: Events<'a>,
    nodes: Vec<Data>,
    costs: Vec<Cost>,
    anchors: HashMap<Box<str>, Id>,
    open: Vec<Open>,
    budget: u32,
}

/// A collection whose end has not been met.
struct Open {
    id: Id,
    key: Option<Id>,
    cost: Cost,
}

/// What a node is once its aliases are followed.
#[derive(Clone, Copy)]
struct Cost {
    nodes: u32,
    depth: u32,
    /// The bytes of its texts.
    bytes: usize,
}

impl Cost {
    const ONE: Self = Self { nodes: 1, depth: 0, bytes: 0 };
}

impl<'a> Composer<'a> {
    fn new(skipped: usize, source: &'a str) -> Self {
        Self {
            source,
            skipped,
            events: Events::new(source),
            nodes: Vec::new(),
            costs: Vec::new(),
            anchors: HashMap::new(),
            open: Vec::new(),
            budget: MAX_NODES,
        }
    }

    /// The next document.
    fn document(&mut self) -> Result<Option<Document>, YamlError> {
        loop {
            let (event, span) = self.events.next()?;
            match event {
                Event::StreamEnd => return Ok(None),
                Event::DocumentEnd => {
                    self.anchors.clear();
                    self.costs.clear();
                    // The root is the first node that is made.
                    let nodes = std::mem::take(&mut self.nodes);
                    return Ok(Some(Document { nodes, root: 0 }));
                }
                Event::DocumentStart => {}
                Event::CollectionEnd => self.close(&span)?,
                Event::Alias(name) => self.alias(&name, &span)?,
                Event::Scalar(properties, style, text) => {
                    let cost = Cost { bytes: text.len(), ..Cost::ONE };
                    if style == Style::DoubleQuoted {
                        self.check_escapes(&span)?;
                    }
                    let id = self.add(Content::Scalar(text), style, properties, &span)?;
                    self.attach(id, cost, span.start)?;
                }
                Event::SequenceStart(properties, style) => {
                    self.open(Content::Sequence(Vec::new()), style, properties, &span)?;
                }
                Event::MappingStart(properties, style) => {
                    self.open(Content::Mapping(Vec::new()), style, properties, &span)?;
                }
            }
        }
    }

    /// Of the escapes of YAML 1.2, go-yaml does not know that of the slash.
    fn check_escapes(&self, span: &Range<Mark>) -> Result<(), YamlError> {
        let text = self.source.get(span.start.index..span.end.index).unwrap_or_default();
        let mut escaped = false;
        for c in text.chars() {
            if escaped && c == '/' {
                let message = "Kustomize does not know the escape \\/: a slash needs none";
                return Err(error(message.to_owned(), span.start));
            }
            escaped = c == '\\' && !escaped;
        }
        Ok(())
    }

    fn open(
        &mut self,
        content: Content,
        style: Style,
        properties: Properties,
        span: &Range<Mark>,
    ) -> Result<(), YamlError> {
        let id = self.add(content, style, properties, span)?;
        if self.open.len() as u32 >= MAX_DEPTH {
            return Err(error(format!("nested deeper than {MAX_DEPTH}"), span.start));
        }
        self.open.push(Open { id, key: None, cost: Cost::ONE });
        Ok(())
    }

    fn close(&mut self, span: &Range<Mark>) -> Result<(), YamlError> {
        let Some(Open { id, cost, .. }) = self.open.pop() else {
            return Ok(());
        };
        let last = match &self.nodes[id as usize].content {
            Content::Sequence(items) => items.last().copied(),
            Content::Mapping(pairs) => pairs.last().map(|(_, value)| *value),
            _ => None,
        };
        // libyaml lets a block collection end where the next token starts; what it holds ends it.
        let end = match (self.nodes[id as usize].style, last) {
            (Style::Flow, _) | (_, None) => span.end.index + self.skipped,
            (_, Some(last)) => self.nodes[last as usize].span.end,
        };
        self.nodes[id as usize].span.end = end;
        self.attach(id, cost, span.start)
    }

    fn alias(&mut self, name: &str, span: &Range<Mark>) -> Result<(), YamlError> {
        let Some(target) = self.anchors.get(name).copied() else {
            return Err(error(format!("there is no anchor &{name} before this alias"), span.start));
        };
        if self.open.iter().any(|open| open.id == target) {
            return Err(error(format!("the anchor &{name} would contain itself"), span.start));
        }
        let content = Content::Alias(target);
        let id = self.add(content, Style::Plain, Properties::default(), span)?;
        self.attach(id, self.costs[target as usize], span.start)
    }

    fn add(
        &mut self,
        content: Content,
        style: Style,
        properties: Properties,
        span: &Range<Mark>,
    ) -> Result<Id, YamlError> {
        self.budget = self
            .budget
            .checked_sub(1)
            .ok_or_else(|| error(format!("more than {MAX_NODES} values"), span.start))?;
        let id = self.nodes.len() as Id;
        let start = self.after_properties(&properties, span);
        if let Some(anchor) = &properties.anchor {
            self.anchors.insert(anchor.clone(), id);
        }
        self.nodes.push(Data {
            content,
            style,
            tag: properties.tag,
            anchor: properties.anchor,
            outer: span.start.index + self.skipped,
            span: start.index + self.skipped..span.end.index.max(start.index) + self.skipped,
            line: start.line + 1,
            column: start.column + 1,
        });
        self.costs.push(Cost::ONE);
        Ok(id)
    }

    /// Hangs a finished node into the collection around it, and adds up what following aliases would cost.
    fn attach(&mut self, id: Id, cost: Cost, at: Mark) -> Result<(), YamlError> {
        self.costs[id as usize] = cost;
        let Some(parent) = self.open.last_mut() else {
            return Ok(());
        };
        let sum = &mut parent.cost;
        sum.nodes = sum.nodes.saturating_add(cost.nodes);
        sum.depth = sum.depth.max(cost.depth + 1);
        sum.bytes = sum.bytes.saturating_add(cost.bytes);
        if sum.nodes > MAX_NODES {
            return Err(error(format!("aliases stand for more than {MAX_NODES} values"), at));
        }
        if sum.depth > MAX_DEPTH {
            return Err(error(format!("with its aliases nested deeper than {MAX_DEPTH}"), at));
        }
        if sum.bytes > MAX_SOURCE {
            let megabytes = MAX_SOURCE >> 20;
            return Err(error(format!("aliases stand for more than {megabytes} MiB"), at));
        }
        match (&mut self.nodes[parent.id as usize].content, parent.key.take()) {
            (Content::Sequence(items), _) => items.push(id),
            (Content::Mapping(pairs), Some(key)) => pairs.push((key, id)),
            (_, None) => parent.key = Some(id),
            (_, Some(_)) => {}
        }
        Ok(())
    }

    /// Where the node proper starts: libyaml's mark stands at the anchor or tag in front of it.
    fn after_properties(&self, properties: &Properties, span: &Range<Mark>) -> Mark {
        let mut left = u8::from(properties.anchor.is_some()) + u8::from(properties.tag.is_some());
        let mut mark = span.start;
        if left == 0 {
            return mark;
        }
        let (mut word, mut comment) = (false, false);
        for c in self.source[span.start.index..span.end.index].chars() {
            if c.is_whitespace() {
                word = false;
                comment &= c != '\n';
            } else if !word && !comment {
                match c {
                    '#' => comment = true,
                    '&' | '!' if left > 0 => {
                        word = true;
                        left -= 1;
                    }
                    _ => return mark,
                }
            }
            mark.index += c.len_utf8();
            mark.column += 1;
            if c == '\n' {
                mark.line += 1;
                mark.column = 0;
            }
        }
        // Nothing but properties: the value is left out.
        span.end
    }
}

fn error(message: String, at: Mark) -> YamlError {
    YamlError::new(message, at.line + 1, at.column + 1)
}
