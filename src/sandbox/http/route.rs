//! The table of routes: method, path pattern, who may, and the function that answers.
//! It does not know how a request comes in.

use std::collections::BTreeMap;

use http::Method;

use super::{Call, Reply};
use crate::sandbox::model::{Level, Role};
use crate::sandbox::state::State;

/// Short for [`Level::Read`].
pub(crate) const READ: Level = Level::Read;
/// Short for [`Level::Write`].
pub(crate) const WRITE: Level = Level::Write;

type Handler = fn(&mut State, &Call) -> Reply;

/// One endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// `{name}` is one segment, `{name+}` one or more.
    pub(crate) pattern: &'static str,
    pub(crate) handler: Handler,
    pub(crate) access: Access,
}

/// Who may call an endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// Anybody, also without credentials.
    Open,
    /// Anybody with a user's or an installation's token; Apps need one of these permissions, if any.
    Signed(&'static [(&'static str, Level)]),
    /// Persons only.
    Person,
    /// An App with its own JWT.
    App,
    /// In `/repos/{owner}/{repo}` or `/repositories/{id}`: persons with this role, installations with one of these permissions.
    Repo(Role, &'static [(&'static str, Level)]),
}

impl Route {
    /// An endpoint that reads; in a repository whoever may read it.
    pub(crate) fn get(pattern: &'static str, handler: Handler) -> Self {
        Self::new(Method::GET, pattern, handler, Role::Read)
    }

    /// An endpoint that makes something; in a repository whoever may write to it.
    pub(crate) fn post(pattern: &'static str, handler: Handler) -> Self {
        Self::new(Method::POST, pattern, handler, Role::Write)
    }

    /// An endpoint that replaces something; in a repository whoever may write to it.
    pub(crate) fn put(pattern: &'static str, handler: Handler) -> Self {
        Self::new(Method::PUT, pattern, handler, Role::Write)
    }

    /// An endpoint that changes something; in a repository whoever may write to it.
    pub(crate) fn patch(pattern: &'static str, handler: Handler) -> Self {
        Self::new(Method::PATCH, pattern, handler, Role::Write)
    }

    /// An endpoint that removes something; in a repository whoever may write to it.
    pub(crate) fn delete(pattern: &'static str, handler: Handler) -> Self {
        Self::new(Method::DELETE, pattern, handler, Role::Write)
    }

    fn new(method: Method, pattern: &'static str, handler: Handler, role: Role) -> Self {
        Self { method, pattern, handler, access: Access::Repo(role, &[("metadata", READ)]) }
    }

    /// The permissions of which an installation needs one.
    pub(crate) fn needs(mut self, permissions: &'static [(&'static str, Level)]) -> Self {
        if let Access::Repo(_, needed) = &mut self.access {
            *needed = permissions;
        }
        self
    }

    /// The role that a person needs, where it is not read for reading and write for the rest.
    pub(crate) fn role(mut self, least: Role) -> Self {
        if let Access::Repo(role, _) = &mut self.access {
            *role = least;
        }
        self
    }

    /// Who may, for what is not in a repository.
    pub(crate) fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }
}

/// All endpoints.
#[derive(Debug)]
pub(crate) struct Table(Vec<Route>);

impl Table {
    /// A table of these routes; of several that fit, the one with more literal text counts.
    pub(crate) fn new(mut routes: Vec<Route>) -> Self {
        let rank = |route: &Route| {
            let segments = route.pattern.split('/');
            let greedy = route.pattern.contains('+');
            let literal = segments.clone().filter(|segment| !segment.starts_with('{'));
            (greedy, std::cmp::Reverse(literal.count()), std::cmp::Reverse(segments.count()))
        };
        routes.sort_by_key(rank);
        Self(routes)
    }

    /// The route for a method and a path, with what the path says for its names.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Option<(&Route, BTreeMap<&'static str, String>)> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        // A repository is found by its id as well as by its name.
        if let ["repositories", id, rest @ ..] = segments.as_slice() {
            let named = [&["repos", "-", id], rest].concat();
            let (route, mut params) = self.fit(method, &named)?;
            params.retain(|name, _| !["owner", "repo"].contains(name));
            params.insert("repository_id", (*id).to_owned());
            return Some((route, params));
        }
        self.fit(method, &segments)
    }

    fn fit(
        &self,
        method: &Method,
        segments: &[&str],
    ) -> Option<(&Route, BTreeMap<&'static str, String>)> {
        self.0.iter().filter(|route| route.method == *method).find_map(|route| {
            let pattern: Vec<&'static str> = route.pattern.trim_matches('/').split('/').collect();
            let mut params = BTreeMap::new();
            fits(&pattern, segments, &mut params).then_some((route, params))
        })
    }
}

fn fits(
    pattern: &[&'static str],
    segments: &[&str],
    params: &mut BTreeMap<&'static str, String>,
) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return segments.is_empty();
    };
    let name = first.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    match name.map(|name| (name, name.strip_suffix('+'))) {
        None => segments
            .split_first()
            .is_some_and(|(segment, others)| segment == first && fits(rest, others, params)),
        Some((_, Some(name))) => (1..=segments.len()).rev().any(|taken| {
            let fit = fits(rest, &segments[taken..], params);
            if fit {
                params.insert(name, unescape(&segments[..taken].join("/")));
            }
            fit
        }),
        Some((name, None)) => segments.split_first().is_some_and(|(segment, others)| {
            let fit = !segment.is_empty() && fits(rest, others, params);
            if fit {
                params.insert(name, unescape(segment));
            }
            fit
        }),
    }
}

/// Undoes percent-encoding; what is none stays as it is.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| hex::decode(digits).ok());
        if let Some(code) = code {
            bytes.extend(code);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::http::Answer;

    fn nothing(_: &mut State, _: &Call) -> Reply {
        Ok(Answer::empty(204))
    }

    #[test]
    fn the_most_literal_route_wins_and_names_may_span_segments() {
        let table = Table::new(vec![
            Route::get("/repos/{owner}/{repo}/branches/{branch+}", nothing),
            Route::get("/repos/{owner}/{repo}/branches/{branch+}/protection", nothing),
            Route::get("/repos/{owner}/{repo}/issues/{number}", nothing),
            Route::get("/repos/{owner}/{repo}/issues/comments", nothing),
        ]);
        let found = |path: &str| {
            table.find(&Method::GET, path).map(|(route, params)| (route.pattern, params))
        };
        let (pattern, params) = found("/repos/a/b/branches/usher/prod/x%20y").unwrap();
        assert_eq!(pattern, "/repos/{owner}/{repo}/branches/{branch+}");
        assert_eq!(params["branch"], "usher/prod/x y");
        let (pattern, params) = found("/repos/a/b/branches/usher/prod/protection").unwrap();
        assert!(pattern.ends_with("/protection"));
        assert_eq!(params["branch"], "usher/prod");
        assert!(found("/repos/a/b/issues/comments").unwrap().0.ends_with("comments"));
        assert!(found("/repos/a/b/issues").is_none());
        assert!(table.find(&Method::POST, "/repos/a/b/issues/1").is_none());
    }
}
