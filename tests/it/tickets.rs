//! The door to ticket servers: who is asked, for whom, and what is made of answers that are none.

use secrecy::SecretString;
use std::time::Duration;

use usher::app;
use usher::model::artifact::TicketAnswer;
use usher::model::ids::RepoName;
use usher::tickets::{Options, Tickets};

use crate::scripted::{Says, Scripted};

fn options(host: &str, server: &Scripted) -> Options {
    Options {
        host: host.to_owned(),
        reach: server.reach(),
        authorization: Some(SecretString::from("Bearer hunter2")),
        repositories: vec!["acme/*".to_owned()],
    }
}

async fn ask(tickets: &Tickets, url: &str) -> TicketAnswer {
    tickets.ask(&RepoName::new("acme/shop").unwrap(), url, "/state/0").await
}

#[tokio::test]
async fn only_named_servers_are_asked_and_only_for_named_repositories() {
    let server = Scripted::start(|_| Says(200, Vec::new(), "{\"state\": [\"ok\"]}".into())).await;
    let tickets = Tickets::open(vec![options("itsm.acme.io", &server)], app::clock()).unwrap();
    for (url, host) in [
        ("https://itsm.acme.io:8443/CHG-1", "itsm.acme.io:8443"),
        ("https://itsm.acme.io.evil.io/CHG-1", "itsm.acme.io.evil.io"),
        ("https://169.254.169.254/latest", "169.254.169.254"),
        ("http://itsm.acme.io/CHG-1", "itsm.acme.io"),
    ] {
        let not_asked = TicketAnswer::NotAsked { host: host.to_owned() };
        assert_eq!(ask(&tickets, url).await, not_asked, "{url}");
    }
    for url in ["https://itsm.acme.io@evil.io/x", "itsm.acme.io/x", "file:///etc/passwd", ""] {
        assert!(matches!(ask(&tickets, url).await, TicketAnswer::Unreachable(_)), "{url}");
    }
    let url = "https://itsm.acme.io/CHG-1?x=y";
    let stranger = RepoName::new("evil/shop").unwrap();
    let not_asked = TicketAnswer::NotAsked { host: "itsm.acme.io".to_owned() };
    assert_eq!(tickets.ask(&stranger, url, "/state/0").await, not_asked);
    assert!(server.heard().is_empty());
    for _ in 0..3 {
        assert_eq!(ask(&tickets, url).await, TicketAnswer::Says("ok".into()));
    }
    let heard = server.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].path, "/CHG-1?x=y");
    assert_eq!(heard[0].header("authorization"), "Bearer hunter2");
}

#[tokio::test]
async fn answers_are_taken_for_what_they_are() {
    let evil =
        Scripted::start(|_| Says(200, Vec::new(), "{\"state\": [\"approved\"]}".into())).await;
    let to = format!("http://{}/x", evil.address);
    let server = Scripted::start(move |heard| match heard.path.as_str() {
        "/number" => Says(200, Vec::new(), "{\"state\": [3]}".into()),
        "/map" => Says(200, Vec::new(), "{\"state\": [{}]}".into()),
        "/other" => Says(200, Vec::new(), "[]".into()),
        "/page" => Says(200, Vec::new(), "<html>".into()),
        "/giant" => Says(200, Vec::new(), format!("{{\"x\": \"{}\"}}", "a".repeat(5 << 20))),
        "/long" => Says(200, Vec::new(), format!("{{\"state\": [\"{}\"]}}", "\u{e4}".repeat(5000))),
        "/away" => Says(302, vec![("location", to.clone())], String::new()),
        "/closed" => Says(403, Vec::new(), "hunter2".into()),
        "/down" => Says(500, Vec::new(), "hunter2".into()),
        _ => Says(404, Vec::new(), String::new()),
    })
    .await;
    let tickets = Tickets::open(vec![options("itsm.acme.io", &server)], app::clock()).unwrap();
    let answer = async |path: &str| ask(&tickets, &format!("https://itsm.acme.io{path}")).await;
    assert_eq!(answer("/number").await, TicketAnswer::Says("3".into()));
    assert_eq!(answer("/map").await, TicketAnswer::Silent);
    assert_eq!(answer("/other").await, TicketAnswer::Silent);
    assert_eq!(answer("/nothing").await, TicketAnswer::Absent);
    assert!(matches!(answer("/long").await, TicketAnswer::Says(text) if text.len() == 1000));
    for (path, words) in [
        ("/page", "something else than JSON"),
        ("/giant", "is larger than"),
        ("/away", "redirects to another server"),
        ("/closed", "does not let Usher read it"),
        ("/down", "answers 500"),
    ] {
        let TicketAnswer::Unreachable(why) = answer(path).await else { panic!("{path}") };
        assert!(why.contains(words) && !why.contains("hunter2"), "{path}: {why}");
    }
    assert!(evil.heard().is_empty());
}

#[tokio::test]
async fn a_server_that_is_slow_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut reach = crate::scripted::reached(&silent.local_addr().unwrap().to_string());
    reach.limits.whole = Duration::from_millis(200);
    let options = Options {
        host: "itsm.acme.io".to_owned(),
        reach,
        authorization: None,
        repositories: vec!["acme/*".to_owned()],
    };
    let tickets = Tickets::open(vec![options], app::clock()).unwrap();
    let answer = ask(&tickets, "https://itsm.acme.io/CHG-1").await;
    assert!(
        matches!(answer, TicketAnswer::Unreachable(why) if why.contains("does not answer in 0.2 s"))
    );
}
