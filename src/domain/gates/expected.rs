//! Whether what is expected of a commit was reported there: by checks, statuses, deployments, people.
//!
//! It knows what a report has to say to count; which commit is meant, each gate knows itself.

use std::ops::Range;

use jiff::Timestamp;

use super::Outcome;
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap, Known};
use crate::domain::given::{Wanted, is_given};
use crate::domain::look::Look;
use crate::domain::policy::{Expectation, Label};
use crate::model::ids::Login;
use crate::model::read::{Account, Conclusion, Identity};
use crate::model::report::{DeployState, Deployed, Reports, StatusState};

/// Something that was reported.
#[derive(Debug, Clone)]
pub(super) struct Report<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Who reported it.
    pub by: By<'a>,
    /// What it says.
    pub standing: Standing,
    /// Where a number may stand, in the order in which it is looked for.
    pub texts: Vec<&'a str>,
    /// When it was made.
    pub made: Option<Timestamp>,
    /// GitHub's page of it.
    pub url: Option<&'a str>,
}

/// Who reported something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By<'a> {
    /// The App of that short name.
    App(&'a str),
    /// This account, which may be an App's.
    Account(&'a Account),
    /// A person, by a command.
    Command,
    /// GitHub does not tell.
    Nobody,
}

impl By<'_> {
    /// Whether it is the App of that short name. An App sets statuses in the name of `slug[bot]`, which
    /// nobody else can be called.
    fn is(&self, slug: &str) -> bool {
        match self {
            Self::App(own) => own.eq_ignore_ascii_case(slug),
            Self::Account(account) => {
                let login = account.login.as_str().strip_suffix("[bot]");
                account.bot && login.is_some_and(|own| own.eq_ignore_ascii_case(slug))
            }
            Self::Command | Self::Nobody => false,
        }
    }
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// All is well.
    Green,
    /// It is under way.
    Pending,
    /// It has ended, and is not green; how, in a few words after its name.
    Red(&'static str),
}

/// What is reported on a commit, without what we report ourselves.
pub(super) fn of_reports<'a>(reports: &'a Reports, us: &Identity) -> Vec<Report<'a>> {
    let runs = reports.runs.iter().filter(|run| run.app != Some(us.app)).map(|run| Report {
        name: &run.name,
        by: run.slug.as_deref().map_or(By::Nobody, By::App),
        standing: run.conclusion.map_or(Standing::Pending, concluded),
        texts: [&run.title, &run.summary, &run.text]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect(),
        made: run.started,
        url: run.url.as_deref(),
    });
    let ours = |creator: &Option<Account>| creator.as_ref().is_some_and(|one| one.id == us.bot.id);
    let statuses = reports.statuses.iter().filter(|status| !ours(&status.creator));
    let statuses = statuses.map(|status| Report {
        name: &status.context,
        by: status.creator.as_ref().map_or(By::Nobody, By::Account),
        standing: match status.state {
            StatusState::Success => Standing::Green,
            StatusState::Pending => Standing::Pending,
            StatusState::Failure => Standing::Red("failed"),
            StatusState::Error => Standing::Red("broke"),
        },
        texts: status.description.as_deref().into_iter().collect(),
        made: Some(status.at),
        url: None,
    });
    runs.chain(statuses).collect()
}

/// How deployments went, by their tasks, without our own.
pub(super) fn of_deployed<'a>(deployed: &'a [Deployed], us: &Identity) -> Vec<Report<'a>> {
    let ours = |creator: &Option<Account>| creator.as_ref().is_some_and(|one| one.id == us.bot.id);
    let foreign = deployed.iter().filter(|one| !ours(&one.creator));
    let report = |one: &'a Deployed| Report {
        name: &one.task,
        by: one.creator.as_ref().map_or(By::Nobody, By::Account),
        standing: match one.state {
            Some(DeployState::Success) => Standing::Green,
            Some(DeployState::Failure) => Standing::Red("failed"),
            Some(DeployState::Pending) | None => Standing::Pending,
        },
        texts: one.description.as_deref().into_iter().collect(),
        made: Some(one.at),
        url: None,
    };
    foreign.map(report).collect()
}

fn concluded(conclusion: Conclusion) -> Standing {
    Standing::Red(match conclusion {
        Conclusion::Success => return Standing::Green,
        Conclusion::Failure => "failed",
        Conclusion::Neutral => "ended neutral, which is not green",
        Conclusion::ActionRequired => "asks somebody to act",
        Conclusion::Cancelled => "was cancelled",
        Conclusion::Skipped => "was skipped, which is not green",
        Conclusion::TimedOut => "timed out",
        Conclusion::Stale => "was given up by GitHub",
        Conclusion::StartupFailure => "could not start",
    })
}

/// A report, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is called.
    pub name: String,
    /// GitHub's page of it.
    pub url: Option<String>,
}

/// Whether something expected is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// It is; with the number, where one was asked for.
    Yes(Option<String>),
    /// Somebody gave the label that does instead.
    Label(Label, Login),
    /// Nobody has reported it.
    Missing,
    /// Somebody has, who is not the App that has to.
    Stranger,
    /// It was reported before it could be known.
    Early,
    /// It is under way.
    Pending(Named),
    /// It has ended, and is not green.
    Red(Named, &'static str),
    /// It is green, and no number is found in it.
    NoNumber(Named),
    /// What is found is no number.
    NotANumber(Named, String),
    /// The number is lower than it may be.
    Low(Named, String),
    /// The number is higher than it may be.
    High(Named, String),
}

impl Met {
    /// What it makes of the gate.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Yes(_) | Self::Label(..) => Outcome::Passed,
            Self::Missing | Self::Stranger | Self::Early | Self::Pending(_) => Outcome::Waiting,
            Self::Red(..)
            | Self::NoNumber(_)
            | Self::NotANumber(..)
            | Self::Low(..)
            | Self::High(..) => Outcome::Failed,
        }
    }
}

/// What was expected, and whether it is there.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// What was expected.
    pub wanted: &'a Expectation,
    /// Whether it is there.
    pub met: Met,
}

impl Told<'_> {
    /// The same in words of the configuration alone, without what was reported.
    pub(super) fn veiled(self) -> Self {
        let named = || Named { name: self.wanted.check.as_str().to_owned(), url: None };
        let met = match self.met {
            Met::Yes(_) => Met::Yes(None),
            Met::Pending(_) => Met::Pending(named()),
            Met::Red(_, how) => Met::Red(named(), how),
            Met::NoNumber(_) => Met::NoNumber(named()),
            Met::NotANumber(..) => Met::NotANumber(named(), "…".to_owned()),
            Met::Low(..) => Met::Low(named(), "…".to_owned()),
            Met::High(..) => Met::High(named(), "…".to_owned()),
            met @ (Met::Label(..) | Met::Missing | Met::Stranger | Met::Early) => met,
        };
        Self { wanted: self.wanted, met }
    }
}

/// Holds reports against all that is expected. `since`: what was made earlier does not count.
pub(super) fn judge<'a>(
    facts: &Facts,
    (look, touch): (&Look<'_>, &Effect<'_>),
    wanted: &'a [Expectation],
    reports: &[Report<'_>],
    since: Option<Timestamp>,
) -> Result<Vec<Told<'a>>, Gap> {
    let mut all = Vec::new();
    for wanted in wanted {
        let mut met = meets(wanted, reports, since);
        if met.outcome() != Outcome::Passed
            && let Some(label) = &wanted.or
            && let Ok(act) =
                is_given(facts, look, touch, &Wanted::instead(touch.environment, label))?
        {
            met = Met::Label(label.clone(), act.by.login.clone());
        }
        all.push(Told { wanted, met });
    }
    Ok(all)
}

/// Whether every report that is meant is green, and shows a number that is within bounds.
pub(super) fn meets(wanted: &Expectation, reports: &[Report<'_>], since: Option<Timestamp>) -> Met {
    let named = reports.iter().filter(|report| wanted.check.matches(report.name));
    let mut nothing = Met::Missing;
    let mut worst: Option<Met> = None;
    for report in named {
        let manual = report.by == By::Command;
        let from_whom = match &wanted.app {
            Some(app) => report.by.is(app),
            // A person who says that it is well names no number.
            None => !(manual && wanted.value.is_some()),
        };
        if !from_whom {
            if nothing == Met::Missing {
                nothing = Met::Stranger;
            }
            continue;
        }
        if since.is_some_and(|since| report.made.is_none_or(|made| made < since)) {
            nothing = Met::Early;
            continue;
        }
        let met = stands(wanted, report);
        if worst.as_ref().is_none_or(|worst| worst.outcome() < met.outcome()) {
            worst = Some(met);
        }
    }
    worst.unwrap_or(nothing)
}

/// How one report stands.
fn stands(wanted: &Expectation, report: &Report<'_>) -> Met {
    let named = || Named { name: report.name.to_owned(), url: report.url.map(ToOwned::to_owned) };
    match report.standing {
        Standing::Pending => return Met::Pending(named()),
        Standing::Red(how) => return Met::Red(named(), how),
        Standing::Green => {}
    }
    let Some(pattern) = &wanted.value else {
        return Met::Yes(None);
    };
    let caught = report
        .texts
        .iter()
        .find_map(|text| Some(whole(text, pattern.regex().captures(text)?.get(1)?.range())));
    let Some(text) = caught.map(str::to_owned) else {
        return Met::NoNumber(named());
    };
    match number(&text) {
        None => Met::NotANumber(named(), text),
        Some(value) if wanted.at_least.is_some_and(|least| value < least) => {
            Met::Low(named(), text)
        }
        Some(value) if wanted.at_most.is_some_and(|most| value > most) => Met::High(named(), text),
        Some(_) => Met::Yes(Some(text)),
    }
}

/// What is caught, and all that belongs to the same number around it: of `1,024 ms` a pattern may catch `024` only.
fn whole(text: &str, caught: Range<usize>) -> &str {
    // What stands between two digits of one number, somewhere in the world.
    let joins = |c: &char| ".,'’_\u{a0}\u{202f}eE".contains(*c);
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let belongs = |near: &[char]| {
        digit(near.first()) || near.first().is_some_and(joins) && digit(near.get(1))
    };
    let (before, after) = (text.get(..caught.start), text.get(caught.end..));
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let run = |chars: &[char]| {
        let near = (0..chars.len()).take_while(|at| belongs(chars.get(*at..).unwrap_or_default()));
        chars.iter().take(near.count()).map(|c| c.len_utf8()).sum::<usize>()
    };
    let back: Vec<char> = before.chars().rev().collect();
    let mut start = caught.start - run(&back);
    let sign = |c: &char| "+-−".contains(*c);
    let mut outside = text.get(..start).unwrap_or_default().chars().rev();
    if let Some(first) = outside.next().filter(sign)
        && outside.next().is_none_or(|c| c.is_whitespace() || "(:=".contains(c))
    {
        start -= first.len_utf8();
    }
    let end = caught.end + run(&after.chars().collect::<Vec<_>>());
    text.get(start..end).unwrap_or_default()
}

/// A decimal number as computers write them: `1,234.5` is none, because what its comma means differs from
/// place to place; nor is what has no end.
fn number(text: &str) -> Option<f64> {
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    let value: f64 = text.chars().all(decimal).then(|| text.parse().ok()).flatten()?;
    value.is_finite().then_some(value)
}

/// An answer, or why it cannot be had; what is only not asked for yet stays a gap.
pub(super) fn known<T>(answer: Result<T, Gap>) -> Result<Known<T>, Gap> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Gap::Unknown(why)) => Ok(Err(why)),
        Err(gap) => Err(gap),
    }
}

#[cfg(test)]
mod tests;
