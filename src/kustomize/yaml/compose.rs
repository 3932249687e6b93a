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

/// Reads all documents of a source; none when it holds nothing but comments.
pub fn parse(source: &[u8]) -> Result<Vec<Document>, YamlError> {
    if source.len() > MAX_SOURCE {
        let megabytes = MAX_SOURCE >> 20;
        return Err(YamlError::new(
            format!("the file is larger than {megabytes} MiB"),
            1,
            1,
        ));
    }
    let text = std::str::from_utf8(source).map_err(|error| {
        let good = std::str::from_utf8(&source[..error.valid_up_to()]).unwrap_or_default();
        YamlError::at(good, good.len(), "the file is not UTF-8 from here on")
    })?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    Composer::new(text.len() - body.len(), body).documents()
}

/// Reads a source that must hold exactly one document.
pub fn parse_one(source: &[u8]) -> Result<Document, YamlError> {
    let mut documents = parse(source)?;
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document),
        (None, _) => Err(YamlError::new("the file is empty", 1, 1)),
        (Some(last), more) => Err(last
            .root()
            .error(format!("the file holds {} documents, not one", more + 1))),
    }
}

struct Composer<'a> {
    source: &'a str,
    /// The bytes in front of `source`: a byte order mark.
    skipped: usize,
    events: Events<'a>,
    nodes: Vec<Data>,
    /// For each node, its nodes and its depth once aliases are followed.
    costs: Vec<(u32, u32)>,
    anchors: HashMap<Box<str>, Id>,
    open: Vec<Open>,
    budget: u32,
}

/// A collection whose end has not been met.
struct Open {
    id: Id,
    key: Option<Id>,
    cost: (u32, u32),
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

    fn documents(mut self) -> Result<Vec<Document>, YamlError> {
        let mut documents = Vec::new();
        loop {
            let (event, span) = self.events.next()?;
            match event {
                Event::StreamEnd => return Ok(documents),
                Event::DocumentEnd => {
                    self.anchors.clear();
                    self.costs.clear();
                    documents.push(Document {
                        nodes: std::mem::take(&mut self.nodes),
                        // The root is the first node that is made.
                        root: 0,
                    });
                }
                Event::DocumentStart => {}
                Event::CollectionEnd => self.close(&span)?,
                Event::Alias(name) => self.alias(&name, &span)?,
                Event::Scalar(properties, style, text) => {
                    let id = self.add(Content::Scalar(text), style, properties, &span)?;
                    self.attach(id, (1, 0), span.start)?;
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
        let cost = (1, 0);
        self.open.push(Open {
            id,
            key: None,
            cost,
        });
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
            return Err(error(
                format!("there is no anchor &{name} before this alias"),
                span.start,
            ));
        };
        if self.open.iter().any(|open| open.id == target) {
            return Err(error(
                format!("the anchor &{name} would contain itself"),
                span.start,
            ));
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
        self.costs.push((1, 0));
        Ok(id)
    }

    /// Hangs a finished node into the collection around it, and adds up what following aliases would cost.
    fn attach(&mut self, id: Id, cost: (u32, u32), at: Mark) -> Result<(), YamlError> {
        self.costs[id as usize] = cost;
        let Some(parent) = self.open.last_mut() else {
            return Ok(());
        };
        parent.cost.0 = parent.cost.0.saturating_add(cost.0);
        parent.cost.1 = parent.cost.1.max(cost.1 + 1);
        if parent.cost.0 > MAX_NODES {
            return Err(error(
                format!("aliases stand for more than {MAX_NODES} values"),
                at,
            ));
        }
        if parent.cost.1 > MAX_DEPTH {
            return Err(error(
                format!("with its aliases nested deeper than {MAX_DEPTH}"),
                at,
            ));
        }
        match (
            &mut self.nodes[parent.id as usize].content,
            parent.key.take(),
        ) {
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

#[cfg(test)]
mod tests {
    use super::super::{Kind, Node, Scalar};
    use super::*;

    fn one(source: &str) -> Document {
        parse_one(source.as_bytes()).unwrap()
    }

    fn refusal(source: &str) -> String {
        parse(source.as_bytes()).unwrap_err().to_string()
    }

    /// What each scalar's span holds, beside its text.
    fn spelled<'a>(source: &'a str, document: &'a Document) -> Vec<(&'a str, &'a str)> {
        let mut scalars: Vec<Node<'_>> = document
            .nodes()
            .filter(|n| n.kind() == Kind::Scalar)
            .collect();
        scalars.sort_by_key(|n| n.span().start);
        let text = |n: &Node<'a>| n.as_str().unwrap();
        scalars
            .iter()
            .map(|n| (&source[n.span()], text(n)))
            .collect()
    }

    #[test]
    fn spans_are_tight_and_places_are_right() {
        let source = "\u{feff}# é\nimages: # why\n- name: \"é\\n\" # c\n  newTag: &t !!str 1.0  # d\n\n# end\nx: {é: 'b''c', d: }\n";
        let document = one(source);
        assert_eq!(
            spelled(source, &document),
            [
                ("images", "images"),
                ("name", "name"),
                ("\"é\\n\"", "é\n"),
                ("newTag", "newTag"),
                ("1.0", "1.0"),
                ("x", "x"),
                ("é", "é"),
                ("'b''c'", "b'c"),
                ("d", "d"),
                ("", ""),
            ]
        );
        let images = document.root().get("images").unwrap();
        assert_eq!(
            &source[images.span()],
            "- name: \"é\\n\" # c\n  newTag: &t !!str 1.0"
        );
        assert_eq!((images.line(), images.column()), (3, 1));
        let tag = images.items().next().unwrap().get("newTag").unwrap();
        assert_eq!((tag.line(), tag.column()), (4, 20));
        assert_eq!(&source[tag.outer_span()], "&t !!str 1.0");
        assert_eq!(
            (tag.anchor(), tag.tag()),
            (Some("t"), Some("tag:yaml.org,2002:str"))
        );
        assert_eq!(tag.as_string(), Some("1.0"));
        let x = document.root().get("x").unwrap();
        assert_eq!(&source[x.span()], "{é: 'b''c', d: }");
        assert_eq!(x.get("d").unwrap().column(), 19);
        assert!(x.get("d").unwrap().is_null());
    }

    #[test]
    fn properties_may_stand_alone() {
        let source = "a: &x # c\nb: !!str\nc: &y\n  # d\n  e: f\n";
        let document = one(source);
        let root = document.root();
        assert_eq!(root.get("a").unwrap().span(), 5..5);
        assert!(root.get("a").unwrap().is_null());
        assert_eq!(root.get("b").unwrap().as_string(), Some(""));
        assert_eq!(&source[root.get("c").unwrap().span()], "e: f");
        assert_eq!(root.get("c").unwrap().line(), 5);
    }

    #[test]
    fn aliases_and_merges_are_followed() {
        let document =
            one("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: [{y: 4}, *b]}\nd: *b\n");
        let root = document.root();
        let text =
            |key: &str, field: &str| root.get(key).unwrap().get(field).unwrap().as_str().unwrap();
        assert_eq!((text("b", "x"), text("b", "y")), ("1", "3"));
        assert_eq!((text("c", "x"), text("c", "y")), ("1", "4"));
        assert_eq!(text("d", "y"), "3");
        assert_eq!(root.get("d").unwrap().kind(), Kind::Alias);
        assert!(root.get("d").unwrap().is_mapping());
        assert_eq!(root.get("d").unwrap().line(), 4);
    }

    #[test]
    fn documents_are_told_apart() {
        assert_eq!(parse(b"# nothing\n").unwrap().len(), 0);
        let documents = parse(b"--- 1\n---\na: b\n...\n---\n").unwrap();
        assert_eq!(documents.len(), 3);
        assert_eq!(documents[0].root().resolve(), Some(Scalar::Int(1)));
        assert_eq!(documents[1].root().get("a").unwrap().line(), 3);
        assert!(documents[2].root().is_null());
        insta::assert_snapshot!(
            parse_one(b"a\n---\nb\n").unwrap_err(),
            @"line 3, column 1: the file holds 2 documents, not one"
        );
    }

    #[test]
    fn keys_that_stand_twice_are_found() {
        let twice = one("a: 1\nb: {c: 1, \"c\": 2}\n");
        insta::assert_snapshot!(
            twice.check_unique_keys().unwrap_err(),
            @r#"line 2, column 11: the key "c" stands twice; the first one is on line 2"#
        );
        assert_eq!(one("a: {c: 1}\nb: {c: 1}\n").check_unique_keys(), Ok(()));
    }

    #[test]
    fn errors_say_what_and_where() {
        insta::assert_snapshot!(
            refusal("a: b\n c: d\n"),
            @"line 2, column 3: mapping values are not allowed in this context"
        );
        insta::assert_snapshot!(
            refusal("a:\n- [b\nc: d\n"),
            @"line 3, column 2: did not find expected ',' or ']', while parsing a flow sequence that starts on line 2"
        );
        insta::assert_snapshot!(
            refusal("é: \u{1}\n"),
            @"line 1, column 4: control characters are not allowed"
        );
        insta::assert_snapshot!(
            parse(b"a: 1\nb: \xff\n").unwrap_err(),
            @"line 2, column 4: the file is not UTF-8 from here on"
        );
        insta::assert_snapshot!(
            refusal("a: *x\n"),
            @"line 1, column 4: there is no anchor &x before this alias"
        );
        insta::assert_snapshot!(
            refusal("a: &x [*x]\n"),
            @"line 1, column 8: the anchor &x would contain itself"
        );
    }

    #[test]
    fn hostile_sources_are_refused_early() {
        for open in ["[", "{a: ", "- ", "? "] {
            let deep = open.repeat(100_000);
            assert!(refusal(&deep).contains("nested deeper than 200"), "{open}");
        }
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for i in 1..40 {
            bomb += &format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1);
        }
        assert!(refusal(&bomb).contains("aliases stand for more than 1000000 values"));
        let mut chain = "a0: &a0 x\n".to_owned();
        for i in 1..300 {
            chain += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
        }
        assert!(refusal(&chain).contains("with its aliases nested deeper than 200"));
        assert!(
            refusal(&format!("[{}]", "a,".repeat(1_000_001))).contains("more than 1000000 values")
        );
        assert!(refusal(&" ".repeat(MAX_SOURCE + 1)).contains("larger than 16 MiB"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(source: Vec<u8>) {
            let _ = parse(&source);
        }

        #[test]
        fn no_text_of_yaml_signs_makes_it_panic(source in "[-a:?&*!|>'\"%@#,{}\\[\\]~<+ \t\n\r\u{feff}é0]{0,60}") {
            if let Ok(documents) = parse(source.as_bytes()) {
                for node in documents.iter().flat_map(Document::nodes) {
                    proptest::prop_assert!(source.get(node.outer_span()).is_some(), "{node:?}");
                    proptest::prop_assert!(node.outer_span().start <= node.span().start);
                }
            }
        }
    }
}
