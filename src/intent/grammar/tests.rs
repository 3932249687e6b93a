//! The table of commands, line by line, and the mistakes that people make.
//!
//! Each line is compared with what it means as data; prose is made of it elsewhere.

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
fn a_slip_of_the_finger_is_seen() {
    for (word, meant) in [
        ("promot", "promote"),
        ("promte", "promote"),
        ("pormote", "promote"),
        ("Promotes", "promote"),
        ("romote", "promote"),
        ("rolback", "rollback"),
        ("rollbak", "rollback"),
        ("roll-back", "rollback"),
        ("staus", "status"),
        ("lcok", "lock"),
        ("unlok", "unlock"),
        ("hodl", "hold"),
        ("aprove", "approve"),
        ("overide", "override"),
        ("verfied", "verified"),
        ("cancell", "cancel"),
        ("tickets", "ticket"),
        ("merg", "merge"),
        ("retyr", "retry"),
        ("hlep", "help"),
        ("paln", "plan"),
        ("validat", "validate"),
    ] {
        let near = match said(&format!("/{word} prod")) {
            Err(Mistake::Unknown { near, .. }) => near,
            other => panic!("{word}: {other:?}"),
        };
        assert_eq!(near.as_deref(), Some(meant), "{word}");
    }
}

/// Words that others use: Prow and OpenShift, GitLab, GitHub's own editor, review bots, paths.
const OTHERS: &str = "ack apply area ask assign attempt award azp backport benchmark blocked_by blocks \
    bounty build bugzilla cc check-cla cherry-pick cherrypick claim clear close code confidential \
    convert_to_ticket copy_metadata custom deploy describe destroy details done draft due duplicate \
    easycla estimate fmt format gemini good-first-issue honk improve iteration jira joke kind label \
    lgtm lifecycle link lint meow merge-queue merge-when-green milestone move nack ok-to-test page \
    parent payload payload-job ping pipeline pj-rehearse pony preview priority project publish queue \
    reassign rebase recheck ready reassign_reviewer refresh relabel relate release remind remove \
    remove-lifecycle reopen request_review rerun rerunfailed reset restart resume retest \
    retest-required retitle retrigger reverify revert review run saved-replies severity ship shipit \
    shrug sig skip snapshot spend start stop submit_review subscribe sync tableflip table tag target_branch \
    tasklist template test test-all title todo triage trunk unapprove unassign uncc undeploy unlabel \
    unlink unsubscribe update upgrade verify verify-owners weight woof zoom etc home usr var tmp opt \
    dev proc root lib bin sbin mnt srv api users user docs me path to";

#[test]
fn the_words_of_others_are_left_alone() {
    for word in OTHERS.split_whitespace() {
        assert_eq!(parse(&format!("/{word}")), None, "{word}");
        assert_eq!(parse(&format!("/{word} prod v1.0.1")), None, "{word}");
    }
    for line in [
        "/",
        "//",
        "/ promote prod",
        "/promote, prod",
        "/promote: prod",
        "/promote!",
        "/promote/prod",
        "/promote.",
        "/prоmote prod",
        "/promote\u{a0}prod",
        "/promote\u{200b} prod",
        "/promote1",
        "/usher: promote",
        "/*",
        "/-",
        "promote prod",
        "",
        "/pro",
        "/überlock prod",
        "/unblocked",
    ] {
        assert_eq!(parse(line), None, "{line:?}");
        assert!(!is_command(line), "{line:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (line, what) in [
        ("/promote", "ENV"),
        ("/plan --dry-run", "ENV"),
        ("/promote \"\"", "ENV"),
        ("/lock", "ENV"),
        ("/lock --for 2h", "ENV"),
        ("/unlock", "ENV"),
        ("/approve", "LABEL"),
        ("/approve \" \"", "LABEL"),
        ("/reject", "VERSION"),
        ("/reject v1.0.1", "reason"),
        ("/reject v1.0.1 --app web", "reason"),
        ("/override", "GATE"),
        ("/override soak", "reason"),
        ("/override soak \"\"", "reason"),
        ("/verified --failed", "NAME"),
        ("/ticket", "ID"),
    ] {
        let command = line[1..].split(' ').next().unwrap().to_owned();
        assert_eq!(said(line), Err(Mistake::Missing { command, what: text(what) }), "{line}");
    }
}

#[test]
fn flags_are_not_guessed() {
    for (line, flag, near) in [
        ("/promote prod --dryrun", "--dryrun", Some("--dry-run")),
        ("/promote prod -dry-run", "-dry-run", Some("--dry-run")),
        ("/promote prod --force", "--force", None),
        ("/promote prod --argocd", "--argocd", None),
        ("/promote prod --", "--", None),
        ("/promote prod --servics=a,b", "--servics=a,b", Some("--services")),
        ("/lock prod --fro 2h", "--fro", Some("--for")),
        ("/lock prod freeze --fro 2h", "--fro", Some("--for")),
        ("/lock prod --until Monday", "--until", None),
        ("/approve --all", "--all", None),
        ("/merge --now", "--now", None),
    ] {
        let command = line[1..].split(' ').next().unwrap().to_owned();
        let expected = Mistake::UnknownFlag { command, flag: text(flag), near: near.map(text) };
        assert_eq!(said(line), Err(expected), "{line}");
    }
    for (line, flag) in [
        ("/promote prod --app", "--app"),
        ("/promote prod --app --dry-run", "--app"),
        ("/promote prod --app=", "--app"),
        ("/promote prod --app \"\"", "--app"),
        ("/promote prod --app a --app b", "--app"),
        ("/promote prod --services ,", "--services"),
        ("/promote prod --services", "--services"),
        ("/promote prod --ticket -5", "--ticket"),
        ("/promote prod --dry-run=no", "--dry-run"),
        ("/rollback prod --reason", "--reason"),
        ("/rollback prod --reason --argocd", "--reason"),
        ("/rollback prod --reason \"a\" --reason \"b\"", "--reason"),
        ("/lock prod --for", "--for"),
        ("/lock prod freeze --for now", "--for"),
        ("/lock prod freeze --for 0h", "--for"),
        ("/lock prod freeze --for 2h --for 3h", "--for"),
    ] {
        match said(line) {
            Err(Mistake::BadFlag { flag: bad, .. }) => assert_eq!(bad, flag, "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn words_too_many_are_named() {
    for (line, word) in [
        ("/promote prod v1.0.1 v1.0.2", "v1.0.2"),
        ("/promote prod v1 \"and more\"", "\"and more\""),
        ("/merge please", "please"),
        ("/status prod now", "now"),
        ("/verified user tests", "tests"),
        ("/rollback prod v1 because", "because"),
        ("/rollback prod v1 --reason \"a\" b", "b"),
    ] {
        let command = line[1..].split(' ').next().unwrap().to_owned();
        assert_eq!(said(line), Err(Mistake::Surplus { command, word: text(word) }), "{line}");
    }
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
