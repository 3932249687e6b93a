//! `approvals` in words, and what is lacking of a label that somebody may give.
//!
//! Foreign text comes in as it is and leaves inert.

use super::super::{Said, both, people, people_plain};
use super::hands::has;
use crate::domain::given::Lack;
use crate::domain::inert::span;
use crate::domain::policy::{Approval, Principal};
use crate::model::act::Act;
use crate::model::ids::Login;

/// Which approvals are given, and which are lacking.
pub fn approvals(given: &[(&Approval, &Act)], lacking: &[(&Approval, Lack)]) -> Said {
    let mut parts: Vec<String> = given
        .iter()
        .map(|(approval, act)| format!("{} by {}", label(approval), span(act.by.login.as_str())))
        .collect();
    let (mut helps, mut briefs) = (Vec::new(), Vec::new());
    for (approval, lack) in lacking {
        let from = people(&approval.by);
        let name = label(approval);
        parts.push(lacks(approval.label.as_str(), lack));
        let again = format!("takes the label {name} off and puts it on again");
        let who = match lack {
            Lack::Label => format!("{from} puts the label {name} on"),
            Lack::Hand(who, _) if is_alone(&approval.by, who) => {
                helps.push(format!(
                    "Nobody but {from} may give {name}: somebody has to accept that with `/override approvals REASON`."
                ));
                briefs.push(format!("{} from somebody else", approval.label));
                continue;
            }
            Lack::Hand(..) | Lack::Unknown(_) => format!("Somebody else of {from} {again}"),
            Lack::Unaccounted | Lack::NoLonger(_) => format!("{from} {again}"),
        };
        helps.push(format!("{who}, or says `/approve {}`.", approval.label));
        briefs.push(format!("{} from {}", approval.label, people_plain(&approval.by)));
    }
    let said = Said::new(parts.join(" · "));
    if lacking.is_empty() {
        return said;
    }
    said.help(helps.join(" ")).brief(format!("needs {}", both(&briefs)))
}

/// What is lacking of a label: "`qa-approved` is missing".
pub fn lacks(label: &str, lack: &Lack) -> String {
    let label = span(label);
    match lack {
        Lack::Label => format!("{label} is missing"),
        Lack::Unaccounted => {
            format!("{label} is on, and counts for nothing: nobody allowed gave it for this commit")
        }
        Lack::NoLonger(who) => format!(
            "{label} by {} counts no more: that person may not give it now",
            span(who.as_str())
        ),
        Lack::Hand(who, hand) => {
            format!("{label} by {} does not count: that person {}", span(who.as_str()), has(*hand))
        }
        Lack::Unknown(why) => {
            format!(
                "{label} does not count yet: who has a hand in it cannot be read: {}",
                span(why)
            )
        }
    }
}

fn is_alone(by: &[Principal], who: &Login) -> bool {
    matches!(by, [Principal::User(only)] if only.as_str().eq_ignore_ascii_case(who.as_str()))
}

fn label(approval: &Approval) -> String {
    span(approval.label.as_str())
}
