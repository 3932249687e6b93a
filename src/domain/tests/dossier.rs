//! What a dossier makes of the entries that decisions leave.

use super::*;
use crate::domain::dossier::{Dossier, Placed, dossiers};
use crate::model::act::{ActKind, NewAct};
use crate::model::chain::Hash;
use crate::model::evidence::{Entry, FORMAT, NewEvidence, Once, What};

/// A record, and what is recorded in it.
#[derive(Default)]
struct Record(Vec<Placed>);

impl Record {
    fn add(&mut self, decision: &Decision) -> Vec<NewEvidence> {
        let new = decision.effects.iter().filter_map(|effect| match effect {
            Effect::RecordEvidence { new: Some(new), .. } => Some((**new).clone()),
            _ => None,
        });
        let new: Vec<NewEvidence> = new.collect();
        for one in new.clone() {
            let entry = Entry {
                format: FORMAT,
                repository: repo().name,
                pr: one.pr,
                subject: one.subject,
                cause: one.cause,
                delivery: None,
                actor: None,
                at: one.at,
                what: one.what,
                key: "key".to_owned(),
            };
            self.0.push(Placed { sequence: self.0.len() as u64 + 1, hash: Hash::NONE, entry });
        }
        new
    }

    fn dossier(&self) -> Dossier {
        dossiers(&self.0, None).remove(0)
    }

    /// The place of the last entry of a kind.
    fn last(&self, wanted: fn(&What) -> bool) -> u64 {
        self.0.iter().rfind(|placed| wanted(&placed.entry.what)).unwrap().sequence
    }
}

fn merge(hub: &mut Hub, pr: PrNumber, login: &str) -> Decision {
    let now = hub.now;
    let by = account(5 + login.len() as u64, login);
    let said = hub.comment(CommentId(1), &by, Some(pr), (Command::Merge, now));
    hub.decide(&said)
}

fn concluded(hub: &mut Hub, pr: PrNumber) -> Decision {
    let pull = &mut hub.pulls[0];
    (pull.open, pull.merged, pull.landed) = (false, true, Some(pull.head.sha.clone()));
    hub.decide(&Intent::Conclude { repo: repo(), pr })
}

fn promotion() -> (Hub, PrNumber, Record) {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let mut record = Record::default();
    record.add(&evaluate(&mut hub, pr));
    hub.judged = Some(passed(&hub, pr));
    hub.heads = vec![(hub.pulls[0].head.sha.clone(), "2026-11-20T11:00:00Z".parse().unwrap())];
    (hub, pr, record)
}

#[test]
fn each_who_asks_for_a_merge_is_on_record() {
    let (mut hub, pr, mut record) = promotion();
    let mut asked = |login: &str| {
        let mut new = record.add(&merge(&mut hub, pr, login));
        assert_eq!(new.len(), 1, "{new:?}");
        let one = new.remove(0);
        let What::Merging(merging) = &one.what else { panic!("{one:?}") };
        assert_eq!(merging.by.as_ref().unwrap().as_str(), login);
        (one.subject, one.once, one.cause)
    };
    let (first, again, other) = (asked("pat"), asked("pat"), asked("quinn"));
    assert_eq!(first, again, "a repeated try is recorded once");
    assert_eq!((&first.0, first.1), (&other.0, Once::InARow));
    assert_ne!(first.2, other.2);
}

#[test]
fn what_was_judged_after_a_refused_merge_is_what_it_was_merged_with() {
    let merging = |what: &What| matches!(what, What::Merging(_));
    let judged = |what: &What| matches!(what, What::Judged(_));
    let (mut hub, pr, mut record) = promotion();
    record.add(&merge(&mut hub, pr, "pat"));
    record.add(&concluded(&mut hub, pr));
    assert_eq!(record.dossier().gates().unwrap().1, record.last(merging));

    let (mut hub, pr, mut record) = promotion();
    record.add(&merge(&mut hub, pr, "pat"));
    let said = NewAct {
        kind: ActKind::Lock,
        cause: "lock".to_owned(),
        pr: None,
        environment: Some(EnvName::new("staging").unwrap()),
        application: None,
        subject: String::new(),
        head: None,
        by: account(5, "ada"),
        reason: "the fair".to_owned(),
        at: hub.now,
        until: None,
    };
    hub.acts.push(Act { id: 1, said });
    record.add(&evaluate(&mut hub, pr));
    record.add(&concluded(&mut hub, pr));
    let dossier = record.dossier();
    let (gates, at, _) = dossier.gates().unwrap();
    assert_eq!(at, record.last(judged));
    assert!(gates.iter().any(|gate| gate.gate == "lock" && gate.outcome != "passed"), "{gates:?}");
}

#[test]
fn what_was_pushed_later_is_in_what_it_reaches() {
    let mut hub = Hub::new();
    let (text, mut record) = (STAGING.replace("v1.0.0", "v1.1.0"), Record::default());
    let mut changes = vec![("staging/kustomization.yaml", text.as_str())];
    let pr = hub.open("hand", &account(5, "ada"), "hand", &changes);
    record.add(&evaluate(&mut hub, pr));
    let reaches = |record: &Record| {
        let reached = record.dossier().environments.into_iter();
        reached.map(|one| one.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(reaches(&record), ["staging"]);
    changes.push(("prod/kustomization.yaml", text.as_str()));
    let mut all = hub.branches["main"].1.clone();
    all.extend(files(&changes));
    hub.pulls[0].head.sha = hub.push("hand", &account(5, "ada"), "more", all);
    record.add(&evaluate(&mut hub, pr));
    assert_eq!(reaches(&record), ["prod", "staging"]);
}
