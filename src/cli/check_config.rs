//! `usher check-config FILE`: everything that is wrong with a configuration, or what it says, in short.
//!
//! It shows; the reading and the judging is `domain::policy`.

mod complain;
mod summary;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::domain::policy::Policy;
use crate::model::ids::RepoName;

/// Check a configuration before it is merged, and show the promotion graph it describes.
///
/// Exits with 0 if the configuration is valid, 1 if it is not, 2 if it cannot be read.
#[derive(Debug, Args)]
pub(super) struct CheckConfigArgs {
    /// The configuration, such as .github/usher.yml; `-` reads standard input.
    file: PathBuf,
    /// The repository it is for, as `owner/name`. Teams must belong to its owner; if it is not
    /// said, to the owner of the first team in the file.
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<RepoName>,
}

/// Checks the file and prints what there is to say.
pub(super) fn run(args: &CheckConfigArgs) -> ExitCode {
    let name = args.file.display().to_string();
    let bytes = match read(&args.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "error: cannot read {name}: {error}");
            return ExitCode::from(2);
        }
    };
    let (text, code) = answer(&name, &bytes, args.repository.as_ref());
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    ExitCode::from(code)
}

#[expect(clippy::disallowed_methods, reason = "a command reads the file that it is given")]
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file)
}

fn answer(name: &str, bytes: &[u8], repository: Option<&RepoName>) -> (String, u8) {
    let home = repository.cloned().or_else(|| likely_home(bytes));
    let Some(home) = home else {
        return ("error: say which repository it is for: --repository OWNER/NAME\n".to_owned(), 2);
    };
    match Policy::parse(bytes, &home) {
        Ok(policy) => (summary::write(name, &policy, &home), 0),
        Err(problems) => (complain::write(name, bytes, &problems), 1),
    }
}

/// A repository with the owner of the first team that the file names.
pub(super) fn likely_home(bytes: &[u8]) -> Option<RepoName> {
    let text = String::from_utf8_lossy(bytes);
    let owners = text.split('@').skip(1).filter_map(|rest| {
        let (owner, team) = rest.split_once('/')?;
        team.starts_with(|c: char| c.is_ascii_alphanumeric()).then_some(owner)
    });
    let mut homes = owners.chain(["owner"]);
    homes.find_map(|owner| RepoName::new(format!("{owner}/{THIS}")).ok())
}

/// What a repository is called whose name is not known.
const THIS: &str = "this-repository";

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> (String, u8) {
        answer("usher.yml", text.as_bytes(), None)
    }

    #[test]
    fn a_valid_file_is_explained() {
        let (text, code) = checked(include_str!("../../fixtures/policies/ok/sandbox.yml"));
        assert_eq!(code, 0);
        insta::assert_snapshot!(text, @r#"
    usher.yml is valid.

    Applications
      microservices-demo  releases of this repository, for all images

    Environments
      staging  first; opens by itself; merged by people
               kustomize/staging
      prod     after staging; opens on /promote by people with write; merged by people
               kustomize/prod
               approval qa-approved by @acme/qa
               approval pm-approved by pat
    "#);
    }

    #[test]
    fn a_file_with_everything_is_explained() {
        let (text, code) = checked(include_str!("../../fixtures/policies/ok/everything.yml"));
        assert_eq!(code, 0);
        let graph = text.split("\nNotes").next().unwrap();
        insta::assert_snapshot!(graph, @r#"
    usher.yml is valid.

    Applications
      microservices-demo  releases of acme/microservices-demo, for the images cartservice, checkout*
      web                 main of this repository at 0 2 * * * Europe/Berlin by calendar, for the image frontend

    Environments
      dev      first; opens by itself; merges by itself
               kustomize/{application}/dev
      qa       after dev; opens by itself; merged by people
               kustomize/{application}/qa
      staging  after dev and qa; opens by itself; merged by people
               kustomize/staging
               1 approving review
      prod     after staging; opens on /promote by @acme/release-managers; merged by people
               canary  kustomize/prod-canary
               eu      kustomize/prod-eu
               us      kustomize/prod-us
               in waves: canary, then eu and us
               approval qa-approved by @acme/qa
               approval pm-approved by pat
               1 approving review by @acme/sre
               frozen Fri 16:00 - Mon 08:00 Europe/Berlin
               frozen 2026-12-20 to 2027-01-03: year end

    May follow releases of this repository
      customer/gitops
    "#);
    }

    #[test]
    fn an_invalid_file_is_explained_line_by_line() {
        let (text, code) = checked(include_str!("../../fixtures/policies/bad/misspelt.yml"));
        assert_eq!(code, 1);
        insta::assert_snapshot!(text, @r#"
    usher.yml:2:1: `aplications` is not a key of a configuration
     2 | aplications:
       | ^^^^^^^^^^^
       = help: did you mean `applications`?

    usher.yml:5:1: `mod` is not a key of a configuration
     5 | mod: enforce
       | ^^^
       = help: did you mean `mode`?

    usher.yml:8:5: `overlays` is not a key of an environment
     8 |     overlays: kustomize/staging
       |     ^^^^^^^^
       = help: did you mean `overlay`?

    usher.yml:9:14: `automatik` is not known here
     9 |     promote: automatik
       |              ^^^^^^^^^
       = help: did you mean `automatic`?

    usher.yml:10:5: `soak` is not a key of an environment
     10 |     soak: 2h
        |     ^^^^
        = help: it belongs in `environments[].waves[]` or `environments[].gates`

    usher.yml:13:13: there is no environment `stagging`
     13 |     after: [stagging]
        |             ^^^^^^^^
        = help: did you mean `staging`?

    usher.yml:17:9: `who` is not a key of an approval
     17 |         who: pat
        |         ^^^
        = help: the keys here are label, by, self

    usher.yml:19:7: `chekcs` is not a key of gates
     19 |       chekcs: ["ci / *"]
        |       ^^^^^^
        = help: did you mean `checks`?

    usher.yml:20:22: there is no environment `produktion`
     20 |       parity: {with: produktion}
        |                      ^^^^^^^^^^
        = help: the environments are prod, staging

    usher.yml is not valid: 9 problems
    "#);
    }

    #[test]
    fn teams_are_those_of_the_repository() {
        let text = include_str!("../../fixtures/policies/ok/sandbox.yml");
        let other = RepoName::new("other/shop").unwrap();
        let (text, code) = answer("usher.yml", text.as_bytes(), Some(&other));
        assert_eq!(code, 1);
        assert!(text.contains("belongs to another owner"), "{text}");
    }

    #[test]
    fn strange_lines_stay_on_their_line() {
        let long = format!("{}x: 1\n", " ".repeat(4));
        let (text, _) =
            checked(&format!("version: 1\nmode: \"{}\u{1b}[2J\"\n{long}", "ä".repeat(400)));
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.lines().all(|line| line.chars().count() < 160), "{text}");
    }

    #[test]
    fn the_home_is_guessed_from_the_first_team() {
        let home = |text: &str| likely_home(text.as_bytes()).unwrap().owner().to_owned();
        assert_eq!(home("admins: [\"@acme/sre\", \"@other/x\"]"), "acme");
        assert_eq!(home("# mail me: a@b.c / d\nadmins: ['@acme/sre']"), "acme");
        assert_eq!(home("version: 1"), "owner");
    }
}
