//! Evidence: a chain for each repository, signed, that nobody can change, shorten, mend or fork unseen.

use std::process::Command;

use usher::model::act::{ActKind, NewAct};
use usher::model::evidence::{NewEvidence, Once, What};
use usher::model::ids::{DeliveryId, InstallationId, Login, PrNumber, RepoId, Sha, UserId};
use usher::model::notary::Notary;
use usher::model::read::Account;
use usher::store::{Pen, Store};

use super::{HOME, Place, drop_schema, elsewhere, on_both, pen, tamper};

fn closed(place: &Place, pr: u64, cause: &str, once: Once) -> NewEvidence {
    NewEvidence {
        pr: Some(PrNumber(pr)),
        subject: format!("life:{pr}"),
        cause: cause.to_owned(),
        once,
        at: place.now(),
        what: What::Closed { head: Sha::new("a".repeat(40)).unwrap() },
    }
}

async fn record(store: &Store, place: &Place, many: u64) {
    for pr in 1..=many {
        let new = closed(place, pr, &format!("closed:{pr}"), Once::Ever);
        assert!(store.record_evidence(&pen(), &new).await.unwrap());
    }
}

async fn causes(store: &Store) -> Vec<String> {
    let kept = store.evidence(HOME, 0, 0).await.unwrap();
    let cause = |entry: &serde_json::Value| entry["cause"].as_str().unwrap().to_owned();
    kept.iter().map(|kept| cause(kept.link.entry.as_ref().unwrap())).collect()
}

/// `usher evidence …` on a database: its exit code, and what it prints.
fn usher(place: &Place, arguments: &[&str]) -> (i32, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_usher"))
        .arg("evidence")
        .args(["--evidence-key-file", "/nonexistent/key", "--database", &place.url])
        .args(arguments)
        .output()
        .unwrap();
    let text = [run.stdout, run.stderr].concat();
    (run.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn is_right(place: &Place, arguments: &[&str]) -> String {
    let (code, text) = usher(place, &[&["verify"], arguments].concat());
    assert_eq!(code, 0, "{text}");
    text
}

fn is_broken(place: &Place, at: u64, why: &str) {
    let (code, text) = usher(place, &["verify"]);
    assert_eq!(code, 1, "{why}: {text}");
    let told = format!("BROKEN at entry {at}: ");
    assert!(text.contains(&told) && text.contains(why), "{told}{why}: {text}");
}

on_both! {
    async fn the_same_is_recorded_once_and_what_comes_back_again(place: Place) {
        let store = place.open().await;
        let ever = closed(&place, 1, "one", Once::Ever);
        assert!(store.record_evidence(&pen(), &ever).await.unwrap());
        assert!(store.record_evidence(&pen(), &closed(&place, 1, "two", Once::InARow)).await.unwrap());
        assert!(!store.record_evidence(&pen(), &ever).await.unwrap());
        assert!(!store.record_evidence(&pen(), &closed(&place, 1, "two", Once::InARow)).await.unwrap());
        assert!(store.record_evidence(&pen(), &closed(&place, 1, "three", Once::InARow)).await.unwrap());
        assert!(store.record_evidence(&pen(), &closed(&place, 1, "two", Once::InARow)).await.unwrap());
        assert_eq!(causes(&store).await, ["one", "two", "three", "two"]);
        let last = store.last_evidence(HOME, "life:1").await.unwrap().unwrap();
        assert_eq!((last.cause.as_str(), last.repository.as_str()), ("two", "acme/infra"));
        assert!(store.last_evidence(RepoId(8), "life:1").await.unwrap().is_none());
        is_right(&place, &[]);
    }

    async fn what_was_opened_and_not_ended_is_listed(place: Place) {
        let store = place.open().await;
        for (pr, what) in [(1, "open"), (2, "open"), (3, "open"), (3, "closed:a"), (3, "open"), (1, "merged:a")] {
            let cause = format!("life:{pr}:{what}");
            assert!(store.record_evidence(&pen(), &closed(&place, pr, &cause, Once::InARow)).await.unwrap());
        }
        assert_eq!(store.unended(HOME).await.unwrap(), [PrNumber(2), PrNumber(3)]);
        assert!(store.unended(RepoId(8)).await.unwrap().is_empty());
    }

    async fn an_act_and_its_end_are_recorded_with_it(place: Place) {
        let store = place.open().await;
        let by = Account { id: UserId(1), login: Login::new("ada").unwrap(), bot: false };
        let act = NewAct {
            kind: ActKind::Override, cause: "comment:1\0".into(), pr: Some(PrNumber(3)), environment: None,
            application: None, subject: "soak".into(), head: None, by, reason: "\0\u{202e}'); DROP".into(),
            at: place.now(), until: None,
        };
        let delivery = DeliveryId::new("72d3162e").unwrap();
        let ada = Login::new("ada").unwrap();
        let pen = Pen { delivery: Some(&delivery), actor: Some(&ada), ..pen() };
        for _ in 0..2 {
            store.record_act(&pen, &act).await.unwrap();
        }
        let id = store.standing_acts(HOME).await.unwrap()[0].id;
        for why in ["new-head", "closed"] {
            store.end_acts(&pen, &[id, 99], None, why).await.unwrap();
        }
        let kept = store.evidence(HOME, 0, 0).await.unwrap();
        let whats: Vec<_> = kept.iter().map(|kept| kept.link.entry.clone().unwrap()).collect();
        assert_eq!(whats.len(), 2, "{whats:?}");
        assert_eq!((&whats[0]["what"]["event"], &whats[0]["delivery"]), (&"act".into(), &"72d3162e".into()));
        assert_eq!(whats[0]["actor"], "ada");
        assert_eq!(whats[0]["what"]["reason"], act.reason);
        assert_eq!((&whats[1]["what"]["event"], &whats[1]["what"]["why"]), (&"act_ended".into(), &"new-head".into()));
        is_right(&place, &[]);
    }

    async fn replicas_cannot_fork_a_chain_nor_record_twice(place: Place) {
        // The same causes from all, in the same order, so that all are always about to write the same.
        let many = 40;
        let write = async |store: Store| {
            for pr in 1..=many {
                let new = closed(&place, pr, &format!("closed:{pr}"), Once::Ever);
                store.record_evidence(&pen(), &new).await.unwrap();
            }
        };
        let stores = futures_util::future::join_all((0..4).map(|_| place.open())).await;
        futures_util::future::join_all(stores.into_iter().map(write)).await;
        let causes = causes(&place.open().await).await;
        let each: Vec<_> = (1..=many).map(|pr| format!("closed:{pr}")).collect();
        assert_eq!(causes, each);
        let told = is_right(&place, &[]);
        assert!(told.contains("acme/infra: 40 entries are right"), "{told}");
    }

    async fn pruning_and_forgetting_take_no_evidence(place: Place) {
        let store = place.open().await;
        record(&store, &place, 3).await;
        store.note_repo(pen().repo).await.unwrap();
        store.forget(HOME).await.unwrap();
        store.forget_installation(InstallationId(1)).await.unwrap();
        place.pass(std::time::Duration::from_secs(10 * 365 * 86_400));
        store.prune(place.now()).await.unwrap();
        let told = is_right(&place, &["--repo", "Acme/Infra"]);
        assert!(told.contains("acme/infra: 3 entries are right"), "{told}");
    }

    async fn what_is_tampered_with_is_found(place: Place) {
        let tampered: &[(&str, u64, &str)] = &[
            ("UPDATE evidence SET entry = replace(entry, 'aaaa', 'aaab') WHERE sequence = 2", 2, "not what was hashed"),
            ("UPDATE evidence SET entry = 'no json' WHERE sequence = 2", 2, "not what was hashed"),
            ("UPDATE evidence SET entry = replace(entry, ',', ', ') WHERE sequence = 2", 2, "filed under something else"),
            ("UPDATE evidence SET subject = 'life:9' WHERE sequence = 2", 2, "filed under something else"),
            ("UPDATE evidence SET pr = 9 WHERE sequence = 2", 2, "filed under something else"),
            ("UPDATE evidence SET hash = 'no hash' WHERE sequence = 3", 3, "not what was hashed"),
            ("UPDATE evidence SET previous = 'no hash' WHERE sequence = 1", 1, "filed under something else"),
            ("UPDATE evidence SET signature = (SELECT e.signature FROM evidence e WHERE e.sequence = 1) WHERE sequence = 2", 2, "signature"),
            ("UPDATE evidence SET key = 'another' WHERE sequence = 2", 2, "another key"),
            ("DELETE FROM evidence WHERE sequence = 2", 2, "is missing"),
            ("DELETE FROM evidence WHERE sequence = 1", 1, "is missing"),
            ("DELETE FROM evidence WHERE sequence = 4", 3, "the chain ends here"),
            ("DELETE FROM evidence", 0, "the chain ends here"),
            ("DELETE FROM evidence_heads", 1, "nothing says where its chain ends"),
            ("UPDATE evidence SET sequence = 9 WHERE sequence = 2; UPDATE evidence SET sequence = 2 WHERE sequence = 3;
              UPDATE evidence SET sequence = 3 WHERE sequence = 9", 2, "does not go on from entry 1"),
            ("UPDATE evidence SET repository = 8; UPDATE evidence_heads SET repository = 8", 1, "another repository"),
            ("UPDATE evidence SET sequence = 9 WHERE sequence = 4; INSERT INTO evidence
              SELECT repository, 4, pr, subject, cause, entry, previous, hash, key, signature FROM evidence WHERE sequence = 3", 4, "does not go on from entry 3"),
        ];
        let store = place.open().await;
        record(&store, &place, 4).await;
        is_right(&place, &[]);
        tamper(&place, "CREATE TABLE e AS SELECT * FROM evidence; CREATE TABLE h AS SELECT * FROM evidence_heads").await;
        for (statement, at, why) in tampered {
            tamper(&place, statement).await;
            is_broken(&place, *at, why);
            tamper(&place, "DELETE FROM evidence; DELETE FROM evidence_heads;
                INSERT INTO evidence SELECT * FROM e; INSERT INTO evidence_heads SELECT * FROM h").await;
            is_right(&place, &[]);
        }
    }

    async fn a_chain_made_anew_is_found_by_the_key_and_by_an_old_hash(place: Place) {
        let store = place.open().await;
        record(&store, &place, 3).await;
        let hash = store.chains().await.unwrap()[0].hash.to_string();
        let key = pen().notary.public().to_pem();
        store.record_evidence(&elsewhere(), &closed(&place, 1, "closed:1", Once::Ever)).await.unwrap();
        let told = is_right(&place, &["--repo", "acme/infra", "--head", &hash]);
        assert!(told.contains("No key was given"), "{told}");

        // Whoever has the database and another key can write it all anew; the public key and a hash that were
        // noted elsewhere tell.
        tamper(&place, "DELETE FROM evidence WHERE repository = 7; DELETE FROM evidence_heads WHERE repository = 7").await;
        let forger = Notary::new([8; 32]);
        let forging = Pen { notary: &forger, ..pen() };
        let new = closed(&place, 1, "closed:1", Once::Ever);
        store.record_evidence(&forging, &new).await.unwrap();
        is_right(&place, &[]);
        let (code, text) = usher(&place, &["verify", "--key", &key_text(&key)]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("acme/infra: BROKEN at entry 1") && text.contains("none of those that count"), "{text}");
        let (code, text) = usher(&place, &["verify", "--head", &hash]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(&format!("No entry has the hash {hash}")), "{text}");
    }
}

/// A key's 64 digits.
fn key_text(pem: &str) -> String {
    use base64::Engine as _;
    let body = pem.lines().nth(1).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    hex::encode(&bytes[bytes.len() - 32..])
}

#[test]
fn what_cannot_be_done_ends_with_2() {
    let place = Place::sqlite();
    for arguments in [
        &["verify", "/nonexistent/export.json"][..],
        &["verify", "--head", "abc"],
        &["verify", "--key", "abc"],
        &["verify", "--repo", "acme/none"],
        &["export", "--format", "yaml"],
        &["export", "--promotion", "1", "--since", "2026-01-01"],
        &["key"],
    ] {
        let (code, text) = usher(&place, arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
    }
    assert!(is_right(&place, &[]).contains("no evidence yet"));
}
