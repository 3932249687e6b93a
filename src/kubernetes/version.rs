//! Knows the versions of Kubernetes whose types are embedded.

use std::fmt;

use super::schema::embedded;

/// A minor version of Kubernetes 1 whose types are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u32);

impl Version {
    /// The newest that is embedded.
    pub fn newest() -> Self {
        Self(embedded::versions().last().copied().unwrap_or_default())
    }

    /// All that are embedded, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        embedded::versions().into_iter().map(Self)
    }

    /// Reads `1.33`, `v1.33` or `1.33.2`.
    ///
    /// # Errors
    /// What to write instead, if it is no version or none that is embedded.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let mut parts = numbers.split('.');
        let minor = match (parts.next(), parts.next().map(str::parse), parts.next(), parts.next()) {
            (Some("1"), Some(Ok(minor)), patch, None)
                if patch.is_none_or(|patch| patch.parse::<u32>().is_ok()) =>
            {
                minor
            }
            _ => return Err(format!("{text:?} is no version of Kubernetes; write it as 1.33")),
        };
        let versions = embedded::versions();
        if versions.contains(&minor) {
            return Ok(Self(minor));
        }
        let (oldest, newest) = (versions.first(), versions.last());
        Err(format!(
            "there are no schemas of Kubernetes 1.{minor}; there are those of 1.{} to 1.{}",
            oldest.copied().unwrap_or_default(),
            newest.copied().unwrap_or_default()
        ))
    }

    /// The second number.
    pub fn minor(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_that_is_embedded() {
        let parsed = |text| Version::parse(text).map(Version::minor);
        assert_eq!((parsed("1.25"), parsed("v1.33"), parsed("1.30.4")), (Ok(25), Ok(33), Ok(30)));
        for wrong in ["", "1", "2.30", "1.x", "1.30.x", "1.30.1.1", "latest"] {
            assert!(parsed(wrong).unwrap_err().contains("write it as 1.33"), "{wrong}");
        }
        let missing = parsed("1.19").unwrap_err();
        assert!(missing.starts_with("there are no schemas of Kubernetes 1.19"), "{missing}");
        assert_eq!(Version::all().last(), Some(Version::newest()));
    }
}
