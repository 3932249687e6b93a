//! Which files the program may touch, by Landlock: it reads its tree and what it is made of, and writes its own folder.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use crate::real_kustomize::order::Order;

/// Where libraries are.
const LIBRARIES: [&str; 6] =
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];
/// What starts programs that have libraries.
const LOADERS: [&str; 5] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];
/// The newest kernel whose ways are known here; of an older one, those that it has are used.
const NEWEST: ABI = ABI::V9;

/// Confines this process; says in which way, if the kernel has one.
pub(super) fn confine(order: &Order) -> Result<Option<String>, String> {
    restrict(order).map_err(|error| format!("its files cannot be confined: {error}"))
}

fn restrict(order: &Order) -> Result<Option<String>, RulesetError> {
    let run = AccessFs::ReadFile | AccessFs::Execute;
    let write = AccessFs::from_all(NEWEST)
        & !(AccessFs::Execute
            | AccessFs::MakeChar
            | AccessFs::MakeBlock
            | AccessFs::MakeSock
            | AccessFs::MakeFifo
            | AccessFs::IoctlDev);
    let programs: Vec<&Path> = [Some(&order.program), order.helm.as_ref()]
        .into_iter()
        .flatten()
        .map(|path| &**path)
        .collect();
    let interpreters: Vec<PathBuf> = programs.iter().filter_map(|path| interpreter(path)).collect();
    let rules = |paths: &[&Path], access: BitFlags<AccessFs>| {
        path_beneath_rules(paths.to_vec(), access).collect::<Vec<_>>()
    };
    let paths = |names: &'static [&'static str]| names.iter().map(Path::new).collect::<Vec<_>>();
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(rules(&[&order.tree], AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(rules(&[&order.scratch], write))?
        .add_rules(rules(&paths(&LIBRARIES), AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(rules(&paths(&LOADERS), run))?
        .add_rules(rules(&programs, run))?
        .add_rules(path_beneath_rules(&interpreters, run))?
        .add_rules(rules(&[Path::new("/dev/null")], AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(rules(&paths(&["/dev/urandom", "/dev/zero"]), AccessFs::ReadFile.into()))?
        .restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => {
            Some(format!("landlock-{}", effective_abi as i32))
        }
        _ => Some("landlock".to_owned()),
    })
}

/// The program that reads a script, if it is one: after `#!`.
fn interpreter(program: &Path) -> Option<PathBuf> {
    let mut start = [0; 256];
    let read = std::fs::File::open(program).ok()?.read(&mut start).ok()?;
    let line = start[..read].strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).split_whitespace().next()?.into())
}
