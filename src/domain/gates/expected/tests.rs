//! What is expected, what is reported, and what comes of it.

use super::*;
use crate::domain::policy::Policy;
use crate::domain::reply::gate::reported;
use crate::model::ids::{AppId, CheckRunId, RepoName, Sha, UserId};
use crate::model::read::CheckRun;
use crate::model::report::CommitStatus;

const OURS: u64 = 3;

fn us() -> Identity {
    let bot = account(77, "usher[bot]");
    Identity { app: AppId(OURS), slug: "usher".to_owned(), bot }
}

fn account(id: u64, login: &str) -> Account {
    Account { id: UserId(id), login: Login::new(login).unwrap(), bot: login.ends_with("[bot]") }
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-20T{text}:00Z").parse().unwrap()
}

fn wanted(text: &str) -> Expectation {
    let policy = format!(
        "version: 1\napplications: [{{name: shop, images: [web]}}]\nenvironments:\n\
         - {{name: staging, overlay: staging}}\n\
         - {{name: prod, overlay: prod, gates: {{release: [{text}]}}}}\n"
    );
    let policy = Policy::parse(policy.as_bytes(), &RepoName::new("acme/shop").unwrap()).unwrap();
    policy.environments()[1].gates().release[0].clone()
}

fn run(app: (u64, &str), name: &str, conclusion: Option<Conclusion>) -> CheckRun {
    CheckRun {
        id: CheckRunId(app.0 * 1000 + name.len() as u64),
        name: name.to_owned(),
        app: Some(AppId(app.0)),
        slug: Some(app.1.to_owned()),
        conclusion,
        external_id: None,
        title: None,
        summary: None,
        text: None,
        started: Some(at("12:00")),
        url: Some("https://github.test/acme/shop/runs/7".to_owned()),
    }
}

fn status(by: Option<Account>, context: &str, state: StatusState, text: &str) -> CommitStatus {
    CommitStatus {
        context: context.to_owned(),
        state,
        description: Some(text.to_owned()),
        creator: by,
        at: at("12:00"),
    }
}

fn met(wanted: &Expectation, runs: Vec<CheckRun>, statuses: Vec<CommitStatus>) -> Met {
    let statuses = statuses.into_iter().map(|one| (one.context.len() as u64, one)).collect();
    let reports = Reports::new(runs, statuses, true);
    meets(wanted, &of_reports(&reports, &us()), None)
}

fn said(wanted: &Expectation, met: Met) -> String {
    let told = [Told { wanted, met }];
    reported::on_head(&Sha::new("a".repeat(40)).unwrap(), &told).sentence
}

const CI: (u64, &str) = (8, "ci");

#[test]
fn success_alone_is_green() {
    let build = wanted("build");
    for (conclusion, outcome) in [
        (Some(Conclusion::Success), Outcome::Passed),
        (None, Outcome::Waiting),
        (Some(Conclusion::Failure), Outcome::Failed),
        (Some(Conclusion::Neutral), Outcome::Failed),
        (Some(Conclusion::Skipped), Outcome::Failed),
        (Some(Conclusion::Cancelled), Outcome::Failed),
        (Some(Conclusion::TimedOut), Outcome::Failed),
        (Some(Conclusion::ActionRequired), Outcome::Failed),
        (Some(Conclusion::Stale), Outcome::Failed),
        (Some(Conclusion::StartupFailure), Outcome::Failed),
    ] {
        let met = met(&build, vec![run(CI, "build", conclusion)], Vec::new());
        assert_eq!(met.outcome(), outcome, "{conclusion:?}");
    }
    for (state, outcome) in [
        (StatusState::Success, Outcome::Passed),
        (StatusState::Pending, Outcome::Waiting),
        (StatusState::Failure, Outcome::Failed),
        (StatusState::Error, Outcome::Failed),
    ] {
        let set = status(Some(account(5, "ada")), "build", state, "");
        assert_eq!(met(&build, Vec::new(), vec![set]).outcome(), outcome, "{state:?}");
    }
    assert_eq!(met(&build, vec![run(CI, "builds", None)], Vec::new()), Met::Missing);
}

#[test]
fn every_match_has_to_be_green() {
    let all = wanted("\"ci / *\"");
    let green = || run(CI, "ci / unit", Some(Conclusion::Success));
    let failed = status(None, "ci / lint", StatusState::Failure, "");
    assert_eq!(met(&all, vec![green()], Vec::new()).outcome(), Outcome::Passed);
    assert_eq!(
        met(&all, vec![green(), run(CI, "ci / e2e", None)], Vec::new()).outcome(),
        Outcome::Waiting
    );
    assert_eq!(met(&all, vec![green()], vec![failed]).outcome(), Outcome::Failed);
    // A status of the same name does not make up for the check.
    let build = wanted("build");
    let faked = status(Some(account(5, "ada")), "build", StatusState::Success, "");
    let red = run(CI, "build", Some(Conclusion::Failure));
    assert_eq!(met(&build, vec![red], vec![faked]).outcome(), Outcome::Failed);
}

#[test]
fn what_we_report_ourselves_is_left_out() {
    let all = wanted("\"*\"");
    let own = run((OURS, "usher"), "usher/gates", Some(Conclusion::Success));
    let set = status(Some(us().bot), "usher", StatusState::Success, "");
    assert_eq!(met(&all, vec![own], vec![set]), Met::Missing);
    // By the App, not by what it calls itself.
    let named = run((9, "usher"), "usher/gates", Some(Conclusion::Success));
    assert_eq!(met(&all, vec![named], Vec::new()).outcome(), Outcome::Passed);
}

#[test]
fn an_app_that_is_named_is_the_only_one_that_counts() {
    let pinned = wanted("{check: cover, app: codecov}");
    let cover = |app| run(app, "cover", Some(Conclusion::Success));
    assert_eq!(met(&pinned, vec![cover((4, "codecov"))], Vec::new()).outcome(), Outcome::Passed);
    assert_eq!(met(&pinned, vec![cover((5, "code-cov"))], Vec::new()), Met::Stranger);
    for (by, outcome) in [
        (Some(account(9, "codecov[bot]")), Outcome::Passed),
        (Some(account(9, "codecov")), Outcome::Waiting),
        (Some(account(9, "other[bot]")), Outcome::Waiting),
        // A person cannot be called so; GitHub says that it is none.
        (Some(Account { bot: false, ..account(9, "codecov[bot]") }), Outcome::Waiting),
        (None, Outcome::Waiting),
    ] {
        let set = status(by.clone(), "cover", StatusState::Success, "");
        assert_eq!(met(&pinned, Vec::new(), vec![set]).outcome(), outcome, "{by:?}");
    }
    // What strangers report does no harm either.
    let red = run((5, "other"), "cover", Some(Conclusion::Failure));
    let both = vec![cover((4, "codecov")), red];
    assert_eq!(met(&pinned, both, Vec::new()).outcome(), Outcome::Passed);
    let unknown = CheckRun { slug: None, ..cover((4, "codecov")) };
    assert_eq!(met(&pinned, vec![unknown], Vec::new()), Met::Stranger);
}

#[test]
fn numbers_are_read_from_title_then_summary_then_text() {
    let cover =
        wanted("{check: cover, value: \"([0-9.,e+-]+|inf|NaN)%\", at_least: 80, at_most: 99.5}");
    let green = || run(CI, "cover", Some(Conclusion::Success));
    let with = |title: Option<&str>, summary: Option<&str>, text: Option<&str>| CheckRun {
        title: title.map(str::to_owned),
        summary: summary.map(str::to_owned),
        text: text.map(str::to_owned),
        ..green()
    };
    let shows = |run: CheckRun| met(&cover, vec![run], Vec::new());
    let yes = |value: &str| Met::Yes(Some(value.to_owned()));
    assert_eq!(
        shows(with(Some("80% (+2%)"), Some("10%"), None)),
        yes("80"),
        "the bound is inclusive"
    );
    assert_eq!(shows(with(Some("coverage"), Some("now 99.5%"), Some("10%"))), yes("99.5"));
    assert_eq!(shows(with(None, None, Some("85%"))), yes("85"));
    assert!(matches!(shows(with(Some("79.99%"), None, None)), Met::Low(..)));
    assert!(matches!(shows(with(Some("99.51%"), None, None)), Met::High(..)));
    assert!(matches!(shows(with(Some("fine"), None, None)), Met::NoNumber(_)));
    for odd in ["1,234.5%", "inf%", "NaN%", "8.5.1%", "1e999%", ".%"] {
        let met = shows(with(Some(odd), Some("90%"), None));
        assert!(matches!(met, Met::NotANumber(..)), "{odd}: {met:?}");
        assert!(said(&cover, met).contains("which is not read as a number"), "{odd}");
    }
    // A pattern that would catch a part of a number is given all of it.
    let part = wanted("{check: cover, value: \"([0-9.]+)(?:%| ms)\", at_least: 80, at_most: 300}");
    for (text, expected) in [
        ("p99 300 ms", Some("300")),
        ("p99=85%", Some("85")),
        ("80-90%", Some("90")),
        ("1,2: 85%", Some("85")),
        ("p99 1,024 ms", None),
        ("1.234,5%", None),
        ("1’084 ms", None),
        ("1\u{202f}084 ms", None),
        ("1e85%", None),
        ("−90%", None),
        ("(-90%)", None),
    ] {
        let met = met(&part, vec![with(Some(text), None, None)], Vec::new());
        assert_eq!(met, expected.map_or(met.clone(), yes), "{text}");
        assert_eq!(met.outcome() == Outcome::Passed, expected.is_some(), "{text}: {met:?}");
    }
    let greedy = wanted("{check: cover, value: \".*([0-9])%\", at_most: 10}");
    let shown = |text| met(&greedy, vec![with(Some(text), None, None)], Vec::new());
    assert!(matches!(shown("85%"), Met::High(_, text) if text == "85"));
    assert_eq!(shown("5%"), yes("5"));
    // A number in a check that is not green makes it no greener.
    let red = CheckRun { conclusion: Some(Conclusion::Neutral), ..with(Some("90%"), None, None) };
    assert!(matches!(shows(red), Met::Red(..)));
    let set = |text: &str| {
        let set = status(None, "cover", StatusState::Success, text);
        met(&cover, Vec::new(), vec![set])
    };
    assert_eq!((set("90%"), set("7%").outcome()), (yes("90"), Outcome::Failed));
}

#[test]
fn what_was_made_before_does_not_count() {
    let smoke = wanted("smoke");
    let reports = |runs| Reports::new(runs, Vec::new(), true);
    let green = run(CI, "smoke", Some(Conclusion::Success));
    let untold = CheckRun { started: None, ..green.clone() };
    for (run, since, expected) in [
        (&green, at("11:59"), Met::Yes(None)),
        (&green, at("12:00"), Met::Yes(None)),
        (&green, at("12:01"), Met::Early),
        (&untold, at("11:59"), Met::Early),
    ] {
        let reports = reports(vec![run.clone()]);
        assert_eq!(meets(&smoke, &of_reports(&reports, &us()), Some(since)), expected);
    }
}

#[test]
fn a_persons_word_is_no_number_and_no_app() {
    let word = |standing| Report {
        name: "uat",
        by: By::Command,
        standing,
        texts: Vec::new(),
        made: Some(at("12:00")),
        url: None,
    };
    let judged = |wanted: &Expectation, standing| meets(wanted, &[word(standing)], None).outcome();
    let uat = wanted("uat");
    assert_eq!(judged(&uat, Standing::Green), Outcome::Passed);
    assert_eq!(judged(&uat, Standing::Red("was found to fail")), Outcome::Failed);
    assert_eq!(judged(&wanted("{check: uat, app: ci}"), Standing::Green), Outcome::Waiting);
    let value = wanted("{check: uat, value: '([0-9]+)', at_least: 1}");
    assert_eq!(judged(&value, Standing::Green), Outcome::Waiting);
}

#[test]
fn what_is_told_is_inert_and_leads_to_github() {
    let all = wanted("\"*\"");
    let evil = CheckRun {
        name: "x](https://evil.example) | @acme/qa <img>".to_owned(),
        ..run(CI, "x", None)
    };
    let text = said(&all, met(&all, vec![evil], Vec::new()));
    assert_eq!(
        text,
        "at `aaaaaaa`: [`x](https://evil.example) \\| @acme/qa <img>`](https://github.test/acme/shop/runs/7) has not ended"
    );
    let sly = CheckRun { url: Some("https://x/) [y](z".to_owned()), ..run(CI, "x", None) };
    assert_eq!(said(&all, met(&all, vec![sly], Vec::new())), "at `aaaaaaa`: `x` has not ended");
}
