//! A request as the endpoints see it: names of the path, query, body, caller; and the pages of a list.
//! It does not know any resource.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::Answer;
use crate::sandbox::auth::Caller;
use crate::sandbox::model::Id;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::Actor;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The path below `/api/v3`.
    pub(crate) path: String,
    pub(crate) params: BTreeMap<&'static str, String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    /// `Null` where there is none.
    pub(crate) body: Value,
    pub(crate) caller: Caller,
    /// The repository of the path.
    pub(crate) repo: Option<Id>,
    /// The base of API addresses.
    pub(crate) api: String,
}

impl Call {
    /// The repository of the path.
    pub(crate) fn repo(&self) -> Result<Id, Refusal> {
        self.repo.ok_or_else(Refusal::not_found)
    }

    /// In whose name it is done.
    pub(crate) fn actor(&self) -> Result<Actor, Refusal> {
        self.caller.actor().ok_or_else(|| Refusal::new(401, "Requires authentication"))
    }

    /// What the path says for a name of the route.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The same as a number.
    pub(crate) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.param(name).parse().map_err(|_not_a_number| Refusal::not_found())
    }

    /// A query parameter that is there and not empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether the Accept header asks for one of GitHub's own media types (`raw`, `diff`, `patch`, `sha`).
    pub(crate) fn wants(&self, kind: &str) -> bool {
        let accept = self.headers.get_all("accept").iter();
        accept
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|media| media.trim().strip_prefix("application/vnd.github"))
            .any(|media| {
                let media = media.split([';', '+']).next().unwrap_or_default();
                media.split('.').any(|part| part == kind)
            })
    }

    /// A text of the body; `None` where it is absent or null.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, Refusal> {
        match &self.body[key] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            other => Err(Refusal::wrong_type(key, other, "a string")),
        }
    }

    /// A text that the body must have.
    pub(crate) fn require(&self, key: &str) -> Result<&str, Refusal> {
        if self.has(key) && self.body[key].is_null() {
            return Err(Refusal::wrong_type(key, &Value::Null, "a string"));
        }
        self.text(key)?.ok_or_else(|| Refusal::missing(key))
    }

    /// A truth value of the body.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, Refusal> {
        match &self.body[key] {
            Value::Null => Ok(None),
            Value::Bool(flag) => Ok(Some(*flag)),
            other => Err(Refusal::wrong_type(key, other, "a boolean")),
        }
    }

    /// A number of the body.
    pub(crate) fn count(&self, key: &str) -> Result<Option<u64>, Refusal> {
        match &self.body[key] {
            Value::Null => Ok(None),
            other => other
                .as_u64()
                .map(Some)
                .ok_or_else(|| Refusal::wrong_type(key, other, "an integer")),
        }
    }

    /// A list of texts of the body.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Refusal> {
        match &self.body[key] {
            Value::Null => Ok(None),
            list => texts(list)
                .map(Some)
                .ok_or_else(|| Refusal::wrong_type(key, list, "an array of strings")),
        }
    }

    /// Whether the body has a key, be it null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.body.get(key).is_some()
    }

    /// One page of a list, with the Link header.
    /// <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>
    pub(crate) fn page<T>(&self, items: Vec<T>, show: impl FnMut(T) -> Value) -> Answer {
        let (shown, link) = self.cut(items);
        linked(Answer::ok(shown.into_iter().map(show).collect()), link)
    }

    /// One page of a list that stands under a key beside `total_count`.
    pub(crate) fn page_in<T>(
        &self,
        key: &str,
        items: Vec<T>,
        show: impl FnMut(T) -> Value,
    ) -> Answer {
        let total = items.len();
        let (shown, link) = self.cut(items);
        let mut body = Map::from_iter([("total_count".to_owned(), json!(total))]);
        body.insert(key.to_owned(), shown.into_iter().map(show).collect());
        linked(Answer::ok(body.into()), link)
    }

    /// The items of the page that is asked for, and the Link header where there are more.
    pub(crate) fn cut<T>(&self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let asked = |name: &str| self.query(name).and_then(|value| value.parse::<usize>().ok());
        let size = asked("per_page").filter(|size| *size > 0).unwrap_or(30).min(100);
        let page = asked("page").filter(|page| *page > 0).unwrap_or(1);
        let last = items.len().div_ceil(size).max(1);
        let mut links = Vec::new();
        if page > 1 {
            links.push(("prev", page.min(last + 1) - 1));
        }
        if page < last {
            links.extend([("next", page + 1), ("last", last)]);
        }
        if page > 1 {
            links.push(("first", 1));
        }
        let link = links
            .iter()
            .map(|(rel, page)| format!("<{}>; rel=\"{rel}\"", self.address(*page)))
            .collect::<Vec<_>>()
            .join(", ");
        let start = (page - 1).saturating_mul(size);
        let shown = items.into_iter().skip(start).take(size).collect();
        (shown, (!link.is_empty()).then_some(link))
    }

    fn address(&self, page: usize) -> String {
        let others = self.query.iter().filter(|(key, _)| key != "page");
        let query: String =
            others.map(|(key, value)| format!("{}={}&", escape(key), escape(value))).collect();
        format!("{}{}?{query}page={page}", self.api, self.path)
    }
}

/// The texts of a JSON array of nothing else.
pub(crate) fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn linked(answer: Answer, link: Option<String>) -> Answer {
    match link {
        Some(link) => answer.header("link", link),
        None => answer,
    }
}

/// Percent-encodes what may not stand in a query.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(query: &[(&str, &str)]) -> Call {
        Call {
            path: "/things".to_owned(),
            params: BTreeMap::new(),
            query: query
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            headers: HeaderMap::new(),
            body: Value::Null,
            caller: Caller::Nobody,
            repo: None,
            api: "http://box".to_owned(),
        }
    }

    #[test]
    fn pages_are_linked_to_their_neighbours() {
        let (shown, link) =
            call(&[("q", "a b"), ("per_page", "2"), ("page", "2")]).cut((1..=5).collect());
        assert_eq!(shown, [3, 4]);
        assert_eq!(
            link.unwrap(),
            "<http://box/things?q=a%20b&per_page=2&page=1>; rel=\"prev\", \
             <http://box/things?q=a%20b&per_page=2&page=3>; rel=\"next\", \
             <http://box/things?q=a%20b&per_page=2&page=3>; rel=\"last\", \
             <http://box/things?q=a%20b&per_page=2&page=1>; rel=\"first\""
        );
    }

    #[test]
    fn odd_page_numbers_do_no_harm() {
        let all: Vec<u32> = (0..150).collect();
        assert_eq!(call(&[]).cut(all.clone()).0.len(), 30);
        assert_eq!(call(&[("per_page", "1000")]).cut(all.clone()).0.len(), 100);
        assert_eq!(call(&[("per_page", "0"), ("page", "x")]).cut(all.clone()).0[0], 0);
        let (shown, link) = call(&[("page", "18446744073709551615")]).cut(all);
        assert!(shown.is_empty());
        assert!(link.unwrap().contains("page=5>; rel=\"prev\""));
        assert_eq!(call(&[]).cut(vec![1]).1, None);
    }

    #[test]
    fn media_types_are_read_from_accept() {
        let mut call = call(&[]);
        let accept = "text/html, application/vnd.github.v3.diff; charset=utf-8";
        call.headers.insert("accept", accept.parse().unwrap());
        assert!(call.wants("diff"));
        assert!(!call.wants("raw"));
        call.headers.insert("accept", "application/vnd.github.raw+json".parse().unwrap());
        assert!(call.wants("raw"));
    }
}
