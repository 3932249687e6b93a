//! The state on disk: one JSON file beside the object stores, replaced as a whole.
//! It does not know what is in it.

use std::fs;
use std::path::Path;

use super::{State, Surroundings};
use crate::sandbox::refusal::Refusal;

impl State {
    /// Writes everything to a file, so that a crash leaves the old or the new one.
    pub(crate) fn save(&self, file: &Path) -> Result<(), Refusal> {
        let failed = |error: &dyn std::fmt::Display| {
            Refusal::new(500, format!("{}: {error}", file.display()))
        };
        let text = serde_json::to_vec(self).map_err(|error| failed(&error))?;
        let beside = file.with_extension("json.new");
        #[expect(clippy::disallowed_methods, reason = "the box keeps its own data folder")]
        fs::write(&beside, text).map_err(|error| failed(&error))?;
        fs::rename(&beside, file).map_err(|error| failed(&error))
    }

    /// Reads what was saved.
    pub(crate) fn load(file: &Path, around: Surroundings) -> std::io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the box keeps its own data folder")]
        let text = fs::read(file)?;
        let mut state: Self = serde_json::from_slice(&text)?;
        let home = around.url.clone();
        state.around = around;
        state.argocd.move_home(&home);
        Ok(state)
    }
}
