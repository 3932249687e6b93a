//! Who has a hand in a pull request: whoever asked for it, made it, or made what it brings.
//!
//! It does not know what they may not do because of it: gates ask it.

use super::classify::Effect;
use super::facts::{Facts, Gap};
use super::look::Look;
use crate::model::ids::{RepoName, UserId};
use crate::model::read::Account;

/// What somebody has to do with a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Asked for it by a command.
    Asked,
    /// Opened it.
    Opened,
    /// Has commits in it.
    Committed,
    /// Published the release that it brings.
    Released,
}

/// Who has a hand in a pull request, and which.
#[derive(Debug, Clone, Default)]
pub struct Hands {
    people: Vec<(UserId, Hand)>,
    /// Why it is not known who released it.
    unknown: Option<String>,
}

impl Hands {
    /// Finds them: who asked, who opened it, who released what it brings, whose commits it holds.
    pub fn read(facts: &Facts, look: &Look<'_>, touch: &Effect<'_>) -> Result<Self, Gap> {
        let mut hands = Self::default();
        let pull = look.pull();
        if let Some(request) = look.promotion.as_ref().and_then(|one| one.request.as_ref()) {
            hands.people.push((request.id, Hand::Asked));
        }
        if !look.ours {
            hands.people.push((pull.author.id, Hand::Opened));
            let authors = look.change.comparison.commits.iter();
            let authors = authors.filter_map(|one| one.author.as_ref());
            hands.people.extend(authors.map(|author| (author.id, Hand::Committed)));
        }
        hands.read_releases(facts, look, touch)?;
        Ok(hands)
    }

    fn read_releases(
        &mut self,
        facts: &Facts,
        look: &Look<'_>,
        touch: &Effect<'_>,
    ) -> Result<(), Gap> {
        for moving in &touch.moving {
            let mut tags: Vec<String> = match &look.promotion {
                Some(promotion) => vec![promotion.version.clone()],
                None => Vec::new(),
            };
            tags.extend(
                moving
                    .moves
                    .iter()
                    .filter_map(|one| one.to.as_ref()?.entry.new_tag.as_deref())
                    .filter_map(|tag| moving.application.version_of_image(tag))
                    .map(|version| version.tag().to_owned()),
            );
            tags.sort();
            tags.dedup();
            for tag in tags {
                match release_author(facts, look, moving.application.source(), &tag) {
                    Ok(author) => self.people.extend(author.map(|one| (one.id, Hand::Released))),
                    Err(Gap::Unknown(why)) => self.unknown = Some(why),
                    Err(gap) => return Err(gap),
                }
            }
        }
        Ok(())
    }

    /// Which hand somebody has in it.
    pub fn of(&self, who: &Account) -> Option<Hand> {
        self.people.iter().find(|(person, _)| *person == who.id).map(|(_, hand)| *hand)
    }

    /// Why it is not known who has a hand in it, where it is not.
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }
}

fn release_author(
    facts: &Facts,
    look: &Look<'_>,
    source: &RepoName,
    tag: &str,
) -> Result<Option<Account>, Gap> {
    let Some(source) = facts.source(source)? else {
        return Ok(None);
    };
    // What belongs to another account is not asked for anything.
    if !source.name.owner().eq_ignore_ascii_case(look.ground.home.name.owner()) {
        return Ok(None);
    }
    let listed = facts.releases(source)?.iter().find(|release| release.tag == tag);
    let release = match listed {
        Some(release) => Some(release),
        None => facts.release(source, tag)?.as_ref(),
    };
    Ok(release.and_then(|release| release.author.clone()))
}
