//! What has to be true of each merge by the bot, judged by what truly came about and not by what the bot remembers.
//!
//! What it says itself is used once: its evidence of which head and which base it has judged.
//!
//! A change counts as one that could be seen if it was complete before the bot read the facts of this decision; where
//! only a webhook tells of it, if all webhooks were through before that.

use std::collections::{BTreeSet, HashMap};

use git2::{Oid, Repository};
use usher::model::evidence::Merging;

use super::chronicle::{Chronicle, Event, What};
use super::rules::Rules;

/// A merge by the bot, held against what came about.
pub struct Merge<'a> {
    pub chronicle: &'a Chronicle,
    pub git: &'a Repository,
    /// The rules by their text.
    pub rules: &'a HashMap<String, Rules>,
    pub pr: u64,
    /// When it came about, at which head, and in which commit.
    pub at: usize,
    pub head: &'a str,
    pub commit: &'a str,
    /// What the bot says that it judged.
    pub claim: &'a Merging,
}

/// The places that matter, and what came between them.
pub struct Window {
    /// From the first fact that was read.
    pub from: usize,
    /// The last request before the call.
    pub last: usize,
    /// The call.
    pub call: usize,
}

impl Merge<'_> {
    /// The places, or what the log lacks.
    pub fn window(&self) -> Result<Window, String> {
        let call = self.chronicle.call(self.pr, self.at).ok_or("no call of the bot's merged it")?;
        let (from, last) = (self.chronicle.first_look(call), self.chronicle.last_look(call));
        Ok(Window { from, last, call })
    }

    /// Judges it.
    pub fn judge(&self, window: &Window) -> Result<(), String> {
        if self.claim.head.as_str() != self.head {
            return Err(format!("merged at {}, judged at {}", self.head, self.claim.head));
        }
        let onto = self.base(window)?;
        self.tree(&onto)?;
        let rules = self.rules(window)?;
        if rules.observe {
            return Err("merged where it is only observed".to_owned());
        }
        self.approvals(window, &rules)?;
        self.checks(window, &rules)?;
        self.stops(window)?;
        self.asked(window, &rules)?;
        let parents = self.commit(self.commit)?.parent_count();
        let expected = if rules.method == "merge" { 2 } else { 1 };
        if parents != expected {
            return Err(format!("{} with {parents} parents", rules.method));
        }
        Ok(())
    }

    fn commit(&self, sha: &str) -> Result<git2::Commit<'_>, String> {
        let found = Oid::from_str(sha).and_then(|oid| self.git.find_commit(oid));
        found.map_err(|error| format!("{sha}: {error}"))
    }

    /// Onto what it was merged: what was judged, or what came after the last look.
    fn base(&self, window: &Window) -> Result<String, String> {
        let onto = self.chronicle.tip("main", self.at).ok_or("main has no tip")?;
        let judged = self.claim.base.as_str();
        if onto == judged {
            return Ok(onto.to_owned());
        }
        let between = self.moves("main", window.last + 1, window.call + 1);
        if between.is_empty() {
            return Err(format!(
                "merged onto {onto}, judged on {judged}, and the base stood still"
            ));
        }
        if self.chronicle.tip("main", window.last + 1) != Some(judged) {
            return Err(format!("judged on {judged}, which was not the tip at the last look"));
        }
        Ok(onto.to_owned())
    }

    /// The merged tree is that of the head on the base.
    fn tree(&self, onto: &str) -> Result<(), String> {
        let (base, head) = (self.commit(onto)?, self.commit(self.head)?);
        let tried = self.git.merge_commits(&base, &head, None);
        let tree = tried.and_then(|mut index| index.write_tree_to(self.git));
        let tree = tree.map_err(|error| format!("the two do not go together: {error}"))?;
        let merged = self.commit(self.commit)?.tree_id();
        if tree == merged { Ok(()) } else { Err(format!("tree {merged}, not {tree}")) }
    }

    /// The rules in force when the facts were read.
    fn rules(&self, window: &Window) -> Result<Rules, String> {
        let judged = self.claim.base.as_str();
        let places = self.places(window);
        if !places.iter().any(|at| self.chronicle.tip("main", *at) == Some(judged)) {
            return Err(format!(
                "judged on {judged}, which main had left before the facts were read"
            ));
        }
        let tree = self.commit(judged)?.tree().map_err(|error| error.to_string())?;
        let path = std::path::Path::new(crate::stage::people::CONFIG);
        let entry = tree.get_path(path).map_err(|error| error.to_string())?;
        if self.claim.policy.as_ref().map(|sha| sha.as_str()) != Some(&entry.id().to_string()) {
            return Err("judged by other rules than the base has".to_owned());
        }
        let blob = self.git.find_blob(entry.id()).map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(blob.content()).into_owned();
        self.rules.get(&text).cloned().ok_or_else(|| format!("rules of nobody: {text}"))
    }

    /// The places at which a fact may have been read: the first, and after each change since.
    fn places(&self, window: &Window) -> BTreeSet<usize> {
        let all = self.chronicle.events.iter().map(|event| event.at + 1);
        let within = all.filter(|at| (window.from..=window.call).contains(at));
        within.chain([window.from]).collect()
    }

    fn moves(&self, branch: &str, from: usize, to: usize) -> Vec<&Event> {
        let all = self.chronicle.events.iter();
        let within = all.filter(|event| (from..to).contains(&event.at));
        within
            .filter(
                |event| matches!(&event.what, What::Moved { branch: moved, .. } if moved == branch),
            )
            .collect()
    }

    fn approvals(&self, window: &Window, rules: &Rules) -> Result<(), String> {
        for (label, by) in &rules.approvals {
            let held = self.places(window).iter().any(|at| self.approved(*at, label, by));
            if !held {
                return Err(format!("{label} was not given by {by:?} for {}", self.head));
            }
        }
        Ok(())
    }

    /// Whether a label was on at a place, and given for this head by somebody who may.
    fn approved(&self, at: usize, wanted: &str, by: &[&str]) -> bool {
        let labels = |event: &Event| match &event.what {
            What::Labeled { pr, label, on, .. } if *pr == self.pr && label == wanted => Some(*on),
            _ => None,
        };
        let on = self.chronicle.before(at).rev().find_map(labels).unwrap_or(false);
        let known = self.chronicle.all_known(at);
        let ours = self.ours();
        let given = self.chronicle.before(at).filter(|event| match &event.what {
            What::Labeled { pr, label, by: who, head, on: true } => {
                *pr == self.pr
                    && label == wanted
                    && by.contains(&who.as_str())
                    && ours.contains(head)
            }
            What::Said { thread, by: who, text, .. } => {
                *thread == self.pr
                    && text.contains(&format!("/approve {wanted}"))
                    && by.contains(&who.as_str())
                    && self.head_at(event.at).is_some_and(|head| ours.contains(head))
            }
            _ => false,
        });
        // It ends with the label and with the head, if that could be known.
        let ended = |given: &Event| {
            let later = self.chronicle.before(known).filter(|event| event.at > given.at);
            let branch = self.chronicle.branch_of(self.pr);
            later.into_iter().any(|event| match &event.what {
                What::Moved { branch: moved, after, .. } => {
                    moved == branch && !ours.contains(after)
                }
                _ => labels(event) == Some(false),
            })
        };
        on && given.into_iter().any(|given| !ended(given))
    }

    fn head_at(&self, before: usize) -> Option<&str> {
        self.chronicle.tip(self.chronicle.branch_of(self.pr), before)
    }

    /// The head, and those on which the bot alone has put commits that led to it.
    fn ours(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::from([self.head.to_owned()]);
        let mut tip = self.commit(self.head).ok();
        while let Some(commit) = tip.filter(|tip| tip.author().name() == Ok("usher[bot]")) {
            all.extend(commit.parent_ids().map(|parent| parent.to_string()));
            tip = commit.parent(0).ok();
        }
        all
    }

    fn checks(&self, window: &Window, rules: &Rules) -> Result<(), String> {
        for check in &rules.checks {
            let green = |at: &usize| {
                let mut told = self.chronicle.before(*at).rev();
                told.find_map(|event| match &event.what {
                    What::Reported { sha, context, state }
                        if sha == self.head && context == check =>
                    {
                        Some(state == "success")
                    }
                    _ => None,
                })
                .unwrap_or(false)
            };
            if !self.places(window).iter().any(green) {
                return Err(format!("{check} was not green on {}", self.head));
            }
        }
        Ok(())
    }

    /// Nothing that was stopped, and answered so, is merged before somebody has said that it may go on.
    fn stops(&self, window: &Window) -> Result<(), String> {
        let pairs = [("/lock prod", "/unlock", "is locked"), ("/hold", "/unhold", "is held")];
        for (stop, go_on, answer) in pairs {
            for event in self.chronicle.before(window.call) {
                let What::Said { thread, id, text, .. } = &event.what else { continue };
                if !text.starts_with(stop) || (stop == "/hold" && *thread != self.pr) {
                    continue;
                }
                let marker = format!("<!-- usher:answer {id} -->");
                let said = |event: &&Event, words: &dyn Fn(&str, &str) -> bool| match &event.what {
                    What::Said { by, text, .. } => words(by, text),
                    _ => false,
                };
                let later = || self.chronicle.before(window.call).filter(|one| one.at > event.at);
                let answered = later().any(|one| {
                    said(&one, &|by, text| {
                        by == "usher[bot]" && text.starts_with(&marker) && text.contains(answer)
                    })
                });
                let lifted = later()
                    .any(|one| said(&one, &|by, text| by != "usher[bot]" && text.contains(go_on)));
                if answered && !lifted {
                    return Err(format!("merged under {text:?} of comment {id}"));
                }
            }
        }
        Ok(())
    }

    /// What is not merged by itself was asked for by somebody who may, at this head.
    fn asked(&self, window: &Window, rules: &Rules) -> Result<(), String> {
        let Some(by) = &self.claim.by else {
            let word = "merged by itself where people ask for it";
            return if rules.automatic { Ok(()) } else { Err(word.to_owned()) };
        };
        let asked = self.chronicle.before(window.call).any(|event| match &event.what {
            What::Said { thread, by: who, text, .. } => {
                *thread == self.pr
                    && who == by.as_str()
                    && who != "eve"
                    && text.contains("/merge")
                    && self.head_at(event.at) == Some(self.head)
            }
            _ => false,
        });
        if asked { Ok(()) } else { Err(format!("{by} did not ask for {} to be merged", self.head)) }
    }
}
