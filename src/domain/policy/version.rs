//! How tags read as versions, and which of two versions is higher.
//!
//! It knows nothing of commits, images or environments.

use std::cmp::Ordering;

/// How an application numbers its releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Semantic versions, leniently: `v1.2`, `release-1.2.3`, `cart/v1.2.3-rc.1`.
    Semver,
    /// Calendar versions: `2026.11.20`, `26.04`, `20261120`, `2026.11.20-1`.
    Calver,
}

/// A version that was read from a tag.
///
/// Two versions are equal when neither is higher, so `v1.2` equals `1.2.0`; [`Version::tag`] tells them apart.
#[derive(Debug, Clone)]
pub struct Version {
    tag: String,
    number: String,
    numbers: Vec<u64>,
    suffix: Vec<Identifier>,
    early: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    // in this order: a number is lower than a word
    Number(u64),
    Word(String),
}

/// Longer tags are not read; Git allows them, image tags end at 128.
const LONGEST: usize = 256;

/// Words that mark what is not finished, wherever they stand.
const EARLY: [&str; 11] =
    ["alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "nightly", "canary", "test", "m"];

impl Version {
    /// Reads a tag; `None` if it is no version of that scheme.
    pub fn parse(tag: &str, scheme: Scheme) -> Option<Self> {
        if tag.len() > LONGEST {
            return None;
        }
        starts(tag).find_map(|start| {
            let (prefix, number) = tag.split_at(start);
            let (numbers, suffix) = match scheme {
                Scheme::Semver => semver(number, prefix.ends_with(['v', 'V']))?,
                Scheme::Calver => calver(number)?,
            };
            Some(Self {
                tag: tag.to_owned(),
                number: number.to_owned(),
                early: !suffix.is_empty() || prefix.split(SEPARATORS).any(is_early),
                numbers,
                suffix,
            })
        })
    }

    /// The tag as it is written.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The version without what stands before it: `1.0.1` of `v1.0.1`.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether it is a prerelease: by its name, or because GitHub says so.
    pub fn is_prerelease(&self) -> bool {
        self.early
    }

    /// The same version, known to be a prerelease whatever its name says.
    #[must_use]
    pub fn as_prerelease(self) -> Self {
        Self { early: true, ..self }
    }
}

impl Ord for Version {
    /// As semver.org has it: number by number, then a suffix is lower than none; build metadata does not count.
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.numbers.len().max(other.numbers.len());
        let at = |numbers: &[u64], index: usize| numbers.get(index).copied().unwrap_or(0);
        (0..longest)
            .map(|index| at(&self.numbers, index).cmp(&at(&other.numbers, index)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| match (self.suffix.is_empty(), other.suffix.is_empty()) {
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                _ => self.suffix.cmp(&other.suffix),
            })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

const SEPARATORS: [char; 4] = ['-', '_', '/', '@'];

/// Where the number may begin: at a digit after nothing, a separator, or a `v` that stands alone.
/// What stands before must not look like a number itself, lest `1.0_hotfix-2.0` reads as 2.0.
fn starts(tag: &str) -> impl Iterator<Item = usize> {
    tag.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).filter(move |&at| {
        let prefix = &tag[..at];
        let prefix = prefix.strip_prefix('@').unwrap_or(prefix);
        let words = prefix.strip_suffix(['v', 'V']).unwrap_or(prefix);
        (words.is_empty() || words.ends_with(SEPARATORS))
            && words
                .split_terminator(SEPARATORS)
                .all(|word| word.starts_with(char::is_alphabetic) && !dotted_number(word))
    })
}

fn dotted_number(word: &str) -> bool {
    word.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'.')
}

fn is_early(word: &str) -> bool {
    EARLY.iter().any(|early| word.eq_ignore_ascii_case(early))
}

type Read = (Vec<u64>, Vec<Identifier>);

/// Two or three numbers; one is enough after a `v`. A bare number is more likely a date or a build.
fn semver(text: &str, marked: bool) -> Option<Read> {
    let text = without_build(text)?;
    let (core, suffix) = match text.split_once('-') {
        Some((core, suffix)) => (core, Some(suffix)),
        None => (text, None),
    };
    let numbers = core.split('.').map(number).collect::<Option<Vec<_>>>()?;
    if !(1..=3).contains(&numbers.len()) || (numbers.len() == 1 && !marked) {
        return None;
    }
    let suffix = match suffix {
        Some(suffix) => suffix.split('.').map(identifier).collect::<Option<Vec<_>>>()?,
        None => Vec::new(),
    };
    Some((numbers, suffix))
}

/// Numbers that begin with a year, then perhaps a modifier such as `rc.1`.
fn calver(text: &str) -> Option<Read> {
    let parts: Vec<&str> = without_build(text)?.split(['.', '-', '_']).collect();
    let split = parts
        .iter()
        .position(|part| !part.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(parts.len());
    let (numbers, suffix) = parts.split_at(split);
    let (first, rest) = numbers.split_first()?;
    let mut read = date(first)?;
    if rest.is_empty() && read.len() == 1 {
        return None;
    }
    for part in rest {
        read.push(number(part)?);
    }
    if let Some(modifier) = suffix.first()
        && !is_early(modifier.trim_end_matches(|c: char| c.is_ascii_digit()))
    {
        return None;
    }
    let suffix = suffix.iter().map(|part| identifier(part)).collect::<Option<_>>()?;
    Some((read, suffix))
}

/// `2026`, `26` (both as 2026), `202611` and `20261120`.
fn date(text: &str) -> Option<Vec<u64>> {
    let value = number(text)?;
    let in_range = |year: u64, month: u64, day: u64| {
        (2000..3000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let parts = match text.len() {
        2 => vec![2000 + value],
        4 => vec![value],
        6 => vec![value / 100, value % 100],
        8 => vec![value / 10_000, value / 100 % 100, value % 100],
        _ => return None,
    };
    let part = |index: usize| parts.get(index).copied().unwrap_or(1);
    in_range(part(0), part(1), part(2)).then_some(parts)
}

fn without_build(text: &str) -> Option<&str> {
    match text.split_once('+') {
        None => Some(text),
        Some((version, build)) => build
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_identifier))
            .then_some(version),
    }
}

fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn identifier(text: &str) -> Option<Identifier> {
    if text.is_empty() || !text.chars().all(is_identifier) {
        return None;
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Identifier::Word(text.to_owned()));
    }
    let leading_zero = text.len() > 1 && text.starts_with('0');
    (!leading_zero).then(|| number(text).map(Identifier::Number)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn semver(tag: &str) -> Option<Version> {
        Version::parse(tag, Scheme::Semver)
    }

    fn calver(tag: &str) -> Option<Version> {
        Version::parse(tag, Scheme::Calver)
    }

    #[test]
    fn lenient_semver_reads_what_people_write() {
        for (tag, number) in [
            ("v1.0.1", "1.0.1"),
            ("V1.0.1", "1.0.1"),
            ("1.0.1", "1.0.1"),
            ("v1.2", "1.2"),
            ("v3", "3"),
            ("release-1.2.3", "1.2.3"),
            ("cart/v1.2.3", "1.2.3"),
            ("@acme/cart@1.2.3", "1.2.3"),
            ("k8s-1.33.0", "1.33.0"),
            ("v1.02.3", "1.02.3"),
            ("v1.0.1-rc.1+build.5", "1.0.1-rc.1+build.5"),
        ] {
            let version = semver(tag).unwrap_or_else(|| panic!("{tag}"));
            assert_eq!((version.tag(), version.number()), (tag, number));
        }
    }

    #[test]
    fn what_is_no_semver_is_not_guessed() {
        for tag in [
            "",
            "v",
            "latest",
            "main",
            "20240105",
            "7",
            "v1.2.3.4",
            "v1..2",
            "v1.2.",
            "v1.2.3-",
            "v1.2.3-rc.01",
            "v1.2.3-rc..1",
            "v1.2.3+",
            "v1.2.3 ",
            "v1.0.1; rm -rf /",
            "../../x",
            "v1.0.1_hotfix-2.0",
            "2024-01.5",
            "v99999999999999999999.0.0",
            "ｖ1.0.0",
            "v1.0.1\u{202e}",
            "rc1.2",
        ] {
            assert!(semver(tag).is_none(), "{tag:?}");
        }
        assert!(semver(&format!("v1.0.{}", "1".repeat(300))).is_none());
    }

    #[test]
    fn order_is_that_of_semver() {
        let rising = [
            "v0.9.9",
            "1.0.0-alpha",
            "v1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "v1",
            "release-1.0.1",
            "1.2",
            "v1.10.0",
        ];
        for pair in rising.windows(2) {
            assert!(semver(pair[0]) < semver(pair[1]), "{pair:?}");
        }
        assert_eq!(semver("v1.2"), semver("1.2.0"));
        assert_eq!(semver("1.2.0+a"), semver("1.2.0+b"));
    }

    #[test]
    fn prereleases_are_known_by_name_or_told() {
        assert!(semver("v1.0.0-rc.1").unwrap().is_prerelease());
        assert!(semver("beta-2.0").unwrap().is_prerelease());
        assert!(!semver("v1.0.0+rc.1").unwrap().is_prerelease());
        assert!(semver("v1.0.0").unwrap().as_prerelease().is_prerelease());
    }

    #[test]
    fn calendars() {
        let rising = [
            "2025.12.31",
            "26.04",
            "202605",
            "2026.11.20-rc.1",
            "v20261120",
            "2026-11-20.1",
            "release-2026.11.20-2",
            "2026_11_21",
        ];
        for pair in rising.windows(2) {
            assert!(calver(pair[0]).unwrap() < calver(pair[1]).unwrap(), "{pair:?}");
        }
        for tag in [
            "v1.2.3",
            "2026",
            "1999.1.1",
            "20261320",
            "2026.x",
            "2026.11.20-hotfix",
            "2026.11.",
            "x",
        ] {
            assert!(calver(tag).is_none(), "{tag:?}");
        }
        assert!(calver("2026.11.20-rc1").unwrap().is_prerelease());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(tag in "\\PC{0,40}|[v0-9a-c.+_/@-]{0,24}") {
            for scheme in [Scheme::Semver, Scheme::Calver] {
                if let Some(version) = Version::parse(&tag, scheme) {
                    prop_assert_eq!(version.tag(), &tag);
                    prop_assert!(tag.ends_with(version.number()));
                    prop_assert!(version.is_prerelease() >= !version.suffix.is_empty());
                }
            }
        }

        #[test]
        fn the_order_is_total(tags in prop::array::uniform3("v?[0-2](\\.[0-2]){0,2}(-(rc|[0-2])(\\.[0-2])?)?")) {
            let read = tags.map(|tag| semver(&tag));
            if let [Some(a), Some(b), Some(c)] = &read {
                prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                prop_assert!(!(a <= b && b <= c) || a <= c);
            }
        }
    }
}
