//! `ticket`: a change ticket is named by somebody who may, asked for, and waited for.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use usher::settings::OperatorFile;
use usher::tickets::Options;

use crate::scripted::{Says, Scripted};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_named_and_waited_for() {
    let state = Arc::new(Mutex::new("<img src=x> @acme/qa"));
    let says = state.clone();
    let server = Scripted::start(move |heard| match heard.path.as_str() {
        "/api/CHG-7" if heard.header("authorization") == "Bearer itsm-token" => {
            Says(200, Vec::new(), format!("{{\"state\": \"{}\"}}", says.lock().unwrap()))
        }
        _ => Says(404, Vec::new(), String::new()),
    })
    .await;
    let host = server.address.to_string();
    let tickets = vec![Options {
        host: host.clone(),
        reach: server.reach(),
        authorization: Some(SecretString::from("Bearer itsm-token")),
        repositories: vec![DEMO.to_owned()],
    }];
    let stage =
        Stage::with_operator("v1.0.1", OperatorFile { tickets, ..OperatorFile::default() }).await;
    let gate = format!(
        "after: [staging]\n    gates:\n      ticket:\n        pattern: 'CHG-[0-9]+'\n        status: \
         {{url: 'https://{host}/api/{{ticket}}', json: /state, equals: approved}}\n"
    );
    stage.rules(|text| text.replace("after: [staging]\n", &gate)).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, "no change ticket is named").await;
    // A stranger's word is none, and what cannot be a ticket is none, whoever names it.
    stage.say("eve", prod, "/ticket CHG-7").await;
    stage.is_red(prod, "no change ticket is named").await;
    for (ticket, why) in [
        ("../../admin", "cannot be the name of a change ticket"),
        ("CHG-7/../8", "cannot be the name of a change ticket"),
        ("CHG-7?x=y", "it has to match"),
        ("XCHG-7", "it has to match"),
    ] {
        let answer = stage.ask("ada", prod, &format!("/ticket {ticket}")).await;
        assert!(answer.contains(why), "{ticket}: {answer}");
    }
    stage.is_red(prod, "no change ticket is named").await;
    assert!(server.heard().is_empty());
    let answer = stage.ask("ada", prod, "/ticket CHG-7").await;
    assert!(answer.contains("is recorded as the change ticket"), "{answer}");
    // What the server says is shown, and does nothing.
    stage.is_red(prod, "it is `<img src=x> @acme/qa`, not `approved`").await;
    *state.lock().unwrap() = "approved";
    stage.travel(90).await;
    stage.is_green(prod).await;
    // The newest name counts, also where it is a worse one.
    stage.ask("quinn", prod, "/ticket CHG-8").await;
    stage.is_red(prod, "there is no such ticket").await;
    stage.ask("quinn", prod, "/ticket CHG-7").await;
    stage.is_green(prod).await;
    let paths = server.heard();
    assert!(paths.iter().all(|one| matches!(one.path.as_str(), "/api/CHG-7" | "/api/CHG-8")));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_nobody_can_ask_about_is_named_and_not_verified() {
    let stage = Stage::with_staging("v1.0.1").await;
    let gate = "after: [staging]\n    gates: {ticket: {pattern: 'CHG-[0-9]+'}}\n";
    stage.rules(|text| text.replace("after: [staging]\n", gate)).await;
    stage.ask("ada", 1, "/promote prod --ticket CHG-12").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    assert!(stage.told(prod).await.contains("named, not verified"));
    // A server that the operator has not named is not asked, and that is not enough.
    let gate = "gates: {ticket: {pattern: 'CHG-[0-9]+', status: {url: 'https://169.254.169.254/{ticket}', json: /s, equals: y}}}";
    stage.rules(|text| text.replace("gates: {ticket: {pattern: 'CHG-[0-9]+'}}", gate)).await;
    stage.is_red(prod, "`169.254.169.254` is not asked for this repository").await;
    stage.finish().await;
}
