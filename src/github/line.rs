//! One call from beginning to end: leave, token, tries, redirects, ETags, pages.
//!
//! It does not know which calls there are, nor what an answer says beyond its status and a limit.

use std::time::Duration;

use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::{self, Asked};
use super::auth::{Minted, Scope, TokenKey};
use super::pace::{self, Account, Cost};
use super::query;
use super::transport::{Parcel, Raw, Trouble};
use super::{GitHub, Priority};
use crate::fault::Fault;
use crate::model::ids::InstallationId;

/// In whose name a call is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Nobody,
    App,
    Installation(InstallationId, Scope),
}

impl Caller {
    pub(super) fn account(&self) -> Account {
        match self {
            Self::Nobody => Account::Nobody,
            Self::App => Account::App,
            Self::Installation(id, _) => Account::Installation(*id),
        }
    }
}

/// A line to GitHub, in somebody's name.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) github: GitHub,
    caller: Caller,
    priority: Priority,
}

pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    pub(super) cost: Cost,
    /// It changes nothing, so that it may be sent again.
    pub(super) reads: bool,
}

/// How many redirects a call follows.
const HOPS: usize = 3;

impl Line {
    pub(super) fn new(github: GitHub, caller: Caller, priority: Priority) -> Self {
        Self { github, caller, priority }
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The same line in somebody else's name.
    pub(super) fn as_caller(&self, caller: Caller) -> Self {
        Self::new(self.github.clone(), caller, self.priority)
    }

    /// Reads what has to be there.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let (asked, raw) = self.get(path, true).await?;
        expect(&asked, &raw)?;
        answer::parse(&asked, &raw)
    }

    /// Reads what will never change: an ETag would be of no use.
    pub(super) async fn read_fixed<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let (asked, raw) = self.get(path, false).await?;
        expect(&asked, &raw)?;
        answer::parse(&asked, &raw)
    }

    /// Reads what may be absent.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Fault> {
        let (asked, raw) = self.get(path, true).await?;
        if is_absent(&raw) {
            return Ok(None);
        }
        expect(&asked, &raw)?;
        answer::parse(&asked, &raw).map(Some)
    }

    /// Reads page after page until `enough` says so or there is none left.
    pub(super) async fn pages<P: DeserializeOwned, T>(
        &self,
        path: &str,
        mut items: impl FnMut(P) -> Vec<T>,
        mut enough: impl FnMut(&[T]) -> bool,
    ) -> Result<Vec<T>, Fault> {
        const MOST: usize = 200;
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        for _ in 0..MOST {
            let Some(path) = next else { return Ok(all) };
            let (asked, raw) = self.get(&path, true).await?;
            expect(&asked, &raw)?;
            all.extend(items(answer::parse(&asked, &raw)?));
            if enough(&all) {
                return Ok(all);
            }
            next = self.next_page(&raw);
        }
        Err(Fault::Broken(format!("GET {path}: more than {MOST} pages")))
    }

    /// Writes once; whatever is not success is a fault.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        cost: Cost,
    ) -> Result<Raw, Fault> {
        let (asked, raw) = self.try_write(method, path, body, cost).await?;
        expect(&asked, &raw)?;
        Ok(raw)
    }

    /// Writes once and reads the answer.
    pub(super) async fn write_for<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        cost: Cost,
    ) -> Result<T, Fault> {
        let (asked, raw) = self.try_write(method, path, Some(body), cost).await?;
        expect(&asked, &raw)?;
        answer::parse(&asked, &raw)
    }

    /// Writes once and leaves it to the caller what a refusal means.
    pub(super) async fn try_write(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        cost: Cost,
    ) -> Result<(Asked, Raw), Fault> {
        let call = Call { method, path, body, cost, reads: false };
        let asked = call.asked();
        let raw = self.send(&call, None).await?;
        Ok((asked, raw))
    }

    async fn get(&self, path: &str, remember: bool) -> Result<(Asked, Raw), Fault> {
        let answers = &self.github.0.memory.answers;
        let key = (self.caller.clone(), path.to_owned());
        let known = remember.then(|| answers.get(&key)).flatten();
        let (method, cost) = (Method::GET, Cost::Read);
        let call = Call { method, path, body: None, cost, reads: true };
        let raw = self.send(&call, known.as_ref().map(|(etag, _)| etag)).await?;
        let asked = call.asked();
        if let (StatusCode::NOT_MODIFIED, Some((_, known))) = (raw.status, known) {
            return Ok((asked, known));
        }
        if remember
            && raw.status == StatusCode::OK
            && let Some(etag) = raw.headers.get("etag")
        {
            let size = raw.body.len() + 1500;
            answers.put(key, (etag.clone(), raw.clone()), size);
        }
        Ok((asked, raw))
    }

    /// Sends in the caller's name; a refused token is replaced once, since a refused call did nothing.
    pub(super) async fn send(
        &self,
        call: &Call<'_>,
        etag: Option<&http::HeaderValue>,
    ) -> Result<Raw, Fault> {
        let auth = &self.github.0.auth;
        let account = self.caller.account();
        let mut second = false;
        loop {
            let token = match &self.caller {
                Caller::Nobody => None,
                Caller::App => Some(auth.app_token()?),
                Caller::Installation(id, scope) => Some(self.token(*id, scope).await?),
            };
            let raw = self.deliver(call, account, token.as_ref(), etag).await?;
            if raw.status != StatusCode::UNAUTHORIZED || second {
                return Ok(raw);
            }
            match (&self.caller, token) {
                (Caller::Installation(id, scope), Some(token)) => {
                    auth.forget(&token_key(*id, scope), &token).await;
                }
                (Caller::App, _) => auth.forget_app_token(),
                _ => return Ok(raw),
            }
            second = true;
        }
    }

    async fn token(&self, id: InstallationId, scope: &Scope) -> Result<SecretString, Fault> {
        let key = token_key(id, scope);
        let auth = &self.github.0.auth;
        auth.token(&key, |body| self.mint(id, body)).await
    }

    async fn mint(&self, id: InstallationId, body: Value) -> Result<Minted, Fault> {
        let path = format!("/app/installations/{id}/access_tokens");
        let (method, cost) = (Method::POST, Cost::Write);
        let call = Call { method, path: &path, body: Some(&body), cost, reads: false };
        let auth = &self.github.0.auth;
        let asked = call.asked();
        let mut token = auth.app_token()?;
        let mut raw = self.deliver(&call, Account::App, Some(&token), None).await?;
        if raw.status == StatusCode::UNAUTHORIZED {
            auth.forget_app_token();
            token = auth.app_token()?;
            raw = self.deliver(&call, Account::App, Some(&token), None).await?;
        }
        if raw.status == StatusCode::UNPROCESSABLE_ENTITY {
            // a permission not granted, or a repository not of this installation (any more)
            let said = answer::said(&raw);
            return Err(Fault::Denied(format!("{asked}: {said}")));
        }
        expect(&asked, &raw)?;
        tracing::debug!(installation = id.0, "installation token minted");
        answer::parse(&asked, &raw)
    }

    /// Gets one answer: at the account's pace, and for reads in a few tries and over redirects.
    async fn deliver(
        &self,
        call: &Call<'_>,
        account: Account,
        bearer: Option<&SecretString>,
        etag: Option<&http::HeaderValue>,
    ) -> Result<Raw, Fault> {
        let inner = &self.github.0;
        let began = Instant::now();
        let mut url = match call.path {
            query::PATH => inner.transport.graphql().to_owned(),
            path => format!("{}{path}", inner.transport.base()),
        };
        let (mut tries, mut hops) = (0, 0);
        loop {
            let leave = inner.pace.enter(account, call.cost, self.priority).await?;
            let sent = inner
                .transport
                .send(Parcel { method: &call.method, url: &url, bearer, etag, body: call.body })
                .await;
            drop(leave);
            tries += 1;
            let again = call.reads && tries < pace::TRIES && began.elapsed() < pace::PATIENCE;
            let trouble = match sent.and_then(answer::from_github) {
                Err(Trouble::Hopeless(why)) => {
                    let why = super::text::presentable(&why);
                    return Err(Fault::Broken(format!("{}: {why}", call.asked())));
                }
                Err(Trouble::Lost(why)) if !again => {
                    return Err(answer::silence(&call.asked(), &why));
                }
                Err(Trouble::Lost(why)) => super::text::presentable(&why),
                Ok(raw) => {
                    tracing::debug!(method = %call.method, path = call.path, status = raw.status.as_u16(), "GitHub");
                    let at_once = || query::limit(&raw) == Some(query::Limit::AtOnce);
                    if answer::is_limit(&raw) || (call.path == query::PATH && at_once()) {
                        return Err(self.limited(call, account, &raw));
                    }
                    inner.pace.heed(account, &raw.headers);
                    match self.redirect(call, &raw) {
                        Some(next) if hops < HOPS => {
                            hops += 1;
                            url = next;
                            continue;
                        }
                        _ if raw.status.is_server_error() && again => raw.status.to_string(),
                        _ => return Ok(raw),
                    }
                }
            };
            tracing::warn!(method = %call.method, path = call.path, tries, trouble, "GitHub: trying again");
            tokio::time::sleep(self.pause(tries)).await;
        }
    }

    fn limited(&self, call: &Call<'_>, account: Account, raw: &Raw) -> Fault {
        let after = self.github.0.pace.close(account, &raw.headers);
        let asked = call.asked();
        let said = answer::said(raw);
        tracing::warn!(?account, seconds = after.as_secs(), %asked, "GitHub's rate limit");
        Fault::Transient {
            reason: format!("{asked}: {} {said}", raw.status.as_u16()),
            after: Some(after),
        }
    }

    /// Where a call is sent on to: only within the same API, which alone may see the token. A write only
    /// where the answer says that it has not been done and is to be repeated as it is: 307 and 308.
    fn redirect(&self, call: &Call<'_>, raw: &Raw) -> Option<String> {
        match raw.status.as_u16() {
            307 | 308 => {}
            301..=303 if call.method == Method::GET => {}
            _ => return None,
        }
        let to = raw.headers.get("location")?.to_str().ok()?;
        self.below_base(to).map(|_| with_query(to, call.path))
    }

    fn next_page(&self, raw: &Raw) -> Option<String> {
        let links = raw.headers.get("link")?.to_str().ok()?;
        let next = links.split(',').find(|l| l.contains("rel=\"next\""))?;
        let url = next.trim().strip_prefix('<')?.split('>').next()?;
        self.below_base(url)
    }

    fn below_base(&self, url: &str) -> Option<String> {
        let path = url.strip_prefix(self.github.0.transport.base())?;
        path.starts_with('/').then(|| path.to_owned())
    }

    /// A short pause that no two callers share.
    fn pause(&self, tries: u32) -> Duration {
        let longest = 250 << tries;
        Duration::from_millis(longest / 2 + self.github.0.entropy.number() % (longest / 2))
    }
}

impl Call<'_> {
    pub(super) fn asked(&self) -> Asked {
        Asked { method: self.method.clone(), path: self.path.to_owned() }
    }
}

fn token_key(installation: InstallationId, scope: &Scope) -> TokenKey {
    TokenKey { installation, scope: scope.clone() }
}

fn expect(asked: &Asked, raw: &Raw) -> Result<(), Fault> {
    if raw.status.is_success() { Ok(()) } else { Err(answer::fault(asked, raw)) }
}

/// What was asked for by the query is still meant where a redirect leaves it out; the answer to another
/// question would be taken for the one to this.
fn with_query(to: &str, path: &str) -> String {
    match path.split_once('?') {
        Some((_, query)) if !to.contains('?') => format!("{to}?{query}"),
        _ => to.to_owned(),
    }
}

/// Whether the answer says that there is no such thing. A repository without commits answers reads of its
/// Git data with a conflict; where a commit is asked for by a name that means none, the name is invalid.
fn is_absent(raw: &Raw) -> bool {
    match raw.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => true,
        StatusCode::CONFLICT => answer::said(raw).contains("is empty"),
        StatusCode::UNPROCESSABLE_ENTITY => answer::said(raw).starts_with("No commit found"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_keeps_the_query() {
        let moved = "https://api.github.com/repositories/7/git/trees/abc";
        let asked = "/repos/acme/old/git/trees/abc?recursive=1";
        assert_eq!(with_query(moved, asked), format!("{moved}?recursive=1"));
        let whole = format!("{moved}?recursive=1&page=2");
        assert_eq!(with_query(&whole, asked), whole);
        assert_eq!(with_query(moved, "/repos/acme/old"), moved);
    }
}
