//! Knows how one server that the operator named is reached over HTTP, and that nothing else is: no other host, no redirect
//! by itself, no proxy, no address that leads inside unless the operator said so, no answer without end.
//!
//! It does not know what is asked there, or what an answer means. Nothing that it says holds a header, a path or a body.

mod address;
mod origin;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{HOST, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

use self::address::{Place, place};
use crate::fault::Fault;

pub use origin::Origin;

/// A server may ask to be left alone for so long; what is longer is cut.
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// An idle connection is kept so long.
const IDLE: Duration = Duration::from_secs(30);

/// How much is waited for, and taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// So long for a connection.
    pub connect: Duration,
    /// So long between two pieces of an answer.
    pub read: Duration,
    /// So long for everything together.
    pub whole: Duration,
    /// So many bytes of an answer.
    pub size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), read: seconds(10), whole: seconds(20), size: 4 * 1024 * 1024 }
    }
}

/// What the operator says of a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub origin: Origin,
    /// Whether it may have an address of this machine or of the network around it.
    pub private: bool,
    /// Certificates, PEM, of those who may vouch for it besides those whom the machine trusts.
    pub ca: Option<Vec<u8>>,
    /// How much is waited for, and taken.
    pub limits: Limits,
    /// How names become addresses.
    pub lookup: Lookup,
}

impl Options {
    /// A server in the world, by the usual limits.
    pub fn new(origin: Origin) -> Self {
        let (limits, lookup) = (Limits::default(), Lookup::system());
        Self { origin, private: false, ca: None, limits, lookup }
    }
}

type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Says which addresses a name has.
#[derive(Clone)]
pub struct Lookup(Arc<dyn Fn(String) -> Addresses + Send + Sync>);

impl Lookup {
    /// As the machine does it.
    pub fn system() -> Self {
        Self::new(|name| async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }

    /// In another way.
    pub fn new<F>(find: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |name| Box::pin(find(name))))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// How.
    pub method: Method,
    /// Path and query, from the slash on, percent-encoded.
    pub path: String,
    /// What goes along; what is secret in it is marked as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Question {
    /// Asks for what is at a path.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }
}

/// What came back, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it went; neither 5xx nor 429, which are faults.
    pub status: StatusCode,
    /// What came along.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The way to one server. Cheap to clone.
#[derive(Clone)]
pub struct Reach {
    client: Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>,
    origin: Arc<Origin>,
    guard: Guard,
    limits: Limits,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reach({})", self.origin)
    }
}

impl Reach {
    /// Sets the way up; nothing is called.
    pub fn new(options: Options) -> Result<Self, Fault> {
        let origin = Arc::new(options.origin);
        let (lookup, private) = (options.lookup, options.private);
        let guard = Guard { origin: origin.clone(), lookup, private };
        let mut http = HttpConnector::new_with_resolver(guard.clone());
        http.set_connect_timeout(Some(options.limits.connect));
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = HttpsConnector::from((http, tls(&origin, options.ca.as_deref())?));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { client, origin, guard, limits: options.limits })
    }

    /// Where it leads.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Asks once, and takes the whole answer, bounded in time and size. A redirect is an answer like any other.
    pub async fn ask(&self, question: Question) -> Result<Answer, Fault> {
        let asked = tokio::time::timeout(self.limits.whole, self.exchange(question)).await;
        let answer = asked.unwrap_or_else(|_| Err(self.silent(self.limits.whole)))?;
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            let reason = format!("{} answers {}", self.origin, answer.status.as_u16());
            return Err(Fault::Transient { reason, after: rest(&answer.headers) });
        }
        Ok(answer)
    }

    /// Asks, and goes where a redirect leads as long as that is the same server, so many times at most.
    /// To another one it does not go.
    pub async fn ask_on(&self, mut question: Question, most: usize) -> Result<Answer, Fault> {
        for _ in 0..=most {
            let answer = self.ask(question.clone()).await?;
            let moved = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
            let Some(to) = answer.headers.get(LOCATION).filter(|_| moved) else {
                return Ok(answer);
            };
            let to = to.to_str().ok().and_then(|to| self.origin.path_of(&question.path, to));
            question.path = to.ok_or_else(|| {
                Fault::Denied(format!(
                    "{} redirects to another server, where nobody is asked",
                    self.origin
                ))
            })?;
        }
        Err(Fault::Denied(format!("{} redirects in circles", self.origin)))
    }

    async fn exchange(&self, question: Question) -> Result<Answer, Fault> {
        self.guard.check_literal().map_err(|refused| Fault::Denied(refused.to_string()))?;
        let request = self.request(question)?;
        let response = self.client.request(request).await.map_err(|error| self.trouble(&error))?;
        let (head, mut body) = response.into_parts();
        let announced = http_body::Body::size_hint(&body).lower();
        if announced > self.limits.size as u64 {
            return Err(self.too_large());
        }
        let mut taken = BytesMut::new();
        loop {
            let piece = tokio::time::timeout(self.limits.read, body.frame()).await;
            let Some(piece) = piece.map_err(|_| self.silent(self.limits.read))? else {
                break;
            };
            let piece = piece
                .map_err(|_| Fault::transient(format!("{} broke its answer off", self.origin)))?;
            let Some(data) = piece.data_ref() else {
                continue;
            };
            if taken.len() + data.len() > self.limits.size {
                return Err(self.too_large());
            }
            taken.extend_from_slice(data);
        }
        Ok(Answer { status: head.status, headers: head.headers, body: taken.freeze() })
    }

    fn request(&self, question: Question) -> Result<Request<Full<Bytes>>, Fault> {
        // What is no path could change the host.
        let unfit =
            || Fault::Broken(format!("what is asked of {} is not fit to be asked", self.origin));
        let fit = question.path.bytes().all(|byte| byte.is_ascii_graphic());
        if !fit || !question.path.starts_with('/') {
            return Err(unfit());
        }
        let uri = format!("{}{}", self.origin, question.path);
        let mut request = Request::builder()
            .method(question.method)
            .uri(uri)
            .body(Full::new(question.body))
            .map_err(|_| unfit())?;
        *request.headers_mut() = question.headers;
        request.headers_mut().remove(HOST);
        let agent = HeaderValue::from_static(concat!("usher/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        Ok(request)
    }

    fn silent(&self, so_long: Duration) -> Fault {
        let seconds = so_long.as_secs_f32();
        Fault::transient(format!("{} does not answer in {seconds} s", self.origin))
    }

    fn too_large(&self) -> Fault {
        let kilobytes = self.limits.size / 1024;
        Fault::Broken(format!("the answer of {} is larger than {kilobytes} KiB", self.origin))
    }

    /// Why nothing came back. The causes of an error hold names and addresses, no headers; even so only
    /// what is known here is said.
    fn trouble(&self, error: &hyper_util::client::legacy::Error) -> Fault {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut named = None;
        while let Some(cause) = next {
            if let Some(refused) = cause.downcast_ref::<Refused>() {
                return Fault::Denied(refused.to_string());
            }
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                named = match io.kind() {
                    io::ErrorKind::ConnectionRefused => Some("refuses connections"),
                    io::ErrorKind::TimedOut => Some("does not answer"),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
                        Some("broke the connection off")
                    }
                    _ => named,
                };
                match tls_error(io) {
                    Some(rustls::Error::InvalidCertificate(_)) => {
                        named = Some("shows a certificate that nobody here trusts");
                    }
                    Some(_) => named = Some("does not speak TLS as it should"),
                    None => {}
                }
            }
            if cause.is::<Unknown>() {
                named = Some("has a name that nobody knows");
            }
            next = cause.source();
        }
        Fault::transient(format!("{} {}", self.origin, named.unwrap_or("cannot be reached")))
    }
}

/// What went wrong with TLS, where an error of a connection stands for that.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        Some(within) => tls_error(within),
        None => inner.downcast_ref(),
    }
}

/// How long it wants to be left alone.
fn rest(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_REST))
}

fn tls(origin: &Origin, ca: Option<&[u8]>) -> Result<ClientConfig, Fault> {
    let broken = |why: String| Fault::Broken(format!("TLS for {origin}: {why}"));
    let mut roots = RootCertStore::empty();
    // Over plain HTTP none are looked for: a machine may have none.
    if origin.is_tls() {
        // What the machine has and nobody can read is left out: then a certificate is not trusted, and that is said.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(pem) = ca {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| broken(format!("its CA: {error}")))?;
            roots.add(certificate).map_err(|error| broken(format!("its CA: {error}")))?;
            found += 1;
        }
        if found == 0 {
            return Err(broken("its CA holds no certificate in PEM form".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Looks names up, and lets no address through that the operator has not allowed. What it lets through is what is
/// connected to: nobody looks the name up a second time.
#[derive(Clone)]
struct Guard {
    origin: Arc<Origin>,
    lookup: Lookup,
    private: bool,
}

/// An address that nobody is asked at.
#[derive(Debug, thiserror::Error)]
#[error("{origin} is at {what}{hint}; nothing is sent there")]
struct Refused {
    origin: String,
    what: &'static str,
    hint: &'static str,
}

/// A name without an address.
#[derive(Debug, thiserror::Error)]
#[error("no address")]
struct Unknown;

impl Guard {
    /// A host that is written as an address is never looked up. The operator wrote it: allowed with the rest, it may
    /// be any.
    fn check_literal(&self) -> Result<(), Refused> {
        match self.origin.literal() {
            Some(address) if !self.private => self.check(address),
            _ => Ok(()),
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let (what, hint) = match place(address) {
            Place::Public => return Ok(()),
            Place::Private(_) if self.private => return Ok(()),
            Place::Private(what) => (what, ", and the operator's settings do not allow that"),
            Place::Special(what) => (what, ""),
        };
        Err(Refused { origin: self.origin.to_string(), what, hint })
    }
}

type Found = std::vec::IntoIter<SocketAddr>;

impl Service<Name> for Guard {
    type Response = Found;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Found, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.clone();
        Box::pin(async move {
            let found = (guard.lookup.0)(name.as_str().to_owned()).await.map_err(|_| Unknown)?;
            if found.is_empty() {
                return Err(Unknown.into());
            }
            // One bad address among good ones is how a name is made to lead inside.
            for address in &found {
                guard.check(*address)?;
            }
            let found: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(found.into_iter())
        })
    }
}

#[cfg(test)]
mod tests;
