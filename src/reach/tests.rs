//! The way to a server, over loopback: what it lets through, what it waits for, what it takes.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A server that says the same to everybody, and keeps what it heard; silent before the `|`, for so long.
async fn server(says: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                    kept.lock().unwrap().push(text);
                    for part in says.split('|') {
                        if stream.write_all(part.as_bytes()).await.is_err() {
                            return;
                        }
                        if part != says {
                            tokio::time::sleep(Duration::from_millis(400)).await;
                        }
                    }
                }
            });
        }
    });
    (port, heard)
}

fn options(port: u16) -> Options {
    let origin = Origin::of_authority(false, &format!("127.0.0.1:{port}")).unwrap();
    let milliseconds = Duration::from_millis;
    let limits = Limits {
        connect: milliseconds(1_000),
        read: milliseconds(200),
        whole: milliseconds(2_000),
        size: 100,
    };
    Options { private: true, limits, ..Options::new(origin) }
}

async fn asked(options: Options) -> Result<Answer, Fault> {
    Reach::new(options).unwrap().ask(Question::get("/v2/?n=1")).await
}

fn named(port: u16, private: bool, addresses: &'static [&'static str]) -> Options {
    let origin = Origin::of_authority(false, &format!("registry.test:{port}")).unwrap();
    let lookup = Lookup::new(move |name| async move {
        assert_eq!(name, "registry.test");
        Ok(addresses.iter().map(|text| text.parse().unwrap()).collect())
    });
    Options { origin, private, lookup, ..options(port) }
}

#[tokio::test]
async fn it_asks_and_takes_the_answer() {
    let (port, heard) =
        server("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nx: y\r\n\r\nno").await;
    let answer = asked(options(port)).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (404, &b"no"[..]));
    assert_eq!(answer.headers["x"], "y");
    let heard = heard.lock().unwrap().join("");
    assert!(heard.starts_with("GET /v2/?n=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.to_lowercase().contains(&format!("host: 127.0.0.1:{port}\r\n")), "{heard}");
}

#[tokio::test]
async fn addresses_that_lead_inside_are_refused_after_the_name_was_looked_up() {
    let (port, heard) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let refused: &[(bool, &'static [&'static str], &str)] = &[
        (false, &["127.0.0.1"], "a loopback address, and the operator's settings do not allow"),
        (false, &["8.8.8.8", "10.0.0.1"], "a private address"),
        (false, &["::ffff:127.0.0.1"], "an IPv4 address within IPv6"),
        (false, &["fd00::1"], "a unique-local address"),
        (false, &["100.64.0.1"], "an address of a carrier's network"),
        // Also where what is private is allowed.
        (true, &["169.254.169.254"], "a link-local address; nothing is sent"),
        (true, &["127.0.0.1", "169.254.169.254"], "a link-local address"),
        (true, &["0.0.0.0"], "an unspecified address"),
        (true, &["::ffff:127.0.0.1"], "an IPv4 address within IPv6"),
        (true, &["ff02::1"], "a multicast address"),
    ];
    for (private, addresses, wanted) in refused {
        let fault = asked(named(port, *private, addresses)).await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Denied(why) if why.contains(wanted)),
            "{addresses:?} {fault}"
        );
    }
    assert!(heard.lock().unwrap().is_empty());
    assert_eq!(asked(named(port, true, &["127.0.0.1"])).await.unwrap().status, 200);
    let fault = asked(named(port, true, &[])).await.unwrap_err();
    assert!(fault.to_string().contains("has a name that nobody knows"), "{fault}");
}

#[tokio::test]
async fn addresses_in_the_name_are_refused_as_well() {
    let (port, heard) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for host in ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let origin = Origin::of_authority(false, &format!("{host}:{port}")).unwrap();
        let fault = asked(Options { private: false, origin, ..options(port) }).await.unwrap_err();
        assert!(matches!(fault, Fault::Denied(_)), "{host}: {fault}");
    }
    // These are names to everybody, and addresses to the machine.
    for host in ["127.1", "0x7f000001", "2130706433", "localhost"] {
        let origin = Origin::of_authority(false, &format!("{host}:{port}")).unwrap();
        let fault = asked(Options { private: false, origin, ..options(port) }).await.unwrap_err();
        let unknown = fault.to_string().contains("nobody knows");
        assert!(matches!(fault, Fault::Denied(_)) || unknown, "{host}: {fault}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_next_time_is_looked_at_the_next_time() {
    let (port, heard) =
        server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let turn = Arc::new(Mutex::new(0));
    let lookup = Lookup::new(move |_| {
        let mut turn = turn.lock().unwrap();
        *turn += 1;
        let address = if *turn == 1 { "127.0.0.1" } else { "169.254.169.254" };
        async move { Ok(vec![address.parse().unwrap()]) }
    });
    let reach = Reach::new(Options { lookup, ..named(port, true, &[]) }).unwrap();
    assert_eq!(reach.ask(Question::get("/")).await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let fault = reach.ask(Question::get("/")).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn redirects_are_followed_on_request_and_never_to_others() {
    let (other, overheard) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{other}/x\r\ncontent-length: 0\r\n\r\n"
    );
    let (port, heard) = server(elsewhere.leak()).await;
    let reach = Reach::new(options(port)).unwrap();
    let mut question = Question::get("/");
    question.headers.insert("authorization", HeaderValue::from_static("Basic c2VjcmV0"));
    assert_eq!(reach.ask(question.clone()).await.unwrap().status, 302);
    let fault = reach.ask_on(question.clone(), 3).await.unwrap_err();
    assert!(fault.to_string().contains("redirects to another server"), "{fault}");
    assert!(!fault.to_string().contains("c2VjcmV0"));
    assert_eq!((heard.lock().unwrap().len(), overheard.lock().unwrap().len()), (2, 0));

    let (port, heard) =
        server("HTTP/1.1 307 X\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n").await;
    let fault = Reach::new(options(port)).unwrap().ask_on(question, 3).await.unwrap_err();
    assert!(fault.to_string().contains("redirects in circles"), "{fault}");
    assert_eq!(heard.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let endless = "HTTP/1.1 200 OK\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                   bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    let fault = asked(options(server(endless).await.0)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Broken(why) if why.contains("is larger than")), "{fault}");
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let fault = asked(options(server(announced).await.0)).await.unwrap_err();
    assert!(matches!(fault, Fault::Broken(_)), "{fault}");
    let dripping = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n|a|b|c";
    let fault = asked(options(server(dripping).await.0)).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Transient { reason, .. } if reason.contains("in 0.2 s")),
        "{fault}"
    );
    let mut short = options(server("|||||||").await.0);
    short.limits.whole = Duration::from_millis(300);
    let fault = asked(short).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Transient { reason, .. } if reason.contains("in 0.3 s")),
        "{fault}"
    );
    let torn = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n";
    let mut short = options(server(torn).await.0);
    short.limits.whole = Duration::from_millis(300);
    assert!(matches!(asked(short).await, Err(Fault::Transient { .. })));
}

#[tokio::test]
async fn trouble_comes_again_later() {
    let busy = "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    let port = server(busy).await.0;
    let wanted = Fault::Transient {
        reason: format!("http://127.0.0.1:{port} answers 429"),
        after: Some(Duration::from_secs(7)),
    };
    assert_eq!(asked(options(port)).await.unwrap_err(), wanted);
    let down = "HTTP/1.1 503 X\r\nretry-after: 999999999\r\ncontent-length: 0\r\n\r\n";
    let fault = asked(options(server(down).await.0)).await.unwrap_err();
    assert!(matches!(fault, Fault::Transient { after: Some(LONGEST_REST), .. }), "{fault}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let fault = asked(options(port)).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Transient { reason, .. } if reason.contains("refuses connections"))
    );
    // What does not speak TLS is told apart from what is not there.
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.0;
    let origin = Origin::of_authority(true, &format!("127.0.0.1:{port}")).unwrap();
    let fault = asked(Options { origin, ..options(port) }).await.unwrap_err();
    assert!(matches!(&fault, Fault::Transient { reason, .. } if reason.contains("TLS")), "{fault}");
}

#[tokio::test]
async fn what_is_no_path_is_not_asked() {
    let reach = Reach::new(options(9)).unwrap();
    for path in ["@evil.io/", "", "v2", ":80/", ".evil.io/", "/a b", "/a\r\nx: y", "/\u{e4}"] {
        let fault = reach.ask(Question::get(path)).await.unwrap_err();
        assert!(matches!(fault, Fault::Broken(_)), "{path:?}: {fault}");
    }
}

#[tokio::test]
async fn a_ca_that_is_none_is_a_mistake() {
    let origin = Origin::of_authority(true, "registry.test").unwrap();
    for pem in ["", "x", "-----BEGIN CERTIFICATE-----\nMTIz\n-----END CERTIFICATE-----\n"] {
        let ca = Some(pem.as_bytes().to_vec());
        let fault = Reach::new(Options { ca, ..Options::new(origin.clone()) }).unwrap_err();
        assert!(fault.to_string().contains("its CA"), "{fault}");
    }
}
