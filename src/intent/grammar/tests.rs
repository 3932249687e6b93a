//! The table of commands, line by line.
//!
//! Each line is compared with what it means as data; prose is made of it elsewhere.

mod mistakes;

use proptest::prelude::*;

use super::*;
use crate::intent::command::{Command, Scope};

fn said(line: &str) -> Result<Command, Mistake> {
    parse(line).unwrap_or_else(|| panic!("{line} is not for us")).meant
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn promote(environment: &str, version: Option<&str>) -> Command {
    Command::Promote {
        environment: text(environment),
        version: version.map(text),
        scope: Scope::default(),
        ticket: None,
        dry_run: false,
    }
}

fn lock(environment: &str, reason: &str, seconds: Option<u64>) -> Command {
    Command::Lock { environment: text(environment), reason: text(reason), seconds }
}

fn hold(text: &str, application: Option<&str>) -> Command {
    Command::Hold { text: text.to_owned(), application: application.map(self::text) }
}

#[test]
fn promote_and_plan() {
    assert_eq!(said("/promote prod"), Ok(promote("prod", None)));
    assert_eq!(said("/promote prod v1.0.1"), Ok(promote("prod", Some("v1.0.1"))));
    assert_eq!(said("/Promote\tprod"), Ok(promote("prod", None)));
    let scope = Scope {
        application: some("web shop"),
        services: vec![text("cart"), text("checkout")],
        targets: vec![text("eu"), text("us")],
    };
    let whole = |dry_run| Command::Promote {
        environment: text("prod"),
        version: some("v1.0.1"),
        scope: scope.clone(),
        ticket: some("CHG-1"),
        dry_run,
    };
    for (line, dry_run) in [
        (
            "/promote prod v1.0.1 --app \"web shop\" --services cart,checkout --targets=eu,us --ticket CHG-1",
            false,
        ),
        (
            "/promote --app=“web shop” --services cart, checkout --targets eu ,us prod --ticket=CHG-1 v1.0.1 --dry-run",
            true,
        ),
        (
            "/promote --App=\"web shop\" --services=cart --services checkout --targets \"eu, us\" --ticket CHG-1 prod v1.0.1 —dry-run",
            true,
        ),
        (
            "/plan prod v1.0.1 —app \"web shop\" –-services=cart , checkout ––targets eu,,us, --ticket CHG-1",
            true,
        ),
        (
            "/plan prod --dry-run v1.0.1 --app \"web shop\" --services \"cart\",\"checkout\" --targets eu,us --ticket CHG-1",
            true,
        ),
    ] {
        assert_eq!(said(line), Ok(whole(dry_run)), "{line}");
    }
}

#[test]
fn rollback() {
    let back = |environment: Option<&str>, version: Option<&str>, reason: Option<&str>, argocd| {
        Ok(Command::Rollback {
            environment: environment.map(text),
            version: version.map(text),
            scope: Scope::default(),
            argocd,
            reason: reason.map(text),
        })
    };
    let prod = Some("prod");
    assert_eq!(said("/rollback"), back(None, None, None, false));
    assert_eq!(said("/rollback prod v1.0.0 --argocd"), back(prod, Some("v1.0.0"), None, true));
    for line in [
        "/rollback prod --argocd --reason p99  is up",
        "/rollback prod --reason p99  is up --argocd",
        "/rollback prod --reason=p99  is up --argocd",
        "/rollback --reason \"p99  is up\" prod --argocd",
        "/rollback --reason=\"p99  is up\" prod --argocd",
        "/rollback --reason „p99  is up“ --argocd prod",
    ] {
        assert_eq!(said(line), back(prod, None, Some("p99  is up"), true), "{line}");
    }
    let scoped = said("/rollback prod --services cart --targets eu --app web").unwrap();
    let Command::Rollback { scope, .. } = scoped else { panic!("{scoped:?}") };
    assert_eq!((scope.services, scope.targets), (vec![text("cart")], vec![text("eu")]));
}

#[test]
fn reasons_are_kept_as_they_are_written() {
    assert_eq!(said("/lock prod"), Ok(lock("prod", "", None)));
    let freeze = |seconds| Ok(lock("prod", "deploy freeze", seconds));
    assert_eq!(said("/lock prod deploy freeze"), freeze(None));
    for line in [
        "/lock prod deploy freeze --for 2h",
        "/lock prod --for 2h deploy freeze",
        "/lock prod deploy --for=120m freeze",
        "/lock --for 7200s prod \"deploy freeze\"",
    ] {
        assert_eq!(said(line), freeze(Some(7_200)), "{line}");
    }
    let reason = "it's \"broken\",  see #12: `rm --force` — ask @ada";
    assert_eq!(said(&format!("/lock prod {reason}")), Ok(lock("prod", reason, None)));
    assert_eq!(said("/lock prod — freeze"), Ok(lock("prod", "— freeze", None)));
    assert_eq!(said("/hold"), Ok(hold("", None)));
    assert_eq!(said("/hold prod p99 is up"), Ok(hold("prod p99 is up", None)));
    assert_eq!(said("/hold --app web prod p99 is up"), Ok(hold("prod p99 is up", Some("web"))));
    assert_eq!(said("/hold \"p99 is up\""), Ok(hold("p99 is up", None)));
    assert_eq!(said("/hold \"a\" and \"b\""), Ok(hold("\"a\" and \"b\"", None)));
    let reject = |application: Option<&str>| {
        Ok(Command::Reject {
            version: text("v1.0.1"),
            reason: text("loses carts"),
            application: application.map(text),
        })
    };
    assert_eq!(said("/reject v1.0.1 loses carts"), reject(None));
    assert_eq!(said("/reject v1.0.1 loses carts --app web"), reject(Some("web")));
    let waive = Command::Override { gate: text("soak"), reason: text("hotfix for --all of us") };
    assert_eq!(said("/override soak hotfix for --all of us"), Ok(waive));
}

#[test]
fn the_other_commands() {
    for (line, command) in [
        ("/status", Command::Status { environment: None }),
        ("/status prod", Command::Status { environment: some("prod") }),
        ("/diff", Command::Diff { environment: None }),
        ("/diff prod", Command::Diff { environment: some("prod") }),
        ("/validate", Command::Validate),
        ("/help", Command::Help),
        ("/unhold", Command::Unhold { environment: None, application: None }),
        (
            "/unhold prod --app web",
            Command::Unhold { environment: some("prod"), application: some("web") },
        ),
        ("/unlock prod", Command::Unlock { environment: text("prod") }),
        ("/merge", Command::Merge),
        ("/approve qa-approved", Command::Approve { label: text("qa-approved") }),
        ("/approve looks good: qa ", Command::Approve { label: text("looks good: qa") }),
        ("/approve \"looks good\"", Command::Approve { label: text("looks good") }),
        ("/verified uat", Command::Verified { name: text("uat"), failed: false }),
        (
            "/verified \"user tests\" --failed",
            Command::Verified { name: text("user tests"), failed: true },
        ),
        ("/ticket CHG-12", Command::Ticket { ticket: text("CHG-12") }),
        ("/cancel", Command::Cancel),
        ("/retry", Command::Retry),
    ] {
        assert_eq!(said(line), Ok(command), "{line}");
    }
}

#[test]
fn the_prefix_makes_anything_ours() {
    for (line, prefixed) in
        [("/usher promote prod", true), ("/USHER  Promote prod", true), ("/promote prod", false)]
    {
        let spoken = parse(line).unwrap();
        assert_eq!(
            (spoken.meant, spoken.prefixed),
            (Ok(promote("prod", None)), prefixed),
            "{line}"
        );
    }
    assert_eq!(said("/usher"), Ok(Command::Help));
    let unknown = |word: &str, near: Option<&str>| {
        Err(Mistake::Unknown { word: text(word), near: near.map(text) })
    };
    assert_eq!(said("/usher nonsense now"), unknown("nonsense", None));
    assert_eq!(said("/usher rolback"), unknown("rolback", Some("rollback")));
    assert_eq!(said("/usher /merge"), unknown("/merge", Some("merge")));
    assert_eq!(said("/usher promote, please"), unknown("promote,", Some("promote")));
    assert_eq!(said("/usher ü"), unknown("ü", None));
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("30m", Some(1_800)),
        ("24h", Some(86_400)),
        ("1d12h", Some(129_600)),
        ("2H", Some(7_200)),
        ("1w", Some(604_800)),
        ("90s", Some(90)),
        ("366d", Some(31_622_400)),
        ("367d", None),
        ("0m", None),
        ("12h1d", None),
        ("1h1h", None),
        ("h", None),
        ("2", None),
        ("2x", None),
        ("2 h", None),
        ("-2h", None),
        ("1.5h", None),
        ("2hü", None),
        ("２h", None),
        ("99999999999999999999h", None),
        ("18446744073709551615h", None),
        ("", None),
    ] {
        let line = format!("/lock prod x --for \"{text}\"");
        assert_eq!(said(&line).ok(), seconds.map(|some| lock("prod", "x", Some(some))), "{text}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let long = "x".repeat(60_000);
    let spoken = parse(&format!("/lock prod {long}")).unwrap();
    assert_eq!(spoken.line.chars().count(), 201);
    let Ok(Command::Lock { reason, .. }) = spoken.meant else { panic!() };
    assert_eq!(reason.chars().count(), 2_001);
    for line in [
        format!("/promote {long}"),
        format!("/promote prod v1 {long}"),
        format!("/promote prod --{long}"),
        format!("/promote prod --app {long}"),
        format!("/promote prod --services {long}"),
        format!("/usher {long}"),
        format!("/promote prod --services {}", "a,".repeat(90)),
    ] {
        assert!(format!("{:?}", parse(&line)).len() < 1_500);
    }
    let names: String = (0..101).map(|number| format!("a{number},")).collect();
    assert!(matches!(
        said(&format!("/promote prod --services {names}")),
        Err(Mistake::BadFlag { .. })
    ));
}

proptest! {
    #[test]
    fn any_line_is_read(line in "/\\PC{0,60}|/(usher )?(promote|lock|hold|rollback|approve|override|reject)( --?(app|for|reason|services)|[ =\"“”—,a-z-]){0,16}") {
        let spoken = parse(&line);
        prop_assert!(spoken.is_some() || !is_command(&line));
        if let Some(spoken) = spoken {
            let stored = serde_json::to_string(&spoken).unwrap();
            prop_assert_eq!(serde_json::from_str::<Spoken>(&stored).unwrap(), spoken);
        }
    }

    #[test]
    fn a_reason_comes_back(reason in "[a-z0-9#@'.,:;!?]{1,8}( [a-z0-9#@'.,:;!?-]{1,8}){0,4}") {
        prop_assert_eq!(said(&format!("/lock prod {reason} --for 1h")), Ok(lock("prod", &reason, Some(3_600))));
    }
}
