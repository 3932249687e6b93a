//! A server's origin: scheme, host and port, written in one way only so that it can be compared.
//!
//! It knows how origins are written. Whether anything is there is not known here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

/// Scheme, host and port of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    tls: bool,
    /// In lower case; an IPv6 address within brackets.
    host: String,
    port: u16,
}

/// What is not the address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrigin {
    /// It cannot be read.
    #[error("is not a URL; write https://HOST, with :PORT where it has one")]
    Unreadable,
    /// It is neither `http` nor `https`.
    #[error("is neither http nor https; write https://HOST")]
    Scheme,
    /// It has a user name.
    #[error("has a user name in it; leave it out, credentials stand in files of their own")]
    User,
    /// Its host cannot be one.
    #[error("has a host that cannot be one; write https://HOST, with :PORT where it has one")]
    Host,
}

impl Origin {
    /// The server of a URL, and path and query from the slash on.
    pub fn of_url(url: &str) -> Result<(Self, String), NotAnOrigin> {
        if url.contains('#') {
            return Err(NotAnOrigin::Unreadable);
        }
        let uri: Uri = url.parse().map_err(|_| NotAnOrigin::Unreadable)?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(NotAnOrigin::Scheme),
        };
        let authority = uri.authority().ok_or(NotAnOrigin::Unreadable)?.as_str();
        let origin = Self::of_authority(tls, authority)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok((origin, path))
    }

    /// The server at `HOST` or `HOST:PORT`.
    pub fn of_authority(tls: bool, authority: &str) -> Result<Self, NotAnOrigin> {
        if authority.contains('@') {
            return Err(NotAnOrigin::User);
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
                let port = digits.then(|| port.parse().ok()).flatten();
                (host, port.filter(|port| *port != 0).ok_or(NotAnOrigin::Host)?)
            }
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(NotAnOrigin::Host);
        }
        Ok(Self { tls, host, port })
    }

    /// Whether it is reached by TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `HOST`, and `:PORT` where it is not the usual one.
    pub fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The address, where the host is written as one.
    pub fn literal(&self) -> Option<IpAddr> {
        let inner = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match inner {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => self.host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// The path that a `Location` leads to from another path, where it stays on this server.
    pub fn path_of(&self, from: &str, location: &str) -> Option<String> {
        if location.starts_with("//") || location.contains(['\\', '#']) {
            return None;
        }
        if location.starts_with('/') {
            return Some(location.to_owned());
        }
        if let Ok((origin, path)) = Self::of_url(location) {
            return (origin == *self).then_some(path);
        }
        // Beside what was asked for.
        if location.contains(':') || location.is_empty() {
            return None;
        }
        let path = from.split('?').next().unwrap_or(from);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some(format!("{folder}/{location}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// A name of letters, digits, dots, hyphens and underscores, or an address.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=253).contains(&host.len())
        && host.bytes().all(fit)
        && !host.starts_with(['.', '-'])
        && !host.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_origin() {
        let cases = [
            ("https://Registry.Acme.io", "https://registry.acme.io", "/"),
            ("https://registry.acme.io:443/v2/?a=b", "https://registry.acme.io", "/v2/?a=b"),
            ("http://127.0.0.1:5000/x", "http://127.0.0.1:5000", "/x"),
            ("http://[::1]:80/x", "http://[::1]", "/x"),
            ("https://a_b:8443?q", "https://a_b:8443", "/?q"),
        ];
        for (url, origin, path) in cases {
            let (found, rest) = Origin::of_url(url).unwrap();
            assert_eq!((found.to_string().as_str(), rest.as_str()), (origin, path), "{url}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        let cases = [
            "registry.acme.io",
            "ftp://registry.acme.io",
            "https://",
            "https:///x",
            "https://u:p@registry.acme.io",
            "https://registry.acme.io@evil.io",
            "https://registry.acme.io:0",
            "https://registry.acme.io:+80",
            "https://registry.acme.io:99999",
            "https://a..b",
            "https://.a",
            "https://[::1",
            "https://[fe80::1%25eth0]",
            "https://a b",
            "https://a\r\nb",
            "https://a/#x",
            "https://b\u{fc}cher.de",
        ];
        for url in cases {
            assert!(Origin::of_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn addresses_are_known_as_such() {
        let literal = |text| Origin::of_authority(true, text).unwrap().literal();
        assert_eq!(literal("127.0.0.1:5000"), Some("127.0.0.1".parse().unwrap()));
        assert_eq!(literal("[::1]"), Some("::1".parse().unwrap()));
        // These are looked up like names, and what they turn out to be is looked at.
        for text in ["0x7f.1", "2130706433", "127.1", "localhost"] {
            assert_eq!(literal(text), None, "{text}");
        }
    }

    #[test]
    fn a_redirect_is_followed_on_the_same_server_only() {
        let origin = Origin::of_authority(true, "registry.acme.io").unwrap();
        let to = |location| origin.path_of("/v2/shop/manifests/v1?x", location);
        assert_eq!(to("/v2/b").as_deref(), Some("/v2/b"));
        assert_eq!(to("v2").as_deref(), Some("/v2/shop/manifests/v2"));
        assert_eq!(to("https://REGISTRY.acme.io:443/b?c").as_deref(), Some("/b?c"));
        for elsewhere in [
            "https://evil.io/b",
            "http://registry.acme.io/b",
            "https://registry.acme.io:8443/b",
            "//evil.io/b",
            "/\\evil.io/b",
            "\\\\evil.io",
            "https://u@registry.acme.io/b",
            "javascript:alert(1)",
            "",
            "/b#c",
        ] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }
}
