//! Which promotions open, and why others do not; what a configuration leads to.

use super::*;

#[test]
fn a_release_moves_only_the_entries_that_carry_it() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    let decision = hub.decide(&released("v1.1.0"));
    let expected = STAGING.replace("v1.0.0", "v1.1.0");
    assert_eq!(opened(&decision), [("Promote shop v1.1.0 to staging".to_owned(), expected)]);
    assert_eq!(decision.verdict, Verdict::Accepted);
    assert_eq!(
        check(&decision, "usher/promotion shop v1.1.0").conclusion,
        Some(Conclusion::Success)
    );
}

#[test]
fn what_runs_before_goes_on_to_the_next_environment() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    hub.write("staging/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.1.0"));
    let decision = hub.decide(&Intent::Promote { repo: repo(), trigger: Trigger::State });
    assert_eq!(
        opened(&decision).iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(),
        ["Promote shop v1.1.0 to prod"]
    );
}

#[test]
fn drafts_prereleases_and_lower_versions_stay_where_they_are() {
    let mut hub = Hub::new();
    for (tag, code) in [
        ("v0.9.0", "promote.not-higher"),
        ("v1.0.0", "promote.already-there"),
        ("v2.0.0-rc.1", "version.prerelease"),
    ] {
        hub.release(tag);
        let decision = hub.decide(&released(tag));
        assert_eq!((codes(&decision)[0], opened(&decision).len()), (code, 0), "{tag}");
    }
    hub.release("v3.0.0");
    hub.releases[0].draft = true;
    assert_eq!(opened(&hub.decide(&released("v3.0.0"))), []);
    // Marked as prerelease on GitHub, whatever its name says.
    hub.releases[0] = Release { draft: false, prerelease: true, ..hub.releases[0].clone() };
    assert_eq!(opened(&hub.decide(&released("v3.0.0"))), []);
}

#[test]
fn refusals_say_what_helps() {
    let digest = format!("{STAGING}- name: api-x\n  digest: sha256:{}\n", "a".repeat(64));
    let foreign = POLICY.replace("images: [web", "source: evil/shop\n    images: [web");
    for (path, text, code) in [
        ("staging/kustomization.yaml", "images: [", "overlay.unreadable"),
        ("staging/kustomization.yaml", "images: []\n", "overlay.no-entry"),
        ("staging/kustomization.yaml", digest.as_str(), "promote.pinned"),
        (".github/usher.yml", "version: 2\n", "config.invalid"),
        (
            ".github/usher.yml",
            &POLICY.replace("overlay: staging", "overlay: nowhere"),
            "overlay.missing",
        ),
    ] {
        let mut hub = Hub::new();
        hub.release("v1.1.0");
        hub.write(path, text);
        let decision = hub.decide(&released("v1.1.0"));
        assert_eq!(
            (decision.verdict, codes(&decision)[0]),
            (Verdict::Refused, code),
            "{decision:?}"
        );
        assert_eq!(opened(&decision), []);
        assert_eq!(
            check(&decision, "usher/promotion shop v1.1.0").conclusion,
            Some(Conclusion::Failure)
        );
    }
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", &foreign);
    let decision = hub.decide(&Intent::Promote { repo: repo(), trigger: Trigger::State });
    assert_eq!(codes(&decision), ["source.foreign", "source.foreign"]);
}

#[test]
fn a_source_that_cannot_be_read_stops_only_its_applications() {
    let mut hub = Hub::new();
    hub.source = Err("GitHub says no".to_owned());
    let decision = hub.decide(&released("v1.1.0"));
    assert_eq!((decision.verdict, codes(&decision)[0]), (Verdict::Refused, "source.unreadable"));
    hub.source = Ok(None);
    assert_eq!(codes(&hub.decide(&released("v1.1.0")))[0], "source.not-installed");
}

#[test]
fn following_remembers_sources_and_what_runs() {
    let mut hub = Hub::new();
    hub.open("feature", &account(5, "ada"), "change", &[("README.md", "words")]);
    let decision = hub.decide(&Intent::Follow { repo: repo(), reach: Reach::Promotions });
    let kinds: Vec<_> = decision
        .effects
        .iter()
        .map(|effect| serde_json::to_value(effect).unwrap()["effect"].clone())
        .collect();
    let remembered = ["remember_follows", "remember_running", "remember_running", "enqueue"];
    assert_eq!(kinds[..4], remembered);
    assert_eq!(kinds.len(), 5, "rules that were not known bear on every open pull request");
    let everything = hub.decide(&Intent::Follow { repo: repo(), reach: Reach::Everything });
    assert_eq!(everything.effects.len(), 5, "and the open pull request");
}

#[test]
fn decisions_hold_no_file_contents() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    let json = serde_json::to_string(&hub.decide(&released("v1.1.0"))).unwrap();
    assert!(!json.contains("newTag"), "{json}");
}

/// The text of the pull request that the decision opens.
fn text(decision: &Decision) -> &str {
    let pull = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsurePull(pull) => Some(pull.body.as_str()),
        _ => None,
    });
    pull.unwrap()
}

#[test]
fn a_text_never_grows_past_what_github_takes() {
    let mut hub = Hub::new();
    // Each hidden character is shown as eight; fences stand in the notes, and titles are endless.
    let notes = format!("```\n{}\n````\n@eve", "\u{202e}".repeat(5_000));
    for minor in 1..60 {
        hub.release(&format!("v1.{minor}.0"));
        hub.releases[0].notes = if minor % 2 == 0 { notes.clone() } else { "x".repeat(50_000) };
        hub.releases[0].name = "t".repeat(5_000);
    }
    let entries: String = (0..900)
        .map(|n| format!("- name: api-{n}-{}\n  newTag: v1.0.0\n", "n".repeat(60)))
        .collect();
    hub.write("staging/kustomization.yaml", &format!("resources: [web.yaml]\nimages:\n{entries}"));
    let decision = hub.decide(&released("v1.59.0"));
    let text = text(&decision);
    assert!(text.chars().count() < 60_000, "{}", text.chars().count());
    assert!(
        text.contains("and 7") && text.contains("more; the diff shows them all."),
        "{}",
        &text[..3_000]
    );
    assert!(text.contains("[The rest of it](https://github.test/acme/shop/releases/tag/v1.59.0)"));
    let table = text.split_once("### Handoff").unwrap().1;
    assert!(table.contains("| Target environment | `staging` |"), "{table}");
    // What stands after the notes is not inside one of their fences.
    let mut in_fence = false;
    let handoff_is_a_heading = pulldown_cmark::Parser::new(text).any(|event| match event {
        pulldown_cmark::Event::Start(pulldown_cmark::Tag::CodeBlock(_)) => {
            in_fence = true;
            false
        }
        pulldown_cmark::Event::End(pulldown_cmark::TagEnd::CodeBlock) => {
            in_fence = false;
            false
        }
        pulldown_cmark::Event::Text(text) => !in_fence && *text == *"Handoff",
        _ => false,
    });
    assert!(handoff_is_a_heading);
}

/// What each intent reads, in order: the price of a decision in calls to GitHub.
#[test]
fn decisions_read_no_more_than_they_need() {
    let mut hub = Hub::new();
    hub.release("v1.1.0");
    hub.decide(&released("v1.1.0"));
    assert_eq!(
        asked(&hub),
        "Repository Head Tree Blob Source Releases Tag Blob Acts Identity PullsOfBranch Head Tag"
    );
    hub.asked.clear();
    let pr = hub.open("docs", &account(5, "ada"), "change", &[("README.md", "words")]);
    hub.decide(&Intent::Evaluate { repo: repo(), pr });
    assert_eq!(
        asked(&hub),
        "Repository Head Tree Blob Pull Comparison Tree Identity Blob Blob Acts Heads"
    );
}

fn asked(hub: &Hub) -> String {
    let name = |need: &Need| format!("{need:?}").split(' ').next().unwrap().to_owned();
    hub.asked.iter().map(name).collect::<Vec<_>>().join(" ")
}
