//! The JSON of people: roles, memberships, reviews.
//!
//! It does not know what they may do.

use jiff::Timestamp;
use serde::Deserialize;

use super::{User, account_or_ghost};
use crate::model::ids::Sha;
use crate::model::read::{Access, Review, ReviewState};

#[derive(Deserialize)]
pub(in crate::github) struct WirePermission {
    #[serde(default)]
    permission: String,
    #[serde(default)]
    role_name: String,
    user: Option<Permitted>,
}

#[derive(Deserialize)]
struct Permitted {
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Permissions {
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    maintain: bool,
    #[serde(default)]
    push: bool,
    #[serde(default)]
    triage: bool,
    #[serde(default)]
    pull: bool,
}

impl WirePermission {
    /// A role of an organisation's own counts as the one that it is built on; where GitHub does not tell
    /// what it lets one do, its older word of four counts.
    pub(in crate::github) fn into_access(self) -> Access {
        let told = self.user.and_then(|user| user.permissions);
        role(&self.role_name)
            .or_else(|| told.map(|told| told.highest()))
            .or_else(|| role(&self.permission))
            .unwrap_or(Access::None)
    }
}

impl Permissions {
    fn highest(&self) -> Access {
        let have = [
            (self.admin, Access::Admin),
            (self.maintain, Access::Maintain),
            (self.push, Access::Write),
            (self.triage, Access::Triage),
            (self.pull, Access::Read),
        ];
        have.into_iter().find(|(has, _)| *has).map_or(Access::None, |(_, access)| access)
    }
}

fn role(word: &str) -> Option<Access> {
    Some(match word {
        "admin" => Access::Admin,
        "maintain" => Access::Maintain,
        "write" => Access::Write,
        "triage" => Access::Triage,
        "read" => Access::Read,
        "none" => Access::None,
        _ => return None,
    })
}

#[derive(Deserialize)]
pub(in crate::github) struct WireMembership {
    #[serde(default)]
    pub(in crate::github) state: String,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireReview {
    user: Option<User>,
    #[serde(default)]
    state: String,
    commit_id: Option<Sha>,
    submitted_at: Option<Timestamp>,
}

impl WireReview {
    pub(in crate::github) fn into_review(self) -> Review {
        Review {
            author: account_or_ghost(self.user),
            state: match self.state.as_str() {
                "APPROVED" => ReviewState::Approved,
                "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
                "DISMISSED" => ReviewState::Dismissed,
                "PENDING" => ReviewState::Pending,
                // one not known yet approves nothing
                _ => ReviewState::Commented,
            },
            head: self.commit_id,
            at: self.submitted_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn access(json: Value) -> Access {
        serde_json::from_value::<WirePermission>(json).unwrap().into_access()
    }

    #[test]
    fn a_role_is_what_github_calls_it() {
        for (word, wanted) in [
            ("admin", Access::Admin),
            ("maintain", Access::Maintain),
            ("write", Access::Write),
            ("triage", Access::Triage),
            ("read", Access::Read),
            ("none", Access::None),
        ] {
            // the older word knows four of them
            assert_eq!(access(json!({"permission": "read", "role_name": word})), wanted);
        }
    }

    #[test]
    fn a_role_of_an_organisations_own_counts_as_what_it_is_built_on() {
        let permissions = json!({"pull": true, "triage": true, "push": false, "admin": false});
        let user = json!({"id": 1, "login": "ada", "permissions": permissions});
        let custom = json!({"permission": "read", "role_name": "release captain", "user": user});
        assert_eq!(access(custom), Access::Triage);
        let older = json!({"permission": "write", "role_name": "release captain", "user": null});
        assert_eq!(access(older), Access::Write);
        let odd = json!({"permission": "everything", "user": {"login": "ada"}});
        assert_eq!(access(odd), Access::None);
    }

    #[test]
    fn an_unheard_of_review_approves_nothing() {
        let read = |state: &str, commit: Value| {
            let review = json!({"user": null, "state": state, "commit_id": commit});
            serde_json::from_value::<WireReview>(review).unwrap().into_review()
        };
        assert_eq!(read("APPROVED", "a".repeat(40).into()).state, ReviewState::Approved);
        for odd in ["approved", "SPLENDID", ""] {
            let review = read(odd, Value::Null);
            assert_eq!((review.state, review.head), (ReviewState::Commented, None));
        }
    }
}
