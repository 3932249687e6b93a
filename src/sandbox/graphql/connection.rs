//! Lists in pages: `first`, `after`, `last`, `before`, cursors.
//! It does not know what is in them.
//! <https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::problem::Problem;
use super::thing::{Out, Thing};
use super::values::Arguments;

/// GitHub shows no more at once.
const MOST: u64 = 100;

/// One page of a list.
#[derive(Clone, Debug)]
pub(super) struct Page<'a> {
    /// What the schema calls it, without `Connection`.
    name: &'static str,
    items: Vec<Thing<'a>>,
    /// The place of the first item in the whole list.
    from: usize,
    total: usize,
}

/// One item of a page.
#[derive(Clone, Debug)]
pub(super) struct Edge<'a> {
    name: &'static str,
    item: Box<Thing<'a>>,
    at: usize,
}

/// The page of a list that is asked for.
pub(super) fn page<'a>(
    name: &'static str,
    mut items: Vec<Thing<'a>>,
    asked: &Arguments,
) -> Result<Out<'a>, Problem> {
    let total = items.len();
    let place = |name: &str| asked.get(name).and_then(Value::as_str).and_then(place);
    let mut from = place("after").map_or(0, |at| at + 1).min(total);
    let mut upto = place("before").unwrap_or(total).min(total).max(from);
    let (first, last) = (bound(name, "first", asked)?, bound(name, "last", asked)?);
    match (first, last) {
        (Some(first), _) => upto = upto.min(from + first),
        (None, Some(last)) => from = from.max(upto.saturating_sub(last)),
        (None, None) => {
            let message = format!(
                "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            );
            return Err(Problem::new("MISSING_PAGINATION_BOUNDARIES", message));
        }
    }
    items.truncate(upto);
    let items = items.split_off(from);
    Ok(Out::Thing(Thing::Page(Page { name, items, from, total })))
}

fn bound(name: &str, which: &str, asked: &Arguments) -> Result<Option<usize>, Problem> {
    let Some(number) = asked.get(which).and_then(Value::as_i64) else {
        return Ok(None);
    };
    match u64::try_from(number) {
        Ok(number) if (1..=MOST).contains(&number) => Ok(usize::try_from(number).ok()),
        Ok(number) if number > MOST => Err(Problem::new(
            "EXCESSIVE_PAGINATION",
            format!(
                "Requesting {number} records on the `{name}` connection exceeds the `{which}` limit of {MOST} records."
            ),
        )),
        _ => Err(Problem::new(
            "ARGUMENT_LIMIT",
            format!("`{which}` on the `{name}` connection must be at least 1."),
        )),
    }
}

/// Opaque to clients.
fn cursor(at: usize) -> String {
    STANDARD.encode(format!("cursor:v2:{at}"))
}

fn place(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("cursor:v2:")?.parse().ok()
}

impl<'a> Page<'a> {
    pub(super) fn kind(&self) -> String {
        format!("{}Connection", self.name)
    }

    pub(super) fn field(&self, name: &str) -> Out<'a> {
        let edge = |(n, item): (usize, &Thing<'a>)| {
            let item = Box::new(item.clone());
            Out::Thing(Thing::Edge(Edge { name: self.name, item, at: self.from + n }))
        };
        match name {
            "edges" => Out::List(self.items.iter().enumerate().map(edge).collect()),
            "nodes" => Out::List(self.items.iter().cloned().map(Out::Thing).collect()),
            "totalCount" => Out::leaf(self.total),
            "pageInfo" => Out::Thing(Thing::PageInfo {
                from: self.from,
                shown: self.items.len(),
                total: self.total,
            }),
            _ => Out::Null,
        }
    }
}

impl<'a> Edge<'a> {
    pub(super) fn kind(&self) -> String {
        format!("{}Edge", self.name)
    }

    pub(super) fn field(&self, name: &str) -> Out<'a> {
        match (name, self.item.as_ref()) {
            ("cursor", _) => Out::leaf(cursor(self.at)),
            ("node", Thing::Member(account, _) | Thing::Collaborator(account, _)) => {
                Out::Thing(Thing::Account(account))
            }
            ("node", item) => Out::Thing(item.clone()),
            ("role", Thing::Member(_, maintainer)) => {
                Out::leaf(if *maintainer { "MAINTAINER" } else { "MEMBER" })
            }
            ("permission", Thing::Collaborator(_, role)) => Out::leaf(role.word().to_uppercase()),
            _ => Out::Null,
        }
    }
}

/// What `pageInfo` says.
pub(super) fn page_info<'a>(name: &str, from: usize, shown: usize, total: usize) -> Out<'a> {
    match name {
        "hasNextPage" => Out::leaf(from + shown < total),
        "hasPreviousPage" => Out::leaf(from > 0),
        "startCursor" if shown > 0 => Out::leaf(cursor(from)),
        "endCursor" if shown > 0 => Out::leaf(cursor(from + shown - 1)),
        _ => Out::Null,
    }
}
