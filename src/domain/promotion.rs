//! What a promotion is called: its identity, and the branch, title and commit message that carry it.
//!
//! The identity stands in the commit message, because GitHub signs that commit and nobody can edit it;
//! the pull request's text, which others can edit, is never read back.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::inert;
use crate::kustomize::images::ImageEntry;
use crate::model::ids::{
    AppName, CommentId, EnvName, ImageTag, Login, PrNumber, RepoId, RepoName, Sha, TargetName,
    UserId,
};
use crate::model::read::Account;
use crate::model::seal::Seal;

/// All branches of ours begin like this.
pub const BRANCH_PREFIX: &str = "usher/";

/// The line of the commit message that holds the identity as JSON.
const TRAILER: &str = "Usher-Promotion: ";

/// The line that holds its seal. That GitHub signed a commit in our name is not enough: who squashes a pull
/// request of ours chooses the message of a commit that bears our name.
const SEAL: &str = "Usher-Seal: ";

/// Git and GitHub take more; short names stay readable, and file systems of runners cope with them.
const MOST_BRANCH_BYTES: usize = 99;

/// One version going into one environment, by one pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Where to.
    pub environment: EnvName,
    /// What.
    pub application: AppName,
    /// The version's name: the tag in the source repository, or of what goes back the image tag.
    pub version: String,
    /// The version's commit in the source repository; of what goes back it is not always known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Sha>,
    /// The source repository.
    pub source: RepoName,
    /// What every image entry carries that `images` does not name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<ImageTag>,
    /// The image entries that become something else than `tag`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Promised>,
    /// The image entries it is limited to; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The targets it is limited to; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetName>,
    /// Forward, or back.
    pub direction: Direction,
    /// Counts from 1: a closed or merged promotion is never reused.
    pub attempt: u32,
    /// Counts from 1: how often its edits had to be planned anew and came out otherwise. What people
    /// gave to one plan does not count for another.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub plan: u32,
    /// Who asked for it; `None` for an automatic promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The change ticket that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The way back, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
}

/// What an image entry becomes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promised {
    /// The target whose overlay it stands in.
    pub target: TargetName,
    /// The entry's `name`.
    pub name: String,
    /// Its `newName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Its `newTag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_tag: Option<String>,
    /// Its `digest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A person's command that led to a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who gave it.
    pub by: Login,
    /// The same person's number, which stays when the login changes hands.
    pub id: UserId,
    /// The comment that it stands in.
    pub comment: CommentId,
}

/// What a way back leaves behind, and what it goes with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// The image tags and digests that it leaves and that are bad from then on, as it was planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<String>,
    /// The pull request that it undoes, where it undoes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<PrNumber>,
    /// Whether it goes further back than the policy lets a rollback go: then every gate stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond: bool,
    /// Why, in the words of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the live Application is brought back by Argo CD as soon as the gates have passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub argocd: bool,
    /// The way back of a later environment that begins once this one is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward: Option<Box<Onward>>,
    /// The pull request by which the environment that goes back first did so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<PrNumber>,
}

/// The way back of an environment that waits for another one to go back first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onward {
    /// Which environment.
    pub environment: EnvName,
    /// The image entries as they are to be again.
    pub images: Vec<Promised>,
    /// The same as they were when it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Promised>,
    /// The image entries it is limited to; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The targets it is limited to; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetName>,
    /// [`Back::undoes`] of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<PrNumber>,
    /// [`Back::beyond`] of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond: bool,
    /// [`Back::argocd`] of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub argocd: bool,
}

/// Which way a promotion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To a higher version.
    Forward,
    /// To a version that ran there before.
    Back,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(plan: &u32) -> bool {
    *plan == 1
}

impl Promotion {
    /// `usher/ENV/APP-VERSION-HASH8`, at most 99 bytes: the version in it is for reading, the hash tells
    /// promotions apart.
    pub fn branch(&self) -> String {
        let head = format!("{BRANCH_PREFIX}{}/", self.environment);
        let hash = self.hash8();
        let room = MOST_BRANCH_BYTES - head.len() - hash.len() - 1;
        let mut name = format!("{}-{}", self.application, slug(&self.version));
        name.truncate(room);
        format!("{head}{}-{hash}", name.trim_end_matches(['.', '-']))
    }

    /// What all attempts at anything for this application and environment begin with.
    pub fn environment_of_branch(branch: &str) -> Option<&str> {
        branch.strip_prefix(BRANCH_PREFIX)?.split_once('/').map(|(environment, _)| environment)
    }

    /// `Promote APP VERSION to ENV (a, b)`.
    pub fn title(&self) -> String {
        let verb = match self.direction {
            Direction::Forward => "Promote",
            Direction::Back => "Roll back",
        };
        let (what, to) =
            (format!("{} {}", self.application, inert::plain(&self.version)), &self.environment);
        let sentence = match self.direction {
            Direction::Forward => format!("{verb} {what} to {to}"),
            Direction::Back => {
                format!("{verb} {} to {} in {to}", self.application, inert::plain(&self.version))
            }
        };
        let scope: Vec<String> = self
            .services
            .iter()
            .map(|service| inert::plain(service))
            .chain(self.targets.iter().map(ToString::to_string))
            .collect();
        let scope =
            if scope.is_empty() { String::new() } else { format!(" ({})", scope.join(", ")) };
        inert::cut(&format!("{sentence}{scope}"), 250)
    }

    /// The labels of its pull request.
    pub fn labels(&self) -> Vec<String> {
        vec!["usher".to_owned(), format!("env: {}", self.environment)]
    }

    /// The commit message: the title for people, the identity and its seal for Usher.
    pub fn message(&self, sealer: &Sealer) -> String {
        let identity = serde_json::to_string(self).unwrap_or_default();
        let seal = sealer.seal.of(sealer.repo, &identity);
        format!("{}\n\n{TRAILER}{identity}\n{SEAL}{seal}\n", self.title())
    }

    /// Reads the identity out of a commit message, if it is under our seal.
    pub fn from_message(message: &str, sealer: &Sealer) -> Option<Self> {
        let identity = only(message, TRAILER)?;
        let seal = only(message, SEAL)?;
        let ours = sealer.seal.holds(sealer.repo, identity, seal);
        ours.then(|| serde_json::from_str(identity).ok()).flatten()
    }

    /// Whether everything in `other`'s scope is in this one's too.
    pub fn covers(&self, other: &Self) -> bool {
        fn contains<T: PartialEq>(outer: &[T], inner: &[T]) -> bool {
            outer.is_empty() || (!inner.is_empty() && inner.iter().all(|item| outer.contains(item)))
        }
        contains(&self.services, &other.services) && contains(&self.targets, &other.targets)
    }

    /// What this promotion makes of an entry; none where it does not touch it.
    pub fn promised(&self, target: &TargetName, name: &str) -> Option<Promised> {
        let mut named = self.images.iter();
        if let Some(image) = named.find(|image| image.target == *target && image.name == name) {
            return Some(image.clone());
        }
        Some(Promised::tag(target, name, self.tag.as_ref()?.as_str()))
    }

    /// Whether an entry says what it was promised to: what goes back is put back exactly, while what goes forward
    /// leaves alone what it does not name.
    pub fn is_kept(&self, promised: &Promised, entry: &ImageEntry) -> bool {
        match self.direction {
            Direction::Forward => promised.holds(entry),
            Direction::Back => *promised == Promised::of(&promised.target, entry),
        }
    }

    /// Whether both are the same promotion, planned once or several times.
    pub fn is(&self, other: &Self) -> bool {
        *self == Self { plan: self.plan, ..other.clone() }
    }

    /// Whether it goes back by the rules of rollbacks.
    pub fn is_rollback(&self) -> bool {
        self.direction == Direction::Back && self.back.as_ref().is_none_or(|back| !back.beyond)
    }

    /// Whether it goes back because what came turned out ill, without anybody having asked.
    pub fn goes_back_by_itself(&self) -> bool {
        self.is_rollback() && self.direction == Direction::Back && self.request.is_none()
    }

    /// Whether it leaves alone what comes while it waits: nobody named where it has to go.
    pub fn leaves_alone(&self) -> bool {
        let undoes = self.back.as_ref().is_some_and(|back| back.undoes.is_some());
        self.direction == Direction::Back && (self.request.is_none() || undoes)
    }

    /// Whether that person asked for it.
    pub fn requested_by(&self, account: &Account) -> bool {
        self.request.as_ref().is_some_and(|request| request.id == account.id)
    }

    fn hash8(&self) -> String {
        let mut hash = Sha256::new();
        let meaning = (&self.version, &self.targets, &self.services, self.direction, self.attempt);
        // What a person asks for is an attempt of its own, so that nobody has to count.
        if let Some(request) = &self.request {
            hash.update(request.comment.to_string());
        } else if let Some(undone) = self.back.as_ref().and_then(Back::cause) {
            // What goes back by itself does so once for what it undoes.
            hash.update(format!("undoes {undone}"));
        }
        hash.update(serde_json::to_vec(&meaning).unwrap_or_default());
        hex::encode(&hash.finalize()[..4])
    }
}

impl Back {
    /// Whether nothing is bad after it: it takes back a way back.
    pub fn leaves_nothing(&self) -> bool {
        self.undoes.is_some() && self.leaves.is_empty()
    }

    /// The pull request for which it is there: the one that it undoes, or that what follows it undoes.
    fn cause(&self) -> Option<PrNumber> {
        self.undoes.or(self.onward.as_ref().and_then(|onward| onward.undoes))
    }
}

/// Seals the identities of a repository's promotions.
#[derive(Debug, Clone)]
pub struct Sealer {
    /// The seal.
    pub seal: Seal,
    /// The repository.
    pub repo: RepoId,
}

/// What follows `prefix` on the one line that begins with it; two such lines are none.
fn only<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    let mut lines = message.lines().filter_map(|line| line.strip_prefix(prefix));
    match (lines.next(), lines.next()) {
        (Some(rest), None) => Some(rest),
        _ => None,
    }
}

impl Promised {
    /// An entry that carries a tag and nothing else.
    pub fn tag(target: &TargetName, name: &str, tag: &str) -> Self {
        Self {
            target: target.clone(),
            name: name.to_owned(),
            new_name: None,
            new_tag: Some(tag.to_owned()),
            digest: None,
        }
    }

    /// What an entry says now.
    pub fn of(target: &TargetName, entry: &ImageEntry) -> Self {
        Self {
            target: target.clone(),
            name: entry.name.clone(),
            new_name: entry.new_name.clone(),
            new_tag: entry.new_tag.clone(),
            digest: entry.digest.clone(),
        }
    }

    /// Whether an entry says so; a promise that names no `newName` leaves it alone.
    pub fn holds(&self, entry: &ImageEntry) -> bool {
        self.new_tag == entry.new_tag
            && self.digest == entry.digest
            && (self.new_name.is_none() || self.new_name == entry.new_name)
    }
}

/// What Git and shells take without quoting, and no `..`.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
        if !(matches!(c, '.' | '-') && out.ends_with(['.', '-'])) {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn promotion(environment: &str, version: &str) -> Promotion {
        Promotion {
            environment: EnvName::new(environment).unwrap(),
            application: AppName::new("microservices-demo").unwrap(),
            version: version.to_owned(),
            commit: Some(Sha::new("1".repeat(40)).unwrap()),
            source: RepoName::new("acme/microservices-demo").unwrap(),
            tag: Some(ImageTag::new("v1.0.1").unwrap()),
            images: Vec::new(),
            services: Vec::new(),
            targets: Vec::new(),
            direction: Direction::Forward,
            attempt: 1,
            plan: 1,
            request: None,
            ticket: None,
            back: None,
        }
    }

    #[test]
    fn the_branch_reads_well_and_tells_attempts_apart() {
        let first = promotion("staging", "v1.0.1");
        assert_eq!(first.branch(), "usher/staging/microservices-demo-v1.0.1-6479835e");
        let second = Promotion { attempt: 2, ..first.clone() };
        assert_ne!(first.branch(), second.branch());
        let scoped = Promotion { services: vec!["frontend".into()], ..first.clone() };
        assert_ne!(first.branch(), scoped.branch());
        assert_eq!(Promotion::environment_of_branch(&first.branch()), Some("staging"));
    }

    #[test]
    fn any_version_gives_a_branch_that_git_takes() {
        for version in [
            "../../x",
            "v1.0.1; rm -rf /",
            "a..b.lock",
            &"9".repeat(300),
            "v1@{0}~^:?*[\\",
            "vé.",
            "-",
        ] {
            let branch = promotion("prod", version).branch();
            assert!(branch.len() < 100, "{branch}");
            assert!(git2::Reference::is_valid_name(&format!("refs/heads/{branch}")), "{branch}");
        }
    }

    #[test]
    fn the_identity_survives_its_message() {
        let mut promotion = promotion("prod", "v1.0.1\n\nUsher-Promotion: {}");
        promotion.request =
            Some(Request { by: Login::new("ada").unwrap(), id: UserId(7), comment: CommentId(9) });
        let sealer = Sealer { seal: Seal::new(b"key"), repo: RepoId(7) };
        let message = promotion.message(&sealer);
        assert_eq!(Promotion::from_message(&message, &sealer), Some(promotion));
        let twice = format!("{message}{TRAILER}{{}}\n");
        assert_eq!(Promotion::from_message(&twice, &sealer), None, "two identities are none");
        let forged = message.replace("prod", "dev");
        assert_eq!(Promotion::from_message(&forged, &sealer), None, "another text under our seal");
        let elsewhere = Sealer { repo: RepoId(8), ..sealer };
        assert_eq!(Promotion::from_message(&message, &elsewhere), None, "of another repository");
    }

    #[test]
    fn a_whole_promotion_covers_a_scoped_one() {
        let whole = promotion("prod", "v1");
        let part = Promotion { services: vec!["a".into(), "b".into()], ..whole.clone() };
        let less = Promotion { services: vec!["a".into()], ..whole.clone() };
        assert!(whole.covers(&part) && part.covers(&less) && part.covers(&part));
        assert!(!part.covers(&whole) && !less.covers(&part));
    }

    #[test]
    fn titles_name_the_scope() {
        let mut promotion = promotion("prod", "v1.0.1");
        promotion.services = vec!["frontend".into(), "@eve".into()];
        assert_eq!(promotion.title(), "Promote microservices-demo v1.0.1 to prod (frontend, _eve)");
        promotion.direction = Direction::Back;
        assert_eq!(
            promotion.title(),
            "Roll back microservices-demo to v1.0.1 in prod (frontend, _eve)"
        );
    }
}
