//! `usher rollback --plan ENV`: what `/rollback` would put back, by the Git history of a local clone.
//!
//! The same functions decide as for the bot; here a clone answers what they ask, in place of GitHub and the record. It
//! changes nothing, and asks nobody over the network.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use similar::TextDiff;

use super::Failure;
use super::check_config::likely_home;
use crate::domain::facts::{Answer, Facts, Gap, Known, Need};
use crate::domain::inert::line;
use crate::domain::policy;
use crate::domain::promotion::Promised;
use crate::domain::{Asked, Preview, preview};
use crate::intent::command::Scope;
use crate::local_git::LocalGit;
use crate::model::ids::{InstallationId, RepoId, RepoRef};
use crate::model::links::Links;
use crate::model::read::{Commit, Repository, Visibility};
use crate::model::seal::Seal;

/// What the checked out branch is called in questions.
const BRANCH: &str = "HEAD";

/// Show what `/rollback ENV` would put back, by the Git history of a local clone; nothing is changed.
///
/// It goes by the commit that is checked out. What only Usher's own record knows – versions that are bad there, and what
/// the pull request's gates say – it cannot know.
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// Only show it: the way back itself is a pull request, opened by `/rollback` on GitHub
    #[arg(long, required = true)]
    plan: bool,
    /// Where
    #[arg(value_name = "ENV")]
    environment: String,
    /// To what; without, to the newest version that ran there before
    #[arg(value_name = "VERSION")]
    version: Option<String>,
    /// Which application, where there are several
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Only these image entries
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    services: Vec<String>,
    /// Only these targets
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    targets: Vec<String>,
    /// The clone, or a folder in it
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// Finds it, and prints it.
pub(super) fn run(args: &RollbackArgs) -> Result<(), Failure> {
    let folder = args.dir.display();
    let git = LocalGit::open(&args.dir).map_err(|error| {
        Failure::Usage(format!("{folder}: {error}; say with --dir where the clone is"))
    })?;
    let head = git.head().map_err(|error| {
        Failure::Trouble(format!("{folder}: {error}; check out the default branch"))
    })?;
    let scope = Scope {
        application: args.app.clone(),
        services: args.services.clone(),
        targets: args.targets.clone(),
    };
    let (environment, version) = (args.environment.clone(), args.version.clone());
    let found = asked(&git, &head, &Asked { environment, version, scope });
    let shallow = match git.is_shallow() {
        true => " The clone is shallow: `git fetch --unshallow` brings the rest of its history.",
        false => "",
    };
    let found = found.map_err(|why| Failure::Trouble(format!("{why}{shallow}")))?;
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = std::io::stdout().lock().write_all(shown(&found).as_bytes());
    Ok(())
}

/// Asks the clone until it is decided.
fn asked(git: &LocalGit, head: &Commit, asked: &Asked) -> Result<Preview, String> {
    let tree = git.tree(&head.tree)?;
    let Some((_, blob)) = tree.entries.get(policy::PATH) else {
        return Err(format!(
            "there is no {} in the commit that is checked out; check out the branch that Usher follows",
            policy::PATH
        ));
    };
    let name = likely_home(&git.blob(blob)?).ok_or("the configuration names no owner")?;
    let repo = RepoRef { id: RepoId(1), name, installation: InstallationId(1) };
    // Nothing is sealed or linked here.
    let (seal, links) = (Seal::new(&[]), Links::new("", &[]));
    let mut facts = Facts::new(crate::app::clock().now(), Arc::from(""), seal, links);
    loop {
        match preview(&facts, &repo, asked) {
            Ok(found) => return found,
            Err(Gap::Unknown(why)) => return Err(why),
            Err(Gap::Lacks(needs)) => {
                for need in needs {
                    let answer = answer(git, head, &need);
                    facts.learn(need, answer);
                }
            }
        }
    }
}

/// What a clone knows; of the record it has nothing.
fn answer(git: &LocalGit, head: &Commit, need: &Need) -> Known<Answer> {
    Ok(match need {
        Need::Repository { repo } => Answer::Repository(Some(Repository {
            id: repo.id,
            name: repo.name.clone(),
            default_branch: BRANCH.to_owned(),
            visibility: Visibility::Private,
            archived: false,
        })),
        Need::Head { .. } => Answer::Head(Some(head.clone())),
        Need::Commit { sha, .. } => Answer::Commit(git.commit(sha)?),
        Need::Tree { tree, .. } => Answer::Tree(Arc::new(git.tree(tree)?)),
        Need::Blob { sha, .. } => Answer::Blob(git.blob(sha)?),
        Need::CommitsOf { from, path, .. } => Answer::CommitsOf(git.history(from, path)?),
        Need::PullsOfCommit { .. } => Answer::PullsOfCommit(Vec::new()),
        Need::Ran { .. } => Answer::Ran(Vec::new()),
        Need::Acts { .. } => Answer::Acts(Vec::new()),
        other => return Err(format!("a clone does not know {other:?}")),
    })
}

/// Text that a terminal shows and does not obey.
fn shown(found: &Preview) -> String {
    let mut out = format!("{}\n\n", found.title);
    for (carried, to) in &found.entries {
        let (file, name) = (line(&carried.file), line(&carried.entry.name));
        let from = said(&Promised::of(&carried.target, &carried.entry));
        let _ = writeln!(out, "  {file}  {name}  {from} -> {}", said(to));
    }
    for aside in &found.asides {
        let _ = writeln!(out, "\nNote: {aside}");
    }
    if found.beyond {
        out.push_str(
            "\nNote: it goes further back than a rollback may, or up: every gate stands.\n",
        );
    }
    for (path, before, after) in &found.files {
        let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
        let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
        let path = line(path);
        let text =
            diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string();
        out.push('\n');
        for each in text.lines() {
            let _ = writeln!(out, "{}", line(each));
        }
    }
    let _ = writeln!(out, "\nNothing was changed. `/rollback` on GitHub opens the pull request.");
    out
}

/// What an entry says, in one word.
fn said(entry: &Promised) -> String {
    let name = entry.new_name.as_ref().map(|name| format!("{name}:")).unwrap_or_default();
    let tag = entry.new_tag.as_deref().unwrap_or(match entry.digest {
        Some(_) => "",
        None => "(no tag)",
    });
    let digest = entry.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
    line(&format!("{name}{tag}{digest}"))
}
