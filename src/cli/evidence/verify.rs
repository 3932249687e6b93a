//! `usher evidence verify`: a chain is walked along, in the database or in a file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::file::{Export, FORMAT};
use super::{EvidenceArgs, PAGE, VerifyArgs, chains, open, public_key, say};
use crate::cli::{Failure, trouble};
use crate::domain::inert;
use crate::model::chain::{Broken, Hash, Keys, Link, Walk};
use crate::model::ids::RepoId;
use crate::model::notary::PublicKey;
use crate::store::{Chain, Store};

/// Checks; `false` if something is not right.
pub(super) async fn verify(args: &EvidenceArgs, wanted: &VerifyArgs) -> Result<bool, Failure> {
    let pinned: Vec<PublicKey> =
        wanted.keys.iter().map(|key| public_key(key)).collect::<Result<_, _>>()?;
    let mut told = Told::new(wanted.head);
    match &wanted.file {
        Some(path) => of_file(path, wanted, &pinned, &mut told)?,
        None => of_database(args, wanted, &pinned, &mut told).await?,
    }
    if !told.found
        && let Some(head) = &wanted.head
    {
        told.right = false;
        let why = "the end was cut off, or all of it was made anew";
        let _ = writeln!(told.text, "No entry has the hash {head}: {why}.");
    }
    if pinned.is_empty() && told.entries > 0 {
        told.text.push_str(
            "No key was given (`--key`), so that this holds only if nobody could put a key of their own there.\n",
        );
    }
    say(&told.text)?;
    Ok(told.right)
}

/// What is said of it.
struct Told {
    text: String,
    right: bool,
    entries: u64,
    /// The entry that has to be there, and whether it was met.
    wanted: Option<Hash>,
    found: bool,
}

impl Told {
    fn new(wanted: Option<Hash>) -> Self {
        Self { text: String::new(), right: true, entries: 0, wanted, found: false }
    }

    fn met(&mut self, link: &Link) {
        self.entries += 1;
        self.found |= self.wanted == Some(link.hash);
    }

    fn ended(
        &mut self,
        name: &str,
        ended: Result<(u64, Hash), Broken>,
        signers: &BTreeSet<String>,
    ) {
        let name = inert::line(name);
        match ended {
            Ok((0, _)) => {
                let _ = writeln!(self.text, "{name}: no entries.");
            }
            Ok((many, hash)) => {
                let signers: Vec<&str> = signers.iter().map(String::as_str).collect();
                let _ = writeln!(
                    self.text,
                    "{name}: {many} entries are right. The last one is {hash}; signed by {}.",
                    signers.join(", ")
                );
            }
            Err(broken) => {
                self.right = false;
                let _ =
                    writeln!(self.text, "{name}: BROKEN at {}.", inert::line(&broken.to_string()));
            }
        }
    }
}

fn of_file(
    path: &Path,
    wanted: &VerifyArgs,
    pinned: &[PublicKey],
    told: &mut Told,
) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| trouble(format!("{}: {error}", path.display()));
    #[expect(clippy::disallowed_methods, reason = "what the command was told to read")]
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    let export: Export = serde_json::from_str(&text).map_err(|error| cannot(&error))?;
    if export.usher_evidence != FORMAT {
        return Err(cannot(&format!(
            "it has format {}, and this Usher knows {FORMAT}",
            export.usher_evidence
        )));
    }
    let there = export.keys.iter().map(|key| PublicKey::parse(&key.public));
    let there: Vec<PublicKey> = there.collect::<Result<_, _>>().map_err(|error| cannot(&error))?;
    let keys = Keys::new(if pinned.is_empty() { there } else { pinned.to_vec() });
    for repository in &export.repositories {
        let name = repository.name.as_str();
        if wanted.repo.as_ref().is_some_and(|repo| !name.eq_ignore_ascii_case(repo.as_str())) {
            continue;
        }
        let (mut walk, mut signers) = (Walk::new(repository.id, &keys), BTreeSet::new());
        let mut ended = Ok(());
        for link in &repository.entries {
            told.met(link);
            signers.insert(link.key.clone());
            ended = walk.next(link);
            if ended.is_err() {
                break;
            }
        }
        if let (Ok(()), Some(head)) = (&ended, &repository.head) {
            ended = walk.ends_at(head);
        }
        told.ended(name, ended.map(|()| walk.so_far()), &signers);
        if repository.head.is_none() {
            told.text.push_str("  Where it ends is not signed: what was cut off is not missed.\n");
        }
    }
    Ok(())
}

async fn of_database(
    args: &EvidenceArgs,
    wanted: &VerifyArgs,
    pinned: &[PublicKey],
    told: &mut Told,
) -> Result<(), Failure> {
    let (store, _) = open(args).await?;
    let there = if pinned.is_empty() {
        store.evidence_keys().await.map_err(trouble)?
    } else {
        pinned.to_vec()
    };
    let keys = Keys::new(there);
    for chain in chains(&store, wanted.repo.as_ref()).await? {
        let mut signers = BTreeSet::new();
        let ended = of_chain(&store, &chain, &keys, (told, &mut signers)).await?;
        told.ended(chain.name.as_str(), ended, &signers);
    }
    if wanted.repo.is_none() {
        for RepoId(repo) in store.headless_chains().await.map_err(trouble)? {
            let why = "nothing says where its chain ends".to_owned();
            let broken = Broken { sequence: 1, why };
            told.ended(&format!("repository {repo}"), Err(broken), &BTreeSet::new());
        }
    }
    if told.text.is_empty() {
        told.text.push_str("There is no evidence yet.\n");
    }
    Ok(())
}

async fn of_chain(
    store: &Store,
    chain: &Chain,
    keys: &Keys,
    (told, signers): (&mut Told, &mut BTreeSet<String>),
) -> Result<Result<(u64, Hash), Broken>, Failure> {
    let mut walk = Walk::new(chain.repo, keys);
    let mut after = 0;
    loop {
        let page = store.evidence(chain.repo, after, PAGE).await.map_err(trouble)?;
        let Some(last) = page.last() else { break };
        after = last.link.sequence;
        for kept in &page {
            told.met(&kept.link);
            signers.insert(kept.link.key.clone());
            if let Err(broken) = walk.next(&kept.link) {
                return Ok(Err(broken));
            }
            if !kept.is_found {
                let why = "it is filed under something else than it says".to_owned();
                return Ok(Err(Broken { sequence: kept.link.sequence, why }));
            }
        }
    }
    // An entry may have come between reading the head and reading the entries.
    let (so_far, _) = walk.so_far();
    if so_far > chain.sequence {
        return Ok(Ok(walk.so_far()));
    }
    Ok(walk.ends_with(chain.sequence, &chain.hash).map(|()| walk.so_far()))
}
