//! Names of images: which registry they mean, and which repository there.
//!
//! It knows how references are written, by the OCI distribution specification and as Docker reads short ones.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>

use crate::model::ids::{Digest, ImageTag};

/// Where names without a registry live.
pub(super) const DOCKER: &str = "docker.io";

/// What a registry's repository may be called, at most.
const LONGEST: usize = 255;

/// An image, without tag and digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The registry as names write it: `HOST` or `HOST:PORT`, in lower case.
    pub(super) registry: String,
    /// The repository there.
    pub(super) path: String,
}

impl Name {
    /// Reads a name; none where it names nothing that could be anywhere.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let first = text.split('/').next().unwrap_or_default();
        let is_host = first.contains(['.', ':'])
            || first == "localhost"
            || first.bytes().any(|byte| byte.is_ascii_uppercase());
        let (registry, path) = match text.split_once('/') {
            Some((host, path)) if is_host => (host.to_ascii_lowercase(), path.to_owned()),
            _ => (DOCKER.to_owned(), text.to_owned()),
        };
        let docker =
            matches!(registry.as_str(), DOCKER | "index.docker.io" | "registry-1.docker.io");
        let registry = if docker { DOCKER.to_owned() } else { registry };
        let path = if docker && !path.contains('/') { format!("library/{path}") } else { path };
        let fit = path.len() <= LONGEST && path.split('/').all(is_component);
        (fit && is_registry(&registry)).then_some(Self { registry, path })
    }
}

/// `HOST` or `HOST:PORT`, and nothing around it.
pub(crate) fn is_registry(text: &str) -> bool {
    crate::reach::Origin::of_authority(true, text).is_ok()
        && text.bytes().all(|byte| !byte.is_ascii_uppercase())
}

/// Lower-case letters and digits; between them `.`, `_`, `__` or hyphens.
fn is_component(text: &str) -> bool {
    let (mut since, mut last) = (String::new(), false);
    for c in text.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            let hyphens = !since.is_empty() && since.chars().all(|c| c == '-');
            if !since.is_empty()
                && (!last || !(hyphens || matches!(since.as_str(), "." | "_" | "__")))
            {
                return false;
            }
            since.clear();
            last = true;
        } else if matches!(c, '.' | '_' | '-') {
            since.push(c);
        } else {
            return false;
        }
    }
    last && since.is_empty()
}

/// A tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    Tag(String),
    Digest(Digest),
}

impl Reference {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            return Digest::new(text).ok().map(Self::Digest);
        }
        ImageTag::new(text).ok().map(|tag| Self::Tag(tag.as_str().to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag,
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_mean_what_they_mean_to_docker() {
        let cases = [
            ("nginx", "docker.io", "library/nginx"),
            ("acme/web", "docker.io", "acme/web"),
            ("docker.io/nginx", "docker.io", "library/nginx"),
            ("index.docker.io/acme/web", "docker.io", "acme/web"),
            ("ghcr.io/acme/web", "ghcr.io", "acme/web"),
            ("GHCR.io/acme/web", "ghcr.io", "acme/web"),
            ("localhost/web", "localhost", "web"),
            ("localhost:5000/web", "localhost:5000", "web"),
            ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000", "a/b/c"),
            ("[::1]:5000/web", "[::1]:5000", "web"),
            ("gcr.io/a.b/c_d/e__f/g--h", "gcr.io", "a.b/c_d/e__f/g--h"),
        ];
        for (text, registry, path) in cases {
            let name = Name::parse(text).unwrap();
            assert_eq!((name.registry.as_str(), name.path.as_str()), (registry, path), "{text}");
        }
    }

    #[test]
    fn what_names_no_image_is_none() {
        for text in [
            "",
            "/",
            "ghcr.io/",
            "ghcr.io/acme/../web",
            "ghcr.io/acme//web",
            "ghcr.io/.web",
            "ghcr.io/web.",
            "ghcr.io/a..b",
            "ghcr.io/a___b",
            "ghcr.io/a._b",
            "ghcr.io/Acme/Web",
            "ghcr.io/web:v1",
            "ghcr.io/web@sha256:00",
            "ghcr.io/web?x=y",
            "ghcr.io/web#x",
            "ghcr.io/web%2f..",
            "ghcr.io/w eb",
            "ghcr.io/web\r\nx: y",
            "https://ghcr.io/web",
            "user:password@ghcr.io/web",
            "user@ghcr.io/web",
            "ghcr.io@evil.io/web",
            "ghcr.io:0/web",
            "ghcr.io:x/web",
            "..evil.io/web",
            "evil.io\\@ghcr.io/web",
            "b\u{fc}cher.io/web",
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
        assert_eq!(Name::parse(&format!("ghcr.io/{}", "a".repeat(256))), None);
    }

    #[test]
    fn a_reference_is_a_tag_or_a_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        assert!(matches!(Reference::parse(&digest), Some(Reference::Digest(_))));
        assert!(matches!(Reference::parse("v1.0.0"), Some(Reference::Tag(_))));
        for text in ["", "v1/../v2", "v1?x", "sha256:0", "-v", "v 1", "v1\r\n"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
