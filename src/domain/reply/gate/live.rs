//! What Argo CD reports, in words.

use crate::domain::inert::{cut, span};
use crate::domain::live::{Live, Stand};
use crate::domain::policy::{ArgoApplication, Environment};
use crate::domain::reply::Said;
use crate::model::argocd::{Health, Unseen};

/// `health`: nothing comes before.
pub fn nothing_before() -> Said {
    Said::new("nothing runs before the first environment")
}

/// What an environment runs cannot be read.
pub fn unreadable(environment: &Environment) -> Said {
    let place = span(environment.name().as_str());
    Said::new(format!("what {place} runs cannot be read"))
        .help(format!("Correct the overlay of {place} on the default branch."))
}

/// How one target stands. `hard`: it does not become well by itself.
pub fn target(environment: &Environment, live: &Live<'_>, hard: bool) -> Said {
    let place = place(environment, live);
    let Some(argocd) = live.argocd else {
        return Said::new(format!("nothing is configured that could tell how {place} is"))
            .help(format!(
                "Add `argocd: {{server: …, application: …}}` to {place} in the configuration."
            ))
            .brief(format!("no Argo CD for {}", environment.name()));
    };
    let name = span(&argocd.application);
    let said = Said::new(format!("{place} {}", stands(&live.stand, &name)));
    let said = match help(argocd, &live.stand, &name) {
        Some(help) => said.help(help),
        None => said,
    };
    match brief(&live.stand) {
        Some(brief) if hard || !live.stand.runs() => {
            said.brief(format!("{} {brief}", environment.name()))
        }
        _ => said,
    }
}

/// `health`: all targets together, and how the environment itself is doing.
pub fn all(before: &[Said], here: &[Said]) -> Said {
    let sentences =
        |said: &[Said]| said.iter().map(|one| one.sentence.clone()).collect::<Vec<_>>().join("; ");
    let mut sentence = sentences(before);
    if !here.is_empty() {
        sentence = format!("{sentence}. As things are, {}", sentences(here));
    }
    let mut said = Said::new(sentence);
    let helps: Vec<&str> = before.iter().filter_map(|one| one.help.as_deref()).collect();
    if !helps.is_empty() {
        said = said.help(helps.join(" "));
    }
    match before.iter().find_map(|one| one.brief.clone()) {
        Some(brief) => said.brief(brief),
        None => said,
    }
}

fn place(environment: &Environment, live: &Live<'_>) -> String {
    if environment.targets().len() == 1 {
        return span(environment.name().as_str());
    }
    format!("{} ({})", span(environment.name().as_str()), span(live.target.name.as_str()))
}

fn words(text: &str) -> String {
    span(&cut(text, 200))
}

fn stands(stand: &Stand, name: &str) -> String {
    match stand {
        Stand::Runs(_) => format!("is synced and healthy ({name})"),
        Stand::Syncing => format!("is being synced ({name})"),
        Stand::Behind => format!("is not synced to the default branch yet ({name})"),
        Stand::OutOfSync { deployed_once: false } => {
            format!("waits to be synced to the default branch ({name})")
        }
        Stand::OutOfSync { deployed_once: true } => {
            format!("is out of sync with the default branch ({name})")
        }
        Stand::SetBack(pr) => format!("is set back by #{pr} ({name})"),
        Stand::SyncFailed(message) => {
            format!("could not be synced ({name}): {}", words(message))
        }
        Stand::Progressing => format!("is synced and comes up ({name})"),
        Stand::Suspended => format!("is suspended ({name})"),
        Stand::Ill(health, message) => {
            let what = if *health == Health::Missing { "is missing" } else { "is degraded" };
            match message {
                Some(message) => format!("{what} ({name}): {}", words(message)),
                None => format!("{what} ({name})"),
            }
        }
        Stand::Untold => format!("is in a state that Argo CD cannot tell ({name})"),
        Stand::Elsewhere => format!("is not what {name} deploys"),
        Stand::NotConfigured => "is told of by nobody".to_owned(),
        Stand::Unseen(why) => format!("is not known to be healthy: {}", unseen(why, name)),
    }
}

/// Why nothing is known of an Application, or nothing was done to it.
pub fn unseen(why: &Unseen, name: &str) -> String {
    match why {
        Unseen::NoServer => "its Argo CD is not in the operator's settings".to_owned(),
        Unseen::NotAllowed => {
            format!("the operator does not let this repository name {name}")
        }
        Unseen::Refused(said) => {
            format!("Argo CD does not let {name} be seen: {}", words(said))
        }
        Unseen::Unreachable(said) => format!("Argo CD cannot be reached: {}", words(said)),
        Unseen::Unreadable(said) => format!("Argo CD cannot be understood: {}", words(said)),
    }
}

fn help(argocd: &ArgoApplication, stand: &Stand, name: &str) -> Option<String> {
    let server = span(&argocd.server);
    Some(match stand {
        Stand::OutOfSync { .. } => format!("Sync {name} in Argo CD, or see there what keeps it."),
        Stand::SyncFailed(_) | Stand::Ill(..) => {
            format!("See {name} in Argo CD; it is looked at again every few minutes.")
        }
        Stand::Suspended => format!("Resume {name} in Argo CD."),
        Stand::Elsewhere => format!(
            "See that {name} follows this repository and the folder of the overlay, or name another Application."
        ),
        Stand::Unseen(Unseen::NoServer) => {
            format!("The operator of Usher adds `[argocd.{}]` to the settings.", argocd.server)
        }
        Stand::Unseen(Unseen::NotAllowed) => format!(
            "The operator of Usher adds it to `allow` of the Argo CD {server} in the settings."
        ),
        Stand::Unseen(Unseen::Refused(_)) => format!(
            "The operator of Usher sees that the token for {server} may get {name}, and that it is there."
        ),
        _ => return None,
    })
}

fn brief(stand: &Stand) -> Option<&'static str> {
    Some(match stand {
        Stand::Runs(_) | Stand::NotConfigured => return None,
        Stand::Syncing | Stand::Behind => "is being synced",
        Stand::OutOfSync { .. } => "is out of sync",
        Stand::SetBack(_) => "is set back",
        Stand::SyncFailed(_) => "could not be synced",
        Stand::Progressing => "is coming up",
        Stand::Suspended => "is suspended",
        Stand::Ill(Health::Missing, _) => "is missing",
        Stand::Ill(..) => "is degraded",
        Stand::Untold | Stand::Unseen(_) => "is not known to be healthy",
        Stand::Elsewhere => "is deployed by another Application",
    })
}
