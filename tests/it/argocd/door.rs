//! The door to an Argo CD that answers badly, or not at all: what comes of it is said, and nothing is taken for good.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use usher::argocd::{Allowed, Argocd, Server};
use usher::model::argocd::{Health, Seen, Sync, Unseen};
use usher::model::ids::RepoName;
use usher::model::restoration::Write;
use usher::reach::{Limits, Options, Origin};

use crate::stage::Stage;

fn server(url: &str, token: &str) -> Server {
    let (origin, _) = Origin::of_url(url).unwrap();
    let mut reach = Options::new(origin);
    let short = Duration::from_millis(400);
    reach.private = true;
    reach.limits = Limits { connect: short, read: short, whole: short, size: 64 * 1024 };
    Server {
        reach,
        base: String::new(),
        token: SecretString::from(token),
        namespace: None,
        project: None,
        allow: vec![Allowed {
            repository: "acme/*".to_owned(),
            applications: vec!["*-microservices-demo".to_owned()],
        }],
    }
}

async fn ask(server: Server, name: &str) -> Seen {
    let argocd = Argocd::new(BTreeMap::from([("main".to_owned(), server)])).unwrap();
    argocd.application(&RepoName::new("acme/shop").unwrap(), "main", name).await
}

/// Answers every connection with these bytes, after a while.
async fn scripted(answer: Vec<u8>, after: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = [0; 4096];
            if stream.read(&mut seen).await.is_err() {
                continue;
            }
            tokio::time::sleep(after).await;
            stream.write_all(&answer).await.ok();
            stream.shutdown().await.ok();
        }
    });
    url
}

/// What is wanted of an answer that tells nothing.
type Wanted = fn(&Unseen) -> bool;

fn http(status: &str, more: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_what_the_sandboxs_argo_cd_tells() {
    let stage = Stage::without_bot().await;
    let (url, name) = (stage.github.argocd_url(), "staging-microservices-demo");
    let token = stage.github.argocd_token("usher").unwrap();
    let with = |namespace: Option<&str>, project: Option<&str>| Server {
        namespace: namespace.map(str::to_owned),
        project: project.map(str::to_owned),
        ..server(&url, &token)
    };
    let one = ask(with(Some("argocd"), Some("default")), name).await.unwrap();
    assert_eq!((one.sync, one.health), (Sync::Synced, Health::Healthy));
    assert_eq!((one.images.len(), one.history.len()), (9, 1));
    assert!(one.automated.unwrap().self_heal && one.owner.is_none());
    assert_eq!(one.sources[0].path, "kustomize/staging");
    assert!(one.sources[0].revision.is_some() && one.health_since.is_some());
    let said = |seen: Seen| match seen.unwrap_err() {
        Unseen::Refused(said) => said,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        said(ask(with(None, Some("other")), name).await),
        "it answers 404: applications.argoproj.io \"staging-microservices-demo\" not found"
    );
    let wrong = said(ask(server(&url, "not-a-token"), name).await);
    assert!(wrong.starts_with("it answers 401") && !wrong.contains("not-a-token"), "{wrong}");
    let other = stage.github.add_argocd_token("other", &["get"], "prod-*");
    assert_eq!(said(ask(server(&url, &other), name).await), "it answers 403: permission denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_badly_tells_nothing() {
    let (name, now) = ("x-microservices-demo", Duration::ZERO);
    let good = r#"{"metadata": {"name": "x-microservices-demo"}, "status": {"health": {"status": "Healthy"}}}"#;
    let lead = "location: http://127.0.0.1:1/api/v1/applications/x\r\n";
    let huge = format!("{}{}", good, " ".repeat(100_000));
    let elsewhere = good.replace("x-microservices-demo", "y-microservices-demo");
    let cases: Vec<(Vec<u8>, Duration, Wanted)> = vec![
        (http("200 OK", "", "<html>"), now, |it| matches!(it, Unseen::Unreadable(_))),
        (http("200 OK", "", "{}"), now, |it| matches!(it, Unseen::Unreadable(_))),
        (http("200 OK", "", &elsewhere), now, |it| matches!(it, Unseen::Unreadable(_))),
        (http("200 OK", "", &huge), now, |it| matches!(it, Unseen::Unreadable(_))),
        (http("302 Found", lead, ""), now, |it| matches!(it, Unseen::Refused(_))),
        (http("204 No Content", "", ""), now, |it| matches!(it, Unseen::Refused(_))),
        (http("503 Busy", "", ""), now, |it| matches!(it, Unseen::Unreachable(_))),
        (http("429 Slow", "retry-after: 7\r\n", ""), now, |it| {
            matches!(it, Unseen::Unreachable(_))
        }),
        (b"not HTTP at all\r\n\r\n".to_vec(), now, |it| !matches!(it, Unseen::NotAllowed)),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{".to_vec(), now, |it| {
            matches!(it, Unseen::Unreachable(_))
        }),
        (http("200 OK", "", good), Duration::from_secs(5), |it| {
            matches!(it, Unseen::Unreachable(_))
        }),
    ];
    for (answer, after, wanted) in cases {
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(80)]).into_owned();
        let why = ask(server(&scripted(answer, after).await, "t0ken"), name).await.unwrap_err();
        assert!(wanted(&why), "{shown}: {why:?}");
        assert!(!format!("{why:?}").contains("t0ken"), "{why:?}");
    }
    let good = ask(server(&scripted(http("200 OK", "", good), now).await, "t"), name).await;
    assert_eq!(good.unwrap().health, Health::Healthy);
    let nobody = ask(server("http://127.0.0.1:9", "t"), name).await.unwrap_err();
    assert!(matches!(nobody, Unseen::Unreachable(_)), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_to_do_what_the_operator_has_not_allowed() {
    let stage = Stage::without_bot().await;
    let token = stage.github.argocd_token("usher").unwrap();
    let server = server(&stage.github.argocd_url(), &token);
    let argocd = Argocd::new(BTreeMap::from([("main".to_owned(), server)])).unwrap();
    let (ours, theirs) = (RepoName::new("acme/shop").unwrap(), RepoName::new("evil/shop").unwrap());
    let name = "staging-microservices-demo";
    let write = async |repo: &RepoName, alias: &str, name: &str| {
        argocd.write(repo, alias, name, &Write::TurnOff).await
    };
    assert_eq!(write(&theirs, "main", name).await, Err(Unseen::NotAllowed));
    assert_eq!(write(&ours, "main", "shop-prod").await, Err(Unseen::NotAllowed));
    assert_eq!(write(&ours, "other", name).await, Err(Unseen::NoServer));
    assert!(stage.github.argocd_requests().is_empty());
    assert_eq!(write(&ours, "main", name).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_names_namespace_and_project_and_a_refusal_the_right() {
    let stage = Stage::without_bot().await;
    let name = "staging-microservices-demo";
    let with = |token: &str| {
        let (namespace, project) = (Some("argocd".to_owned()), Some("default".to_owned()));
        let server = Server { namespace, project, ..server(&stage.github.argocd_url(), token) };
        Argocd::new(BTreeMap::from([("main".to_owned(), server)])).unwrap()
    };
    let repo = RepoName::new("acme/shop").unwrap();
    let reader = with(&stage.github.add_argocd_token("reader", &["get"], "*"));
    let back = Write::Rollback { id: 0, prune: true };
    for (write, right) in [(&Write::TurnOff, "`get` and `update`"), (&back, "`sync` (or")] {
        let Err(Unseen::Refused(said)) = reader.write(&repo, "main", name, write).await else {
            panic!("{write:?} was done");
        };
        assert!(said.contains("permission denied") && said.contains(right), "{said}");
    }
    let usher = with(&stage.github.argocd_token("usher").unwrap());
    let policy = usher.application(&repo, "main", name).await.unwrap().policy;
    usher.write(&repo, "main", name, &Write::TurnOff).await.unwrap();
    assert_eq!(usher.application(&repo, "main", name).await.unwrap().policy, None);
    usher.write(&repo, "main", name, &back).await.unwrap();
    usher.write(&repo, "main", name, &Write::PutBack(policy.clone().unwrap())).await.unwrap();
    assert_eq!(usher.application(&repo, "main", name).await.unwrap().policy, policy);
    let written = stage.github.argocd_requests().into_iter().filter(|one| one.method != "GET");
    for one in written {
        assert_eq!(
            (&one.body["appNamespace"], &one.body["project"]),
            (&"argocd".into(), &"default".into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_what_the_operator_has_not_allowed() {
    let stage = Stage::without_bot().await;
    let token = stage.github.argocd_token("usher").unwrap();
    let server = server(&stage.github.argocd_url(), &token);
    assert_eq!(ask(server.clone(), "shop-prod").await, Err(Unseen::NotAllowed));
    let argocd = Argocd::new(BTreeMap::from([("main".to_owned(), server)])).unwrap();
    let (ours, theirs) = (RepoName::new("acme/shop").unwrap(), RepoName::new("evil/shop").unwrap());
    let name = "staging-microservices-demo";
    assert_eq!(argocd.application(&theirs, "main", name).await, Err(Unseen::NotAllowed));
    assert_eq!(argocd.application(&ours, "other", name).await, Err(Unseen::NoServer));
    assert!(stage.github.argocd_requests().is_empty());
    assert!(!format!("{argocd:?}").contains(&token));
}
