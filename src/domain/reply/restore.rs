//! What is told of live Applications that are brought back by Argo CD: how far each is, and that automatic sync is off.

use crate::domain::inert::{cut, span};
use crate::domain::reply::gate::live::unseen;
use crate::domain::reply::{both, count, instant};
use crate::model::argocd::{Health, Unseen};
use crate::model::restoration::{End, Left, Looks, Restoration, Stage};

/// The hidden first line of the one comment that tells how it stands.
pub const MARKER: &str = "<!-- usher:argocd -->";

/// The hidden first line of what is told after so many hours.
pub fn reminder_marker(hours: u32) -> String {
    format!("<!-- usher:argocd off {hours} -->")
}

/// How it stands with all of them.
pub fn progress(records: &[Restoration], is_open: bool) -> String {
    let mut out = format!("{MARKER}\n**{}**\n\n", headline(records));
    out.push_str("| target | Application | step | since |\n| --- | --- | --- | --- |\n");
    for one in records {
        let name = match one.name.as_str() {
            "" => "–".to_owned(),
            name => format!("{} ({})", span(name), span(&one.server)),
        };
        let (sign, step) = step(one);
        let target = span(one.target.as_str());
        out.push_str(&format!(
            "| {target} | {name} | {sign} {step}{} | {} |\n",
            in_vain(one),
            instant(one.since)
        ));
    }
    let mut helps: Vec<String> = records.iter().filter_map(help).collect();
    helps.dedup();
    for help in helps {
        out.push_str(&format!("\n{help}\n"));
    }
    let off: Vec<&Restoration> = records.iter().filter(|one| one.off_since.is_some()).collect();
    if !off.is_empty() {
        out.push_str(&format!("\n{}\n", brings_back(&off, is_open)));
    }
    out
}

/// What is told every hour, where people are told of it: that automatic sync is off, for how long, and what ends it.
pub fn reminder(off: &[&Restoration], hours: u32, is_open: bool) -> String {
    let mut out = format!("{}\n", reminder_marker(hours));
    let names: Vec<String> = off.iter().map(|one| span(&one.name)).collect();
    let many = count(usize::try_from(hours).unwrap_or(usize::MAX), "hour");
    let asked = match off.first().and_then(|one| one.by.as_ref()) {
        Some(by) => format!("@{by} asked for that"),
        None => "that was asked for by the configuration".to_owned(),
    };
    out.push_str(&format!(
        "⚠️ **Automatic sync of {} has been off for {many}** by Usher; {asked}. {}\n",
        both(&names),
        brings_back(off, is_open)
    ));
    out
}

fn headline(records: &[Restoration]) -> &'static str {
    let any = |is: fn(&Restoration) -> bool| records.iter().any(is);
    if any(|one| one.trouble.is_some() || matches!(one.stage, Stage::Failed(_))) {
        return "Argo CD: not everything is as it was asked for";
    }
    if any(|one| matches!(one.stage, Stage::PuttingBack)) {
        return "Argo CD: automatic sync is being put back";
    }
    if any(|one| matches!(one.stage, Stage::Asked | Stage::TurningOff | Stage::GoingBack)) {
        return "Argo CD brings the live application back";
    }
    if any(|one| one.stage == Stage::Back) {
        return "Argo CD has brought the live application back";
    }
    let left = |one: &Restoration| matches!(one.stage, Stage::Over(End::Left(_)));
    if records.iter().all(left) {
        return "Argo CD does not bring the live application back: this pull request does";
    }
    "Argo CD: nothing is left to do"
}

pub(super) fn step(one: &Restoration) -> (&'static str, String) {
    let to = one.revision.as_ref().map_or_else(
        || "what ran before".to_owned(),
        |revision| format!("{} in its history", span(&revision.as_str()[..7])),
    );
    match &one.stage {
        Stage::Asked => match one.looks {
            Looks::After(pr) => ("⏳", format!("waits: #{pr} brings it back already")),
            _ => ("⏳", "is about to go back".to_owned()),
        },
        Stage::TurningOff => ("⏳", "automatic sync is being turned off".to_owned()),
        Stage::GoingBack => match one.looks {
            Looks::Busy => ("⏳", "waits for another sync to end".to_owned()),
            Looks::Unnamed => ("🙋", "is left as it is".to_owned()),
            _ => ("⏳", format!("goes back to {to}")),
        },
        Stage::Back => match one.looks {
            Looks::Is(Health::Healthy) => ("✅", format!("is back at {to}, and healthy")),
            Looks::Is(Health::Degraded) => ("❌", format!("is back at {to}, and degraded")),
            Looks::Is(Health::Missing) => ("❌", format!("is back at {to}, and missing")),
            Looks::Is(Health::Suspended) => ("🙋", format!("is back at {to}, and suspended")),
            Looks::Is(Health::Unknown) => {
                ("❌", format!("is back at {to}; Argo CD cannot tell how it is"))
            }
            Looks::Slow => ("❌", format!("is back at {to}, and not up after half an hour")),
            Looks::Busy => ("⏳", "another sync goes on".to_owned()),
            Looks::Otherwise => ("🙋", "was back; something else was deployed since".to_owned()),
            Looks::Unnamed => ("🙋", format!("is back at {to}")),
            Looks::Plain | Looks::Behind | Looks::After(_) | Looks::Is(Health::Progressing) => {
                ("⏳", format!("is back at {to}, and comes up"))
            }
        },
        Stage::Failed(why) => ("❌", format!("could not go back: {}", span(&cut(why, 200)))),
        Stage::PuttingBack if one.looks == Looks::Behind => {
            ("⏳", "looks at the merge; then automatic sync is put back as it was".to_owned())
        }
        Stage::PuttingBack => ("⏳", "automatic sync is being put back as it was".to_owned()),
        Stage::Over(end) => over(end),
    }
}

fn over(end: &End) -> (&'static str, String) {
    match end {
        End::Left(left) => ("🙋", format!("is left alone: {}", why(left))),
        End::NotNeeded => ("✅", "nothing was to be done any more".to_owned()),
        End::PutBack => ("✅", "automatic sync is as it was".to_owned()),
        End::WasOff => ("✅", "automatic sync was off before, and is left so".to_owned()),
        End::Taken => ("🙋", "somebody else has turned automatic sync on".to_owned()),
        End::Changed => {
            ("🙋", "somebody else has changed the sync policy; automatic sync is off".to_owned())
        }
        End::Lost => ("❌", "automatic sync could not be put back for a day".to_owned()),
    }
}

fn why(left: &Left) -> String {
    match left {
        Left::NotConfigured => "no Application is configured for it".to_owned(),
        Left::NoServer => "its Argo CD is not in the operator's settings".to_owned(),
        Left::NotAllowed => "the operator does not let this repository name it".to_owned(),
        Left::Elsewhere => "it does not deploy the overlay of this target".to_owned(),
        Left::Owned(owner) => format!("it belongs to {}", span(owner)),
        Left::Several => "it is put together of several sources".to_owned(),
        Left::NoSuchVersion => "nothing in its history has these images".to_owned(),
    }
}

/// Why something was not done to an Application.
pub fn not_done(one: &Restoration, why: &Unseen) -> String {
    match why {
        Unseen::Refused(said) => format!("Argo CD refuses it: {}", span(&cut(said, 300))),
        other => unseen(other, &span(&one.name)),
    }
}

fn in_vain(one: &Restoration) -> String {
    match &one.trouble {
        Some(trouble) => format!("; not yet: {trouble}"),
        None => String::new(),
    }
}

/// What would help.
fn help(one: &Restoration) -> Option<String> {
    let name = span(&one.name);
    let only = "Until then this pull request is the way back: merge it.";
    Some(match &one.stage {
        Stage::Over(End::Left(left)) => match left {
            Left::NotConfigured => format!(
                "Add `argocd: {{server: …, application: …}}` to the target {}. {only}",
                span(one.target.as_str())
            ),
            Left::NoServer | Left::NotAllowed => format!(
                "The operator of Usher sees that {name} on {} may be named by this repository. {only}",
                span(&one.server)
            ),
            Left::Elsewhere => format!(
                "See that {name} follows this repository and the folder of the overlay, or name another Application. {only}"
            ),
            Left::Owned(owner) => format!(
                "{} would turn automatic sync of {name} on again at once, so nothing was written. Whoever looks after that one \
                 can pause it and go back by hand. {only}",
                span(owner)
            ),
            Left::Several => format!(
                "A rollback of {name} would take back its other sources as well, and some versions of Argo CD refuse it. {only}"
            ),
            Left::NoSuchVersion => {
                format!(
                    "Argo CD keeps the last ten states of {name}, and none of them has these images. {only}"
                )
            }
        },
        Stage::Asked => match one.looks {
            Looks::After(pr) => format!(
                "Close or merge #{pr} first: once automatic sync of {name} is put back there, it goes back by this pull request."
            ),
            _ => return None,
        },
        Stage::Over(End::Taken) => {
            format!(
                "{name} follows Git again, and Usher does not turn automatic sync off a second time."
            )
        }
        Stage::Over(End::Changed) => {
            format!(
                "Usher leaves the sync policy of {name} as it is; see there whether it is what you want."
            )
        }
        Stage::Over(End::Lost) => match &one.was {
            Some(was) => format!(
                "**Automatic sync of {name} is off.** Set `spec.syncPolicy.automated` of it to {} by hand.",
                span(&was.to_string())
            ),
            None => return None,
        },
        Stage::Over(End::WasOff) => format!("Sync {name} by hand when you want what Git has."),
        Stage::Failed(_) => format!(
            "See {name} in Argo CD. It is looked at again every few minutes, and not told to go back a second time."
        ),
        _ if one.looks == Looks::Unnamed => format!(
            "The configuration does not say any more that {name} deploys {}; nothing more is done to it than putting \
             automatic sync back.",
            span(one.target.as_str())
        ),
        _ => return None,
    })
}

/// What ends it that automatic sync is off.
fn brings_back(off: &[&Restoration], is_open: bool) -> String {
    let it = if off.len() == 1 { "it is" } else { "they are" };
    if is_open {
        return format!(
            "It is put back as {} was when this pull request is merged or closed: merged, Git has what runs; closed, Argo CD \
             deploys again what Git has now.",
            if off.len() == 1 { "it" } else { "each" }
        );
    }
    format!("Usher goes on trying to put it back; {it} off until then.")
}
