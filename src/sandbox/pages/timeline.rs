//! The conversation of an issue or pull request: comments, reviews, commits and events in time order.
//! It does not know what can be done there.

use std::iter;

use jiff::Timestamp;

use super::checks::Tone;
use super::code::{Line, line};
use super::desk::Desk;
use super::parts::{Chip, Html, Icon, Moment, Who, icon, short};
use crate::sandbox::git::Commit;
use crate::sandbox::model::issue::ReviewState;
use crate::sandbox::model::{Comment, Happening, Id, Issue, Reaction, Repo, Review, Role};

/// An entry of the conversation.
pub(super) struct Entry {
    at: Timestamp,
    /// Its id: what came first has the lower one.
    order: Id,
    pub(super) anchor: String,
    pub(super) who: Who,
    pub(super) when: Moment,
    pub(super) kind: Kind,
}

/// What an entry is.
pub(super) enum Kind {
    Comment(Box<Said>),
    Review(Box<Reviewed>),
    Commit(Box<Line>),
    Event(Icon, &'static str, Vec<Part>),
}

/// A comment, or the description.
pub(super) struct Said {
    /// What its buttons name, where the viewer may change it.
    pub(super) change: Option<Id>,
    /// Its text as it was written, while the viewer changes it.
    pub(super) source: Option<String>,
    pub(super) body: Html,
    pub(super) association: Option<&'static str>,
    pub(super) edited: bool,
    /// Emoji, how many, and by whom.
    pub(super) reactions: Vec<(String, usize, String)>,
}

/// A review.
pub(super) struct Reviewed {
    pub(super) tone: Tone,
    pub(super) says: &'static str,
    pub(super) commit: String,
    pub(super) body: Html,
    /// Place and text.
    pub(super) remarks: Vec<(String, Html)>,
}

/// A piece of an event's sentence.
pub(super) enum Part {
    Text(&'static str),
    Strong(String),
    Code(String),
    Label(Chip),
}

/// The whole conversation after the description.
pub(super) fn entries(
    desk: &Desk<'_>,
    repo: &Repo,
    issue: &Issue,
    commits: &[Commit],
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for commit in commits {
        let line = line(desk, repo, commit);
        entries.push(Entry {
            at: commit.committer.at,
            order: 0,
            anchor: format!("commit-{}", line.short),
            who: line.who.clone(),
            when: line.when.clone(),
            kind: Kind::Commit(Box::new(line)),
        });
    }
    entries.extend(issue.comments.iter().map(|comment| said(desk, repo, comment)));
    let before = iter::once(None).chain(issue.events.iter().map(Some));
    let events = issue.events.iter().zip(before).filter(|(event, before)| {
        // A merge closes; that goes without saying.
        let merge = before.is_some_and(|before| matches!(before.what, Happening::Merged(_)));
        !(merge && matches!(event.what, Happening::Closed))
    });
    entries.extend(events.map(|(event, _)| {
        let (sign, tone, parts) = sentence(desk, &event.what);
        Entry {
            at: event.created_at,
            order: event.id,
            anchor: format!("event-{}", event.id),
            who: Who::of(desk.state, event.actor),
            when: Moment::of(desk.state, event.created_at),
            kind: Kind::Event(icon(sign), tone, parts),
        }
    }));
    let reviews = issue.pull.iter().flat_map(|pull| &pull.reviews);
    entries.extend(reviews.filter_map(|review| reviewed(desk, repo, review)));
    entries.sort_by_key(|entry| (entry.at, entry.order));
    entries
}

/// The description as the first comment.
pub(super) fn description(desk: &Desk<'_>, repo: &Repo, issue: &Issue) -> Entry {
    Entry {
        at: issue.created_at,
        order: 0,
        anchor: format!("issue-{}", issue.id),
        who: Who::of(desk.state, issue.author),
        when: Moment::of(desk.state, issue.created_at),
        kind: Kind::Comment(Box::new(Said {
            change: None,
            source: None,
            body: desk.markdown(repo, issue.body.as_deref().unwrap_or_default(), true),
            association: association(desk, issue.author, repo),
            edited: false,
            reactions: reactions(desk, &issue.reactions),
        })),
    }
}

fn said(desk: &Desk<'_>, repo: &Repo, comment: &Comment) -> Entry {
    let may_change = comment.author == desk.viewer || desk.role(repo.id) >= Role::Write;
    let changes = may_change && desk.asked("edit") == Some(comment.id.to_string().as_str());
    Entry {
        at: comment.created_at,
        order: comment.id,
        anchor: format!("issuecomment-{}", comment.id),
        who: Who::of(desk.state, comment.author),
        when: Moment::of(desk.state, comment.created_at),
        kind: Kind::Comment(Box::new(Said {
            change: may_change.then_some(comment.id),
            source: changes.then(|| comment.body.clone()),
            body: desk.markdown(repo, &comment.body, true),
            association: association(desk, comment.author, repo),
            edited: comment.updated_at > comment.created_at,
            reactions: reactions(desk, &comment.reactions),
        })),
    }
}

fn association(desk: &Desk<'_>, person: Id, repo: &Repo) -> Option<&'static str> {
    match desk.state.association(person, repo.id) {
        "OWNER" => Some("Owner"),
        "MEMBER" => Some("Member"),
        "COLLABORATOR" => Some("Collaborator"),
        "CONTRIBUTOR" => Some("Contributor"),
        _ => None,
    }
}

fn reviewed(desk: &Desk<'_>, repo: &Repo, review: &Review) -> Option<Entry> {
    let at = review.submitted_at?;
    let (tone, says) = match review.state {
        ReviewState::Approved => (Tone::Good, "approved these changes"),
        ReviewState::ChangesRequested => (Tone::Bad, "requested changes"),
        ReviewState::Dismissed => (Tone::Mute, "left a review that was dismissed"),
        ReviewState::Commented => (Tone::Mute, "reviewed"),
        ReviewState::Pending => return None,
    };
    let remarks = review.comments.iter().map(|remark| {
        let line = remark.line.map_or_else(String::new, |line| format!(":{line}"));
        (format!("{}{line}", remark.path), desk.markdown(repo, &remark.body, true))
    });
    Some(Entry {
        at,
        order: review.id,
        anchor: format!("pullrequestreview-{}", review.id),
        who: Who::of(desk.state, review.author),
        when: Moment::of(desk.state, at),
        kind: Kind::Review(Box::new(Reviewed {
            tone,
            says,
            commit: short(&review.commit),
            body: desk.markdown(repo, &review.body, true),
            remarks: remarks.collect(),
        })),
    })
}

/// Sign, CSS class and words of an event; the one who did it stands before them.
fn sentence(desk: &Desk<'_>, what: &Happening) -> (&'static str, &'static str, Vec<Part>) {
    use Part::{Code, Label, Strong, Text};
    let person = |id: &Id| Strong(desk.state.login(*id).to_owned());
    let asked = |person_asked: &Option<Id>, team: &Option<Id>| match (person_asked, team) {
        (Some(id), _) => person(id),
        (None, Some(id)) => {
            let teams = desk.state.orgs.values().flat_map(|org| &org.teams);
            let team = teams.into_iter().find(|team| team.id == *id);
            Strong(team.map_or_else(String::new, |team| team.name.clone()))
        }
        (None, None) => Text("somebody"),
    };
    match what {
        Happening::Labeled(name, color) => {
            ("tag", "mute", vec![Text("added the label"), Label(Chip::new(name, color))])
        }
        Happening::Unlabeled(name, color) => {
            ("tag", "mute", vec![Text("removed the label"), Label(Chip::new(name, color))])
        }
        Happening::Assigned(id) => ("person", "mute", vec![Text("assigned"), person(id)]),
        Happening::Unassigned(id) => ("person", "mute", vec![Text("unassigned"), person(id)]),
        Happening::Closed => ("closed", "bad", vec![Text("closed this")]),
        Happening::Reopened => ("dot", "good", vec![Text("reopened this")]),
        Happening::Merged(sha) => {
            ("merge", "merged", vec![Text("merged this as commit"), Code(short(sha))])
        }
        Happening::Renamed(from, to) => (
            "pencil",
            "mute",
            vec![
                Text("changed the title from"),
                Strong(from.clone()),
                Text("to"),
                Strong(to.clone()),
            ],
        ),
        Happening::BaseRefChanged(from, to) => (
            "branch",
            "mute",
            vec![
                Text("changed the base branch from"),
                Code(from.clone()),
                Text("to"),
                Code(to.clone()),
            ],
        ),
        Happening::HeadRefForcePushed(from, to) => (
            "branch",
            "mute",
            vec![Text("force-pushed from"), Code(short(from)), Text("to"), Code(short(to))],
        ),
        Happening::HeadRefDeleted => ("branch", "mute", vec![Text("deleted the branch")]),
        Happening::HeadRefRestored => ("branch", "mute", vec![Text("restored the branch")]),
        Happening::ReviewRequested(who, team) => {
            ("eye", "mute", vec![Text("requested a review from"), asked(who, team)])
        }
        Happening::ReviewRequestRemoved(who, team) => {
            ("eye", "mute", vec![Text("removed the review request for"), asked(who, team)])
        }
        Happening::ReviewDismissed(..) => ("eye", "mute", vec![Text("dismissed a review")]),
        Happening::Locked => ("lock", "mute", vec![Text("locked this conversation")]),
        Happening::Unlocked => ("lock", "mute", vec![Text("unlocked this conversation")]),
    }
}

/// Emoji, how many and by whom, in the order of first use.
fn reactions(desk: &Desk<'_>, all: &[Reaction]) -> Vec<(String, usize, String)> {
    let mut counted: Vec<(String, usize, String)> = Vec::new();
    for reaction in all {
        let login = desk.state.login(reaction.author);
        let emoji = match reaction.content.as_str() {
            "+1" => "👍",
            "-1" => "👎",
            "laugh" => "😄",
            "confused" => "😕",
            "heart" => "❤️",
            "hooray" => "🎉",
            "rocket" => "🚀",
            "eyes" => "👀",
            other => other,
        };
        match counted.iter_mut().find(|(known, _, _)| known == emoji) {
            Some((_, count, by)) => {
                *count += 1;
                by.push_str(", ");
                by.push_str(login);
            }
            None => counted.push((emoji.to_owned(), 1, login.to_owned())),
        }
    }
    counted
}
