//! How quickly a worker gets its next job and is done with it: claim and finish, on disk, with
//! nothing else waiting and with a long queue behind a lane that is at work.

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use tokio::runtime::Runtime;
use usher::model::clock::{Clock, Entropy};
use usher::store::{Held, NewJob, Store};

const LEASE: Duration = Duration::from_secs(3600);
const LANES: usize = 50;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let runtime = Runtime::new()?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("claim");
    group.throughput(Throughput::Elements(1));
    for backlog in [0, 1_000, 10_000] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = runtime.block_on(prepare(folder.path(), backlog))?;
        group.bench_function(format!("behind {backlog}"), |bencher| {
            bencher.iter_custom(|jobs| {
                let took = runtime.block_on(work(&store, jobs)).unwrap_or(Duration::MAX);
                assert!(took < Duration::MAX, "a claim failed");
                took
            });
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bench is its own app: it makes the clock")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn job(lane: usize) -> NewJob {
    NewJob {
        lane: format!("{lane}"),
        subject: None,
        intent: serde_json::json!({"kind": "evaluate", "pr": lane}),
        due_at: now(),
        delivery: None,
        urgent: false,
    }
}

/// A store with a job in each lane, and `backlog` older ones in a lane where one is under way.
async fn prepare(folder: &Path, backlog: usize) -> Outcome<Store> {
    let url = format!("sqlite:{}", folder.join("usher.db").display());
    let entropy = Entropy::new(|bytes| bytes.fill(0));
    let store = Store::open(&url.into(), Clock::new(now), entropy).await?;
    if backlog > 0 {
        let busy: Vec<NewJob> = (0..=backlog).map(|_| job(LANES)).collect();
        store.enqueue(&busy).await?;
        store.claim(LEASE).await?.ok_or("nothing to claim")?;
    }
    let jobs: Vec<NewJob> = (0..LANES).map(job).collect();
    store.enqueue(&jobs).await?;
    Ok(store)
}

async fn work(store: &Store, jobs: u64) -> Outcome<Duration> {
    let start = Instant::now();
    for _ in 0..jobs {
        let lease = store.claim(LEASE).await?.ok_or("nothing to claim")?;
        let lane = lease.job.lane.parse()?;
        if store.finish(&lease, &[job(lane)]).await? == Held::Lost {
            return Err("the lease was lost".into());
        }
    }
    Ok(start.elapsed())
}
