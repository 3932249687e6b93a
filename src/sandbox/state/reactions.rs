//! Reactions: emoji of people and Apps on issues, pull requests and comments.
//! It does not know who may see what they stand on.
//! <https://docs.github.com/en/rest/reactions/reactions>

use super::{Actor, Change, State};
use crate::sandbox::model::{Id, Reaction};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::REACTIONS;

/// What can be reacted to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// An issue or pull request, by number.
    Issue(u64),
    /// A comment of a conversation, by id.
    Comment(Id),
    /// A release, by id.
    Release(Id),
}

impl State {
    /// The reactions to something, oldest first.
    pub(crate) fn reactions(&self, repo: Id, subject: Subject) -> Result<&[Reaction], Refusal> {
        Ok(match subject {
            Subject::Issue(number) => &self.issue(repo, number)?.reactions,
            Subject::Comment(id) => &self.find_comment(repo, id)?.1.reactions,
            Subject::Release(id) => &self.release(repo, id)?.reactions,
        })
    }

    fn reactions_mut(&mut self, repo: Id, subject: Subject) -> Result<&mut Vec<Reaction>, Refusal> {
        match subject {
            Subject::Issue(number) => Ok(&mut self.issue_mut(repo, number)?.reactions),
            Subject::Comment(id) => {
                let (number, _) = self.find_comment(repo, id)?;
                let comments = self.issue_mut(repo, number)?.comments.iter_mut();
                let mut found = comments.filter(|comment| comment.id == id);
                let comment = found.next().ok_or_else(Refusal::not_found)?;
                Ok(&mut comment.reactions)
            }
            Subject::Release(id) => {
                let releases = &mut self.repo_mut(repo)?.releases;
                let release = releases.get_mut(&id).ok_or_else(Refusal::not_found)?;
                Ok(&mut release.reactions)
            }
        }
    }

    /// Reacts. Who has reacted so before gets that reaction, and `false`.
    pub(crate) fn react(
        &mut self,
        actor: Actor,
        repo: Id,
        subject: Subject,
        content: &str,
    ) -> Result<(Reaction, bool), Refusal> {
        if !REACTIONS.contains(&content) {
            return Err(Refusal::unprocessable(format!(
                "Invalid request.\n\n{content} is not a member of {REACTIONS:?}."
            )));
        }
        let same = |one: &&Reaction| one.author == actor.account && one.content == content;
        if let Some(known) = self.reactions(repo, subject)?.iter().find(same) {
            return Ok((known.clone(), false));
        }
        let reaction = Reaction {
            id: self.new_id(),
            author: actor.account,
            content: content.to_owned(),
            created_at: self.now(),
        };
        self.reactions_mut(repo, subject)?.push(reaction.clone());
        self.reacted(repo, subject);
        Ok((reaction, true))
    }

    /// Takes a reaction back; only its author can.
    pub(crate) fn unreact(
        &mut self,
        actor: Actor,
        repo: Id,
        subject: Subject,
        id: Id,
    ) -> Result<(), Refusal> {
        let reactions = self.reactions_mut(repo, subject)?;
        let before = reactions.len();
        reactions.retain(|one| one.id != id || one.author != actor.account);
        if reactions.len() == before {
            return Err(Refusal::not_found());
        }
        self.reacted(repo, subject);
        Ok(())
    }

    /// Apps are not told of it; open pages are.
    fn reacted(&self, repo: Id, subject: Subject) {
        let number = match subject {
            Subject::Issue(number) => Some(number),
            Subject::Comment(id) => self.find_comment(repo, id).ok().map(|(number, _)| number),
            Subject::Release(_) => None,
        };
        self.tell(Change { repo: Some(repo), number, event: "reaction".to_owned() });
    }
}
