//! `usher evidence export|verify|key`: the record for people and auditors, and whether it is as it was written.
//!
//! It reads, and writes nothing but what it is told to; what entries tell is `domain`'s.

mod export;
mod file;
mod verify;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{Failure, all, in_runtime, trouble};
use crate::model::chain::Hash;
use crate::model::ids::{EnvName, PrNumber, RepoName};
use crate::model::notary::{Notary, PublicKey};
use crate::settings::{self, CommonFlags, EvidenceFlags, evidence};
use crate::store::{Chain, Kept, Store};

/// So many entries are read at once.
const PAGE: u32 = 500;

/// What `usher evidence` takes.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    #[command(flatten)]
    flags: CommonFlags,
    #[command(flatten)]
    key: EvidenceFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write dossiers of promotions (Markdown), or the entries with their hashes and signatures (JSON).
    Export(ExportArgs),
    /// Check every hash, link, place and signature; tell the first entry that is not right. Ends with 0 if all
    /// are, 1 if one is not, 2 if it could not be done.
    Verify(VerifyArgs),
    /// Print the public key that shows the signatures to be this Usher's.
    Key,
}

/// How an export looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Dossiers for people: one page a promotion.
    Markdown,
    /// The entries themselves, for `usher evidence verify`.
    Json,
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// Only this repository's.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<RepoName>,
    /// Only what is about this promotion, by the number of its pull request.
    #[arg(long, value_name = "NUMBER", value_parser = pull, conflicts_with_all = ["environment", "since"])]
    promotion: Option<PrNumber>,
    /// Only what is about this environment.
    #[arg(long, value_name = "ENV", conflicts_with = "since")]
    environment: Option<EnvName>,
    /// Only what happened since: a day, or an instant such as 2026-11-20T09:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    since: Option<Timestamp>,
    /// How it looks.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Write to this file instead of the standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// An export (JSON) to check by itself; without, the database.
    file: Option<PathBuf>,
    /// Only this repository's.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<RepoName>,
    /// A public key that counts, as a file with its PEM or as 64 hexadecimal digits; may be given again. Without,
    /// those count that stand beside the entries, which whoever could write the entries could write, too.
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// The hash of an entry that has to be there: what was cut off after it was noted is missed.
    #[arg(long, value_name = "HASH")]
    head: Option<Hash>,
}

fn pull(text: &str) -> Result<PrNumber, std::num::ParseIntError> {
    text.trim_start_matches('#').parse().map(PrNumber)
}

fn instant(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse())
}

/// Runs the command.
pub(super) fn run(args: &EvidenceArgs) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let ended = in_runtime(async {
        match &args.command {
            Command::Export(wanted) => export::export(args, wanted).await,
            Command::Key => print_key(args),
            Command::Verify(wanted) => {
                if !verify::verify(args, wanted).await? {
                    code = ExitCode::FAILURE;
                }
                Ok(())
            }
        }
    });
    match ended {
        Ok(()) => code,
        Err(Failure::Trouble(message) | Failure::Usage(message)) => {
            let _ = writeln!(std::io::stderr(), "usher: {message}");
            ExitCode::from(2)
        }
    }
}

fn print_key(args: &EvidenceArgs) -> Result<(), Failure> {
    let path = key_file(args)?;
    let notary = path.as_deref().map(evidence::read).transpose().map_err(trouble)?.flatten();
    let Some(notary) = notary else {
        let place = path.map_or_else(|| "anywhere".to_owned(), |path| format!("at {path:?}"));
        return Err(trouble(format!(
            "there is no key {place}; `usher serve` makes it when it is first started"
        )));
    };
    say(&notary.public().to_pem())
}

fn say(text: &str) -> Result<(), Failure> {
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}

fn key_file(args: &EvidenceArgs) -> Result<Option<PathBuf>, Failure> {
    settings::database_and_key(&args.flags, &args.key, &settings::environment)
        .map(|(_, key)| key)
        .map_err(|problems| all(&problems))
}

/// The database, and the key that signs, where it is there.
async fn open(args: &EvidenceArgs) -> Result<(Store, Option<Notary>), Failure> {
    let (url, key) = settings::database_and_key(&args.flags, &args.key, &settings::environment)
        .map_err(|problems| all(&problems))?;
    let notary = key.as_deref().map(evidence::read).transpose().map_err(trouble)?.flatten();
    let store =
        Store::open(&url, crate::app::clock(), crate::app::entropy()).await.map_err(trouble)?;
    Ok((store, notary))
}

/// The chains that are asked for.
async fn chains(store: &Store, repo: Option<&RepoName>) -> Result<Vec<Chain>, Failure> {
    let all = store.chains().await.map_err(trouble)?;
    let Some(repo) = repo else { return Ok(all) };
    let same = |chain: &Chain| chain.name.as_str().eq_ignore_ascii_case(repo.as_str());
    let found: Vec<Chain> = all.iter().filter(|chain| same(chain)).cloned().collect();
    if found.is_empty() {
        let names: Vec<&str> = all.iter().map(|chain| chain.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(trouble(format!("there is no evidence of {repo}; there is of {names}")));
    }
    Ok(found)
}

/// All entries of a chain, up to where it ended when it was looked up: more may have come since.
async fn entries(store: &Store, chain: &Chain) -> Result<Vec<Kept>, Failure> {
    let mut all: Vec<Kept> = Vec::new();
    loop {
        let after = all.last().map_or(0, |kept| kept.link.sequence);
        let mut page = store.evidence(chain.repo, after, PAGE).await.map_err(trouble)?;
        page.retain(|kept| kept.link.sequence <= chain.sequence);
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A key as it is given: a file, or the key itself.
fn public_key(given: &str) -> Result<PublicKey, Failure> {
    let text = if Path::new(given).is_file() {
        #[expect(clippy::disallowed_methods, reason = "what the command was told to read")]
        std::fs::read_to_string(given)
            .map_err(|error| Failure::Usage(format!("{given:?}: {error}")))?
    } else {
        given.to_owned()
    };
    PublicKey::parse(&text).map_err(|why| Failure::Usage(format!("--key {given:?}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::{NewEvidence, Once, What};
    use crate::model::ids::{InstallationId, RepoId, RepoRef, Sha};
    use crate::store::Pen;

    #[tokio::test]
    async fn what_comes_while_it_is_read_is_left_out() {
        let (clock, entropy) = (crate::app::clock(), crate::app::entropy());
        let store = Store::open(&"sqlite::memory:".into(), clock, entropy).await.unwrap();
        let (id, name) = (RepoId(7), RepoName::new("acme/infra").unwrap());
        let repo = RepoRef { id, name, installation: InstallationId(9) };
        let pen = Pen { repo: &repo, delivery: None, actor: None, notary: &Notary::new([1; 32]) };
        let record = async |pr: u64| {
            let subject = format!("life:{pr}");
            let (cause, once, at) = (subject.clone(), Once::Ever, Timestamp::UNIX_EPOCH);
            let what = What::Closed { head: Sha::new("a".repeat(40)).unwrap() };
            let new = NewEvidence { pr: Some(PrNumber(pr)), subject, cause, once, at, what };
            assert!(store.record_evidence(&pen, &new).await.unwrap());
        };
        record(1).await;
        let chain = chains(&store, None).await.map_err(|_| "no chain").unwrap().remove(0);
        record(2).await;
        let read = entries(&store, &chain).await.map_err(|_| "no entries").unwrap();
        let read: Vec<_> = read.iter().map(|kept| kept.link.hash).collect();
        assert_eq!(read, [chain.hash], "it ends where its head says");
    }
}
