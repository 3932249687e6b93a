//! Releases: drafted, published, changed, removed; publishing makes the tag where it is missing.
//! It does not know who may see drafts.
//! <https://docs.github.com/en/rest/releases/releases>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#release>

use git2::Oid;
use serde_json::{Map, Value, json};

use super::{Actor, Push, State};
use crate::sandbox::git::is_ref_name;
use crate::sandbox::model::{Id, Release};
use crate::sandbox::refusal::Refusal;

/// What is to be said of a release; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleaseChange {
    pub(crate) tag: Option<String>,
    /// Branch or SHA from which the tag is made.
    pub(crate) target: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) draft: Option<bool>,
    pub(crate) prerelease: Option<bool>,
    pub(crate) latest: Option<MakeLatest>,
}

/// Whether a release becomes the repository's latest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MakeLatest {
    #[default]
    Yes,
    No,
    /// By date and version, as it was before one could say.
    Legacy,
}

/// GitHub's limit for the notes.
const LONGEST_BODY: usize = 125_000;
/// GitHub's limit for a tag's name, in bytes.
const LONGEST_TAG: usize = 255;

impl State {
    /// Makes a release; published at once unless it is a draft.
    pub(crate) fn create_release(
        &mut self,
        actor: Actor,
        repo: Id,
        change: ReleaseChange,
    ) -> Result<Id, Refusal> {
        let now = self.now();
        let mut release = Release {
            id: 0,
            tag: String::new(),
            target: self.repo(repo)?.default_branch.clone(),
            name: None,
            body: None,
            draft: false,
            prerelease: false,
            author: actor.account,
            created_at: now,
            published_at: None,
            updated_at: now,
            latest: false,
            reactions: Vec::new(),
        };
        let latest = change.latest;
        apply(&mut release, change);
        self.check_release(repo, &release)?;
        release.id = self.new_id();
        let id = release.id;
        if release.draft {
            self.repo_mut(repo)?.releases.insert(id, release);
        } else {
            self.publish(actor, repo, &mut release, latest)?;
        }
        self.tell_release(repo, actor, id, "created", json!({}))?;
        self.tell_published(repo, actor, id, true)?;
        Ok(id)
    }

    /// Changes a release; a draft that is none any more is published.
    pub(crate) fn update_release(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        change: ReleaseChange,
    ) -> Result<(), Refusal> {
        let before = self.release(repo, id)?.clone();
        let mut release = before.clone();
        let latest = change.latest;
        apply(&mut release, change);
        self.check_release(repo, &release)?;
        release.updated_at = self.now();
        let changes = differences(&before, &release);
        if release.draft {
            release.published_at = None;
            release.latest = false;
            self.repo_mut(repo)?.releases.insert(id, release.clone());
        } else {
            self.publish(actor, repo, &mut release, latest)?;
        }
        if !changes.is_empty() {
            self.tell_release(repo, actor, id, "edited", json!({"changes": changes}))?;
        }
        match (before.draft, release.draft) {
            (true, false) => self.tell_published(repo, actor, id, false),
            (false, true) => self.tell_release(repo, actor, id, "unpublished", json!({})),
            (false, false) if before.prerelease && !release.prerelease => {
                self.tell_release(repo, actor, id, "released", json!({}))
            }
            (false, false) if !before.prerelease && release.prerelease => {
                self.tell_release(repo, actor, id, "prereleased", json!({}))
            }
            _ => Ok(()),
        }
    }

    /// Removes a release; its tag stays.
    pub(crate) fn delete_release(&mut self, actor: Actor, repo: Id, id: Id) -> Result<(), Refusal> {
        self.release(repo, id)?;
        self.tell_release(repo, actor, id, "deleted", json!({}))?;
        self.repo_mut(repo)?.releases.remove(&id);
        Ok(())
    }

    /// A release by id.
    pub(crate) fn release(&self, repo: Id, id: Id) -> Result<&Release, Refusal> {
        let releases = &self.repo(repo)?.releases;
        releases.get(&id).ok_or_else(Refusal::not_found)
    }

    /// The releases of a repository as GitHub lists them: drafts first, then the newest.
    pub(crate) fn releases(&self, repo: Id, drafts: bool) -> Result<Vec<&Release>, Refusal> {
        let releases = self.repo(repo)?.releases.values();
        let mut shown: Vec<&Release> = releases.filter(|one| drafts || !one.draft).collect();
        shown.sort_by_key(|one| std::cmp::Reverse((one.draft, one.published_at, one.id)));
        Ok(shown)
    }

    /// The release that GitHub calls the latest: the one chosen so, else the newest by the date of
    /// its commit; never a draft or prerelease.
    pub(crate) fn latest_release(&self, repo: Id) -> Result<Option<&Release>, Refusal> {
        let releases = self.repo(repo)?.releases.values();
        Ok(releases
            .filter(|one| !one.draft && !one.prerelease)
            .max_by_key(|one| (one.latest, one.created_at, one.published_at, one.id)))
    }

    /// Puts a release that is no draft where it belongs, with the tag that it needs.
    fn publish(
        &mut self,
        actor: Actor,
        repo: Id,
        release: &mut Release,
        latest: Option<MakeLatest>,
    ) -> Result<(), Refusal> {
        let tag = format!("refs/tags/{}", release.tag);
        let git = self.git(repo)?;
        let commit = match git.reference(&tag).and_then(|oid| git.peel(oid)) {
            Some(commit) => commit,
            None => {
                let target =
                    self.target(repo, &release.target)?.ok_or_else(|| bad_target(false))?;
                self.make_tag(actor, repo, &release.tag, target)?;
                target
            }
        };
        let at = git.commit(commit).map(|commit| commit.committer.at);
        release.created_at = at.unwrap_or(release.created_at);
        let first = release.published_at.is_none();
        release.published_at = release.published_at.or_else(|| Some(self.now()));
        release.latest = match latest {
            Some(latest) => latest == MakeLatest::Yes,
            None => release.latest || first,
        } && !release.prerelease;
        let releases = &mut self.repo_mut(repo)?.releases;
        if release.latest || latest == Some(MakeLatest::Legacy) {
            for other in releases.values_mut() {
                other.latest = false;
            }
        }
        releases.insert(release.id, release.clone());
        Ok(())
    }

    fn make_tag(&mut self, actor: Actor, repo: Id, tag: &str, target: Oid) -> Result<(), Refusal> {
        let push =
            Push { reference: &format!("refs/tags/{tag}"), after: Some(target), force: false };
        self.push(actor, repo, &push).map_err(|_clash| bad_tag(false))
    }

    fn check_release(&self, repo: Id, release: &Release) -> Result<(), Refusal> {
        if release.tag.is_empty() {
            let missing =
                json!({"resource": "Release", "code": "missing_field", "field": "tag_name"});
            return Err(failed(vec![missing, ill_formed(), unfit()]));
        }
        if !is_tag_name(&release.tag) {
            return Err(bad_tag(true));
        }
        let body = release.body.as_deref().unwrap_or_default();
        if body.chars().count() > LONGEST_BODY {
            return Err(Refusal::custom(
                "Release",
                format!("body is too long (maximum is {LONGEST_BODY} characters)"),
            ));
        }
        if release.draft {
            return Ok(());
        }
        let taken = self
            .repo(repo)?
            .releases
            .values()
            .any(|other| !other.draft && other.tag == release.tag && other.id != release.id);
        if taken {
            return Err(Refusal::invalid("Release", "tag_name", "already_exists"));
        }
        let tagged = self.git(repo)?.reference(&format!("refs/tags/{}", release.tag)).is_some();
        if !tagged && self.target(repo, &release.target)?.is_none() {
            let empty = self.git(repo)?.references("refs/heads/")?.is_empty();
            return Err(bad_target(empty));
        }
        Ok(())
    }

    /// The commit of a branch or of a whole SHA: what a tag can be made from.
    fn target(&self, repo: Id, target: &str) -> Result<Option<Oid>, Refusal> {
        let git = self.git(repo)?;
        let branch = target.strip_prefix("refs/heads/").unwrap_or(target);
        let sha = || (target.len() == 40).then(|| git.object(target)).flatten();
        Ok(git.branch(branch).or_else(sha).and_then(|oid| git.peel(oid)))
    }

    /// What follows a publication. `fresh`: it was no draft before; of a prerelease that was one,
    /// only `published` is told.
    fn tell_published(
        &mut self,
        repo: Id,
        actor: Actor,
        id: Id,
        fresh: bool,
    ) -> Result<(), Refusal> {
        let release = self.release(repo, id)?;
        let (draft, prerelease) = (release.draft, release.prerelease);
        if draft {
            return Ok(());
        }
        self.tell_release(repo, actor, id, "published", json!({}))?;
        if !prerelease {
            self.tell_release(repo, actor, id, "released", json!({}))?;
        } else if fresh {
            self.tell_release(repo, actor, id, "prereleased", json!({}))?;
        }
        Ok(())
    }

    fn tell_release(
        &mut self,
        repo: Id,
        actor: Actor,
        id: Id,
        action: &str,
        mut body: Value,
    ) -> Result<(), Refusal> {
        body["release"] = self.release_json(self.repo(repo)?, self.release(repo, id)?);
        self.emit(repo, actor, "release", Some(action), body);
        Ok(())
    }
}

fn apply(release: &mut Release, change: ReleaseChange) {
    release.tag = change.tag.unwrap_or_else(|| release.tag.clone());
    release.target = change.target.unwrap_or_else(|| release.target.clone());
    release.name = change.name.or_else(|| release.name.clone());
    release.body = change.body.or_else(|| release.body.clone());
    release.draft = change.draft.unwrap_or(release.draft);
    release.prerelease = change.prerelease.unwrap_or(release.prerelease);
}

/// What `edited` says of what was there before.
fn differences(before: &Release, after: &Release) -> Map<String, Value> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let pairs = [
        ("tag_name", before.tag.clone(), after.tag.clone()),
        ("name", text(&before.name), text(&after.name)),
        ("body", text(&before.body), text(&after.body)),
    ];
    pairs
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, _)| (key.to_owned(), json!({"from": before})))
        .collect()
}

/// Whether GitHub takes this as a tag: `git check-ref-format`, not too long, and no SHA.
fn is_tag_name(tag: &str) -> bool {
    let sha = tag.len() == 40 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    tag.len() <= LONGEST_TAG && !sha && is_ref_name(&format!("refs/tags/{tag}"))
}

fn failed(errors: Vec<Value>) -> Refusal {
    Refusal { errors, ..Refusal::unprocessable("Validation Failed") }
}

fn custom(message: &str) -> Value {
    json!({"resource": "Release", "code": "custom", "field": "tag_name", "message": message})
}

fn ill_formed() -> Value {
    custom("tag_name is not well-formed")
}

fn unfit() -> Value {
    json!({
        "resource": "Release",
        "code": "custom",
        "message": "Published releases must have a valid tag",
    })
}

fn bad_tag(malformed: bool) -> Refusal {
    let mut errors = vec![custom("tag_name is not a valid tag")];
    errors.extend(malformed.then(ill_formed));
    errors.push(unfit());
    failed(errors)
}

fn bad_target(empty: bool) -> Refusal {
    if empty {
        return Refusal::custom("Release", "Repository is empty.");
    }
    let mut refusal = bad_tag(false);
    refusal
        .errors
        .push(json!({"resource": "Release", "code": "invalid", "field": "target_commitish"}));
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;

    fn scene() -> (State, crate::sandbox::folder::Folder, Actor, Id) {
        let (state, folder) = seeded();
        let ada = Actor::person(state.account_named("ada").unwrap().id);
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        (state, folder, ada, repo)
    }

    fn tagged(tag: &str) -> ReleaseChange {
        ReleaseChange { tag: Some(tag.to_owned()), ..ReleaseChange::default() }
    }

    /// The webhooks that wait, as `event.action`.
    fn told(state: &mut State) -> Vec<String> {
        let outbox = std::mem::take(&mut state.around.outbox);
        let name = |one: super::super::Outgoing| match one.action {
            Some(action) => format!("{}.{action}", one.event),
            None => one.event,
        };
        outbox.into_iter().map(name).collect()
    }

    #[test]
    fn a_name_that_git_refuses_is_no_tag() {
        let (mut state, _folder, ada, repo) = scene();
        let long = "v".repeat(300);
        let sha = "a".repeat(40);
        let bad = [
            "v1.0.1; rm -rf /",
            "../../x",
            "v1..2",
            "v1.lock",
            "-\u{7f}",
            "a b",
            "v1~1",
            "v1^",
            "v1:x",
            "v?",
            "v*",
            "v[",
            "/v1",
            "v1/",
            "v1.",
            "@{",
            long.as_str(),
            sha.as_str(),
        ];
        for tag in bad {
            let refused = state.create_release(ada, repo, tagged(tag)).unwrap_err();
            assert_eq!(refused.status, 422, "{tag}");
            let errors = serde_json::to_string(&refused.errors).unwrap();
            assert!(errors.contains("tag_name is not well-formed"), "{tag}: {errors}");
        }
        assert!(told(&mut state).is_empty());
        assert_eq!(state.repo(repo).unwrap().releases.len(), 1);
        for good in ["release-1.2.3", "apps/cart/v1", "2026.11.20", "v1.0.0+build", "版本-1"] {
            state.create_release(ada, repo, tagged(good)).unwrap();
        }
    }

    #[test]
    fn publishing_makes_the_tag_and_tells_of_both() {
        let (mut state, _folder, ada, repo) = scene();
        state.create_release(ada, repo, tagged("v1.0.1")).unwrap();
        assert_eq!(
            told(&mut state),
            ["create", "push", "release.created", "release.published", "release.released"]
        );
        let git = state.git(repo).unwrap();
        assert_eq!(git.resolve("refs/tags/v1.0.1"), git.branch("main"));
        let again = state.create_release(ada, repo, tagged("v1.0.1")).unwrap_err();
        assert_eq!(again.errors[0]["code"], "already_exists");
        let nowhere = ReleaseChange { target: Some("nowhere".to_owned()), ..tagged("v2") };
        let refused = state.create_release(ada, repo, nowhere).unwrap_err();
        assert_eq!(refused.errors[2]["field"], "target_commitish");
        let clash = state.create_release(ada, repo, tagged("v1.0.1/x")).unwrap_err();
        assert_eq!(clash.status, 422);
        assert_eq!(state.releases(repo, true).unwrap().len(), 2);
    }

    #[test]
    fn a_draft_is_silent_until_it_is_published() {
        let (mut state, _folder, ada, repo) = scene();
        let draft =
            ReleaseChange { draft: Some(true), prerelease: Some(true), ..tagged("v2.0.0-rc.1") };
        let id = state.create_release(ada, repo, draft).unwrap();
        assert_eq!(told(&mut state), ["release.created"]);
        assert_eq!(state.git(repo).unwrap().resolve("v2.0.0-rc.1"), None);
        assert_eq!(state.releases(repo, false).unwrap().len(), 1);
        let publish = ReleaseChange { draft: Some(false), ..ReleaseChange::default() };
        state.update_release(ada, repo, id, publish).unwrap();
        assert_eq!(told(&mut state), ["create", "push", "release.published"]);
        assert_eq!(state.latest_release(repo).unwrap().unwrap().tag, "v1.0.0");
        let grow_up = ReleaseChange {
            prerelease: Some(false),
            latest: Some(MakeLatest::Yes),
            ..ReleaseChange::default()
        };
        state.update_release(ada, repo, id, grow_up).unwrap();
        assert_eq!(told(&mut state), ["release.released"]);
        assert_eq!(state.latest_release(repo).unwrap().unwrap().id, id);
    }
}
