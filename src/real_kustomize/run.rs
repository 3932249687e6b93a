//! One run: files laid out, a child in its own process group, what it prints up to a limit, and an end by the clock.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::order::{CONFINED, Order};
use super::room::Laid;
use super::{Allowed, NOT_CONFINED, Options};
use crate::model::bundle::{Bundle, NotPrinted, Printed};

/// The most bytes that are kept of what is said on standard error.
const MOST_SAID: usize = 4096;

/// Gives a bundle to the program.
pub(super) async fn run(allowed: &Arc<Allowed>, bundle: &Bundle) -> Printed {
    let (room, files) = (allowed.clone(), bundle.clone());
    // Hundreds of files are made and taken away: not on the runtime's threads.
    let laid = tokio::task::spawn_blocking(move || room.room.lay_out(&files)).await;
    let laid = match laid.map_err(io::Error::other).and_then(|laid| laid) {
        Ok(laid) => laid,
        Err(error) => return not_run("its files cannot be laid out", error),
    };
    let printed = run_on(&allowed.options, &laid, bundle).await;
    let _ = tokio::task::spawn_blocking(move || drop(laid)).await;
    printed
}

fn not_run(what: &str, error: impl std::fmt::Display) -> Printed {
    Err(NotPrinted::NotRun(format!("{what}: {error}")))
}

async fn run_on(options: &Options, laid: &Laid, bundle: &Bundle) -> Printed {
    let order = order(options, laid, bundle);
    let order = match serde_json::to_string(&order) {
        Ok(order) => order,
        Err(error) => return not_run("it cannot be told what to do", error),
    };
    let child = Command::new(&options.usher)
        .args(["confined", &order])
        .env_clear()
        .env("HOME", laid.scratch())
        .env("TMPDIR", laid.scratch())
        .current_dir(laid.tree())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return not_run("it cannot be started", error),
    };
    let group = Group::of(&child);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let most = usize::try_from(options.output_mb << 20).unwrap_or(usize::MAX);
    let all = async {
        let printed = async {
            let printed = read(out, most).await;
            if printed.is_none() {
                group.kill();
            }
            printed
        };
        let ended = async {
            let ended = child.wait().await;
            // What it started and left running would hold its output open.
            group.kill();
            ended
        };
        tokio::join!(printed, said(err), ended)
    };
    let ended = tokio::time::timeout(Duration::from_secs(options.seconds), all).await;
    group.kill();
    let _ = child.wait().await;
    match ended {
        Err(_) => Err(NotPrinted::TookTooLong(options.seconds)),
        Ok((None, ..)) => Err(NotPrinted::PrintedTooMuch(options.output_mb)),
        Ok((_, _, Err(error))) => not_run("its end is not known", error),
        Ok((Some(printed), said, Ok(status))) => {
            judge(printed, &without_paths(&said, laid), status)
        }
    }
}

fn order(options: &Options, laid: &Laid, bundle: &Bundle) -> Order {
    let (program, first) = match options.command.split_first() {
        Some((program, first)) => (program.into(), first.to_vec()),
        None => Default::default(),
    };
    let mut arguments = first;
    if let Some(helm) = &options.helm {
        arguments.extend(["--enable-helm".to_owned(), "--helm-command".to_owned()]);
        arguments.push(helm.display().to_string());
    }
    arguments.push(format!("./{}", bundle.folder()));
    Order {
        program,
        arguments,
        helm: options.helm.clone(),
        tree: laid.tree(),
        scratch: laid.scratch(),
        seconds: options.seconds,
        memory_mb: options.memory_mb,
        output_mb: options.output_mb,
        apart: None,
    }
}

/// What a program that has ended gave.
fn judge(printed: Vec<u8>, said: &str, status: ExitStatus) -> Printed {
    let Ok(text) = String::from_utf8(printed) else {
        return Err(NotPrinted::Failed("what it printed is no text".to_owned()));
    };
    // Without this line it never became the program.
    let confined = text.strip_prefix(CONFINED).and_then(|rest| rest.split_once('\n'));
    let Some((ways, text)) = confined.filter(|_| status.code() != Some(NOT_CONFINED.into())) else {
        let why = if said.is_empty() { format!("it ended with {status}") } else { said.to_owned() };
        return Err(NotPrinted::NotRun(why));
    };
    let missing = missing(ways);
    if !missing.is_empty() {
        tracing::warn!(
            ?missing,
            "this kernel or container does not confine a real kustomize as far as others do"
        );
    }
    tracing::info!(ways, %status, "a real kustomize has ended");
    match (status.success(), said) {
        (true, _) => Ok(text.into()),
        (false, "") => Err(NotPrinted::Failed(format!("it ended with {status}"))),
        (false, said) => Err(NotPrinted::Failed(said.to_owned())),
    }
}

/// The ways of confinement that were not to be had.
fn missing(ways: &str) -> Vec<&'static str> {
    let has = |name: &str| {
        let is = |way: &str| {
            way == name || way.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
        };
        ways.split_whitespace().any(is)
    };
    let all = ["net", "ipc", "uts", "pid", "limits", "landlock", "seccomp"];
    let mut missing: Vec<_> = all.into_iter().filter(|name| !has(name)).collect();
    if !has("user") && !has("nobody") {
        missing.push("user");
    }
    missing
}

/// All that comes, or nothing if it is more than `most`.
async fn read(from: Option<impl AsyncRead + Unpin>, most: usize) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from?.take(limit).read_to_end(&mut all).await.ok()?;
    (all.len() <= most).then_some(all)
}

/// The beginning of what comes; the rest is taken and thrown away.
async fn said(from: Option<impl AsyncRead + Unpin>) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    let Some(mut from) = from else {
        return String::new();
    };
    while let Ok(many @ 1..) = from.read(&mut buffer).await {
        let room = MOST_SAID.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..many.min(room)]);
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}

/// The same with paths as they are in the repository.
fn without_paths(said: &str, laid: &Laid) -> String {
    let tree = laid.tree().display().to_string();
    said.replace(&format!("{tree}/"), "").replace(&tree, ".")
}

/// The processes of a run, all of which end when it is dropped. They are ended once: later the number may be another's.
struct Group(AtomicU32);

impl Group {
    fn of(child: &Child) -> Self {
        Self(AtomicU32::new(child.id().unwrap_or_default()))
    }

    fn kill(&self) {
        let id = self.0.swap(0, Ordering::Relaxed);
        #[cfg(target_os = "linux")]
        if let Ok(id @ 1..) = i32::try_from(id) {
            use nix::sys::signal::{Signal, killpg};
            let _ = killpg(nix::unistd::Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let all = " net ipc uts pid nobody limits landlock-7 seccomp";
        assert_eq!(missing(all), Vec::<&str>::new());
        assert_eq!(missing(&all.replace("nobody", "user")), Vec::<&str>::new());
        assert_eq!(missing(" limits seccomp"), ["net", "ipc", "uts", "pid", "landlock", "user"]);
    }
}
