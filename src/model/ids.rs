//! Identities: numbers and names that must not be mixed up, each checked where it is made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// GitHub's number of the App.
    AppId
);
number!(
    /// GitHub's number of an installation of the App on an account.
    InstallationId
);
number!(
    /// GitHub's number of a repository; it survives renames and transfers, so it is the key.
    RepoId
);
number!(
    /// GitHub's number of a user, organisation or bot account.
    UserId
);
number!(
    /// The number of a pull request within its repository.
    PrNumber
);
number!(
    /// GitHub's number of an issue comment.
    CommentId
);
number!(
    /// GitHub's number of a check run.
    CheckRunId
);
number!(
    /// GitHub's number of one attempt to deliver a webhook (not the `X-GitHub-Delivery` id).
    HookAttemptId
);

/// A text that is not what it should be: `what` names the kind, `text` is what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct NotA {
    /// The kind that was wanted, with its rule, to follow "is not".
    pub what: &'static str,
    /// What was given.
    pub text: String,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps the text.
            pub fn new(text: impl Into<String>) -> Result<Self, NotA> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(NotA { what: $what, text }) }
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotA;
            fn try_from(text: String) -> Result<Self, NotA> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = NotA;
            fn from_str(text: &str) -> Result<Self, NotA> {
                Self::new(text)
            }
        }
    };
}

fn is_slug(text: &str, most: usize) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !text.contains("..")
}

text!(
    /// A Git object id: 40 lower-case hexadecimal digits.
    Sha, "a commit or object id (40 lower-case hexadecimal digits)",
    |t| t.len() == 40 && t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);
text!(
    /// A GitHub login; a bot's ends in `[bot]`.
    Login, "a GitHub login",
    |t| {
        let name = t.strip_suffix("[bot]").unwrap_or(t);
        !name.is_empty() && t.len() <= 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    }
);
text!(
    /// The name of an environment in the promotion graph; also part of branch names and labels.
    EnvName, "an environment name (letters, digits, `-`, `_`, `.`; at most 30)", |t| is_slug(t, 30)
);
text!(
    /// The name of an application; also part of branch names.
    AppName, "an application name (letters, digits, `-`, `_`, `.`; at most 60)", |t| is_slug(t, 60)
);
text!(
    /// The name of a target within an environment.
    TargetName, "a target name (letters, digits, `-`, `_`, `.`; at most 40)", |t| is_slug(t, 40)
);
text!(
    /// What stands behind the colon of an image reference, by the OCI distribution specification.
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
    ImageTag, "an image tag (a letter, digit or `_`, then letters, digits, `_`, `.`, `-`; at most 128)",
    |t| {
        (1..=128).contains(&t.len())
            && !t.starts_with(['.', '-'])
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
    }
);
text!(
    /// The digest of an image manifest: `sha256:` and 64 hexadecimal digits.
    Digest, "an image digest (`sha256:` and 64 hexadecimal digits)",
    |t| t.strip_prefix("sha256:").is_some_and(|h| h.len() == 64 && h.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
);
text!(
    /// The `X-GitHub-Delivery` id of a webhook call; a redelivery keeps it.
    DeliveryId, "a delivery id (letters, digits and `-`; at most 100)",
    |t| (1..=100).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);
text!(
    /// A repository's `owner/name`, as it is called now; it can change, [`RepoId`] does not.
    RepoName, "a repository (`owner/name`)",
    |t| {
        let part = |p: &str| {
            (1..=100).contains(&p.len()) && p != "." && p != ".."
                && p.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        t.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
    }
);

impl RepoName {
    /// The account that owns the repository.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Whether it is named by one of these: `owner/name`, or `owner/*` for all of an owner.
    pub fn is_among(&self, names: &[String]) -> bool {
        names.iter().any(|name| match name.strip_suffix("/*") {
            Some(owner) => owner.eq_ignore_ascii_case(self.owner()),
            None => name.eq_ignore_ascii_case(&self.0),
        })
    }

    /// The repository's own name, without its owner.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl Sha {
    /// The first seven digits, as people write it.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

/// What is needed to reach a repository: who it is, what it is called now, and through which installation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepoRef {
    /// The key.
    pub id: RepoId,
    /// Its present name, for paths.
    pub name: RepoName,
    /// The installation of the App that may act on it.
    pub installation: InstallationId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_no_image_tags() {
        let long = "x".repeat(300);
        for bad in [
            "",
            "v1.0.1; rm -rf /",
            "../../x",
            ".hidden",
            "-x",
            "v1\n",
            "ｖ1",
            "v1.0.1\u{202e}",
            long.as_str(),
        ] {
            assert!(ImageTag::new(bad).is_err(), "{bad:?}");
        }
        assert!(ImageTag::new("v1.0.1-rc.1_x").is_ok());
    }

    #[test]
    fn a_repository_is_owner_and_name() {
        let name = RepoName::new("acme/microservices-demo").unwrap();
        assert_eq!((name.owner(), name.name()), ("acme", "microservices-demo"));
        for bad in ["acme", "acme/", "/x", "a/b/c", "a/..", "a b/c"] {
            assert!(RepoName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deserialising_checks_too() {
        assert!(serde_json::from_str::<Sha>("\"DEADBEEF\"").is_err());
        assert!(serde_json::from_str::<EnvName>("\"prod/../x\"").is_err());
    }
}
