//! `approvals`: each label was given by somebody allowed, for this head, who has no hand in it.

use super::{Gate, Outcome};
use crate::domain::acts::same;
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::Approval;
use crate::domain::reply::gate;
use crate::model::act::Act;
use crate::model::ids::Login;
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

/// Why an approval is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The label is not on.
    Label,
    /// The label is on, and nobody allowed put it on for this head.
    Unaccounted,
    /// Who gave it is not among those who may any more.
    NoLonger(Login),
    /// Who gave it has a hand in the pull request.
    Hand(Login, Hand),
}

/// Who has a hand in a pull request, and which.
#[derive(Debug, Clone, Default)]
pub struct Hands {
    people: Vec<(Account, Hand)>,
    /// Why it is not known who released it.
    unknown: Option<String>,
}

impl Hands {
    /// Finds them: who asked, who opened it, who released what it brings, whose commits it holds.
    pub fn read(facts: &Facts, look: &Look<'_>, touch: &Effect<'_>) -> Result<Self, Gap> {
        let mut hands = Self::default();
        let pull = look.pull();
        if let Some(request) = look.promotion.as_ref().and_then(|one| one.request.as_ref()) {
            let by = Account { id: request.id, login: request.by.clone(), bot: false };
            hands.people.push((by, Hand::Asked));
        }
        if !look.ours {
            hands.people.push((pull.author.clone(), Hand::Opened));
            let authors =
                look.change.comparison.commits.iter().filter_map(|one| one.author.clone());
            hands.people.extend(authors.map(|author| (author, Hand::Committed)));
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
                    Ok(author) => self.people.extend(author.map(|one| (one, Hand::Released))),
                    Err(Gap::Unknown(why)) => self.unknown = Some(why),
                    Err(gap) => return Err(gap),
                }
            }
        }
        Ok(())
    }

    /// Which hand somebody has in it.
    pub fn of(&self, who: &Account) -> Option<Hand> {
        self.people.iter().find(|(person, _)| person.id == who.id).map(|(_, hand)| *hand)
    }
}

fn release_author(
    facts: &Facts,
    look: &Look<'_>,
    source: &crate::model::ids::RepoName,
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

/// Judges the approvals that the environment asks for; no gate where it asks for none.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let wanted = touch.environment.approvals();
    if wanted.is_empty() {
        return Ok(None);
    }
    let hands = Hands::read(facts, look, touch)?;
    let (mut given, mut lacking) = (Vec::new(), Vec::new());
    for approval in wanted {
        match approved(facts, look, approval, &hands)? {
            Ok(act) => given.push((approval, act)),
            Err(lack) => lacking.push((approval, lack)),
        }
    }
    let said = gate::approvals(&given, &lacking);
    let outcome = if lacking.is_empty() { Outcome::Passed } else { Outcome::Needs };
    if let Some(why) = hands.unknown.filter(|_| lacking.is_empty()) {
        let said = gate::release_author_unknown(&why);
        return Ok(Some(Gate::new("approvals", touch, Outcome::Waiting, said)));
    }
    Ok(Some(Gate::new("approvals", touch, outcome, said)))
}

/// The act that gives an approval; or what is lacking.
fn approved<'a>(
    facts: &Facts,
    look: &Look<'a>,
    approval: &Approval,
    hands: &Hands,
) -> Result<Result<&'a Act, Lack>, Gap> {
    let pull = look.pull();
    let label = approval.label.as_str();
    let on = pull.labels.iter().any(|name| same(name, label));
    let mut lack = if on { Lack::Unaccounted } else { Lack::Label };
    for act in look.acts.approvals(pull.number, label, &look.heads) {
        if !on {
            continue;
        }
        if act.by.bot || !is_among(facts, look.ground.repo, &approval.by, &act.by)? {
            lack = Lack::NoLonger(act.by.login.clone());
            continue;
        }
        match hands.of(&act.by).filter(|_| !approval.own) {
            Some(hand) => lack = Lack::Hand(act.by.login.clone(), hand),
            None => return Ok(Ok(act)),
        }
    }
    Ok(Err(lack))
}
