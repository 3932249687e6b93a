//! What is said of overlays that cannot be rendered.

use crate::domain::inert;
use crate::kustomize::render::RenderError;
use crate::model::bundle::NotPrinted;

/// The most characters of what a real Kustomize said.
const LONGEST_SAID: usize = 600;

/// What can be done about an overlay that builds on what is fetched or run.
pub fn choices() -> &'static str {
    "What is fetched or run is not rendered here, so nobody knows what this changes. Choose one:\n\n\
     - copy the remote base into the repository, and name it by its path there;\n\
     - render the chart or the function in CI, and commit what it gives;\n\
     - ask the operator of this Usher to allow a real `kustomize` for this repository: the table `kustomize` of the \
     file in `USHER_SETTINGS` names the program and the repositories. It runs without network, so a remote base \
     is not fetched then either;\n\
     - on a promotion that Usher made, somebody in `overrides` may accept it unseen: `/override kustomize REASON`."
}

/// Why a real Kustomize, though allowed, is not run on what a fork brings.
pub fn not_on_forks() -> String {
    "the real kustomize is not run on it, since it comes from a fork".to_owned()
}

/// Why a real Kustomize is not run on so many files.
pub fn too_many_files(files: usize, most: usize) -> String {
    format!(
        "the real kustomize is not run on it: it would need {files} files, and {most} are the most"
    )
}

/// Why a real Kustomize is not run on such large files.
pub fn too_many_bytes(most: usize) -> String {
    let most = most >> 20;
    format!("the real kustomize is not run on it: its files have more than {most} MB together")
}

/// What a real Kustomize said may quote a Secret.
pub fn failed_with_secrets() -> String {
    "the real kustomize refuses it too; what it says is not shown, since it may quote a Secret"
        .to_owned()
}

/// Why a real Kustomize gave nothing that can be used.
pub fn not_printed(why: &NotPrinted) -> String {
    match why {
        NotPrinted::Failed(said) => {
            let words: Vec<&str> = said.split_whitespace().collect();
            let said = inert::cut(&inert::line(&words.join(" ")), LONGEST_SAID);
            format!("the real kustomize refuses it too: {said}")
        }
        NotPrinted::TookTooLong(seconds) => {
            format!("the real kustomize was ended after {seconds} seconds")
        }
        NotPrinted::PrintedTooMuch(megabytes) => {
            format!("the real kustomize printed more than {megabytes} MB and was ended")
        }
        NotPrinted::NotRun(why) => format!("the real kustomize could not be run: {why}"),
    }
}

/// A folder that merging would break.
pub fn would_not_render(folder: &str, error: &RenderError) -> String {
    format!("{folder} would not render: {error}\n")
}

/// A folder that is broken already.
pub fn does_not_render(folder: &str, error: &RenderError) -> String {
    format!("{folder} does not render as it is: {error}\n")
}
