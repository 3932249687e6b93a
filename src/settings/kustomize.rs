//! The operator's table `kustomize`: a real Kustomize, and the repositories that it may be run for.
//!
//! It knows what the table has to look like. How the program is run, and what keeps it from doing harm, is not known here.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::ids::RepoName;
use crate::real_kustomize::Options;

/// The least and the most of each limit.
const SECONDS: (u64, u64) = (1, 300);
const MEMORY_MB: (u64, u64) = (64, 65_536);
const OUTPUT_MB: (u64, u64) = (1, 64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    command: Vec<String>,
    repositories: Vec<String>,
    helm: Option<PathBuf>,
    #[serde(default = "seconds")]
    seconds: u64,
    #[serde(default = "memory_mb")]
    memory_mb: u64,
    #[serde(default = "output_mb")]
    output_mb: u64,
}

fn seconds() -> u64 {
    20
}

fn memory_mb() -> u64 {
    512
}

fn output_mb() -> u64 {
    16
}

/// Reads the table.
pub(super) fn read(table: toml::Value) -> Result<Options, String> {
    let table: Table = table.try_into().map_err(|error: toml::de::Error| {
        format!("table `kustomize`: {}", error.message().trim())
    })?;
    let Some(program) = table.command.first() else {
        return Err("kustomize.command is empty; write the program and what it is given first, \
             such as [\"/usr/bin/kubectl\", \"kustomize\"] or [\"/usr/bin/kustomize\", \"build\"]"
            .to_owned());
    };
    check_program("kustomize.command", Path::new(program))?;
    if let Some(helm) = &table.helm {
        check_program("kustomize.helm", helm)?;
    }
    if table.repositories.is_empty() {
        return Err(
            "kustomize.repositories is empty; name those that the program may be run for, \
             such as \"acme/shop\", or \"acme/*\" for all of acme"
                .to_owned(),
        );
    }
    for name in &table.repositories {
        check_repository(name)?;
    }
    check_limit("seconds", table.seconds, SECONDS)?;
    check_limit("memory_mb", table.memory_mb, MEMORY_MB)?;
    check_limit("output_mb", table.output_mb, OUTPUT_MB)?;
    Ok(Options {
        command: table.command,
        helm: table.helm,
        repositories: table.repositories,
        seconds: table.seconds,
        memory_mb: table.memory_mb,
        output_mb: table.output_mb,
        // Also when the file was replaced while it runs.
        usher: PathBuf::from("/proc/self/exe"),
    })
}

/// A program is named by where it is, so that it is this one and no other.
fn check_program(key: &str, path: &Path) -> Result<(), String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(format!("{key}: {shown} is not an absolute path; write where the program is"));
    }
    let found = std::fs::metadata(path).map_err(|error| {
        format!("{key}: {shown} cannot be found ({error}); install it, or write where it is")
    })?;
    if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
        return Err(format!("{key}: {shown} is no program; name a file that can be executed"));
    }
    Ok(())
}

fn check_repository(name: &str) -> Result<(), String> {
    let one = name.strip_suffix("/*").map_or_else(|| name.to_owned(), |owner| format!("{owner}/x"));
    match RepoName::new(one) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "kustomize.repositories: {name:?} names no repository; write \"OWNER/NAME\", or \"OWNER/*\" for all of an owner"
        )),
    }
}

fn check_limit(key: &str, value: u64, (least, most): (u64, u64)) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("kustomize.{key} is {value}; it has to be from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Options, String> {
        read(toml::Value::Table(toml::from_str(text).unwrap()))
    }

    #[test]
    fn a_program_and_repositories_are_enough() {
        let options =
            parsed("command = ['/bin/sh', 'x']\nrepositories = ['acme/shop', 'corp/*']").unwrap();
        assert_eq!(options.command, ["/bin/sh", "x"]);
        assert_eq!((options.seconds, options.memory_mb, options.output_mb), (20, 512, 16));
        assert_eq!(options.helm, None);
    }

    #[test]
    fn mistakes_say_what_and_what_to_do() {
        let whole = "command = ['/bin/sh']\nrepositories = ['acme/shop']\n";
        let cases = [
            ("command = ['/bin/sh']", "missing field `repositories`"),
            ("repositories = ['acme/shop']", "missing field `command`"),
            ("command = []\nrepositories = ['acme/shop']", "kustomize.command is empty; write"),
            ("command = ['kubectl']\nrepositories = ['acme/shop']", "not an absolute path; write"),
            ("command = ['/nowhere/k']\nrepositories = ['acme/shop']", "install it, or write"),
            ("command = ['/etc/passwd']\nrepositories = ['acme/shop']", "no program; name"),
            ("command = ['/bin']\nrepositories = ['acme/shop']", "no program; name"),
            ("command = ['/bin/sh']\nrepositories = []", "kustomize.repositories is empty; name"),
            ("command = ['/bin/sh']\nrepositories = ['*/*']", "names no repository; write"),
            ("command = ['/bin/sh']\nrepositories = ['acme']", "names no repository; write"),
            (&format!("{whole}helm = 'helm'"), "kustomize.helm: helm is not an absolute path"),
            (&format!("{whole}network = true"), "unknown field `network`"),
            (&format!("{whole}seconds = 0"), "kustomize.seconds is 0; it has to be from 1 to 300"),
            (&format!("{whole}memory_mb = 1"), "kustomize.memory_mb is 1"),
            (&format!("{whole}output_mb = 1000"), "kustomize.output_mb is 1000"),
            (&format!("{whole}seconds = 'x'"), "invalid type"),
        ];
        for (text, wanted) in cases {
            let message = parsed(text).unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
