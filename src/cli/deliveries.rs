//! `usher deliveries list|show|retry`: what came in and what became of it, for who runs Usher.
//!
//! It reads and marks; the running server does the work.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::model::ids::DeliveryId;
use crate::store::{
    Delivery, DeliveryFilter, DeliveryState, History, HistoryFilter, Job, JobFilter, Store,
};

/// Look into the deliveries that GitHub sent, and have one worked on again.
#[derive(Debug, Args)]
pub(crate) struct DeliveriesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List deliveries, the newest first.
    List {
        /// Only those that have come this far: unrouted, routed or buried.
        #[arg(long)]
        state: Option<DeliveryState>,
        /// Only those of this event, such as `release`.
        #[arg(long)]
        event: Option<String>,
        /// How many at most; 0 for all.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one delivery: its headers, its jobs, what was decided, and its body.
    Show {
        /// The X-GitHub-Delivery id.
        id: DeliveryId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a delivery back, so that it is routed and worked on again. Work that is right already
    /// stays as it is.
    Retry {
        /// The X-GitHub-Delivery id.
        id: DeliveryId,
    },
}

/// Runs the command and prints its answer.
pub(crate) async fn run(args: DeliveriesArgs, store: &Store) -> Result<(), Fault> {
    let text = answer(args.command, store).await?;
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}

async fn answer(command: Command, store: &Store) -> Result<String, Fault> {
    match command {
        Command::List { state, event, limit, json } => {
            let filter = DeliveryFilter { state, event, limit };
            let deliveries = store.deliveries(&filter).await?;
            Ok(if json { pretty(&json!(deliveries)) } else { list(&deliveries) })
        }
        Command::Show { id, json } => show(&id, json, store).await,
        Command::Retry { id } => {
            if !store.retry_delivery(&id).await? {
                return Err(unknown(&id));
            }
            Ok(format!("{id} will be routed again.\n"))
        }
    }
}

async fn show(id: &DeliveryId, json: bool, store: &Store) -> Result<String, Fault> {
    let delivery = store.delivery(id).await?.ok_or_else(|| unknown(id))?;
    let body = store.body(id).await?.ok_or_else(|| unknown(id))?;
    let mut jobs =
        store.jobs(&JobFilter { delivery: Some(id.clone()), ..JobFilter::default() }).await?;
    let mut history = store
        .history(&HistoryFilter { delivery: Some(id.clone()), ..HistoryFilter::default() })
        .await?;
    jobs.reverse();
    history.reverse();
    // What is not JSON is shown as text, which is all that can be done for it.
    let body: Value = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    Ok(if json {
        pretty(&json!({
            "delivery": delivery, "jobs": jobs, "history": history, "body": body,
        }))
    } else {
        describe(&delivery, &jobs, &history, &body)
    })
}

fn unknown(id: &DeliveryId) -> Fault {
    Fault::Broken(format!("there is no delivery {id}: `usher deliveries list --limit 0` lists all"))
}

fn list(deliveries: &[Delivery]) -> String {
    if deliveries.is_empty() {
        return "No deliveries.\n".into();
    }
    let head = ["RECEIVED", "ID", "EVENT", "STATE", "SIZE", "REASON"].map(String::from);
    let rows = deliveries.iter().map(|delivery| {
        [
            instant(delivery.received_at),
            delivery.id.to_string(),
            printable(&delivery.event),
            delivery.state.to_string(),
            delivery.size.to_string(),
            printable(delivery.reason.as_deref().unwrap_or_default()),
        ]
    });
    align(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn describe(delivery: &Delivery, jobs: &[Job], history: &[History], body: &Value) -> String {
    let mut facts = vec![
        ["Delivery".into(), delivery.id.to_string()],
        ["Event".into(), printable(&delivery.event)],
        ["Received".into(), instant(delivery.received_at)],
        ["State".into(), delivery.state.to_string()],
    ];
    if let Some(at) = delivery.settled_at {
        facts.push(["Since".into(), instant(at)]);
    }
    if let Some(reason) = &delivery.reason {
        facts.push(["Reason".into(), printable(reason)]);
    }
    let mut out = align(&facts);

    out.push_str("\nHeaders\n");
    let headers = delivery.headers.iter();
    let headers = headers.map(|(name, value)| [format!("  {name}"), printable(value)]);
    out.push_str(&align(&headers.collect::<Vec<_>>()));

    out.push_str("\nJobs\n");
    let head = ["  JOB", "LANE", "SUBJECT", "STATE", "ATTEMPTS", "DUE", "REASON"].map(String::from);
    let rows = jobs.iter().map(|job| {
        [
            format!("  {}", job.id),
            printable(&job.lane),
            printable(job.subject.as_deref().unwrap_or("-")),
            job.state.to_string(),
            job.attempts.to_string(),
            instant(job.due_at),
            printable(job.reason.as_deref().unwrap_or_default()),
        ]
    });
    out.push_str(&if jobs.is_empty() {
        "  none\n".into()
    } else {
        align(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
    });

    out.push_str("\nDecisions\n");
    if history.is_empty() {
        out.push_str("  none\n");
    }
    for History { decided, .. } in history {
        let subject = printable(&decided.subject);
        let _ = writeln!(out, "  {}  {subject}", instant(decided.at));
        out.push_str(&indent(&pretty(&decided.decision), "    "));
    }

    out.push_str("\nBody\n");
    out.push_str(&indent(&pretty(body), "  "));
    out
}

/// Columns side by side, two blanks apart.
fn align<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter().fold(String::new(), |mut out, row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
        out
    })
}

fn indent(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

/// JSON that stays JSON when what it holds is made harmless for a terminal.
fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    let harmless = text.chars().fold(String::new(), |mut out, c| {
        if c != '\n' && is_obeyed(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    });
    harmless + "\n"
}

fn instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Foreign text for a terminal: control and bidirectional characters are shown, not obeyed.
fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if is_obeyed(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}

/// All of these are below U+10000, which JSON escapes rely on.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::model::clock::{Clock, Entropy};
    use crate::model::ids::RepoId;
    use crate::store::{Decided, NewDelivery, NewJob};

    fn id(text: &str) -> DeliveryId {
        DeliveryId::new(text).unwrap()
    }

    async fn ask(line: &str, store: &Store) -> Result<String, Fault> {
        #[derive(Debug, clap::Parser)]
        struct Cli {
            #[command(flatten)]
            args: DeliveriesArgs,
        }
        let words = ["deliveries"].into_iter().chain(line.split_whitespace());
        let cli = <Cli as clap::Parser>::try_parse_from(words).unwrap();
        answer(cli.args.command, store).await
    }

    async fn store_with_two() -> Store {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let entropy = Entropy::new(|bytes| bytes.fill(1));
        let clock = Clock::new(move || now);
        let store = Store::open(&"sqlite::memory:".into(), clock, entropy).await.unwrap();
        for (name, event, body) in [
            ("72d3162e-cc78", "release", r#"{"action": "published", "x": "\u001b[31m\u202e"}"#),
            ("0b1", "push", "no JSON \x1b[31m"),
        ] {
            let delivery = NewDelivery {
                id: id(name),
                event: event.into(),
                headers: vec![("x-github-event".into(), event.into())],
                body: Bytes::from(body),
            };
            store.receive(delivery).await.unwrap();
        }
        let job = NewJob {
            lane: "1".into(),
            subject: Some("promote".into()),
            intent: json!({}),
            due_at: now,
            delivery: None,
            urgent: false,
        };
        store.route(&id("72d3162e-cc78"), &[job]).await.unwrap();
        let lease = store.claim(Duration::from_secs(60)).await.unwrap().unwrap();
        let _ = store.bury(&lease, "refused: 403").await.unwrap();
        let decided = Decided {
            repo: RepoId(1),
            subject: "staging".into(),
            delivery: Some(id("72d3162e-cc78")),
            job: Some(lease.job.id),
            intent: json!({}),
            decision: json!({"verdict": "promote"}),
            at: now,
        };
        store.record(&decided).await.unwrap();
        store.bury_delivery(&id("0b1"), "no JSON at byte 1").await.unwrap();
        store
    }

    #[tokio::test]
    async fn deliveries_are_listed() {
        let store = store_with_two().await;
        insta::assert_snapshot!(ask("list", &store).await.unwrap(), @r#"
        RECEIVED              ID             EVENT    STATE   SIZE  REASON
        2026-11-20 09:00:00Z  0b1            push     buried  13    no JSON at byte 1
        2026-11-20 09:00:00Z  72d3162e-cc78  release  routed  48
        "#);
        insta::assert_snapshot!(ask("list --state unrouted", &store).await.unwrap(), @"No deliveries.");
        let json = ask("list --event push --limit 1 --json", &store).await.unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json[0]["id"], &json[0]["state"]), (&json!("0b1"), &json!("buried")));
    }

    #[tokio::test]
    async fn a_delivery_is_shown_with_all_that_became_of_it() {
        let store = store_with_two().await;
        insta::assert_snapshot!(ask("show 72d3162e-cc78", &store).await.unwrap(), @r#"
        Delivery  72d3162e-cc78
        Event     release
        Received  2026-11-20 09:00:00Z
        State     routed
        Since     2026-11-20 09:00:00Z

        Headers
          x-github-event  release

        Jobs
          JOB  LANE  SUBJECT  STATE   ATTEMPTS  DUE                   REASON
          1    1     promote  buried  1         2026-11-20 09:00:00Z  refused: 403

        Decisions
          2026-11-20 09:00:00Z  staging
            {
              "verdict": "promote"
            }

        Body
          {
            "action": "published",
            "x": "\u001b[31m\u202e"
          }
        "#);
        insta::assert_snapshot!(ask("show 0b1", &store).await.unwrap(), @r#"
        Delivery  0b1
        Event     push
        Received  2026-11-20 09:00:00Z
        State     buried
        Since     2026-11-20 09:00:00Z
        Reason    no JSON at byte 1

        Headers
          x-github-event  push

        Jobs
          none

        Decisions
          none

        Body
          "no JSON \u001b[31m"
        "#);
        let json = ask("show 72d3162e-cc78 --json", &store).await.unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["jobs"][0]["reason"], "refused: 403");
        assert_eq!(json["history"][0]["decision"]["verdict"], "promote");
        assert_eq!(json["body"]["action"], "published");
    }

    #[tokio::test]
    async fn a_delivery_is_put_back() {
        let store = store_with_two().await;
        assert_eq!(ask("retry 0b1", &store).await.unwrap(), "0b1 will be routed again.\n");
        assert_eq!(store.oldest_unrouted().await.unwrap().unwrap().0.id, id("0b1"));
        for line in ["retry nope", "show nope"] {
            let Err(Fault::Broken(why)) = ask(line, &store).await else {
                panic!("{line}");
            };
            assert!(why.contains("there is no delivery nope"), "{why}");
        }
    }
}
