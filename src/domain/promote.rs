//! A release, or the state itself, brings the automatic environments forward.
//!
//! It decides which promotion pull requests should be open; their checks are another intent's.

use super::candidate::{Candidate, choose};
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Reason, Verdict};
use super::facts::{Facts, Gap};
use super::overlay::{Carried, Overlays, overlays};
use super::policy::{Application, Environment, Policy};
use super::promotion::{Direction, Promotion};
use super::reply::{self, reason};
use crate::intent::Trigger;
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::model::files::GitTree;
use crate::model::ids::{AppName, EnvName, RepoRef, Sha};
use crate::model::read::{Commit, Repository};
use crate::model::write::{FileChange, NewBranch, NewPull};

/// After so many attempts on branches that others hold, somebody has to look.
const MOST_ATTEMPTS: u32 = 9;

/// What becomes of one application in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// What.
    pub application: AppName,
    /// Where to.
    pub environment: EnvName,
    /// What follows.
    pub end: End,
    /// Why; remarks where a promotion opens.
    pub reasons: Vec<Reason>,
}

/// How a course ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its pull request opens.
    Opens(Box<(NewBranch, NewPull)>),
    /// Its pull request stands open already; this is its title.
    Stands(String),
    /// Nothing to do.
    Rests,
    /// It should move, and cannot.
    Refused,
}

/// Where a promotion starts: the repository, its default branch's head and tree.
pub struct Ground<'a> {
    /// The repository written to, and how to reach it.
    pub repo: &'a RepoRef,
    /// What it is called and who may see it.
    pub home: &'a Repository,
    /// The head of its default branch.
    pub head: &'a Commit,
    /// The head's tree.
    pub tree: &'a GitTree,
}

/// Decides [`crate::intent::Intent::Promote`].
pub fn promote(facts: &Facts, repo: &RepoRef, trigger: &Trigger) -> Result<Decision, Gap> {
    let Some(home) = facts.live(repo)? else {
        return Ok(Decision::nothing(reason::repository_gone()));
    };
    let Some(head) = facts.head(repo, &home.default_branch)? else {
        return Ok(Decision::nothing(reason::repository_empty()));
    };
    let tree = facts.tree(repo, &head.tree)?;
    let ground = Ground { repo, home, head, tree };
    let policy = match Configuration::read(facts, repo, &home.name, tree)? {
        Configuration::Valid(policy, _) => policy,
        Configuration::Absent => {
            return Ok(Decision::nothing(reason::config_absent()));
        }
        Configuration::Invalid(problems) => {
            let check =
                reply::release::invalid(trigger, &problems, report_on(facts, &ground, trigger)?);
            return Ok(Decision {
                verdict: Verdict::Refused,
                reasons: vec![reason::config_invalid(problems.len())],
                effects: vec![Effect::EnsureCheck(check)],
            });
        }
    };
    let mut courses = Vec::new();
    for application in policy.applications() {
        if !concerns(facts, application, trigger)? {
            continue;
        }
        for environment in policy.automatic() {
            courses.push(course(facts, &ground, &policy, (application, environment), trigger)?);
        }
    }
    conclude(facts, &ground, trigger, courses)
}

fn conclude(
    facts: &Facts,
    ground: &Ground<'_>,
    trigger: &Trigger,
    courses: Vec<Course>,
) -> Result<Decision, Gap> {
    let mut effects = Vec::new();
    for course in &courses {
        if let End::Opens(opening) = &course.end {
            effects.push(Effect::EnsureBranch(opening.0.clone()));
            effects.push(Effect::EnsurePull(opening.1.clone()));
        }
    }
    let refused = courses.iter().any(|course| course.end == End::Refused);
    // A release is answered where the person who published it looks; a sweep has nobody to answer.
    if matches!(trigger, Trigger::Release { .. }) && !courses.is_empty() {
        let check = reply::release::report(trigger, &courses, report_on(facts, ground, trigger)?);
        effects.push(Effect::EnsureCheck(check));
    }
    let verdict = match (refused, effects.is_empty()) {
        (true, _) => Verdict::Refused,
        (false, true) => Verdict::Nothing,
        (false, false) => Verdict::Accepted,
    };
    let reasons = courses.into_iter().flat_map(|course| course.reasons).collect();
    Ok(Decision { verdict, reasons, effects })
}

/// The commit whose checks tell what became of a release: its own where source and GitOps repository are
/// one, else the head of the default branch, because nothing is written outside the job's repository.
fn report_on(facts: &Facts, ground: &Ground<'_>, trigger: &Trigger) -> Result<Sha, Gap> {
    if let Trigger::Release { source, tag } = trigger
        && source.id == ground.repo.id
        && let Some(commit) = facts.tag(source, tag)?
    {
        return Ok(commit.clone());
    }
    Ok(ground.head.sha.clone())
}

/// Whether the trigger is about the application's source, which may have been renamed since the
/// configuration was written.
fn concerns(facts: &Facts, application: &Application, trigger: &Trigger) -> Result<bool, Gap> {
    let Trigger::Release { source, .. } = trigger else {
        return Ok(true);
    };
    let named = application.source();
    if named.as_str().eq_ignore_ascii_case(source.name.as_str()) {
        return Ok(true);
    }
    let known = facts.source(named)?;
    Ok(known.as_ref().is_some_and(|known| known.id == source.id))
}

fn course(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (application, environment): (&Application, &Environment),
    trigger: &Trigger,
) -> Result<Course, Gap> {
    let (what, place) = (application.name(), environment.name());
    let ends = |end, reasons| {
        Ok(Course { application: what.clone(), environment: place.clone(), end, reasons })
    };
    let (source, home) = (application.source().owner(), ground.home.name.owner());
    if !source.eq_ignore_ascii_case(home) {
        return ends(End::Refused, vec![reason::source_foreign(application)]);
    }
    let chosen =
        choose(facts, ground.repo, ground.tree, policy, (application, environment), trigger);
    let candidate = match chosen {
        Ok(Ok(candidate)) => candidate,
        Ok(Err(None)) => return ends(End::Rests, Vec::new()),
        Ok(Err(Some(reason))) if reason.help.is_none() => return ends(End::Rests, vec![reason]),
        Ok(Err(Some(reason))) => return ends(End::Refused, vec![reason]),
        // What a source does not tell concerns its own applications only.
        Err(Gap::Unknown(why)) => return ends(End::Refused, vec![reason::source_unreadable(&why)]),
        Err(gap) => return Err(gap),
    };
    let found = match overlays(facts, ground.repo, ground.tree, environment, application)? {
        Ok(found) => found,
        Err(reasons) => return ends(End::Refused, reasons),
    };
    let moves = match moves(application, environment, &candidate, &found) {
        Ok(moves) => moves,
        Err(stop) => return ends(stop.0, vec![stop.1]),
    };
    let promotion = whole(application, environment, &candidate);
    let (promotion, remarks) = match attempt(facts, ground, promotion)? {
        Ok(found) => found,
        Err(stop) => return ends(stop.0, vec![stop.1]),
    };
    let files = match edits(&moves, &found, &candidate) {
        Ok(files) => files,
        Err(reason) => return ends(End::Refused, vec![reason]),
    };
    let branch = NewBranch {
        branch: promotion.branch(),
        parent: ground.head.sha.clone(),
        base_tree: ground.head.tree.clone(),
        files,
        message: promotion.message(),
    };
    let pull = NewPull {
        branch: promotion.branch(),
        base: ground.home.default_branch.clone(),
        title: promotion.title(),
        body: reply::body::promotion(facts, ground, environment, application, &promotion, &moves)?,
        labels: promotion.labels(),
    };
    ends(End::Opens(Box::new((branch, pull))), remarks)
}

/// The first attempt at all of an application going forward by itself.
fn whole(application: &Application, environment: &Environment, candidate: &Candidate) -> Promotion {
    Promotion {
        environment: environment.name().clone(),
        application: application.name().clone(),
        version: candidate.version.tag().to_owned(),
        commit: candidate.commit.clone(),
        source: application.source().clone(),
        tag: candidate.tag.clone(),
        services: Vec::new(),
        targets: Vec::new(),
        direction: Direction::Forward,
        attempt: 1,
        requested_by: None,
    }
}

/// How a course ends before it opens anything, and why.
type Stop = (End, Reason);

/// The entries that would change, or why nothing does.
fn moves(
    application: &Application,
    environment: &Environment,
    candidate: &Candidate,
    found: &Overlays,
) -> Result<Vec<Carried>, Stop> {
    let (version, place) = (candidate.version.tag(), environment.name());
    let moving: Vec<Carried> = found
        .carried
        .iter()
        .filter(|carried| {
            carried.entry.new_tag.as_deref() != Some(candidate.tag.as_str())
                || carried.entry.digest.is_some()
        })
        .cloned()
        .collect();
    if moving.is_empty() {
        return Err((End::Rests, reason::already_there(version, place)));
    }
    for carried in &moving {
        let running =
            carried.entry.new_tag.as_deref().and_then(|tag| application.version_of_image(tag));
        let (image, file) = (carried.entry.name.as_str(), carried.file.as_str());
        if running.as_ref().is_some_and(|running| *running >= candidate.version) {
            let at = carried.entry.new_tag.as_deref().unwrap_or_default();
            return Err((End::Rests, reason::not_higher(version, place, image, at)));
        }
        if carried.entry.digest.is_some() {
            return Err((End::Refused, reason::pinned(image, file, version)));
        }
    }
    Ok(moving)
}

/// The attempt to make, with remarks; or why none is made.
fn attempt(
    facts: &Facts,
    ground: &Ground<'_>,
    mut promotion: Promotion,
) -> Result<Result<(Promotion, Vec<Reason>), Stop>, Gap> {
    let (identity, repo) = (facts.identity()?, ground.repo);
    let mut remarks = Vec::new();
    loop {
        let branch = promotion.branch();
        let pulls = facts.pulls_of_branch(repo, &branch)?;
        if let Some(pull) = pulls.iter().find(|pull| pull.author.id == identity.bot.id) {
            let stop = if pull.open {
                (End::Stands(promotion.title()), reason::stands(pull.number))
            } else {
                (End::Rests, reason::once(&promotion.environment, pull))
            };
            return Ok(Err(stop));
        }
        let free = match facts.head(repo, &branch)? {
            _ if !pulls.is_empty() => false,
            None => true,
            Some(commit) => {
                let same = commit.message.trim_end() == promotion.message().trim_end();
                identity.made(commit) && same || is_claim(facts, ground, &commit.sha)?
            }
        };
        if free {
            return Ok(Ok((promotion, remarks)));
        }
        if promotion.attempt >= MOST_ATTEMPTS {
            return Ok(Err((End::Refused, reason::branches_taken(&promotion.environment))));
        }
        remarks.push(reason::branch_taken(&branch));
        promotion.attempt += 1;
    }
}

/// Whether a branch holds nothing that the default branch has not: it was claimed, and nothing came of it.
fn is_claim(facts: &Facts, ground: &Ground<'_>, at: &Sha) -> Result<bool, Gap> {
    let base = &ground.head.sha;
    Ok(at == base || facts.comparison(ground.repo, base, at)?.total_commits == 0)
}

/// The files as the promotion leaves them.
fn edits(
    moves: &[Carried],
    found: &Overlays,
    candidate: &Candidate,
) -> Result<Vec<FileChange>, Reason> {
    let mut files = Vec::new();
    for (target, path, content) in &found.files {
        let edits: Vec<ImageEdit> = moves
            .iter()
            .filter(|carried| carried.target == *target)
            .map(|carried| carried.entry.name.clone())
            .map(|name| ImageEdit {
                name,
                new_name: None,
                tag: Some(candidate.tag.to_string()),
                digest: None,
                add_if_absent: false,
            })
            .collect();
        if edits.is_empty() {
            continue;
        }
        let content = set_images(content, &edits)
            .map_err(|error| reason::edit_refused(path, &error.to_string()))?;
        files.push(FileChange { path: path.clone(), content });
    }
    Ok(files)
}
