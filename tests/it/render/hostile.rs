//! Trees that are made to hang a renderer, to fill its memory or to make it fall over. Each is rendered in a process
//! of its own, which must end by itself with a result or a refusal, in the time and the memory there is.
//!
//! It knows nothing of how the renderer defends itself.

mod held;
mod inputs;
mod numbers;
mod sizes;
mod structure;

use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use held::Held;
use usher::kustomize::load::Restriction;
use usher::kustomize::render;

/// The processor time that one render may take; a build without optimisation is given more.
const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 });
/// The memory that the process may ever have held, the tree included.
const MOST_MEMORY: u64 = 512 << 20;
/// So many trees are rendered at a time.
const AT_ONCE: usize = 2;
/// Says to the process that this test starts which tree to build.
const MARKER: &str = "USHER_TEST_HOSTILE";
/// The name of the test that such a process runs.
const CHILD: &str = "render::hostile::one_tree_is_rendered_where_it_can_do_no_harm";

/// A name and how to build it.
type Builder = (&'static str, fn() -> Held);

fn builders() -> impl Iterator<Item = &'static Builder> {
    let all = [structure::TREES, sizes::TREES, inputs::TREES, numbers::TREES];
    all.into_iter().flatten()
}

/// What the process has used so far, of its own knowledge.
struct Used {
    memory: u64,
    time: Duration,
}

impl Used {
    fn read() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the process may have blanks in it; it ends with the last bracket. Then come the 3rd field on,
        // of which the 14th and the 15th are hundredths of a second (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 =
            fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        Some(Self { memory: kilobytes << 10, time: Duration::from_millis(ticks * 10) })
    }
}

/// What a process is started for; where nobody asks for a tree, their names are looked at.
#[test]
fn one_tree_is_rendered_where_it_can_do_no_harm() {
    let Ok(wanted) = std::env::var(MARKER) else {
        let names: Vec<&str> = builders().map(|(name, _)| *name).collect();
        let once: std::collections::BTreeSet<&&str> = names.iter().collect();
        assert_eq!(once.len(), names.len(), "a name is there twice");
        return;
    };
    let (_, build) = builders().find(|(name, _)| *name == wanted).unwrap();
    let tree = build();
    let before = Used::read();
    let mut told = Vec::new();
    for (folder, restriction) in tree.renders() {
        let rendered = render(&tree, folder, restriction);
        match rendered.and_then(|rendered| rendered.to_yaml()) {
            Ok(yaml) => told.push(format!("{folder}: {} bytes", yaml.len())),
            Err(error) => {
                let message = error.to_string();
                assert!(!message.trim().is_empty(), "{folder} is refused without a word");
                // A message is for people, whatever was put into it.
                assert!(message.len() < 10_000, "{folder}: {} bytes of message", message.len());
                told.push(format!("{folder}: {message}"));
            }
        }
    }
    told.iter().rev().take(5).for_each(|told| println!("{told}"));
    let (Some(before), Some(after)) = (before, Used::read()) else {
        println!("skipped: no /proc to read the use of memory and time from");
        return;
    };
    let time = after.time.saturating_sub(before.time);
    println!("used {} MiB, {} ms", after.memory >> 20, time.as_millis());
    assert!(after.memory <= MOST_MEMORY, "{} MiB", after.memory >> 20);
    assert!(time <= MOST_TIME, "{time:?}");
}

#[test]
fn no_tree_hangs_or_fells_the_renderer() {
    let left = Mutex::new(builders());
    let wrong = Mutex::new(Vec::new());
    let next = || left.lock().unwrap().next();
    let work = || {
        while let Some((name, _)) = next() {
            if let Err(why) = in_a_process(name) {
                wrong.lock().unwrap().push(format!("{name}: {why}"));
            }
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    super::hold(&wrong.into_inner().unwrap());
}

/// Renders in a process, and kills it if it does not end.
fn in_a_process(name: &str) -> Result<(), String> {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
        .env(MARKER, name)
        // Threads of a server have this much; the test must not live on a larger stack.
        .env("RUST_MIN_STACK", (2 << 20).to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Its own measure is the processor's time; by the clock it has longer, as it may not be alone here.
    let ended = end(child, MOST_TIME * 4);
    let (status, told) = ended.ok_or("it did not end, and was killed")?;
    let told: Vec<&str> = told.lines().filter(|line| !line.trim().is_empty()).collect();
    println!("{name}: {}", told.iter().find(|line| line.starts_with("used ")).unwrap_or(&""));
    let ran = told.iter().any(|line| line.contains("1 passed"));
    if status.success() && ran {
        return Ok(());
    }
    let last = told.len().saturating_sub(12);
    Err(format!("{status}\n{}", told[last..].join("\n")))
}

/// How it ended and what it said; nothing if it had to be killed.
fn end(mut child: Child, most: Duration) -> Option<(std::process::ExitStatus, String)> {
    let begun = Instant::now();
    // What it says is small, so that it is never kept waiting for someone to read.
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > most {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(20_000).collect::<String>();
    Some((output.status, text(&output.stdout) + &text(&output.stderr)))
}

#[test]
fn the_command_refuses_a_hostile_folder_with_a_message() {
    let names = ["links-in-circles", "paths-that-climb", "bases-in-circles", "aliases-of-aliases"];
    let mut wrong = Vec::new();
    for (name, build) in builders().filter(|(name, _)| names.contains(name)) {
        let folder = tempfile::tempdir().unwrap();
        let tree = build();
        tree.write(folder.path());
        // Where it may read everything, a folder outside of any repository reaches as far as the file system.
        for (target, _) in tree.renders().iter().filter(|(_, how)| *how == Restriction::RootOnly) {
            let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
            command.arg("render").arg(folder.path().join(target));
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.code() != Some(1)
                || said.trim().is_empty()
                || !output.stdout.is_empty()
            {
                wrong.push(format!("{name}: {}: {said}", output.status));
            }
        }
    }
    super::hold(&wrong);
}
