//! What a registry asks of somebody whom it does not know: the header `WWW-Authenticate`.
//! <https://distribution.github.io/distribution/spec/auth/token/>
//!
//! It reads; whether an answer is given, and to whom, is not known here.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// The longest header that is read.
const LONGEST: usize = 4096;

/// What it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password.
    Basic,
    /// A token, which is to be had at `realm`.
    Bearer { realm: String, service: Option<String> },
}

/// Reads what is wanted; a token before a password, where there is a choice.
pub(super) fn read(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut found: Vec<Challenge> = texts.filter_map(one).collect();
    found.sort_by_key(|challenge| *challenge == Challenge::Basic);
    found.into_iter().next()
}

fn one(text: &str) -> Option<Challenge> {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if text.len() > LONGEST {
        return None;
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service) = (None, None);
    for (name, value) in parameters(rest) {
        match name.to_ascii_lowercase().as_str() {
            "realm" => realm = Some(value),
            "service" => service = Some(value),
            _ => {}
        }
    }
    Some(Challenge::Bearer { realm: realm?, service })
}

/// `name="value"` or `name=value`, with commas between.
fn parameters(mut text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let name = name.trim_matches([',', ' ', '\t']);
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut chars = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => value.extend(chars.next().map(|(_, c)| c)),
                    c => value.push(c),
                }
            }
            text = quoted.get(end..).unwrap_or_default();
        } else {
            let (word, rest) = rest.split_once(',').unwrap_or((rest, ""));
            word.trim().clone_into(&mut value);
            text = rest;
        }
        found.push((name, value));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(texts: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(WWW_AUTHENTICATE, text.parse().unwrap());
        }
        read(&headers)
    }

    #[test]
    fn tokens_and_passwords_are_told_apart() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.into(), service: service.map(Into::into) })
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="a:b,c""#;
        let at = "https://auth.docker.io/token";
        assert_eq!(challenge(&[hub]), bearer(at, Some("registry.docker.io")));
        assert_eq!(challenge(&["Basic realm=\"x\"", hub]), bearer(at, Some("registry.docker.io")));
        assert_eq!(challenge(&["bearer Realm=a, scope=x , Service=b"]), bearer("a", Some("b")));
        assert_eq!(challenge(&[r#"Bearer realm="a\"b,c",x="#]), bearer("a\"b,c", None));
        assert_eq!(challenge(&["Basic"]), Some(Challenge::Basic));
        assert_eq!(challenge(&["basic realm=x"]), Some(Challenge::Basic));
        for none in ["Bearer", "Bearer service=x", "Negotiate", "", "Bearer realm"] {
            assert_eq!(challenge(&[none]), None, "{none}");
        }
        assert_eq!(challenge(&[&format!("Bearer realm={}", "a".repeat(5000))]), None);
    }
}
