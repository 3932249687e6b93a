//! What is read about people: their role in a repository, their membership in a team.
//!
//! It does not know what a role lets anybody do.

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::auth::Scope;
use crate::github::line::Caller;
use crate::github::text::escape_query;
use crate::github::wire::{WireMembership, WirePermission};
use crate::model::ids::Login;
use crate::model::read::Access;

impl Repo {
    /// What somebody may do in this repository; whom GitHub does not know may do nothing.
    pub async fn access(&self, login: &Login) -> Result<Access, Fault> {
        let login = escape_query(login.as_str());
        let path = self.path(format_args!("/collaborators/{login}/permission"));
        let found: Option<WirePermission> = self.line.find(&path).await?;
        Ok(found.map_or(Access::None, WirePermission::into_access))
    }

    /// Whether somebody belongs to a team, or to one below it; who is only invited does not yet.
    pub async fn member(
        &self,
        organisation: &str,
        team: &str,
        login: &Login,
    ) -> Result<bool, Fault> {
        let caller = Caller::Installation(self.repo.installation, Scope::Members);
        let line = self.line.as_caller(caller);
        let [organisation, team, login] = [organisation, team, login.as_str()].map(escape_query);
        let path = format!("/orgs/{organisation}/teams/{team}/memberships/{login}");
        let found: Option<WireMembership> = line.find(&path).await?;
        Ok(found.is_some_and(|membership| membership.state == "active"))
    }
}
