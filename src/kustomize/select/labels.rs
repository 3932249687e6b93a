//! Knows Kubernetes' language of label selectors, as `k8s.io/apimachinery/pkg/labels` parses it.
//!
//! It knows nothing of objects.

use std::collections::BTreeSet;

/// The longest name in a key, and the longest value, that Kubernetes allows.
const MAX_NAME: usize = 63;
/// The longest prefix of a key that Kubernetes allows.
const MAX_PREFIX: usize = 253;

/// What labels have to be; without requirements, all are right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector<'a> {
    requirements: Vec<(&'a str, Requirement<'a>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement<'a> {
    Exists,
    Absent,
    In(BTreeSet<&'a str>),
    NotIn(BTreeSet<&'a str>),
    Above(i64),
    Below(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Sign(&'a str),
    End,
}

impl<'a> LabelSelector<'a> {
    /// Parses it.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let mut parser = Parser { rest: text };
        let mut requirements = Vec::new();
        while parser.peek() != Token::End {
            requirements.push(parser.requirement()?);
            match parser.next() {
                Token::End => break,
                Token::Sign(",") if parser.peek() == Token::End => {
                    return Err("something has to follow the last comma".into());
                }
                Token::Sign(",") => {}
                other => return Err(unexpected(other, "a comma or the end")),
            }
        }
        Ok(Self { requirements })
    }

    /// Whether labels match, of which `label` gives one by its key.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|(key, requirement)| {
            let value = label(key);
            match requirement {
                Requirement::Exists => value.is_some(),
                Requirement::Absent => value.is_none(),
                Requirement::In(values) => value.is_some_and(|value| values.contains(value)),
                Requirement::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Requirement::Above(bound) => number(value).is_some_and(|value| value > *bound),
                Requirement::Below(bound) => number(value).is_some_and(|value| value < *bound),
            }
        })
    }
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Token<'a> {
        let (token, rest) = lex(self.rest);
        self.rest = rest;
        token
    }

    fn peek(&self) -> Token<'a> {
        lex(self.rest).0
    }

    fn requirement(&mut self) -> Result<(&'a str, Requirement<'a>), String> {
        let absent = self.peek() == Token::Sign("!");
        if absent {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => checked_key(key)?,
            other => return Err(unexpected(other, "a key")),
        };
        if absent {
            return Ok((key, Requirement::Absent));
        }
        if matches!(self.peek(), Token::End | Token::Sign(",")) {
            return Ok((key, Requirement::Exists));
        }
        let requirement = match self.next() {
            Token::Sign("=" | "==") => Requirement::In([self.value()?].into()),
            Token::Sign("!=") => Requirement::NotIn([self.value()?].into()),
            Token::Sign(">") => Requirement::Above(bound(self.value()?)?),
            Token::Sign("<") => Requirement::Below(bound(self.value()?)?),
            Token::Word("in") => Requirement::In(self.values()?),
            Token::Word("notin") => Requirement::NotIn(self.values()?),
            other => return Err(unexpected(other, "=, ==, !=, in or notin")),
        };
        Ok((key, requirement))
    }

    fn value(&mut self) -> Result<&'a str, String> {
        if matches!(self.peek(), Token::End | Token::Sign(",")) {
            return Ok("");
        }
        match self.next() {
            Token::Word(value) => checked_value(value),
            other => Err(unexpected(other, "a value")),
        }
    }

    /// A list in parentheses; between two commas, and beside one at either end, there is an empty value.
    fn values(&mut self) -> Result<BTreeSet<&'a str>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(unexpected(other, "values in parentheses")),
        }
        let mut values = BTreeSet::new();
        loop {
            let value = match self.peek() {
                Token::Word(value) => {
                    self.next();
                    checked_value(value)?
                }
                _ => "",
            };
            values.insert(value);
            match self.next() {
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => return Err(unexpected(other, "a comma or )")),
            }
        }
    }
}

fn unexpected(token: Token<'_>, wanted: &str) -> String {
    match token {
        Token::End => format!("it ends where there has to be {wanted}"),
        Token::Word(text) | Token::Sign(text) => {
            format!("there is {text:?} where there has to be {wanted}")
        }
    }
}

fn lex(text: &str) -> (Token<'_>, &str) {
    let is_sign = |c: char| "=!(),><".contains(c);
    let is_space = |c: char| " \t\r\n".contains(c);
    let text = text.trim_start_matches(is_space);
    let Some(first) = text.chars().next() else { return (Token::End, "") };
    let length = match first {
        '=' | '!' if text.get(1..2) == Some("=") => 2,
        first if is_sign(first) => 1,
        _ => text.find(|c| is_sign(c) || is_space(c)).unwrap_or(text.len()),
    };
    let (token, rest) = text.split_at(length);
    (if is_sign(first) { Token::Sign(token) } else { Token::Word(token) }, rest)
}

fn bound(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text:?} has to be a whole number"))
}

/// Letters, digits and the other three inside only; not too long.
fn is_name(text: &str) -> bool {
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let bytes = text.as_bytes();
    bytes.len() <= MAX_NAME
        && outer(bytes.first())
        && outer(bytes.last())
        && bytes.iter().all(inner)
}

fn checked_value(text: &str) -> Result<&str, String> {
    if text.is_empty() || is_name(text) {
        return Ok(text);
    }
    Err(format!(
        "{text:?} cannot be the value of a label: it may have letters, digits, `-`, `_` and `.`, \
         the last three not at its ends, and {MAX_NAME} characters at most"
    ))
}

fn checked_key(text: &str) -> Result<&str, String> {
    let is_label = |label: &str| {
        let outer = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let inner = |byte: &u8| outer(Some(byte)) || *byte == b'-';
        let bytes = label.as_bytes();
        outer(bytes.first()) && outer(bytes.last()) && bytes.iter().all(inner)
    };
    let fits = match text.split_once('/') {
        None => is_name(text),
        Some((prefix, name)) => {
            prefix.len() <= MAX_PREFIX && prefix.split('.').all(is_label) && is_name(name)
        }
    };
    if fits { Ok(text) } else { Err(format!("{text:?} cannot be the key of a label")) }
}
