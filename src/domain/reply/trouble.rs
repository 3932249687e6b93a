//! What people read where Usher had to give up, and when that is over. Nothing here is a decision.

use crate::domain::inert::{cut, plain, span};
use crate::domain::reply::{command, release};
use crate::intent::command::Remark;
use crate::intent::{Intent, Trigger};
use crate::model::ids::Sha;
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// The comment on a pull request: its hidden first line, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The hidden first line; it counts only together with its author.
    pub marker: String,
    /// What follows it.
    pub text: String,
}

/// Tells on its pull request that the intent was given up; `origin` is where an operator finds more.
/// `None`: it is about no pull request.
pub fn comment(intent: &Intent, fault: &str, origin: &str) -> Option<Comment> {
    let (failed, again) = match intent {
        Intent::Evaluate { .. } => (
            "could not judge this pull request, so its checks may be missing or old",
            "Pushing again, or re-running the check, tries again",
        ),
        Intent::Conclude { .. } => (
            "could not follow up on the end of this pull request, so its branch may still be there",
            "Everything else is looked at again every few minutes",
        ),
        Intent::Restore { .. } => (
            "could not go on with bringing the live application back, so automatic sync of it may be off",
            "It is tried again every few minutes",
        ),
        Intent::Watch { .. } => (
            "could not go on watching what this pull request brought, so it does not go back by itself",
            "`/rollback` goes back",
        ),
        Intent::Label { on: true, .. } => (
            "could not take note of a label, so an approval may be missing",
            "Taking the label off and putting it on again tries again",
        ),
        Intent::Label { on: false, .. } => (
            "could not take note of a label that was taken off, so what it gave may still count",
            "Putting the label on and taking it off again tries again",
        ),
        Intent::Push { .. } => (
            "could not take note of a push, so what was said of the commit before may still seem to stand",
            "Pushing again tries again",
        ),
        _ => return None,
    };
    let text = format!(
        "**Usher {failed}.**\n\n{}\n\n{again}; an operator finds more under {origin}.\n",
        span(fault)
    );
    Some(Comment { marker: marker(intent), text })
}

/// The same comment when the intent got through after all.
pub fn over(intent: &Intent) -> Comment {
    let what = match intent {
        Intent::Conclude { .. } => "the end of this pull request has been followed up on",
        Intent::Label { .. } => "the label has been taken note of",
        Intent::Restore { .. } => "the live application has been looked after",
        Intent::Push { .. } => "the push has been taken note of",
        Intent::Watch { .. } => "what this pull request brought has been looked at",
        _ => "this pull request has been judged",
    };
    Comment {
        marker: marker(intent),
        text: format!("There was trouble here, and it is over: {what}.\n"),
    }
}

/// Answers a command that was given up, in place of the answer that it would have got; `None`: there was no
/// command in it, or the author is a bot.
///
/// `elsewhere`: it was about another repository, of which no more is told than that.
pub fn answer(remark: &Remark, fault: &str, origin: &str, elsewhere: bool) -> Option<Comment> {
    if remark.author.bot || !remark.spoken.iter().any(|line| line.meant.is_ok()) {
        return None;
    }
    let why = if elsewhere { String::new() } else { format!("{}\n\n", span(fault)) };
    let text = format!(
        "@{} **this could not be done, or only in part: Usher had to give up.**\n\n{why}Say it again when that is over; \
         an operator finds more under {origin}.\n",
        remark.author.login
    );
    Some(Comment { marker: command::marker(remark.id), text })
}

/// Tells on a commit of the release that nothing came of it; `None`: the intent is about no release.
pub fn check(intent: &Intent, fault: &str, origin: &str, head: Sha) -> Option<NewCheck> {
    let Intent::Promote { trigger: trigger @ Trigger::Release { tag, .. }, .. } = intent else {
        return None;
    };
    let title = format!("{}: could not be promoted", cut(&plain(tag), 60));
    let summary = format!(
        "{}\n\nThe newest release is looked at again every few minutes; an operator finds more under {origin}.\n",
        span(fault)
    );
    let name = release::name(trigger);
    Some(NewCheck::plain(name, head, Conclusion::Failure, (title, summary)))
}

fn marker(intent: &Intent) -> String {
    let what = match intent {
        Intent::Conclude { .. } => "end",
        Intent::Label { .. } => "label",
        Intent::Push { .. } => "push",
        Intent::Restore { .. } => "argocd",
        Intent::Watch { .. } => "watch",
        _ => "judging",
    };
    format!("<!-- usher:trouble {what} -->")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::command::{Command, Mistake, Spoken};
    use crate::model::ids::{
        CommentId, InstallationId, Login, PrNumber, RepoId, RepoName, RepoRef, UserId,
    };
    use crate::model::read::{Account, Repository, Visibility};

    fn repo() -> RepoRef {
        RepoRef {
            id: RepoId(7),
            name: RepoName::new("acme/demo").unwrap(),
            installation: InstallationId(3),
        }
    }

    #[test]
    fn a_pull_request_is_told_in_inert_words() {
        let intent = Intent::Evaluate { repo: repo(), pr: PrNumber(4) };
        let comment =
            comment(&intent, "refused: GET /x: 403 ask @ada, closes #1", "delivery `d-1`").unwrap();
        insta::assert_snapshot!(comment.text, @r"
        **Usher could not judge this pull request, so its checks may be missing or old.**

        `refused: GET /x: 403 ask @ada, closes #1`

        Pushing again, or re-running the check, tries again; an operator finds more under delivery `d-1`.
        ");
        assert_eq!(over(&intent).marker, comment.marker);
        assert!(over(&intent).text.contains("it is over"));
        let watch = Intent::Watch { repo: repo(), pr: PrNumber(4) };
        let told = super::comment(&watch, "refused", "job 7").unwrap();
        assert!(told.text.contains("so it does not go back by itself"), "{}", told.text);
    }

    fn remark(spoken: Result<Command, Mistake>, bot: bool) -> Remark {
        let home = Repository {
            id: RepoId(7),
            name: RepoName::new("acme/demo").unwrap(),
            default_branch: "main".to_owned(),
            visibility: Visibility::Public,
            archived: false,
        };
        Remark {
            at: repo(),
            home,
            thread: PrNumber(4),
            on_pull: true,
            id: CommentId(9),
            author: Account { id: UserId(5), login: Login::new("ada").unwrap(), bot },
            written_at: jiff::Timestamp::UNIX_EPOCH,
            digest: String::new(),
            spoken: vec![Spoken { line: "/merge".to_owned(), prefixed: false, meant: spoken }],
            dropped: 0,
        }
    }

    #[test]
    fn a_command_that_was_given_up_is_answered() {
        let ask = remark(Ok(Command::Merge), false);
        let said = answer(&ask, "refused: GET /x: 403 ask @sam", "delivery `d-1`", false).unwrap();
        assert_eq!(said.marker, "<!-- usher:answer 9 -->");
        insta::assert_snapshot!(said.text, @r"
        @ada **this could not be done, or only in part: Usher had to give up.**

        `refused: GET /x: 403 ask @sam`

        Say it again when that is over; an operator finds more under delivery `d-1`.
        ");
        let abroad = answer(&ask, "refused: GET /secret", "delivery `d-1`", true).unwrap();
        assert!(!abroad.text.contains("secret"), "{}", abroad.text);
        let word = Mistake::Unknown { word: "deploy".to_owned(), near: None };
        assert_eq!(answer(&remark(Err(word), false), "f", "o", false), None, "another bot's");
        assert_eq!(answer(&remark(Ok(Command::Merge), true), "f", "o", false), None, "a bot's");
    }

    #[test]
    fn only_what_people_asked_for_is_told_of() {
        let state = Intent::Promote { repo: repo(), trigger: Trigger::State };
        assert_eq!(comment(&state, "f", "o"), None);
        let head = Sha::new("a".repeat(40)).unwrap();
        assert!(check(&state, "f", "o", head.clone()).is_none());
        let trigger = Trigger::Release { source: repo(), tag: "v1\u{202e}".to_owned() };
        let release = Intent::Promote { repo: repo(), trigger };
        let check = check(&release, "f", "o", head).unwrap();
        assert_eq!(check.conclusion, Some(Conclusion::Failure));
        assert!(!check.title.contains('\u{202e}'), "{}", check.title);
    }
}
