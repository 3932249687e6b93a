//! Links to Usher's own pages: each opens one page for whoever has it, and only for a while.
//!
//! It knows addresses, keys and instants; what stands on a page it does not know.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::ids::{PrNumber, RepoId, Sha};
use super::seal::{is_mac, mac};

const WEEK: i64 = 7 * 24 * 60 * 60;
/// A link ends when so many weeks have begun after the one in which it was made.
const WEEKS: i64 = 2;

/// The longest that a link opens, in hours.
pub const LONGEST_HOURS: i64 = WEEKS * WEEK / (60 * 60);

/// What a page is about: a pull request at one head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageId {
    /// The repository.
    pub repo: RepoId,
    /// The pull request.
    pub pr: PrNumber,
    /// Its head commit.
    pub head: Sha,
}

/// A link to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// From then on it opens nothing.
    pub until: Timestamp,
}

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// It is none of ours, or not as we made it.
    Wrong,
    /// Its time is over.
    Over,
}

/// Makes links and opens them. Clones share the key.
#[derive(Clone)]
pub struct Links {
    base: Arc<str>,
    key: Arc<[u8]>,
}

impl Links {
    /// Links below `base`, a URL without a slash at the end. Their key is drawn from a secret otherwise than
    /// that of seals is, so that neither can ever stand for the other.
    pub fn new(base: &str, secret: &[u8]) -> Self {
        Self { base: base.into(), key: mac(secret, &[b"usher: links to pages"]).into() }
    }

    /// The link to a page. It is the same all week long, since it is part of checks, and a check that says
    /// something else is posted anew.
    pub fn to(&self, page: &PageId, now: Timestamp) -> Link {
        let week = now.as_second().div_euclid(WEEK);
        let until = (week + WEEKS) * WEEK;
        let seal = hex::encode(mac(&self.key, &parts(page, until).each_ref().map(Vec::as_slice)));
        let PageId { repo, pr, head } = page;
        Link {
            url: format!("{}/pull/{repo}/{pr}/{head}/{until}/{seal}", self.base),
            until: Timestamp::from_second(until).unwrap_or(Timestamp::MAX),
        }
    }

    /// The page that a link leads to, by what follows `/pull/` in it.
    pub fn open(&self, link: &str, now: Timestamp) -> Result<PageId, Shut> {
        let (page, until, seal) = read(link).ok_or(Shut::Wrong)?;
        if !is_mac(&self.key, &parts(&page, until).each_ref().map(Vec::as_slice), &seal) {
            return Err(Shut::Wrong);
        }
        if now.as_second() >= until {
            return Err(Shut::Over);
        }
        Ok(page)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({})", self.base)
    }
}

/// What is signed; all but the last are of one length, so that no two pages are signed alike.
fn parts(page: &PageId, until: i64) -> [Vec<u8>; 4] {
    [
        page.repo.0.to_be_bytes().into(),
        page.pr.0.to_be_bytes().into(),
        until.to_be_bytes().into(),
        page.head.as_str().into(),
    ]
}

fn read(link: &str) -> Option<(PageId, i64, Vec<u8>)> {
    let parts: Vec<&str> = link.split('/').collect();
    let [repo, pr, head, until, seal] = parts.as_slice() else {
        return None;
    };
    let page = PageId {
        repo: RepoId(repo.parse().ok()?),
        pr: PrNumber(pr.parse().ok()?),
        head: Sha::new(*head).ok()?,
    };
    Some((page, until.parse().ok()?, hex::decode(seal).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::seal::Seal;

    const SECRET: &[u8] = b"the App's key";

    fn links() -> Links {
        Links::new("https://usher.example/bot", SECRET)
    }

    fn page() -> PageId {
        PageId { repo: RepoId(7), pr: PrNumber(12), head: Sha::new("a".repeat(40)).unwrap() }
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn path(link: &Link) -> &str {
        link.url.strip_prefix("https://usher.example/bot/pull/").unwrap()
    }

    #[test]
    fn a_link_opens_its_page_until_it_ends() {
        let link = links().to(&page(), now());
        assert_eq!(links().open(path(&link), now()), Ok(page()));
        let last = link.until - jiff::SignedDuration::from_secs(1);
        assert_eq!(links().open(path(&link), last), Ok(page()));
        assert_eq!(links().open(path(&link), link.until), Err(Shut::Over));
    }

    #[test]
    fn a_link_stays_the_same_for_a_week_and_opens_for_another() {
        let day = jiff::SignedDuration::from_hours(24);
        let made: Vec<Link> = (0..14).map(|days| links().to(&page(), now() + days * day)).collect();
        let turns = made.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(turns, 2);
        for (link, days) in made.iter().zip(0..) {
            let left = link.until.duration_since(now() + days * day);
            assert!(
                left > 7 * day && left <= jiff::SignedDuration::from_hours(LONGEST_HOURS),
                "{left:?}"
            );
        }
    }

    #[test]
    fn an_altered_link_opens_nothing() {
        let link = links().to(&page(), now());
        let whole = path(&link);
        let parts: Vec<&str> = whole.split('/').collect();
        let with = |at: usize, part: &str| {
            let mut parts = parts.clone();
            parts[at] = part;
            parts.join("/")
        };
        let later = (link.until.as_second() + WEEK).to_string();
        let other = Links::new("https://usher.example/bot", b"another key");
        let foreign = other.to(&page(), now());
        for bad in [
            with(0, "8"),
            with(1, "13"),
            with(2, &"b".repeat(40)),
            with(3, &later),
            with(4, &"0".repeat(64)),
            with(4, &parts[4][..62]),
            with(4, &format!("{}00", parts[4])),
            with(4, ""),
            with(0, "x"),
            with(2, "main"),
            format!("{whole}/"),
            format!("{whole}/x"),
            whole.replacen('/', "", 1),
            path(&foreign).to_owned(),
            String::new(),
        ] {
            assert_eq!(links().open(&bad, now()), Err(Shut::Wrong), "{bad}");
        }
        // What is over and altered is only wrong.
        assert_eq!(links().open(&with(3, "0"), now()), Err(Shut::Wrong));
    }

    #[test]
    fn a_link_and_a_seal_never_stand_for_each_other() {
        let (seal, page) = (Seal::new(SECRET), page());
        let link = links().to(&page, now());
        let signed: Vec<u8> = parts(&page, link.until.as_second())[1..].concat();
        let text = String::from_utf8_lossy(&signed);
        let set = link.url.rsplit('/').next().unwrap();
        assert!(!seal.holds(page.repo, &text, set));
        let sealed = path(&link).replace(set, &seal.of(page.repo, &text));
        assert_eq!(links().open(&sealed, now()), Err(Shut::Wrong));
    }
}
