//! A valid configuration in short: what is released, where it goes, what opens by itself, who decides.
//!
//! It leaves out what a reader of the file sees at once.

use std::fmt::Write as _;

use super::THIS;
use crate::domain::policy::{
    Application, Environment, Mode, Mover, Policy, Principal, Scheme, Trigger, Window,
};
use crate::model::ids::RepoName;

/// The whole of it.
pub(super) fn write(name: &str, policy: &Policy, home: &RepoName) -> String {
    let mut text = format!("{name} is valid.\n");
    if policy.mode() == Mode::Observe {
        text.push_str("\nMode: observe. Checks say what they would block; nothing is merged.\n");
    }
    if !policy.applications().is_empty() {
        text.push_str("\nApplications\n");
    }
    let width = policy.applications().iter().map(|app| app.name().as_str().len()).max();
    for app in policy.applications() {
        let width = width.unwrap_or(0);
        let _ = writeln!(text, "  {:width$}  {}", app.name().as_str(), application(app, home));
    }
    if !policy.environments().is_empty() {
        text.push_str("\nEnvironments\n");
    }
    let width = policy.environments().iter().map(|env| env.name().as_str().len()).max();
    for env in policy.environments() {
        let width = width.unwrap_or(0);
        let mut lines = environment(env).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(text, "  {:width$}  {first}", env.name().as_str());
        for line in lines {
            let _ = writeln!(text, "  {:width$}  {line}", "");
        }
    }
    if !policy.followers().is_empty() {
        text.push_str("\nMay follow releases of this repository\n");
        for follower in policy.followers() {
            let _ = writeln!(text, "  {follower}");
        }
    }
    notes(policy, &mut text);
    text
}

fn notes(policy: &Policy, text: &mut String) {
    if policy.notes().is_empty() {
        return;
    }
    text.push_str("\nNotes\n");
    let last = policy.notes().iter().map(|note| note.line).max().unwrap_or(0);
    let width = last.to_string().len();
    for note in policy.notes() {
        let _ = writeln!(text, "  line {:>width$}: {}", note.line, note.message);
    }
}

fn application(app: &Application, home: &RepoName) -> String {
    let source = match app.source() {
        source if source == home && home.name() == THIS => "this repository".to_owned(),
        source => source.to_string(),
    };
    let what = match app.trigger() {
        Trigger::Release => format!("releases of {source}"),
        Trigger::Tag => format!("tags of {source}"),
        Trigger::Branch(branch) => format!("commits of {branch} in {source}"),
        Trigger::Schedule { schedule, branch } => format!("{branch} of {source} at {schedule}"),
    };
    let scheme = match app.scheme() {
        Scheme::Semver => "",
        Scheme::Calver => " by calendar",
    };
    let images = match app.images() {
        [all] if all == "*" => "all images".to_owned(),
        [one] => format!("the image {one}"),
        some => format!("the images {}", some.join(", ")),
    };
    format!("{what}{scheme}, for {images}")
}

fn environment(env: &Environment) -> Vec<String> {
    let mut lines = vec![path(env)];
    match env.targets() {
        [only] if only.name.as_str() == env.name().as_str() => {
            lines.push(folder(only.overlay.as_str()));
        }
        several => {
            let width = several.iter().map(|target| target.name.as_str().len()).max().unwrap_or(0);
            lines.extend(several.iter().map(|target| {
                format!("{:width$}  {}", target.name.as_str(), folder(target.overlay.as_str()))
            }));
        }
    }
    if env.waves().len() > 1 {
        let waves = env.waves().iter().map(|wave| {
            let names: Vec<_> = wave.targets.iter().map(|name| name.as_str()).collect();
            names.join(" and ")
        });
        lines.push(format!("in waves: {}", waves.collect::<Vec<_>>().join(", then ")));
    }
    lines.extend(deciders(env));
    for window in env.windows() {
        lines.push(match window {
            Window::Weekly(weekly) => format!("frozen {weekly}"),
            Window::Days { from, to, reason } => {
                let reason = reason.as_ref().map(|reason| format!(": {reason}"));
                format!("frozen {from} to {to}{}", reason.unwrap_or_default())
            }
        });
    }
    lines
}

/// How a promotion comes about, and how it is merged.
fn path(env: &Environment) -> String {
    let after: Vec<_> = env.after().iter().map(|name| name.as_str()).collect();
    let after = match after[..] {
        [] => "first".to_owned(),
        _ => format!("after {}", after.join(" and ")),
    };
    let opens = match (env.promote(), env.schedule()) {
        (Mover::Automatic, None) => "opens by itself".to_owned(),
        (Mover::Automatic, Some(schedule)) => format!("opens by itself at {schedule}"),
        (Mover::Manual, _) => format!("opens on /promote by {}", people(env.promoters())),
    };
    let merges = match env.merge() {
        Mover::Automatic => "merges by itself",
        Mover::Manual => "merged by people",
    };
    format!("{after}; {opens}; {merges}")
}

fn deciders(env: &Environment) -> Vec<String> {
    let mut lines = Vec::new();
    for approval in env.approvals() {
        let own = if approval.own { ", their own too" } else { "" };
        lines.push(format!("approval {} by {}{own}", approval.label, people(&approval.by)));
    }
    if let Some(reviews) = env.reviews().filter(|reviews| reviews.count > 0) {
        let noun = if reviews.count == 1 { "review" } else { "reviews" };
        let by = match reviews.by[..] {
            [] => String::new(),
            _ => format!(" by {}", people(&reviews.by)),
        };
        lines.push(format!("{} approving {noun}{by}", reviews.count));
    }
    lines
}

fn people(people: &[Principal]) -> String {
    let names = people.iter().map(|principal| match principal {
        Principal::Role(_) => format!("people with {principal}"),
        _ => principal.to_string(),
    });
    names.collect::<Vec<_>>().join(" or ")
}

fn folder(path: &str) -> String {
    match path {
        "" => "the root of the repository".to_owned(),
        path => path.to_owned(),
    }
}
