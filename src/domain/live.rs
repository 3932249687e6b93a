//! What Argo CD reports of an environment's targets, held against what the default branch has there.
//!
//! An Application counts only if it deploys that very overlay of this repository; what it says of another commit counts
//! as far as the overlay's entries are the same there. It judges no gate.

use jiff::Timestamp;

use super::back::{State, state};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Overlays, overlays};
use super::policy::{Application, ArgoApplication, Environment, Target};
use super::real::Origin;
use super::rendered::rendered;
use crate::model::argocd::{Application as Seen, Health, Phase, Source, Sync, Unseen};
use crate::model::ids::{PrNumber, RepoName, Sha, TargetName};
use crate::model::restoration::Stage;

/// So many entries of an Application's history are looked at; Argo CD keeps ten.
const MOST_HISTORY: usize = 10;

/// A target, what deploys it, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live<'a> {
    /// The target.
    pub target: &'a Target,
    /// The Application that deploys it; none where none is configured.
    pub argocd: Option<&'a ArgoApplication>,
    /// How it stands.
    pub stand: Stand,
}

/// How a target stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// What the default branch has is deployed and healthy; since when, where that is told.
    Runs(Option<Timestamp>),
    /// A sync goes on.
    Syncing,
    /// Its server has not compared with what the default branch has now.
    Behind,
    /// What the default branch has is not what is deployed.
    OutOfSync {
        /// Whether it was deployed before, so that something else has changed it.
        deployed_once: bool,
    },
    /// What the default branch has is not what is deployed, and that is our doing, for a pull request that is open.
    SetBack(PrNumber),
    /// The last sync failed; in the server's words.
    SyncFailed(String),
    /// It is coming up.
    Progressing,
    /// It is paused.
    Suspended,
    /// It has failed, or is not there; in the server's words.
    Ill(Health, Option<String>),
    /// The server cannot tell.
    Untold,
    /// Its Application deploys something else.
    Elsewhere,
    /// Nothing is known of its Application.
    Unseen(Unseen),
    /// No Application is configured for it.
    NotConfigured,
}

impl Stand {
    /// Whether what the default branch has runs, as far as Argo CD is asked.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs(_) | Self::NotConfigured)
    }
}

/// How each target of an environment stands with an application, `now` being what the default branch has there.
pub fn live<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    (environment, application): (&'a Environment, &Application),
    now: &Overlays,
) -> Result<Vec<Live<'a>>, Gap> {
    let mut all = Vec::new();
    for target in environment.targets() {
        let argocd = target.argocd.as_ref();
        let stand = match argocd {
            None => Stand::NotConfigured,
            Some(argocd) => {
                match facts.application(ground.repo, &argocd.server, &argocd.application)? {
                    Err(why) => Stand::Unseen(why.clone()),
                    Ok(seen) => {
                        let here = Here { environment, application, target, now };
                        stand(facts, ground, &here, seen)?
                    }
                }
            }
        };
        all.push(Live { target, argocd, stand });
    }
    Ok(all)
}

/// Whether all targets of an environment run what the default branch has; where Argo CD is not configured, they do.
/// The time is the latest of those since when.
pub fn since(live: &[Live<'_>]) -> Option<Option<Timestamp>> {
    let times = live.iter().map(|one| match &one.stand {
        Stand::Runs(since) => Some(*since),
        Stand::NotConfigured => Some(None),
        _ => None,
    });
    times.collect::<Option<Vec<_>>>().map(|times| times.into_iter().flatten().max())
}

/// Since when a target is ill with what the default branch has now; none where it is ill with something else, or nobody
/// tells since when.
pub fn ill_since(
    facts: &Facts,
    ground: &Ground<'_>,
    (environment, application): (&Environment, &Application),
    (live, now): (&Live<'_>, &Overlays),
) -> Result<Option<Timestamp>, Gap> {
    let Some(argocd) = live.argocd else { return Ok(None) };
    let Ok(seen) = facts.application(ground.repo, &argocd.server, &argocd.application)? else {
        return Ok(None);
    };
    let here = Here { environment, application, target: live.target, now };
    let mut told = Vec::new();
    match live.stand {
        Stand::Ill(..) => {
            let source = deploys(ground, facts, &here, seen);
            if let Some((revision, at)) = source.and_then(|source| deployed(source, seen)) {
                told.push((
                    revision,
                    seen.health_since.map(|since| at.unwrap_or(since).max(since)),
                ));
            }
        }
        Stand::SyncFailed(_) => {}
        _ => return Ok(None),
    }
    // What a sync could not bring has made it ill as well.
    let failed = seen.operation.as_ref().filter(|last| last.phase.has_failed());
    if let Some(failed) = failed.filter(|_| seen.sync != Sync::Synced) {
        told.extend(failed.revision.clone().map(|revision| (revision, failed.finished_at)));
    }
    for (revision, since) in told {
        if same_there(facts, ground, &here, &revision)? == Some(true) {
            return Ok(since);
        }
    }
    Ok(None)
}

/// What is deployed of a source, and since when, as far as that is told: what was compared last is only where it is
/// synced.
fn deployed(source: &Source, seen: &Seen) -> Option<(Sha, Option<Timestamp>)> {
    let last = seen.history.last();
    if seen.sync == Sync::Synced {
        return Some((source.revision.clone()?, last.and_then(|last| last.at)));
    }
    let Some(last) = last else {
        let done = seen.operation.as_ref().filter(|last| last.phase == Phase::Succeeded)?;
        return Some((done.revision.clone()?, done.finished_at));
    };
    let mut all = seen.sources.iter().zip(&last.revisions);
    let (_, revision) = all.find(|(one, _)| *one == source)?;
    Some((Sha::new(revision.clone()).ok()?, last.at))
}

struct Here<'a> {
    environment: &'a Environment,
    application: &'a Application,
    target: &'a Target,
    now: &'a Overlays,
}

fn stand(facts: &Facts, ground: &Ground<'_>, here: &Here<'_>, seen: &Seen) -> Result<Stand, Gap> {
    let Some(source) = deploys(ground, facts, here, seen) else {
        return Ok(Stand::Elsewhere);
    };
    let folder = here.target.overlay.of(here.application.name());
    let last = seen.operation.as_ref();
    if last.is_some_and(|last| last.phase.is_under_way()) {
        return Ok(Stand::Syncing);
    }
    let failed = last.filter(|last| last.phase.has_failed());
    if matches!(seen.health, Health::Degraded | Health::Missing) {
        return Ok(Stand::Ill(seen.health, seen.health_message.clone()));
    }
    if seen.sync == Sync::OutOfSync {
        if let Some(pr) = set_back(facts, ground, here)? {
            return Ok(Stand::SetBack(pr));
        }
        if let Some(failed) = failed {
            return Ok(Stand::SyncFailed(failed.message.clone()));
        }
        let synced = last.and_then(|last| last.revision.as_ref());
        let deployed_once = match synced {
            Some(synced) => {
                same_files(facts, ground, &folder, synced)?
                    || left_since(facts, ground, &folder, (seen, synced))?
            }
            None => false,
        };
        return Ok(Stand::OutOfSync { deployed_once });
    }
    let Some(revision) = source.revision.as_ref().filter(|_| seen.sync == Sync::Synced) else {
        return Ok(Stand::Untold);
    };
    match same_there(facts, ground, here, revision)? {
        None => return Ok(Stand::Untold),
        Some(false) => return Ok(Stand::Behind),
        Some(true) => {}
    }
    Ok(match seen.health {
        Health::Healthy => {
            let finished = last.and_then(|last| last.finished_at);
            Stand::Runs(seen.health_since.into_iter().chain(finished).max())
        }
        Health::Progressing => Stand::Progressing,
        Health::Suspended => Stand::Suspended,
        Health::Unknown | Health::Degraded | Health::Missing => Stand::Untold,
    })
}

/// The source of an Application that is the target's overlay.
fn deploys<'a>(
    ground: &Ground<'_>,
    facts: &Facts,
    here: &Here<'_>,
    seen: &'a Seen,
) -> Option<&'a Source> {
    let folder = here.target.overlay.of(here.application.name());
    let (pages, name) = (&*facts.github_pages, &ground.home.name);
    seen.sources.iter().find(|source| is_overlay(source, pages, name, &folder))
}

/// The pull request for which we have brought it back, and keep automatic sync off.
fn set_back(facts: &Facts, ground: &Ground<'_>, here: &Here<'_>) -> Result<Option<PrNumber>, Gap> {
    let Some(argocd) = &here.target.argocd else { return Ok(None) };
    let mut ours = facts.open_restorations(ground.repo)?.iter().filter(|one| {
        one.stage != Stage::Asked
            && (&one.server, &one.name) == (&argocd.server, &argocd.application)
    });
    Ok(ours.next().map(|one| one.pr))
}

/// Whether a commit has the target's entries as the default branch has them now; none where nobody knows it.
fn same_there(
    facts: &Facts,
    ground: &Ground<'_>,
    here: &Here<'_>,
    revision: &Sha,
) -> Result<Option<bool>, Gap> {
    if *revision == ground.head.sha {
        return Ok(Some(true));
    }
    let Some(commit) = facts.commit_if_any(ground.repo, revision)? else {
        return Ok(None);
    };
    let tree = facts.tree(ground.repo, &commit.tree)?;
    let there = overlays(facts, ground.repo, tree, here.environment, here.application)?;
    let target = &here.target.name;
    Ok(Some(there.is_ok_and(|there| of(&there, target) == of(here.now, target))))
}

/// Whether a commit has every file of an overlay as the default branch has it now.
fn same_files(
    facts: &Facts,
    ground: &Ground<'_>,
    folder: &str,
    revision: &Sha,
) -> Result<bool, Gap> {
    let Some(commit) = facts.commit_if_any(ground.repo, revision)? else {
        return Ok(false);
    };
    let there = facts.tree(ground.repo, &commit.tree)?;
    let overlay = rendered(facts, ground.repo, (ground.tree, Origin::Repository), folder)?;
    let mut files = overlay.files.iter();
    Ok(files.all(|path| there.entries.get(path) == ground.tree.entries.get(path)))
}

/// Whether what the default branch has was deployed since it has that, and something else after it: somebody went back
/// in Argo CD. What was deployed before the default branch got it (again) says nothing.
fn left_since(
    facts: &Facts,
    ground: &Ground<'_>,
    folder: &str,
    (seen, synced): (&Seen, &Sha),
) -> Result<bool, Gap> {
    let all = seen.history.iter().rev().take(MOST_HISTORY);
    let past = all.filter_map(|one| Sha::new(one.revisions.first()?.clone()).ok());
    for revision in past.filter(|revision| revision != synced) {
        if !same_files(facts, ground, folder, &revision)? {
            continue;
        }
        if revision == ground.head.sha {
            return Ok(true);
        }
        let Some(came) = came_with(facts, ground, folder, synced)? else { return Ok(false) };
        let compared = facts.between(ground.repo, &came, &revision)?.as_ref();
        return Ok(compared.is_some_and(|compared| compared.merge_base.sha == came));
    }
    Ok(false)
}

/// The commit that gave the default branch a file of an overlay that it has and a revision has not.
fn came_with(
    facts: &Facts,
    ground: &Ground<'_>,
    folder: &str,
    revision: &Sha,
) -> Result<Option<Sha>, Gap> {
    let Some(commit) = facts.commit_if_any(ground.repo, revision)? else { return Ok(None) };
    let there = facts.tree(ground.repo, &commit.tree)?;
    let overlay = rendered(facts, ground.repo, (ground.tree, Origin::Repository), folder)?;
    let mut files = overlay.files.iter();
    let other = files.find(|path| there.entries.get(*path) != ground.tree.entries.get(*path));
    let Some(path) = other else { return Ok(None) };
    let commits = facts.commits_of(ground.repo, &ground.head.sha, path)?;
    Ok(commits.first().map(|commit| commit.sha.clone()))
}

/// What Argo CD deployed last for a target, and when: a commit of this repository, as far as that is told.
pub fn deployed_last(
    facts: &Facts,
    ground: &Ground<'_>,
    live: &Live<'_>,
) -> Result<Option<(Sha, Option<Timestamp>)>, Gap> {
    let Some(argocd) = live.argocd else { return Ok(None) };
    let Ok(seen) = facts.application(ground.repo, &argocd.server, &argocd.application)? else {
        return Ok(None);
    };
    let Some(last) = seen.history.last() else { return Ok(None) };
    let [revision] = last.revisions.as_slice() else { return Ok(None) };
    Ok(Sha::new(revision.clone()).ok().map(|revision| (revision, last.at)))
}

fn of(found: &Overlays, target: &TargetName) -> State {
    state(found).into_iter().filter(|entry| entry.target == *target).collect()
}

/// Whether a source is a folder of this repository.
pub(super) fn is_overlay(source: &Source, pages: &str, name: &RepoName, folder: &str) -> bool {
    let path = |text: &str| text.trim_start_matches("./").trim_matches('/').to_owned();
    path(&source.path) == path(folder) && is_repository(&source.url, pages, name)
}

/// Whether a Git URL is that of a repository whose pages are below `pages`.
fn is_repository(url: &str, pages: &str, name: &RepoName) -> bool {
    let url = url.trim().to_lowercase();
    let (ssh, rest) = match url.split_once("://") {
        Some(("http" | "https", rest)) => (false, rest.to_owned()),
        Some(("ssh", rest)) => (true, rest.to_owned()),
        Some(_) => return false,
        // As Git's own: `git@github.com:acme/shop.git`.
        None => (true, url.replacen(':', "/", 1)),
    };
    let Some((authority, path)) = rest.split_once('/') else {
        return false;
    };
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let pages = pages.to_lowercase();
    let home = pages.split_once("://").map_or(pages.as_str(), |(_, home)| home);
    let bare = |authority: &str| authority.split(':').next().unwrap_or_default().to_owned();
    let host = if ssh {
        let host = bare(authority);
        host.strip_prefix("ssh.").map_or(host.clone(), str::to_owned) == bare(home)
    } else {
        let plain = |authority: &str| authority.trim_end_matches(":443").to_owned();
        plain(authority) == plain(home)
    };
    let path = path.trim_matches('/');
    host && path.strip_suffix(".git").unwrap_or(path) == name.as_str().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_each_of_its_urls_and_by_no_other() {
        let shop = RepoName::new("Acme/Shop").unwrap();
        let is = |url: &str| is_repository(url, "https://github.com", &shop);
        for url in [
            "https://github.com/acme/shop",
            "https://github.com/acme/shop.git",
            "https://github.com:443/acme/shop/",
            "https://token@github.com/Acme/Shop.git",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop.git",
            "ssh://git@ssh.github.com:443/acme/shop.git",
        ] {
            assert!(is(url), "{url}");
        }
        for url in [
            "https://github.com.evil.io/acme/shop",
            "https://evil.io/github.com/acme/shop",
            "https://github.com@evil.io/acme/shop",
            "https://github.com/acme/shop2",
            "https://github.com/acme/shop/x",
            "https://github.com:8443/acme/shop",
            "git@evil.io:acme/shop.git",
            "file:///acme/shop",
            "acme/shop",
            "",
        ] {
            assert!(!is(url), "{url}");
        }
        let box_ = "http://127.0.0.1:4000";
        assert!(is_repository("http://127.0.0.1:4000/acme/shop.git", box_, &shop));
        assert!(!is_repository("http://127.0.0.1:4001/acme/shop.git", box_, &shop));
    }
}
