//! The files of GitOps repositories: our own, or those of a folder, with a configuration where it has none.
//! It does not know what becomes of them.

use std::fs;
use std::io;
use std::path::Path;

/// A file of a repository: path, bytes, and whether it may be executed.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../fixtures/sandbox/microservices-demo/", $path)))
    };
}

/// The GitOps repository of our own.
const DEMO: [(&str, &str); 15] = [
    file!(".github/usher.yml"),
    file!("README.md"),
    file!("kustomize/base/cartservice.yaml"),
    file!("kustomize/base/checkoutservice.yaml"),
    file!("kustomize/base/currencyservice.yaml"),
    file!("kustomize/base/emailservice.yaml"),
    file!("kustomize/base/frontend.yaml"),
    file!("kustomize/base/kustomization.yaml"),
    file!("kustomize/base/paymentservice.yaml"),
    file!("kustomize/base/productcatalogservice.yaml"),
    file!("kustomize/base/recommendationservice.yaml"),
    file!("kustomize/base/shippingservice.yaml"),
    file!("kustomize/dev/kustomization.yaml"),
    file!("kustomize/prod/kustomization.yaml"),
    file!("kustomize/staging/kustomization.yaml"),
];

/// Where the bot's configuration is.
pub(super) const CONFIGURATION: &str = ".github/usher.yml";

/// The files of our own GitOps repository.
pub(crate) fn demo() -> Vec<File> {
    DEMO.iter()
        .map(|(path, text)| File {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
            executable: false,
        })
        .collect()
}

/// The files of a folder, with a configuration where it has none.
pub(crate) fn folder(root: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    if !files.iter().any(|file| file.path == CONFIGURATION) {
        let text = configuration(&files).ok_or_else(|| {
            let message = format!(
                "{}: no folder with a kustomization.yaml that has `images:`, and no {CONFIGURATION}; \
                 choose the root of a GitOps repository",
                root.display()
            );
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        files.push(File {
            path: CONFIGURATION.to_owned(),
            bytes: text.into_bytes(),
            executable: false,
        });
    }
    Ok(files)
}

fn collect(folder: &Path, below: &str, files: &mut Vec<File>) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the box is seeded from a folder")]
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && name != ".git" {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            #[expect(clippy::disallowed_methods, reason = "the box is seeded from a folder")]
            let bytes = fs::read(entry.path())?;
            let executable = executable(&entry.metadata()?);
            files.push(File { path, bytes, executable });
        }
    }
    Ok(())
}

#[cfg(unix)]
fn executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    false
}

/// Names of environments, in the order in which releases walk through them.
const WALK: [&str; 12] = [
    "development",
    "dev",
    "test",
    "testing",
    "qa",
    "integration",
    "uat",
    "stage",
    "staging",
    "preprod",
    "production",
    "prod",
];

/// The overlays that are there, as environment and folder, in the order of the walk.
pub(super) fn walk(files: &[File]) -> Vec<(String, String)> {
    let overlays = files.iter().filter_map(|file| {
        let (folder, name) = file.path.rsplit_once('/')?;
        let kustomization =
            ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name);
        let promoted =
            String::from_utf8_lossy(&file.bytes).lines().any(|line| line.starts_with("images:"));
        let last = folder.rsplit('/').next()?;
        let place = WALK.iter().position(|environment| *environment == last)?;
        (kustomization && promoted).then_some((place, last, folder))
    });
    let mut overlays: Vec<(usize, &str, &str)> = overlays.collect();
    overlays.sort_unstable();
    overlays.dedup_by_key(|(_, name, _)| *name);
    overlays.iter().map(|(_, name, folder)| ((*name).to_owned(), (*folder).to_owned())).collect()
}

/// A configuration for the overlays that are there: the last two on the walk, the first of them
/// automatic, the last with the approvals of our own example.
fn configuration(files: &[File]) -> Option<String> {
    let overlays = walk(files);
    let chosen = &overlays[overlays.len().saturating_sub(2)..];
    let mut text = String::from(
        "version: 1\n\napplications:\n  - name: microservices-demo\n    images: [\"*\"]\n\nenvironments:\n",
    );
    let mut before: Option<&str> = None;
    for (name, folder) in chosen {
        text.push_str(&format!("  - name: {name}\n    overlay: {folder}\n"));
        match before {
            None => text.push_str("    promote: automatic\n"),
            Some(before) => text.push_str(&format!(
                "    after: [{before}]\n    approvals:\n      - {{label: qa-approved, by: [\"@acme/qa\"]}}\n      - {{label: pm-approved, by: [pat]}}\n"
            )),
        }
        before = Some(name);
    }
    before.map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_configuration_gets_one_for_its_last_two_environments() {
        let overlay = |path: &str| File {
            path: path.to_owned(),
            bytes: b"resources: []\nimages:\n- name: a\n".to_vec(),
            executable: false,
        };
        let files = [
            "x/prod/kustomization.yaml",
            "x/dev/kustomization.yaml",
            "x/staging/kustomization.yaml",
        ]
        .map(overlay);
        insta::assert_snapshot!(configuration(&files).unwrap(), @r#"
        version: 1

        applications:
          - name: microservices-demo
            images: ["*"]

        environments:
          - name: staging
            overlay: x/staging
            promote: automatic
          - name: prod
            overlay: x/prod
            after: [staging]
            approvals:
              - {label: qa-approved, by: ["@acme/qa"]}
              - {label: pm-approved, by: [pat]}
        "#);
        assert_eq!(configuration(&[]), None);
    }
}
