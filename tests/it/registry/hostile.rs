//! Registries that send elsewhere, ask for what they must not get, lie, and never end; and who may have which asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

use secrecy::SecretString;
use usher::model::artifact::Artifact;
use usher::model::ids::{Digest, RepoName};
use usher::reach::{self, Lookup, Origin};
use usher::registry::Credentials;

use super::{find, open, options, password, why_not};
use crate::scripted::{Says, Scripted};

fn sha(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

fn there(digit: &str) -> Says {
    Says(200, vec![("docker-content-digest", sha(digit))], String::new())
}

fn present(digit: &str) -> Artifact {
    Artifact::Present(Digest::new(sha(digit)).unwrap())
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("usher:hunter2"))
}

/// A registry that wants a token from somewhere.
async fn wants_token(realm: String) -> Scripted {
    Scripted::start(move |heard| {
        if heard.header("authorization") == "Bearer good" {
            return there("a");
        }
        let wants = format!(
            "Bearer realm=\"{realm}\",service=\"the registry\",scope=\"repository:x:push,pull\""
        );
        Says(401, vec![("www-authenticate", wants)], String::new())
    })
    .await
}

async fn gives_token() -> Scripted {
    Scripted::start(|_| Says(200, Vec::new(), "{\"token\": \"good\", \"expires_in\": 300}".into()))
        .await
}

#[tokio::test]
async fn a_token_is_fetched_from_a_listed_server_and_used_again() {
    let tokens = gives_token().await;
    let registry = wants_token(format!("http://{}/token?x=y", tokens.address)).await;
    let mut one = options("ghcr.io", registry.reach());
    one.credentials = password("usher", "hunter2");
    one.realms = vec![tokens.reach()];
    let registries = open(vec![one]);
    assert_eq!(find(&registries, "ghcr.io/acme/web", "v1").await, present("a"));
    assert_eq!(find(&registries, "ghcr.io/acme/web", "v2").await, present("a"));
    let heard = tokens.heard();
    assert_eq!(heard.len(), 1);
    // What is asked for is what is needed, whatever the registry proposes.
    let path = "/token?x=y&scope=repository%3Aacme%2Fweb%3Apull&service=the%20registry";
    assert_eq!(
        (heard[0].path.as_str(), heard[0].header("authorization")),
        (path, basic().as_str())
    );
    let shown: Vec<String> =
        registry.heard().iter().map(|one| one.header("authorization").to_owned()).collect();
    assert_eq!(shown, ["", "Bearer good", "Bearer good"]);
    assert_eq!(registry.heard()[0].method, "HEAD");
}

#[tokio::test]
async fn an_identity_token_goes_to_the_token_server_alone() {
    let tokens = gives_token().await;
    let registry = wants_token(format!("http://{}/token", tokens.address)).await;
    let mut one = options("ghcr.io", registry.reach());
    one.credentials = Credentials::Identity(SecretString::from("it&x=y"));
    one.realms = vec![tokens.reach()];
    assert_eq!(find(&open(vec![one]), "ghcr.io/acme/web", "v1").await, present("a"));
    let heard = tokens.heard();
    assert_eq!((heard[0].method.as_str(), heard[0].path.as_str()), ("POST", "/token"));
    assert!(heard[0].body.contains("grant_type=refresh_token"), "{}", heard[0].body);
    assert!(heard[0].body.contains("refresh_token=it%26x%3Dy"), "{}", heard[0].body);
    assert!(registry.heard().iter().all(|one| !one.header("authorization").contains("it&")));
}

#[tokio::test]
async fn a_realm_that_nobody_listed_is_not_asked_and_sees_no_credentials() {
    let evil = gives_token().await;
    let realms = [
        format!("http://{}/token", evil.address),
        format!("http://usher:x@{}/token", evil.address),
        format!("http://localhost:{}/token", evil.address.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//evil.io/token".to_owned(),
        String::new(),
    ];
    for realm in realms {
        let registry = wants_token(realm.clone()).await;
        let mut one = options("ghcr.io", registry.reach());
        one.credentials = password("usher", "hunter2");
        let why = why_not(&open(vec![one]), "ghcr.io/acme/web", "v1").await;
        let said =
            why.contains("has not listed among its `realms`") || why.contains("names no address");
        assert!(said && !why.contains("hunter2"), "{realm}: {why}");
    }
    assert!(evil.heard().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_server_is_not_followed_and_takes_no_credentials_along() {
    let evil = Scripted::start(|_| there("e")).await;
    let to = format!("http://{}/v2/acme/web/manifests/v1", evil.address);
    let registry = Scripted::start(move |heard| match heard.header("authorization") {
        "" => Says(401, vec![("www-authenticate", "Basic realm=x".into())], String::new()),
        _ => Says(307, vec![("location", to.clone())], String::new()),
    })
    .await;
    let mut one = options("ghcr.io", registry.reach());
    one.credentials = password("usher", "hunter2");
    let why = why_not(&open(vec![one]), "ghcr.io/acme/web", "v1").await;
    assert!(why.contains("redirects to another server"), "{why}");
    assert!(evil.heard().is_empty());
    // On the same server it is.
    let registry = Scripted::start(|heard| match heard.path.as_str() {
        "/elsewhere" => there("b"),
        _ => Says(302, vec![("location", "/elsewhere".into())], String::new()),
    })
    .await;
    let registries = open(vec![options("ghcr.io", registry.reach())]);
    assert_eq!(find(&registries, "ghcr.io/acme/web", "v1").await, present("b"));
}

#[tokio::test]
async fn only_named_registries_are_asked_and_only_for_named_repositories() {
    let registry = Scripted::start(|_| there("a")).await;
    let registries = open(vec![options("ghcr.io", registry.reach())]);
    let elsewhere = registry.address.to_string();
    let not_asked = |registry: &str| Artifact::NotAsked { registry: registry.to_owned() };
    for (image, host) in [
        ("web", "docker.io"),
        ("acme/web", "docker.io"),
        ("quay.io/acme/web", "quay.io"),
        ("ghcr.io.evil.io/web", "ghcr.io.evil.io"),
        ("ghcr.io:443/web", "ghcr.io:443"),
        ("169.254.169.254/web", "169.254.169.254"),
        ("localhost/web", "localhost"),
        (&format!("{elsewhere}/web"), &elsewhere),
    ] {
        assert_eq!(find(&registries, image, "v1").await, not_asked(host), "{image}");
    }
    for image in
        ["user:password@ghcr.io/web", "ghcr.io/../web", "ghcr.io/web?x", "https://ghcr.io/web", ""]
    {
        assert_eq!(find(&registries, image, "v1").await, Artifact::Malformed, "{image}");
    }
    for reference in ["../../v1", "v1?x=y", "v1\r\nx: y", "sha256:../../x", ""] {
        assert_eq!(
            find(&registries, "ghcr.io/web", reference).await,
            Artifact::Malformed,
            "{reference}"
        );
    }
    let stranger = RepoName::new("evil/acme").unwrap();
    assert_eq!(registries.find(&stranger, "ghcr.io/web", "v1").await, not_asked("ghcr.io"));
    assert!(registry.heard().is_empty());
    let own = RepoName::new("ACME/shop").unwrap();
    assert_eq!(registries.find(&own, "ghcr.io/web", "v1").await, present("a"));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_asked() {
    let registry = Scripted::start(|_| there("a")).await;
    let port = registry.address.port();
    let inside = |addresses: &'static [&'static str], private| {
        let origin = Origin::of_authority(false, &format!("registry.acme.io:{port}")).unwrap();
        let lookup = Lookup::new(move |_| async move {
            Ok(addresses.iter().map(|text| text.parse().unwrap()).collect())
        });
        let reach = reach::Options { private, lookup, ..reach::Options::new(origin) };
        open(vec![options("registry.acme.io", reach)])
    };
    let image = "registry.acme.io/web";
    let why = why_not(&inside(&["127.0.0.1"], false), image, "v1").await;
    assert!(why.contains("a loopback address, and the operator's settings do not allow"), "{why}");
    let why = why_not(&inside(&["127.0.0.1", "169.254.169.254"], true), image, "v1").await;
    assert!(why.contains("a link-local address"), "{why}");
    assert!(registry.heard().is_empty());
    assert_eq!(find(&inside(&["127.0.0.1"], true), image, "v1").await, present("a"));
}

#[tokio::test]
async fn what_a_registry_says_has_to_be_so() {
    let manifest = "{\"schemaVersion\": 2}";
    let own = Artifact::Present(
        Digest::new(
            "sha256:".to_owned() + &hex::encode(<sha2::Sha256 as sha2::Digest>::digest(manifest)),
        )
        .unwrap(),
    );
    let registry = Scripted::start(move |heard| {
        let odd =
            |digest: &str| Says(200, vec![("docker-content-digest", digest.into())], String::new());
        match (heard.method.as_str(), heard.path.rsplit('/').next().unwrap()) {
            ("GET", "page") => Says(200, Vec::new(), "<html>log in</html>".into()),
            ("GET", _) => Says(200, Vec::new(), manifest.into()),
            (_, "no-head") => Says(405, Vec::new(), String::new()),
            (_, "odd") => odd("sha256:../../x"),
            (_, "short") => odd("sha256:00"),
            (_, "none" | "page") => Says(200, Vec::new(), String::new()),
            (_, "moved") => Says(418, Vec::new(), String::new()),
            _ => there("b"),
        }
    })
    .await;
    let registries = open(vec![options("ghcr.io", registry.reach())]);
    for tag in ["no-head", "odd", "short", "none"] {
        assert_eq!(find(&registries, "ghcr.io/web", tag).await, own, "{tag}");
    }
    let why = why_not(&registries, "ghcr.io/web", "page").await;
    assert!(why.contains("does not say which manifest it has"), "{why}");
    let why = why_not(&registries, "ghcr.io/web", "moved").await;
    assert!(why.contains("answers 418"), "{why}");
    let why = why_not(&registries, "ghcr.io/web", &sha("c")).await;
    assert!(why.contains("another manifest than it was asked for"), "{why}");
}

#[tokio::test]
async fn giants_and_sluggards_are_not_waited_for() {
    let registry = Scripted::start(|heard| match heard.method.as_str() {
        "HEAD" => Says(405, Vec::new(), String::new()),
        _ => Says(
            200,
            Vec::new(),
            format!("{{\"schemaVersion\": 2, \"x\": \"{}\"}}", "a".repeat(5 << 20)),
        ),
    })
    .await;
    let registries = open(vec![options("ghcr.io", registry.reach())]);
    let why = why_not(&registries, "ghcr.io/web", "v1").await;
    assert!(why.contains("is larger than"), "{why}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut reach = crate::scripted::reached(&silent.local_addr().unwrap().to_string());
    reach.limits.whole = Duration::from_millis(200);
    let registries = open(vec![options("ghcr.io", reach)]);
    let begun = std::time::Instant::now();
    for tag in 0..50 {
        let why = why_not(&registries, "ghcr.io/web", &format!("v{tag}")).await;
        assert!(why.contains("does not answer in 0.2 s"), "{why}");
    }
    // After the first time nobody waits again for a while.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn tags_are_remembered_for_a_moment_and_digests_for_good() {
    let registry = Scripted::start(|_| there("a")).await;
    let registries = open(vec![options("ghcr.io", registry.reach())]);
    for _ in 0..5 {
        assert_eq!(find(&registries, "ghcr.io/web", "v1").await, present("a"));
        assert_eq!(find(&registries, "ghcr.io/web", &sha("a")).await, present("a"));
    }
    assert_eq!(registry.heard().len(), 2);
}
