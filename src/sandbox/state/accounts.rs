//! People, organisations and teams, and what each may do in a repository.
//! It does not know tokens: see `tokens`.

use std::collections::BTreeMap;

use super::{Actor, State};
use crate::sandbox::git::Person;
use crate::sandbox::model::{Account, AccountKind, Id, OrgRole, Organization, Role, Team};

impl State {
    /// Adds an account.
    pub(crate) fn add_account(&mut self, login: &str, name: &str, kind: AccountKind) -> Id {
        let id = self.new_id();
        let account = Account {
            id,
            login: login.to_owned(),
            name: name.to_owned(),
            kind,
            created_at: self.now(),
        };
        self.accounts.insert(id, account);
        id
    }

    /// Adds an organisation.
    pub(crate) fn add_org(&mut self, login: &str, name: &str, base_role: Role) -> Id {
        let account = self.add_account(login, name, AccountKind::Organization);
        let org = Organization { account, members: BTreeMap::new(), base_role, teams: Vec::new() };
        self.orgs.insert(account, org);
        account
    }

    /// Makes somebody a member of an organisation.
    pub(crate) fn add_member(&mut self, org: Id, person: Id, role: OrgRole) {
        if let Some(org) = self.orgs.get_mut(&org) {
            org.members.insert(person, role);
        }
    }

    /// Adds a team with these members.
    pub(crate) fn add_team(
        &mut self,
        org: Id,
        name: &str,
        description: &str,
        members: &[Id],
    ) -> Id {
        let id = self.new_id();
        let team = Team {
            id,
            slug: name.to_lowercase().replace(' ', "-"),
            name: name.to_owned(),
            description: description.to_owned(),
            parent: None,
            members: members.iter().map(|person| (*person, false)).collect(),
        };
        if let Some(org) = self.orgs.get_mut(&org) {
            org.teams.push(team);
        }
        id
    }

    /// A team by the organisation's login and its slug.
    pub(crate) fn team_named(&self, org: &str, slug: &str) -> Option<(&Organization, &Team)> {
        let org = self.orgs.get(&self.account_named(org)?.id)?;
        let team = org.teams.iter().find(|team| team.slug.eq_ignore_ascii_case(slug))?;
        Some((org, team))
    }

    /// The people of a team and of the teams below it.
    pub(crate) fn team_members(&self, org: &Organization, team: Id) -> BTreeMap<Id, bool> {
        let below = org.teams.iter().filter(|other| other.parent == Some(team));
        let mut members: BTreeMap<Id, bool> = below
            .flat_map(|child| self.team_members(org, child.id))
            .map(|(person, _)| (person, false))
            .collect();
        if let Some(team) = org.teams.iter().find(|other| other.id == team) {
            members.extend(&team.members);
        }
        members
    }

    /// What somebody may do in a repository, by all ways together. What everybody may do in a
    /// public repository is included.
    pub(crate) fn role(&self, person: Id, repo: Id) -> Role {
        let Ok(repo) = self.repo(repo) else {
            return Role::None;
        };
        let public = if repo.private { Role::None } else { Role::Read };
        if repo.owner == person {
            return Role::Admin;
        }
        let direct = repo.collaborators.get(&person).copied();
        let org = self.orgs.get(&repo.owner);
        let membership = org.and_then(|org| match org.members.get(&person)? {
            OrgRole::Admin => Some(Role::Admin),
            OrgRole::Member => Some(org.base_role),
        });
        let teams = org.into_iter().flat_map(|org| {
            let granted = repo.teams.iter();
            granted.filter_map(|(team, role)| {
                self.team_members(org, *team).contains_key(&person).then_some(*role)
            })
        });
        teams.chain(direct).chain(membership).fold(public, Role::max)
    }

    /// GitHub's `author_association` of somebody with a repository.
    pub(crate) fn association(&self, person: Id, repo: Id) -> &'static str {
        let Ok(repo) = self.repo(repo) else {
            return "NONE";
        };
        let org = self.orgs.get(&repo.owner);
        if repo.owner == person {
            "OWNER"
        } else if org.is_some_and(|org| org.members.contains_key(&person)) {
            "MEMBER"
        } else if repo.collaborators.contains_key(&person) {
            "COLLABORATOR"
        } else {
            let contributed = |issue: &crate::sandbox::model::Issue| {
                let merged = issue.pull.as_ref().is_some_and(|pull| pull.merged_at.is_some());
                issue.author == person && merged
            };
            if repo.issues.values().any(contributed) { "CONTRIBUTOR" } else { "NONE" }
        }
    }

    /// The address that GitHub writes into commits of this account.
    pub(crate) fn email(&self, account: Id) -> String {
        let account = self.account(account);
        format!("{}+{}@users.noreply.github.com", account.id, account.login)
    }

    /// The account that GitHub sees behind a commit's e-mail address.
    pub(crate) fn account_by_email(&self, email: &str) -> Option<&Account> {
        if email == NOREPLY {
            return Some(&self.web_flow);
        }
        let local = email.strip_suffix("@users.noreply.github.com")?;
        match local.split_once('+') {
            Some((id, _)) => self.accounts.get(&id.parse().ok()?),
            None => self.account_named(local),
        }
    }

    /// The author of a commit that this actor makes now.
    pub(crate) fn person(&self, actor: Actor) -> Person {
        let account = self.account(actor.account);
        let name = if account.name.is_empty() { &account.login } else { &account.name };
        Person { name: name.clone(), email: self.email(actor.account), at: self.now() }
    }

    /// GitHub itself, as the committer of what is done on its pages and through its contents API.
    pub(crate) fn web_flow(&self) -> Person {
        Person { name: "GitHub".to_owned(), email: NOREPLY.to_owned(), at: self.now() }
    }
}

/// The address with which GitHub itself commits.
const NOREPLY: &str = "noreply@github.com";

/// The account to which that address belongs.
pub(super) fn committer() -> Account {
    Account {
        id: 19_864_447,
        login: "web-flow".to_owned(),
        name: "GitHub Web Flow".to_owned(),
        kind: AccountKind::User,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    }
}
