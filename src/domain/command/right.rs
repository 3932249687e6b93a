//! Who may say what: the permission column of the commands.

use super::context::Context;
use crate::domain::facts::{Facts, Gap};
use crate::domain::gates;
use crate::domain::given::in_environment;
use crate::domain::ground::Ground;
use crate::domain::people::is_among;
use crate::domain::policy::{Environment, Policy, Principal};
use crate::domain::reply::command as say;
use crate::intent::command::{Command, Remark, Spoken};
use crate::model::read::{Access, Account, Visibility};

/// Whether somebody may look: everybody who reads a private repository, and who may sort a public one.
pub(super) fn may_look(facts: &Facts, ground: &Ground<'_>, who: &Account) -> Result<bool, Gap> {
    let least = match ground.home.visibility {
        Visibility::Public => Access::Triage,
        Visibility::Private | Visibility::Internal => Access::Read,
    };
    Ok(*facts.access(ground.repo, &who.login)? >= least)
}

/// Whether somebody could have the right to a line, as far as that is known cheaply: whoever may neither
/// look nor is named for anything is turned away before anything else is read.
pub(super) fn might(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    remark: &Remark,
    line: &Spoken,
) -> Result<bool, Gap> {
    let who = &remark.author;
    let Ok(command) = &line.meant else {
        return may_look(facts, ground, who);
    };
    match command {
        Command::Promote { dry_run: true, .. }
        | Command::Status { .. }
        | Command::Diff { .. }
        | Command::Validate
        | Command::Help => may_look(facts, ground, who),
        Command::Hold { .. }
        | Command::Lock { .. }
        | Command::Ticket { .. }
        | Command::Cancel
        | Command::Retry => Ok(*facts.access(ground.repo, &who.login)? >= Access::Write),
        _ => {
            let mut named: Vec<Principal> = Vec::new();
            for environment in policy.environments() {
                for principal in concerned(environment, command) {
                    if !named.contains(&principal) {
                        named.push(principal);
                    }
                }
            }
            if matches!(command, Command::Override { gate, .. } if gate == gates::CONFIG) {
                named.extend(gates::who(policy, None, gates::CONFIG));
            }
            if let Command::Unlock { .. } = command
                && *facts.access(ground.repo, &who.login)? >= Access::Write
            {
                return Ok(true);
            }
            // Nobody is named for what does not exist; that is worth saying to whoever may look.
            if named.is_empty() {
                return may_look(facts, ground, who);
            }
            is_among(facts, ground.repo, &named, who)
        }
    }
}

/// Who an environment lets give a command.
fn concerned(environment: &Environment, command: &Command) -> Vec<Principal> {
    let rollback = environment.rollback();
    let rollback_by = rollback.map_or(&[][..], |rollback| &rollback.by);
    match command {
        Command::Promote { .. } | Command::Unhold { .. } | Command::Merge => {
            environment.promoters().to_vec()
        }
        Command::Rollback { argocd: true, .. } => {
            [rollback_by, environment.overrides().of("argocd")].concat()
        }
        Command::Rollback { .. } => [environment.promoters(), rollback_by].concat(),
        Command::Unlock { .. } => environment.overrides().of("lock").to_vec(),
        Command::Approve { label } => in_environment(environment, true)
            .into_iter()
            .filter(|wanted| label.is_empty() || wanted.label.is(label))
            .flat_map(|wanted| wanted.by.into_owned())
            .collect(),
        Command::Reject { .. } => {
            environment.approvals().iter().flat_map(|approval| approval.by.clone()).collect()
        }
        Command::Override { gate, .. } => environment.overrides().of(gate).to_vec(),
        Command::Verified { .. } => environment.owners().verification.iter().cloned().collect(),
        _ => Vec::new(),
    }
}

/// What is said to somebody who may not give any of the commands.
pub(super) fn not_allowed(policy: &Policy, spoken: &[&Spoken]) -> String {
    let mut who: Vec<Principal> = Vec::new();
    let mut look = false;
    for line in spoken {
        let Ok(command) = &line.meant else {
            look = true;
            continue;
        };
        for environment in policy.environments() {
            for principal in concerned(environment, command) {
                if !who.contains(&principal) {
                    who.push(principal);
                }
            }
        }
        look |= who.is_empty();
    }
    say::not_allowed(&who, look)
}

/// Whether the author may give this command here; else what to say.
pub(super) fn allowed(context: &Context<'_>, command: &Command) -> Result<Result<(), String>, Gap> {
    let (facts, ground, who) = (context.facts, context.ground, context.author());
    let of = |principals: &[Principal]| -> Result<Result<(), String>, Gap> {
        Ok(if is_among(facts, ground.repo, principals, who)? {
            Ok(())
        } else {
            Err(say::not_allowed(principals, false))
        })
    };
    match command {
        Command::Promote { dry_run: true, .. }
        | Command::Status { .. }
        | Command::Diff { .. }
        | Command::Validate
        | Command::Help => Ok(if may_look(facts, ground, who)? {
            Ok(())
        } else {
            Err(say::not_allowed(&[], true))
        }),
        Command::Hold { .. }
        | Command::Lock { .. }
        | Command::Ticket { .. }
        | Command::Cancel
        | Command::Retry => Ok(if *facts.access(ground.repo, &who.login)? >= Access::Write {
            Ok(())
        } else {
            Err(say::needs_write())
        }),
        Command::Promote { environment, .. } => match context.environment(environment) {
            Ok(environment) => of(&concerned(environment, command)),
            Err(unknown) => {
                let look = may_look(facts, ground, who)?;
                Ok(Err(if look { unknown } else { say::not_allowed(&[], true) }))
            }
        },
        // Which environment is meant, these find out themselves, and ask `of_environment` then.
        Command::Rollback { .. }
        | Command::Unhold { .. }
        | Command::Merge
        | Command::Unlock { .. }
        | Command::Approve { .. }
        | Command::Reject { .. }
        | Command::Override { .. }
        | Command::Verified { .. } => Ok(Ok(())),
    }
}

/// Whether the author may give this command for an environment; else what to say.
pub(super) fn of_environment(
    context: &Context<'_>,
    environment: &Environment,
    command: &Command,
) -> Result<Result<(), String>, Gap> {
    let principals = concerned(environment, command);
    Ok(if is_among(context.facts, context.ground.repo, &principals, context.author())? {
        Ok(())
    } else {
        Err(say::not_allowed(&principals, false))
    })
}
