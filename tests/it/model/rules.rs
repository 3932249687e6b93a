//! The rules that a run plays by, and the ways in which they change.

use super::dice::Dice;

/// What the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Merged by itself, or on `/merge`.
    pub automatic: bool,
    pub method: &'static str,
    /// Each label that has to be given, and by whom.
    pub approvals: Vec<(&'static str, Vec<&'static str>)>,
    /// What has to be green on the pull request.
    pub checks: Vec<&'static str>,
    pub observe: bool,
}

impl Rules {
    /// What a run begins with.
    pub fn first(automatic: bool) -> Self {
        Self {
            automatic,
            method: "squash",
            approvals: vec![("ok", vec!["quinn", "pat"])],
            checks: vec!["build"],
            observe: false,
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let approvals = self
            .approvals
            .iter()
            .map(|(label, by)| format!("      - {{label: {label}, by: [{}]}}\n", by.join(", ")));
        let gates = match self.checks.as_slice() {
            [] => String::new(),
            checks => format!("    gates: {{checks: [{}]}}\n", checks.join(", ")),
        };
        format!(
            "version: 1\nmode: {}\napplications:\n  - {{name: shop, images: [web]}}\nenvironments:\n\
             \x20 - {{name: side, overlay: side, after: [], merge: automatic}}\n\
             \x20 - name: prod\n    overlay: prod\n    after: []\n    promote: automatic\n    merge: {}\n    method: {}\n\
             \x20   approvals:\n{}{gates}",
            if self.observe { "observe" } else { "enforce" },
            if self.automatic { "automatic" } else { "manual" },
            self.method,
            approvals.collect::<String>(),
        )
    }

    /// One thing is changed.
    pub fn changed(&self, dice: &mut Dice) -> Self {
        let mut new = self.clone();
        while new == *self {
            match dice.below(8) {
                0 | 1 => {
                    new.checks = dice.of(&[vec![], vec!["build"], vec!["build", "smoke"]]).clone();
                }
                2 => new.method = *dice.of(&["squash", "merge", "rebase"]),
                3 => new.observe = !self.observe,
                4 => new.automatic = !self.automatic,
                _ => {
                    let all = [
                        vec![("ok", vec!["quinn", "pat"])],
                        vec![("ok", vec!["pat"])],
                        vec![("ok", vec!["quinn"])],
                        vec![("ok", vec!["quinn", "pat"]), ("fine", vec!["sam"])],
                    ];
                    new.approvals = dice.of(&all).clone();
                }
            }
        }
        new
    }
}
