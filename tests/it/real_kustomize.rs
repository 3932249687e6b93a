//! The door to a real Kustomize: what a program can and cannot do there, with scripts that try everything, and with
//! the real one where this machine has it.

mod hostile;
mod kubectl;
mod story;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use usher::model::bundle::{Bundle, NotPrinted, Printed};
use usher::model::files::{Entry, Mode};
use usher::model::ids::{RepoName, Sha};
use usher::real_kustomize::{Options, RealKustomize};

/// Where the real one is, if it is there.
pub const KUBECTL: &str = "/usr/bin/kubectl";

/// A folder with programs that anybody may read and run.
pub fn workshop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    folder
}

/// A script of bash.
pub fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/bash\n{text}\n")).unwrap();
    open_to_all(&path);
    path
}

fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What the operator sets, for a program, with little of everything.
pub fn options(command: &[&str]) -> Options {
    Options {
        command: command.iter().map(|part| (*part).to_owned()).collect(),
        helm: None,
        repositories: vec!["acme/*".to_owned()],
        seconds: 20,
        memory_mb: 256,
        output_mb: 1,
        usher: PathBuf::from(env!("CARGO_BIN_EXE_usher")),
    }
}

/// Files by path; a text that begins with `->` is a link.
pub fn bundle(folder: &str, files: &[(&str, &str)]) -> Bundle {
    let file = |(at, (path, text)): (usize, &(&str, &str))| {
        let entry = match text.strip_prefix("->") {
            Some(target) => Entry::Link(target.to_owned()),
            None => Entry::File(Arc::from(text.as_bytes())),
        };
        let sha = Sha::new(format!("{at:040x}")).unwrap();
        ((*path).to_owned(), Mode::File, sha, entry)
    };
    Bundle::new(folder, files.iter().enumerate().map(file).collect())
}

/// What comes of a program with these options.
pub async fn print(options: Options, bundle: &Bundle) -> Printed {
    let real = RealKustomize::open(options).unwrap();
    real.print(&RepoName::new("acme/shop").unwrap(), bundle).await
}

/// What comes of a script that sees one file.
pub async fn tried(text: &str) -> Printed {
    tried_with(text, |_| ()).await
}

/// The same with other limits.
pub async fn tried_with(text: &str, set: impl FnOnce(&mut Options)) -> Printed {
    let folder = workshop();
    let program = script(folder.path(), "kustomize", text);
    let mut options = options(&[program.to_str().unwrap()]);
    set(&mut options);
    print(options, &bundle("deploy", &[("deploy/kustomization.yaml", "a: b\n")])).await
}

#[tokio::test]
async fn a_program_reads_its_files_and_is_told_the_folder() {
    let said = tried("echo \"$@\"; read -r line <deploy/kustomization.yaml; echo \"$line\"").await;
    assert_eq!(said.unwrap().as_ref(), "./deploy\na: b\n");
    let said = tried("echo wrong in $PWD/deploy/x.yaml >&2; exit 3").await;
    assert_eq!(said, Err(NotPrinted::Failed("wrong in deploy/x.yaml".to_owned())));
    assert!(matches!(tried("exit 3").await, Err(NotPrinted::Failed(said)) if said.contains("3")));
    let said = tried("printf '\\xff\\xfe'").await;
    assert!(matches!(said, Err(NotPrinted::Failed(_))), "{said:?}");
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_said() {
    let nowhere = print(options(&["/nowhere/kustomize"]), &bundle("", &[])).await;
    assert!(
        matches!(&nowhere, Err(NotPrinted::NotRun(why)) if why.contains("/nowhere/kustomize")),
        "{nowhere:?}"
    );
    let mut without = options(&["/bin/true"]);
    without.usher = PathBuf::from("/nowhere/usher");
    let without = print(without, &bundle("", &[])).await;
    assert!(matches!(&without, Err(NotPrinted::NotRun(_))), "{without:?}");
}

#[tokio::test]
async fn the_same_files_are_not_given_twice_and_others_are() {
    let folder = workshop();
    let program = script(folder.path(), "kustomize", "echo $RANDOM$RANDOM$RANDOM");
    let real = RealKustomize::open(options(&[program.to_str().unwrap()])).unwrap();
    let shop = RepoName::new("acme/shop").unwrap();
    let one = bundle("a", &[("a/x", "1")]);
    let first = real.print(&shop, &one).await.unwrap();
    assert_eq!(real.print(&shop, &bundle("a", &[("a/x", "1")])).await.unwrap(), first);
    assert_ne!(real.print(&shop, &bundle("a", &[("a/y", "1")])).await.unwrap(), first);
    assert_ne!(real.print(&shop, &bundle("b", &[("a/x", "1")])).await.unwrap(), first);
    let other = RepoName::new("corp/shop").unwrap();
    assert!(matches!(real.print(&other, &one).await, Err(NotPrinted::NotRun(_))));
}

/// Waits for something to become so; fails loudly when it does not.
async fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(tokio::time::Instant::now() < deadline, "no {what} within a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process was started with this among its arguments.
fn runs(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| line.split(|byte| *byte == 0).any(|part| part == argument.as_bytes()))
}

#[tokio::test]
async fn what_is_broken_off_ends_with_all_that_it_started() {
    let folder = workshop();
    let program = script(folder.path(), "kustomize", "while :; do :; done & while :; do :; done");
    let name = program.to_str().unwrap().to_owned();
    let options = options(&[&name]);
    let run = tokio::spawn(async move { print(options, &bundle("deploy", &[])).await });
    until("start", || runs(&name)).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    until("end", || !runs(&name)).await;
}
