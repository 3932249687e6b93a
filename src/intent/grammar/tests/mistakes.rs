//! The mistakes that people make, and the words that are none of ours.
//!
//! What a right line means is tried beside it.

use super::{said, text};
use crate::intent::command::Mistake;
use crate::intent::grammar::{is_command, parse};

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
