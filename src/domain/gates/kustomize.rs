//! `kustomize`: every target that the promotion touches reads and resolves in the merge result.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::model::read::Severity;

/// Judges from the findings of the environment's overlays.
pub fn judge(effect: &Effect<'_>) -> Gate {
    let name = effect.environment.name();
    let errors =
        effect.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match errors {
        0 => Gate::new(
            "kustomize",
            name,
            Outcome::Passed,
            "every file is there and every promoted entry has its container",
        ),
        1 => Gate::new("kustomize", name, Outcome::Failed, "1 error in the overlay").help(HELP),
        many => {
            Gate::new("kustomize", name, Outcome::Failed, format!("{many} errors in the overlay"))
                .help(HELP)
        }
    }
}

const HELP: &str = "See the check `usher/kustomize`; it names the lines.";
