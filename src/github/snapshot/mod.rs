//! Many questions about a repository answered by one request, as far as GraphQL has the same answer as REST.
//!
//! It does not know what the answers are for. What it leaves open is asked of REST, one by one: it is a shorter
//! way to the same facts and never the only one.

mod query;
mod reported;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Repo;
use super::auth::Scope;
use super::line::Caller;
use super::query::Found;
use crate::fault::Fault;
use crate::model::ids::{Login, PrNumber, Sha};
use crate::model::read::{
    Access, CheckRun, Commit, PullRequest, Release, Repository, Review, Reviewed,
};
use crate::model::report::Reports;

/// So many questions go into one query; GitHub gives one ten seconds.
const AT_ONCE: usize = 50;

/// GitHub tells times in whole seconds: what was changed a moment ago may be changed again without a mark of it.
const SETTLED: SignedDuration = SignedDuration::from_mins(1);

/// What can be asked together with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The repository itself; answers with its default branch's [`Question::Head`], too.
    Repository,
    /// The commit at the head of a branch.
    Head(String),
    /// A pull request; tells what of ours is posted on it, too.
    Pull(PrNumber),
    /// All open pull requests.
    OpenPulls,
    /// The reviews of a pull request.
    Reviews(PrNumber),
    /// The pull requests that a commit came by.
    PullsOfCommit(Sha),
    /// How the commits were reviewed that the second has and the first has not.
    Reviewed(Sha, Sha),
    /// What is reported on a commit; tells whether it was deployed at all, too.
    Reports(Sha),
    /// The commit that a tag leads to.
    Tag(String),
    /// The newest releases; answers with their tags, too.
    Releases,
    /// A file's content.
    Blob(Sha),
    /// What somebody may do.
    Access(Login),
    /// Whether somebody belongs to a team of an organisation.
    Member(Login, String, Login),
}

/// The answer to the question of the same name.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named by the question")]
pub enum Told {
    Repository(Repository),
    Head(Commit),
    Pull(PullRequest),
    OpenPulls(Vec<PullRequest>),
    Reviews(Vec<Review>),
    PullsOfCommit(Vec<PullRequest>),
    Reviewed(Reviewed),
    Reports(Reports),
    Tag(Sha),
    Releases(Vec<Release>),
    Blob(std::sync::Arc<[u8]>),
    Access(Access),
    Member(bool),
}

/// What was found at once.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Answers; not every question has one.
    pub told: Vec<(Question, Told)>,
    /// What of ours is posted on the pull request that was asked for.
    pub posted: Option<Posted>,
    /// Commits of which there is no deployment.
    pub undeployed: BTreeSet<Sha>,
}

impl Snapshot {
    /// Takes what stands on a commit.
    fn stands(&mut self, sha: Sha, standing: reported::Standing) {
        if !standing.deployed {
            self.undeployed.insert(sha.clone());
        }
        self.told.push((Question::Reports(sha), Told::Reports(standing.into_reports())));
    }
}

/// What of ours is posted on a pull request, as far as it was seen.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The pull request.
    pub pr: PrNumber,
    /// Its head.
    pub head: Sha,
    /// Our check runs on the head, and how many annotations each has; none where they were not all seen.
    pub(super) runs: Option<Vec<(CheckRun, usize)>>,
    /// Our comments.
    pub(super) comments: Vec<(crate::model::ids::CommentId, String)>,
    /// Whether there are no other comments of ours.
    pub(super) complete: bool,
}

impl Repo {
    /// Answers what can be answered at once.
    pub async fn snapshot(&self, questions: &BTreeSet<Question>) -> Result<Snapshot, Fault> {
        let again = |question: &Question| match question {
            Question::Reviewed(base, head) => self.asked_again(base, head),
            _ => BTreeSet::new(),
        };
        let mut more = questions.clone();
        more.extend(questions.iter().flat_map(again));
        let mut snapshot = self.tell(&more).await?;
        let told: BTreeMap<Question, Told> = snapshot.told.iter().cloned().collect();
        for question in questions {
            let asked = again(question);
            if let Question::Reviewed(base, head) = question
                && !asked.is_empty()
                && asked.iter().all(|question| told.contains_key(question))
            {
                let reviewed = self.reviewed_knowing(base, head, told.clone()).await?;
                snapshot.told.push((question.clone(), Told::Reviewed(reviewed)));
            }
        }
        Ok(snapshot)
    }

    /// The same, without what is put together from other answers.
    pub(super) async fn tell(&self, questions: &BTreeSet<Question>) -> Result<Snapshot, Fault> {
        let mut snapshot = Snapshot::default();
        let asked = questions.iter().filter(|question| !self.is_kept(question));
        let (people, asked): (Vec<&Question>, Vec<&Question>) =
            asked.partition(|question| matches!(question, Question::Member(..)));
        let (files, others): (Vec<&Question>, Vec<&Question>) =
            asked.into_iter().partition(|question| matches!(question, Question::Blob(_)));
        for (name, questions) in [("Snapshot", others), ("Files", files)] {
            for questions in questions.chunks(AT_ONCE).filter(|some| worth_it(some)) {
                self.ask_together(name, questions, &mut snapshot).await?;
            }
        }
        for questions in people.chunks(AT_ONCE) {
            self.ask_members(questions, &mut snapshot).await?;
        }
        Ok(snapshot)
    }

    /// Whether it is known for good.
    fn is_kept(&self, question: &Question) -> bool {
        match question {
            Question::Blob(sha) => {
                let key = (self.repo.id, sha.clone());
                self.line.github.0.memory.blobs.get(&key).is_some()
            }
            _ => false,
        }
    }

    async fn ask_together(
        &self,
        query: &str,
        questions: &[&Question],
        snapshot: &mut Snapshot,
    ) -> Result<(), Fault> {
        let text = query::of_repository(query, questions);
        let (owner, name) = (self.repo.name.owner(), self.repo.name.name());
        let variables = json!({"owner": owner, "name": name});
        let Some(mut found) = self.line.query(&text, &variables).await? else { return Ok(()) };
        let Some(mut fields) = found.root("repository") else { return Ok(()) };
        // Somebody may have taken the name meanwhile.
        if fields.remove("databaseId") != Some(json!(self.repo.id)) {
            return Ok(());
        }
        if questions.contains(&&Question::Repository) {
            self.take_repository(&found, &fields, snapshot).await?;
        }
        for (n, question) in questions.iter().enumerate() {
            let mut place = Place { found: &found, fields: &mut fields, name: format!("q{n}") };
            self.take(question, &mut place, snapshot).await?;
        }
        Ok(())
    }

    /// The repository, and the head of its default branch.
    async fn take_repository(
        &self,
        found: &Found,
        fields: &Map<String, Value>,
        snapshot: &mut Snapshot,
    ) -> Result<(), Fault> {
        let own = ["nameWithOwner", "visibility", "isArchived", "defaultBranchRef"];
        if !own.iter().all(|field| found.is_whole(&["repository", field])) {
            return Ok(());
        }
        let known = serde_json::from_value::<told::Repository>(Value::from(fields.clone()));
        let Ok(known) = known else { return Ok(()) };
        if let Some((branch, sha)) = known.head() {
            let commit = self.commit(&sha).await?;
            snapshot.told.push((Question::Head(branch), Told::Head(commit)));
        }
        let repository = known.into_repository(self.repo.id);
        let told = repository.map(|known| (Question::Repository, Told::Repository(known)));
        snapshot.told.extend(told);
        Ok(())
    }

    /// Takes the answer to a question, if it is there and whole.
    async fn take(
        &self,
        question: &Question,
        place: &mut Place<'_>,
        snapshot: &mut Snapshot,
    ) -> Result<(), Fault> {
        let told = match question {
            Question::Head(_) => match place.read::<told::Ref>() {
                Some(known) => Some(Told::Head(self.commit(&known.target.oid).await?)),
                None => None,
            },
            Question::Pull(number) => {
                let Some(known) = place.read::<told::WholePull>() else { return Ok(()) };
                let us = self.identity().await?;
                let Some((pull, posted, standing)) = known.apart(*number, &us) else {
                    return Ok(());
                };
                let head = posted.head.clone();
                snapshot.posted = Some(posted);
                if let Some(standing) = standing {
                    snapshot.stands(head, standing);
                }
                Some(Told::Pull(pull))
            }
            Question::OpenPulls => {
                let pulls = place.read::<told::List<told::Pull>>();
                pulls.and_then(|pulls| pulls.all(told::Pull::into_pull)).map(Told::OpenPulls)
            }
            Question::Reviews(_) => {
                let known = place.read::<told::Reviews>();
                known
                    .and_then(|known| known.reviews?.all(told::Review::into_review))
                    .map(Told::Reviews)
            }
            Question::PullsOfCommit(_) => {
                let known = place.read::<told::Came>();
                let pulls = known.and_then(|known| known.pulls?.all(told::Pull::into_pull));
                pulls.map(|mut pulls| {
                    pulls.reverse();
                    Told::PullsOfCommit(pulls)
                })
            }
            Question::Reports(sha) => {
                let known = place.read::<reported::Reported>().filter(|known| known.oid == *sha);
                if let Some(standing) = known.and_then(reported::Reported::into_standing) {
                    snapshot.stands(sha.clone(), standing);
                }
                None
            }
            Question::Tag(_) => {
                place.read::<told::Tag>().and_then(told::Tag::into_commit).map(Told::Tag)
            }
            Question::Releases => match place.read::<told::List<told::Release>>() {
                Some(known) => {
                    let tags = known.tags();
                    let tags = tags.map(|(tag, commit)| (Question::Tag(tag), Told::Tag(commit)));
                    snapshot.told.extend(tags);
                    self.unchanged_releases(known).await?.map(Told::Releases)
                }
                None => None,
            },
            Question::Blob(sha) => {
                let text = place.read::<told::Blob>().and_then(told::Blob::into_text);
                text.and_then(|text| self.keep_blob(sha, text)).map(Told::Blob)
            }
            Question::Access(login) => {
                let known = place.read::<told::Collaborators>();
                known.and_then(|known| known.access(login)).map(Told::Access)
            }
            Question::Repository | Question::Reviewed(..) | Question::Member(..) => None,
        };
        snapshot.told.extend(told.map(|told| (question.clone(), told)));
        Ok(())
    }

    /// The releases that REST told the last time, if nothing about them has changed; else those of now. What
    /// GraphQL has does not name Apps as authors, so it only says whether there is news.
    async fn unchanged_releases(
        &self,
        known: told::List<told::Release>,
    ) -> Result<Option<Vec<Release>>, Fault> {
        let Some(mark) = known.mark() else { return Ok(None) };
        let shelf = &self.line.github.0.memory.releases;
        if let Some((_, releases)) = shelf.get(&self.repo.id).filter(|(known, _)| *known == mark) {
            return Ok(Some(releases));
        }
        let releases = self.releases().await?;
        let settled = known.newest().is_none_or(|at| at + SETTLED < self.line.github.0.clock.now());
        if !settled {
            return Ok(Some(releases));
        }
        let size = releases.iter().map(|release| release.notes.len() + 500).sum();
        shelf.put(self.repo.id, (mark, releases.clone()), size);
        Ok(Some(releases))
    }

    /// A file's content, if it is what Git knows by that id: text is not all that a file may be.
    fn keep_blob(&self, sha: &Sha, text: String) -> Option<std::sync::Arc<[u8]>> {
        let bytes: std::sync::Arc<[u8]> = text.into_bytes().into();
        let same = git2::Oid::hash_object(git2::ObjectType::Blob, &bytes);
        if same.map_or(true, |same| same.to_string() != sha.as_str()) {
            return None;
        }
        let key = (self.repo.id, sha.clone());
        self.line.github.0.memory.blobs.put(key, bytes.clone(), bytes.len());
        Some(bytes)
    }

    /// Memberships, by a token of their own.
    async fn ask_members(
        &self,
        questions: &[&Question],
        snapshot: &mut Snapshot,
    ) -> Result<(), Fault> {
        let mut teams: BTreeMap<&Login, BTreeSet<&String>> = BTreeMap::new();
        for question in questions {
            if let Question::Member(organisation, team, _) = question {
                teams.entry(organisation).or_default().insert(team);
            }
        }
        let caller = Caller::Installation(self.repo.installation, Scope::Members);
        let line = self.line.as_caller(caller);
        let text = query::of_teams(&teams);
        let Some(mut found) = line.query(&text, &json!({})).await? else { return Ok(()) };
        let mut members: BTreeMap<(&Login, &String), told::List<told::Member>> = BTreeMap::new();
        for (o, (organisation, teams)) in teams.iter().enumerate() {
            let Some(mut fields) = found.root(&format!("o{o}")) else { continue };
            for (t, team) in teams.iter().enumerate() {
                let (above, name) = (format!("o{o}"), format!("t{t}"));
                if found.is_whole(&[&above, &name])
                    && let Some(known) = read::<told::Team>(&mut fields, &name)
                {
                    members.insert((organisation, team), known.members);
                }
            }
        }
        for question in questions {
            if let Question::Member(organisation, team, login) = question
                && let Some(known) = members.get(&(organisation, team))
                && let Some(is) = known.has(login)
            {
                snapshot.told.push(((*question).clone(), Told::Member(is)));
            }
        }
        Ok(())
    }
}

/// One question alone is better asked of REST, which remembers ETags; a pull request brings more than itself, and
/// for reports REST has to be asked twice.
fn worth_it(questions: &[&Question]) -> bool {
    let much = |question: &&Question| matches!(question, Question::Pull(_) | Question::Reports(_));
    questions.len() > 1 || questions.iter().any(much)
}

/// Where the answer to one question stands.
struct Place<'a> {
    found: &'a Found,
    fields: &'a mut Map<String, Value>,
    name: String,
}

impl Place<'_> {
    /// The answer, if nothing is missing in it and it can be read.
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        if !self.found.is_whole(&["repository", &self.name]) {
            return None;
        }
        read(self.fields, &self.name)
    }
}

/// What cannot be read is as good as not told.
fn read<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    let value = fields.remove(name).filter(|value| !value.is_null())?;
    match serde_json::from_value(value) {
        Ok(known) => Some(known),
        Err(error) => {
            tracing::debug!(name, %error, "GraphQL told what is not expected");
            None
        }
    }
}

impl Posted {
    /// Our check runs on a commit; none where that is not known.
    pub(super) fn runs_on(&self, head: &Sha) -> Option<&[(CheckRun, usize)]> {
        self.runs.as_deref().filter(|_| *head == self.head)
    }

    /// Our comment that begins with a marker, and its text, or that there is none; nothing where it is not known.
    pub(super) fn comment(
        &self,
        pr: PrNumber,
        marker: &str,
    ) -> Option<Option<(crate::model::ids::CommentId, &str)>> {
        if pr != self.pr {
            return None;
        }
        let ours = self.comments.iter().find(|(_, body)| body.starts_with(marker));
        match ours {
            Some((id, body)) => Some(Some((*id, body))),
            None => self.complete.then_some(None),
        }
    }
}
