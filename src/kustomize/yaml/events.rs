//! Knows how to drive libyaml: text in, a stream of parse events with byte positions out.
//!
//! It knows nothing of trees, limits or what the values mean. It is the only place with `unsafe`.
#![expect(unsafe_code, reason = "libyaml-rs is a translated C interface")]

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::slice;
use std::sync::Arc;

use libyaml_rs as sys;

use super::{Style, YamlError};

/// A place in the source: byte offset, line and column, each from 0; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// What may stand in front of a node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Properties {
    pub(super) anchor: Option<Box<str>>,
    pub(super) tag: Option<Box<str>>,
}

/// One step of the parse. Stream starts, and which document markers were written, are left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(Box<str>),
    Scalar(Properties, Style, Arc<str>),
    SequenceStart(Properties, Style),
    MappingStart(Properties, Style),
    CollectionEnd,
}

/// The events of one source text.
pub(super) struct Events<'a> {
    // A raw pointer and not a box: libyaml keeps a pointer to the parser in the parser, so it may
    // neither move nor be reached through a unique reference while that one is in use.
    parser: *mut sys::yaml_parser_t,
    source: &'a str,
}

impl<'a> Events<'a> {
    /// Starts to parse `source`, which must not begin with a byte order mark.
    pub(super) fn new(source: &'a str) -> Self {
        let parser = Box::into_raw(Box::new(MaybeUninit::<sys::yaml_parser_t>::uninit())).cast();
        // SAFETY: `parser` is a live, aligned allocation of the right size, which `initialize` fills.
        // `source` outlives `Self`, so the input pointer stays valid; it is never null.
        // `initialize` cannot fail: it only allocates, and running out of memory aborts.
        unsafe {
            let _ = sys::yaml_parser_initialize(parser);
            sys::yaml_parser_set_encoding(parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(parser, source.as_ptr(), source.len() as u64);
        }
        Self { parser, source }
    }

    /// The next event and the source it covers. After an error or the stream's end: the stream's end.
    pub(super) fn next(&mut self) -> Result<(Event, Range<Mark>), YamlError> {
        loop {
            let mut raw = MaybeUninit::<sys::yaml_event_t>::uninit();
            // SAFETY: the parser is initialised. `parse` zeroes the event before it does anything
            // else, also when it fails, so it may be read afterwards; a zeroed event is a
            // `YAML_NO_EVENT`. It is deleted once, after all that points into it has been copied.
            let (event, span) = unsafe {
                if sys::yaml_parser_parse(self.parser, raw.as_mut_ptr()).fail {
                    return Err(self.error());
                }
                let event = raw.assume_init_mut();
                let span = mark(event.start_mark)..mark(event.end_mark);
                let copied = copy(event);
                sys::yaml_event_delete(event);
                (copied, span)
            };
            if let Some(event) = event {
                return Ok((event, span));
            }
        }
    }

    fn error(&self) -> YamlError {
        // SAFETY: the parser is initialised, and no other reference to it exists during this call.
        let parser = unsafe { &*self.parser };
        // SAFETY: libyaml only ever sets these to its own NUL-terminated literals, or leaves null.
        let (problem, context) = unsafe { (literal(parser.problem), literal(parser.context)) };
        let problem = problem.unwrap_or("the parser gave up");
        if parser.error == sys::YAML_READER_ERROR {
            return YamlError::at(self.source, parser.problem_offset as usize, problem);
        }
        let message = match context {
            Some(context) => {
                let line = parser.context_mark.line + 1;
                format!("{problem}, {context} that starts on line {line}")
            }
            None => problem.to_owned(),
        };
        let place = mark(parser.problem_mark);
        YamlError::new(message, place.line + 1, place.column + 1)
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw` in `new` with this layout, initialised there, dropped once.
        unsafe {
            sys::yaml_parser_delete(self.parser);
            drop(Box::from_raw(self.parser.cast::<MaybeUninit<sys::yaml_parser_t>>()));
        }
    }
}

/// Copies what an event says; `None` for those that nobody needs.
///
/// # Safety
/// The event must come from `yaml_parser_parse`, not be deleted yet.
unsafe fn copy(event: &sys::yaml_event_t) -> Option<Event> {
    // SAFETY: the event's type says which member of the union libyaml has filled; its texts are
    // null or NUL-terminated, and a scalar's value has `length` bytes.
    unsafe {
        Some(match event.type_ {
            sys::YAML_DOCUMENT_START_EVENT => Event::DocumentStart,
            sys::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd,
            sys::YAML_STREAM_END_EVENT | sys::YAML_NO_EVENT => Event::StreamEnd,
            sys::YAML_ALIAS_EVENT => Event::Alias(text(event.data.alias.anchor)?),
            sys::YAML_SCALAR_EVENT => {
                let scalar = &event.data.scalar;
                let bytes = slice::from_raw_parts(scalar.value, scalar.length as usize);
                let style = match scalar.style {
                    sys::YAML_SINGLE_QUOTED_SCALAR_STYLE => Style::SingleQuoted,
                    sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => Style::DoubleQuoted,
                    sys::YAML_LITERAL_SCALAR_STYLE => Style::Literal,
                    sys::YAML_FOLDED_SCALAR_STYLE => Style::Folded,
                    _ => Style::Plain,
                };
                let value = Arc::from(&*String::from_utf8_lossy(bytes));
                Event::Scalar(properties(scalar.anchor, scalar.tag), style, value)
            }
            sys::YAML_SEQUENCE_START_EVENT => {
                let start = &event.data.sequence_start;
                let flow = start.style == sys::yaml_sequence_style_t::YAML_FLOW_SEQUENCE_STYLE;
                let style = if flow { Style::Flow } else { Style::Block };
                Event::SequenceStart(properties(start.anchor, start.tag), style)
            }
            sys::YAML_MAPPING_START_EVENT => {
                let start = &event.data.mapping_start;
                let flow = start.style == sys::yaml_mapping_style_t::YAML_FLOW_MAPPING_STYLE;
                let style = if flow { Style::Flow } else { Style::Block };
                Event::MappingStart(properties(start.anchor, start.tag), style)
            }
            sys::YAML_SEQUENCE_END_EVENT | sys::YAML_MAPPING_END_EVENT => Event::CollectionEnd,
            _ => return None,
        })
    }
}

/// # Safety
/// Both must be null or NUL-terminated.
unsafe fn properties(anchor: *const u8, tag: *const u8) -> Properties {
    // SAFETY: the caller's promise.
    unsafe { Properties { anchor: text(anchor), tag: text(tag) } }
}

/// # Safety
/// The pointer must be null or NUL-terminated.
unsafe fn text(pointer: *const u8) -> Option<Box<str>> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer.cast()) };
    Some(text.to_string_lossy().into())
}

/// # Safety
/// The pointer must be null or point to a NUL-terminated text that lives for ever.
unsafe fn literal(pointer: *const i8) -> Option<&'static str> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller's promise.
    unsafe { CStr::from_ptr(pointer.cast::<c_char>()) }.to_str().ok()
}

fn mark(raw: sys::yaml_mark_t) -> Mark {
    Mark { index: raw.index as usize, line: raw.line as u32, column: raw.column as u32 }
}
