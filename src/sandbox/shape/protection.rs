//! The protection of a branch as GitHub shows it.
//! It does not enforce it.
//! <https://docs.github.com/en/rest/branches/branch-protection>

use serde_json::{Value, json};

use crate::sandbox::model::{Id, Protection, Repo};
use crate::sandbox::state::State;

impl State {
    /// The protection of a branch.
    pub(crate) fn protection_json(
        &self,
        repo: &Repo,
        branch: &str,
        protection: &Protection,
    ) -> Value {
        let url = format!("{}/branches/{branch}/protection", self.repo_url(repo));
        let enabled = |enabled: bool| json!({"enabled": enabled});
        let mut shown = json!({
            "url": url,
            "enforce_admins": {"url": format!("{url}/enforce_admins"), "enabled": protection.enforce_admins},
            "required_signatures": {"url": format!("{url}/required_signatures"), "enabled": false},
            "required_linear_history": enabled(protection.linear_history),
            "allow_force_pushes": enabled(protection.force_pushes),
            "allow_deletions": enabled(protection.deletions),
            "block_creations": enabled(protection.block_creations),
            "required_conversation_resolution": enabled(protection.conversation_resolution),
            "lock_branch": enabled(protection.lock_branch),
            "allow_fork_syncing": enabled(protection.fork_syncing),
        });
        if let Some(checks) = &protection.checks {
            let names: Vec<&str> =
                checks.checks.iter().map(|check| check.context.as_str()).collect();
            let all = checks.checks.iter();
            shown["required_status_checks"] = json!({
                "url": format!("{url}/required_status_checks"),
                "strict": checks.strict,
                "contexts": names,
                "contexts_url": format!("{url}/required_status_checks/contexts"),
                "checks": all.map(|check| json!({"context": check.context, "app_id": check.app})).collect::<Value>(),
            });
        }
        if let Some(reviews) = &protection.reviews {
            shown["required_pull_request_reviews"] = json!({
                "url": format!("{url}/required_pull_request_reviews"),
                "dismiss_stale_reviews": reviews.dismiss_stale,
                "require_code_owner_reviews": reviews.code_owners,
                "require_last_push_approval": reviews.last_push,
                "required_approving_review_count": reviews.count,
            });
        }
        if let Some(restrictions) = &protection.restrictions {
            let url = format!("{url}/restrictions");
            let users = restrictions.users.iter().map(|person| self.account_json(*person));
            let teams = restrictions.teams.iter().map(|team| self.team_json(repo.owner, *team));
            let apps = restrictions.apps.iter().map(|app: &Id| self.app_or_null(Some(*app)));
            shown["restrictions"] = json!({
                "url": url,
                "users_url": format!("{url}/users"),
                "teams_url": format!("{url}/teams"),
                "apps_url": format!("{url}/apps"),
                "users": users.collect::<Value>(),
                "teams": teams.collect::<Value>(),
                "apps": apps.collect::<Value>(),
            });
        }
        shown
    }
}
