//! Labels that somebody may give: which mean something on a pull request, by whom, and whether one is given.
//!
//! It does not know what follows from it: gates ask it, with the label that they need.

use std::borrow::Cow;

use super::acts::same;
use super::classify::Effect;
use super::facts::{Facts, Gap};
use super::hands::{Hand, Hands};
use super::look::Look;
use super::people::is_among;
use super::policy::{Approval, Environment, Exempt, Label, Principal, Role};
use crate::model::act::Act;
use crate::model::ids::Login;

/// A label that certain people may give.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The label.
    pub label: &'a Label,
    /// Who may give it.
    pub by: Cow<'a, [Principal]>,
    /// Whether those with a hand in the pull request may, too.
    pub own: bool,
}

impl<'a> Wanted<'a> {
    /// An approval that an environment asks for.
    pub fn approval(approval: &'a Approval) -> Self {
        let by = Cow::Borrowed(approval.by.as_slice());
        Self { label: &approval.label, by, own: approval.own }
    }

    /// The label that does instead of a check (`or`). Where an approval goes by the same label it is that
    /// approval's people who give it, else everybody who may push.
    pub fn instead(environment: &'a Environment, label: &'a Label) -> Self {
        let mut approvals = environment.approvals().iter();
        match approvals.find(|approval| approval.label.is(label.as_str())) {
            Some(approval) => Self { label, ..Self::approval(approval) },
            None => Self { label, by: vec![Principal::Role(Role::Write)].into(), own: false },
        }
    }

    /// The label that lets through while the environment is frozen.
    pub fn exemption(exempt: &'a Exempt) -> Self {
        Self { label: &exempt.label, by: Cow::Borrowed(exempt.by.as_slice()), own: false }
    }
}

/// Why a label is not given.
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
    /// It is not known whether who gave it has a hand in it; the reason is for people.
    Unknown(String),
}

/// The labels that mean something in an environment: approvals, and what does instead of a check, for a
/// promotion; the one that exempts from freezes, for every change.
pub fn in_environment(environment: &Environment, promoted: bool) -> Vec<Wanted<'_>> {
    let mut all = Vec::new();
    if promoted {
        all.extend(environment.approvals().iter().map(Wanted::approval));
        let gates = environment.gates();
        let expected = gates.release.iter().chain(&gates.verified);
        let instead = expected.filter_map(|one| one.or.as_ref());
        all.extend(instead.map(|label| Wanted::instead(environment, label)));
    }
    all.extend(environment.gates().exempt.as_ref().map(Wanted::exemption));
    all
}

/// The labels that mean something for what a pull request is to an environment.
pub fn wanted<'a>(look: &Look<'_>, touch: &Effect<'a>) -> Vec<Wanted<'a>> {
    in_environment(touch.environment, touch.is_promotion() || look.promotion.is_some())
}

/// The act by which a label is given for this head, by somebody who may give it now and has no hand in the
/// pull request; or what is lacking. It is what gates ask whose condition a label can stand in for.
pub fn is_given<'a>(
    facts: &Facts,
    look: &Look<'a>,
    touch: &Effect<'_>,
    wanted: &Wanted<'_>,
) -> Result<Result<&'a Act, Lack>, Gap> {
    let hands = Hands::read(facts, look, touch)?;
    let given = given(facts, look, &hands, wanted)?;
    Ok(match (given, hands.unknown()) {
        (Ok(_), Some(why)) if !wanted.own => Err(Lack::Unknown(why.to_owned())),
        (given, _) => given,
    })
}

/// The same where it is known who has a hand in it.
pub fn given<'a>(
    facts: &Facts,
    look: &Look<'a>,
    hands: &Hands,
    wanted: &Wanted<'_>,
) -> Result<Result<&'a Act, Lack>, Gap> {
    let pull = look.pull();
    let label = wanted.label.as_str();
    let on = pull.labels.iter().any(|name| same(name, label));
    let mut lack = if on { Lack::Unaccounted } else { Lack::Label };
    for act in look.acts.approvals(pull.number, label, &look.heads) {
        if !on {
            continue;
        }
        match discount(facts, look, hands, (wanted, act))? {
            Some(why) => lack = why,
            None => return Ok(Ok(act)),
        }
    }
    Ok(Err(lack))
}

/// All the acts by which a label is given for this head.
pub fn givers<'a>(
    facts: &Facts,
    look: &Look<'a>,
    hands: &Hands,
    wanted: &Wanted<'_>,
) -> Result<Vec<&'a Act>, Gap> {
    let mut all = Vec::new();
    if given(facts, look, hands, wanted)?.is_ok() {
        let label = wanted.label.as_str();
        for act in look.acts.approvals(look.pull().number, label, &look.heads) {
            if discount(facts, look, hands, (wanted, act))?.is_none() {
                all.push(act);
            }
        }
    }
    Ok(all)
}

/// Why an act does not give the label, if it does not.
fn discount(
    facts: &Facts,
    look: &Look<'_>,
    hands: &Hands,
    (wanted, act): (&Wanted<'_>, &Act),
) -> Result<Option<Lack>, Gap> {
    if act.by.bot || !is_among(facts, look.ground.repo, &wanted.by, &act.by)? {
        return Ok(Some(Lack::NoLonger(act.by.login.clone())));
    }
    let hand = hands.of(&act.by).filter(|_| !wanted.own);
    Ok(hand.map(|hand| Lack::Hand(act.by.login.clone(), hand)))
}
