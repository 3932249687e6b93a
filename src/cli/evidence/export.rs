//! `usher evidence export`: what is asked for, as dossiers or as entries.

use std::collections::BTreeSet;
use std::io::Write as _;

use super::file::{Export, FORMAT, Key, Repository};
use super::{EvidenceArgs, ExportArgs, Format, chains, entries, open, say};
use crate::cli::{Failure, trouble};
use crate::domain::dossier::{Dossier, Placed, dossiers};
use crate::domain::reply::dossier as reply;
use crate::model::chain::Head;
use crate::model::evidence::{Entry, What};
use crate::model::ids::{EnvName, PrNumber};
use crate::store::{Chain, Kept};

/// Writes it.
pub(super) async fn export(args: &EvidenceArgs, wanted: &ExportArgs) -> Result<(), Failure> {
    let (store, notary) = open(args).await?;
    let chains = chains(&store, wanted.repo.as_ref()).await?;
    if wanted.promotion.is_some() && chains.len() > 1 {
        let names: Vec<&str> = chains.iter().map(|chain| chain.name.as_str()).collect();
        let message = format!("--promotion needs --repo, one of {}", names.join(", "));
        return Err(Failure::Usage(message));
    }
    let (mut pages, mut repositories) = (String::new(), Vec::new());
    for chain in &chains {
        let kept = entries(&store, chain).await?;
        let placed: Vec<Placed> = kept.iter().filter_map(placed).collect();
        let selected = Selected::of(wanted, &placed);
        match wanted.format {
            Format::Markdown => {
                for dossier in selected.dossiers {
                    let line = reply::head(chain.name.as_str(), chain.sequence, &chain.hash);
                    let rule = if pages.is_empty() { "" } else { "\n---\n\n" };
                    pages.push_str(&format!("{rule}{}\n{line}", reply::page(&dossier)));
                }
            }
            Format::Json => {
                let links = kept.into_iter().map(|mut kept| {
                    if !selected.sequences.contains(&kept.link.sequence) {
                        kept.link.entry = None;
                    }
                    kept.link
                });
                let Chain { repo, sequence, hash, .. } = *chain;
                let head = notary.as_ref().map(|notary| Head::signed(repo, sequence, hash, notary));
                let name = chain.name.clone();
                repositories.push(Repository { id: repo, name, entries: links.collect(), head });
            }
        }
    }
    let text = match wanted.format {
        Format::Markdown if pages.is_empty() => reply::NOTHING.to_owned(),
        Format::Markdown => pages,
        Format::Json => {
            let mut keys = store.evidence_keys().await.map_err(trouble)?;
            if let Some(notary) = &notary {
                if !keys.contains(notary.public()) {
                    keys.push(notary.public().clone());
                }
            } else {
                let note = "the key that signs is not here, so where the record ends is not signed";
                let _ = writeln!(std::io::stderr(), "usher: {note}");
            }
            let keys = keys.iter().map(|key| Key { id: key.id(), public: key.to_pem() }).collect();
            let exported_at = crate::app::clock().now();
            let export = Export { usher_evidence: FORMAT, exported_at, keys, repositories };
            serde_json::to_string_pretty(&export).map_err(trouble)? + "\n"
        }
    };
    match &wanted.output {
        None => say(&text),
        #[expect(clippy::disallowed_methods, reason = "what the command was told to write")]
        Some(path) => std::fs::write(path, text)
            .map_err(|error| trouble(format!("{}: {error}", path.display()))),
    }
}

fn placed(kept: &Kept) -> Option<Placed> {
    let entry: Entry = serde_json::from_value(kept.link.entry.clone()?).ok()?;
    Some(Placed { sequence: kept.link.sequence, hash: kept.link.hash, entry })
}

/// What of a chain is asked for.
struct Selected {
    dossiers: Vec<Dossier>,
    sequences: BTreeSet<u64>,
}

impl Selected {
    fn of(wanted: &ExportArgs, all: &[Placed]) -> Self {
        let mut dossiers = dossiers(all, wanted.promotion);
        dossiers.retain(|dossier| {
            wanted.promotion.is_none_or(|pr| dossier.pr == pr)
                && wanted.environment.as_ref().is_none_or(|one| dossier.environments.contains(one))
                && wanted.since.is_none_or(|since| dossier.last().is_some_and(|last| last >= since))
        });
        let pulls: BTreeSet<PrNumber> = dossiers.iter().map(|dossier| dossier.pr).collect();
        let places = dossiers.iter().flat_map(|dossier| &dossier.environments);
        let places: BTreeSet<&EnvName> = places.chain(&wanted.environment).collect();
        let unlimited = wanted.promotion.is_none() && wanted.environment.is_none();
        let is_wanted = |placed: &&Placed| {
            let entry = &placed.entry;
            let about = match entry.pr {
                Some(pr) => pulls.contains(&pr),
                None => environment(&entry.what).is_some_and(|one| places.contains(one)),
            };
            let since = wanted.since.is_none_or(|since| entry.at >= since);
            since && (unlimited || about)
        };
        let sequences = all.iter().filter(is_wanted).map(|placed| placed.sequence).collect();
        Self { dossiers, sequences }
    }
}

fn environment(what: &What) -> Option<&EnvName> {
    match what {
        What::Act(act) => act.environment.as_ref(),
        What::ActEnded(ended) => ended.environment.as_ref(),
        _ => None,
    }
}
