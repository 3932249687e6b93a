//! What truly came about, in its order: the sandbox's requests, each with what it set off. Nothing of it is the bot's
//! word, but for its comments, which say when people were answered.

use std::collections::HashMap;

use serde_json::Value;
use usher::sandbox::Seen;

use crate::stage::Stage;

/// Something that changed what a merge rests on.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place among all requests.
    pub at: usize,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Moved { branch: String, after: String },
    Opened { pr: u64, branch: String },
    Labeled { pr: u64, label: String, by: String, head: String, on: bool },
    Said { thread: u64, id: u64, by: String, text: String },
    Reported { sha: String, context: String, state: String },
    Merged { pr: u64, head: String, commit: String, by: String },
}

/// All of a run so far.
#[derive(Default)]
pub struct Chronicle {
    pub events: Vec<Event>,
    requests: Vec<Seen>,
    /// Places at which all had been told to the bot, and the bot was done with it.
    pub rests: Vec<usize>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn event(name: &str, told: &Value) -> Option<What> {
    let pull = &told["pull_request"];
    let (pr, head) = (pull["number"].as_u64(), text(&pull["head"]["sha"]));
    let by = text(&told["sender"]["login"]);
    let action = told["action"].as_str().unwrap_or_default();
    Some(match (name, action) {
        ("push", _) => What::Moved {
            branch: told["ref"].as_str()?.strip_prefix("refs/heads/")?.to_owned(),
            after: text(&told["after"]),
        },
        ("pull_request", "opened") => What::Opened { pr: pr?, branch: text(&pull["head"]["ref"]) },
        ("pull_request", "labeled" | "unlabeled") => {
            let label = text(&told["label"]["name"]);
            What::Labeled { pr: pr?, label, by, head, on: action == "labeled" }
        }
        ("pull_request", "closed") if pull["merged"] == true => {
            What::Merged { pr: pr?, head, commit: text(&pull["merge_commit_sha"]), by }
        }
        ("issue_comment", "created") => What::Said {
            thread: told["issue"]["number"].as_u64()?,
            id: told["comment"]["id"].as_u64()?,
            by,
            text: text(&told["comment"]["body"]),
        },
        ("status", _) => What::Reported {
            sha: text(&told["sha"]),
            context: text(&told["context"]),
            state: text(&told["state"]),
        },
        _ => return None,
    })
}

/// Whether a request is the bot's, on the repository.
pub fn is_bots(seen: &Seen) -> bool {
    seen.who.starts_with("usher")
}

/// Whether a request of the bot's only looks, or decorates: a reaction comes between the decision and its effects.
fn only_looks(seen: &Seen) -> bool {
    seen.method == "GET" || seen.path == "/graphql" || seen.path.ends_with("/reactions")
}

impl Chronicle {
    /// Takes down all that has come about since the last time. The stage is at rest.
    pub fn take_down(&mut self, stage: &Stage) {
        let sent: HashMap<String, (String, Value)> = stage.github.webhooks();
        for seen in stage.github.requests() {
            let at = self.requests.len();
            for told in seen.webhooks.iter().filter_map(|guid| sent.get(guid)) {
                self.events.extend(event(&told.0, &told.1).map(|what| Event { at, what }));
            }
            self.requests.push(seen);
        }
        stage.github.clear_requests();
        stage.github.clear_webhooks();
        self.rests.push(self.requests.len());
    }

    /// So many requests there were.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// The call by which the bot merged a pull request, not after some place.
    pub fn call(&self, pr: u64, until: usize) -> Option<usize> {
        let end = format!("/pulls/{pr}/merge-async");
        self.requests[..=until].iter().rposition(|seen| {
            is_bots(seen) && seen.method == "PUT" && seen.path.ends_with(&end) && seen.status < 300
        })
    }

    /// The bot's last request before some place.
    pub fn last_look(&self, before: usize) -> usize {
        self.requests[..before].iter().rposition(is_bots).unwrap_or(0)
    }

    /// Where the bot began to read what it decided by, seen from its call: what it read after all that it last wrote.
    pub fn first_look(&self, call: usize) -> usize {
        let mut first = call;
        for (at, seen) in self.requests[..call].iter().enumerate().rev() {
            match (is_bots(seen), only_looks(seen)) {
                (true, true) => first = at,
                (true, false) => break,
                (false, _) => {}
            }
        }
        first
    }

    /// The last place before another at which the bot knew of everything.
    pub fn all_known(&self, before: usize) -> usize {
        self.rests.iter().copied().rfind(|rest| *rest <= before).unwrap_or(0)
    }

    /// What stood before a place.
    pub fn before(&self, at: usize) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter().filter(move |event| event.at < at)
    }

    /// Where a branch pointed before a place.
    pub fn tip(&self, branch: &str, before: usize) -> Option<&str> {
        self.before(before).rev().find_map(|event| match &event.what {
            What::Moved { branch: moved, after, .. } if moved == branch => Some(after.as_str()),
            _ => None,
        })
    }

    /// The branch of a pull request.
    pub fn branch_of(&self, wanted: u64) -> &str {
        let mut all = self.events.iter();
        all.find_map(|event| match &event.what {
            What::Opened { pr, branch, .. } if *pr == wanted => Some(branch.as_str()),
            _ => None,
        })
        .unwrap()
    }

    /// The requests around a place, for the message of a failing run.
    pub fn around(&self, from: usize, to: usize) -> String {
        let from = from.saturating_sub(25);
        let shown = self.requests[from..(to + 3).min(self.requests.len())].iter().enumerate();
        let lines = shown.map(|(n, seen)| {
            let at = from + n;
            let set_off = self.events.iter().filter(|event| event.at == at);
            let set_off: String =
                set_off.map(|event| format!("\n          {:?}", event.what)).collect();
            format!("{at:6} {} {} {} {}{set_off}", seen.who, seen.method, seen.path, seen.status)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
