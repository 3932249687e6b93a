//! The child on Linux: it gives up all that it does not need, and becomes the program.
//!
//! Everything is done by this process to itself, through safe interfaces. What the kernel does not offer is left out and
//! told; without any way to keep the program off the network it does not run.

mod calls;
mod files;

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, alarm, close, geteuid, setgroups, setresgid, setresuid};

use super::order::{CONFINED, Order};
use super::room::NOBODY;

/// The most processes and threads, where they can be counted apart from others: Go starts some dozens.
const MOST_PROCESSES: u64 = 256;
/// The most memory beyond its own that it may reserve, in megabytes: Go reserves more than one thousand and uses none.
const RESERVED_MB: u64 = 3072;
/// The most open files.
const MOST_FILES: u64 = 256;
/// So many seconds after its time a run whose parent is gone ends by itself.
const GRACE: u32 = 5;

type Done<T> = Result<T, String>;

fn failed(what: &str, error: impl std::fmt::Display) -> String {
    format!("{what}: {error}")
}

/// Keeps the program apart from the rest of the machine, and goes on in a child if it has to.
pub(super) fn begin(mut order: Order) -> Done<ExitCode> {
    if let Some(apart) = order.apart.take() {
        // The parent kept itself apart; if it ends, so does this.
        return become_program(&order, apart, true);
    }
    close_inherited();
    alarm::set(u32::try_from(order.seconds).unwrap_or(u32::MAX).saturating_add(GRACE));
    let apart = keep_apart();
    if !apart.iter().any(|space| space == "pid") {
        return become_program(&order, apart, false);
    }
    // The next process is the first one that has only its own children for company.
    order.apart = Some(apart);
    let order = serde_json::to_string(&order).map_err(|error| error.to_string())?;
    let ended = Command::new("/proc/self/exe")
        .args(["confined", &order])
        .status()
        .map_err(|error| failed("no process can be started", error))?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Keeps what this process holds, its keys above all, from processes of the same user.
pub(super) fn hide() {
    if let Err(error) = prctl::set_dumpable(false) {
        tracing::warn!(%error, "other processes of this user may look into this one");
    }
}

/// Files that were open when this process began are none of its business.
fn close_inherited() {
    let Ok(open) = std::path::Path::new("/proc/self/fd").read_dir() else { return };
    let open: Vec<i32> = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in open {
        let _ = close(number);
    }
}

/// Leaves the name spaces of others for new, empty ones, as many as the kernel gives: nobody has any rights in them.
fn keep_apart() -> Vec<String> {
    let (user, net) = (CloneFlags::CLONE_NEWUSER, CloneFlags::CLONE_NEWNET);
    let others = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWPID;
    // Root needs no user of its own, and gives up being root in another way.
    let first = if geteuid().is_root() { net | others } else { user | net | others };
    let Some(flags) =
        [first, user | net | others, user | net].into_iter().find(|flags| unshare(*flags).is_ok())
    else {
        return Vec::new();
    };
    let names = [
        (user, "user"),
        (net, "net"),
        (CloneFlags::CLONE_NEWIPC, "ipc"),
        (CloneFlags::CLONE_NEWUTS, "uts"),
        (CloneFlags::CLONE_NEWPID, "pid"),
    ];
    let names = names.into_iter().filter(|(flag, _)| flags.contains(*flag));
    names.map(|(_, name)| name.to_owned()).collect()
}

/// Gives up everything else, says what was given up, and becomes the program.
fn become_program(order: &Order, mut ways: Vec<String>, with_parent: bool) -> Done<ExitCode> {
    if geteuid().is_root() {
        stop_being_root()?;
        ways.push("nobody".to_owned());
    }
    if with_parent {
        prctl::set_pdeathsig(Signal::SIGKILL)
            .map_err(|error| failed("it cannot be tied to its parent", error))?;
    }
    prctl::set_no_new_privs().map_err(|error| failed("it may gain rights", error))?;
    limit(order, ways.iter().any(|way| way == "user" || way == "nobody"))?;
    ways.push("limits".to_owned());
    ways.extend(files::confine(order)?);
    let calls = calls::confine()?;
    ways.extend(calls.then(|| "seccomp".to_owned()));
    if !ways.iter().any(|way| way == "net" || way == "seccomp") {
        return Err(
            "the kernel has no way to keep it off the network: neither a name space nor seccomp"
                .to_owned(),
        );
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{CONFINED} {}", ways.join(" "))
        .and_then(|()| out.flush())
        .map_err(|error| failed("it cannot say that it is confined", error))?;
    let error = Command::new(&order.program).args(&order.arguments).exec();
    Err(failed(&order.program.display().to_string(), error))
}

fn stop_being_root() -> Done<()> {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    setgroups(&[])
        .and_then(|()| setresgid(group, group, group))
        .and_then(|()| setresuid(user, user, user))
        .map_err(|error| failed("it cannot stop being root", error))
}

/// Limits for this process and each that it starts. `counted`: whether processes are counted apart from others.
fn limit(order: &Order, counted: bool) -> Done<()> {
    let memory = order.memory_mb << 20;
    let mut limits = vec![
        // Go reserves far more than it uses: what may be written is what counts, and what is shared is bounded too.
        (Resource::RLIMIT_DATA, memory),
        (Resource::RLIMIT_AS, memory.saturating_add(RESERVED_MB << 20)),
        (Resource::RLIMIT_CPU, order.seconds),
        (Resource::RLIMIT_FSIZE, order.output_mb << 20),
        (Resource::RLIMIT_NOFILE, MOST_FILES),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_CORE, 0),
    ];
    if counted {
        limits.push((Resource::RLIMIT_NPROC, MOST_PROCESSES));
    }
    for (resource, most) in limits {
        let hard = getrlimit(resource).map_or(most, |(_, hard)| hard.min(most));
        setrlimit(resource, hard, hard)
            .map_err(|error| failed(&format!("{resource:?} cannot be set"), error))?;
    }
    Ok(())
}
