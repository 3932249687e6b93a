//! The state where many can reach it: one lock, and what follows from each change (webhooks sent,
//! the data file written). It does not know what the changes are.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc, watch};

use super::http::{Faults, Seen, Table};
use super::refusal::Refusal;
use super::state::{Change, Outgoing, State};

/// A handle on the box; cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    table: Table,
    faults: Mutex<Faults>,
    log: Mutex<Vec<Seen>>,
    queue: mpsc::UnboundedSender<Outgoing>,
    /// How many webhooks are not through yet.
    underway: watch::Sender<usize>,
    /// Webhooks wait while this is true.
    held: watch::Sender<bool>,
    /// Where the state is kept.
    file: Option<PathBuf>,
}

impl Hub {
    /// Puts a state where it can be reached. Webhooks come out of the receiver.
    pub(crate) fn new(
        mut state: State,
        table: Table,
        bot: &str,
        file: Option<PathBuf>,
    ) -> (Self, mpsc::UnboundedReceiver<Outgoing>) {
        let (queue, outgoing) = mpsc::unbounded_channel();
        state.around.hook_url = hook_url(bot);
        let hub = Self(Arc::new(Inner {
            state: Mutex::new(state),
            table,
            faults: Mutex::default(),
            log: Mutex::default(),
            queue,
            underway: watch::Sender::new(0),
            held: watch::Sender::new(false),
            file,
        }));
        (hub, outgoing)
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.0.state))
    }

    /// Changes the state, then sends the webhooks that follow and keeps the result.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = lock(&self.0.state);
        state.go_on();
        let result = change(&mut state);
        self.settle(&mut state);
        if result.is_ok()
            && let Some(file) = &self.0.file
        {
            state.save(file)?;
        }
        result
    }

    /// Like [`write`](Self::write), for what changes nothing worth keeping.
    pub(crate) fn serve<T>(&self, answer: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.0.state);
        state.go_on();
        let result = answer(&mut state);
        self.settle(&mut state);
        result
    }

    fn settle(&self, state: &mut State) {
        state.turn_queues();
        let outbox = std::mem::take(&mut state.around.outbox);
        self.0.underway.send_modify(|count| *count += outbox.len());
        for outgoing in outbox {
            // The sender is gone only when the box is shutting down.
            self.0.queue.send(outgoing).ok();
        }
    }

    /// The endpoints.
    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }

    /// The rules for failures.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.0.faults)
    }

    /// The requests so far, oldest first.
    pub(crate) fn log(&self) -> MutexGuard<'_, Vec<Seen>> {
        lock(&self.0.log)
    }

    /// What changes, from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.read(|state| state.around.changes.subscribe())
    }

    /// Where webhooks are sent.
    pub(crate) fn webhook_url(&self) -> String {
        self.read(|state| state.around.hook_url.clone())
    }

    /// Has webhooks sent to another bot, `host:port`.
    pub(crate) fn set_bot(&self, bot: &str) {
        lock(&self.0.state).around.hook_url = hook_url(bot);
    }

    /// Lets webhooks wait, or go on.
    pub(crate) fn hold_webhooks(&self, held: bool) {
        self.0.held.send_replace(held);
    }

    /// Lets merges that were asked for asynchronously wait, or run.
    pub(crate) fn hold_merges(&self, held: bool) {
        lock(&self.0.state).around.merges_held = held;
    }

    /// Returns when webhooks may go.
    pub(crate) async fn webhooks_flow(&self) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        self.0.held.subscribe().wait_for(|held| !held).await.ok();
    }

    /// Tells that a webhook is through.
    pub(crate) fn webhook_done(&self) {
        self.0.underway.send_modify(|count| *count = count.saturating_sub(1));
    }

    /// How many webhooks are not through yet.
    pub(crate) fn webhooks_underway(&self) -> usize {
        *self.0.underway.borrow()
    }

    /// Returns when all webhooks are through.
    pub(crate) async fn webhooks_idle(&self) {
        self.0.underway.subscribe().wait_for(|count| *count == 0).await.ok();
    }
}

/// Where a bot at `host:port` takes webhooks.
fn hook_url(bot: &str) -> String {
    format!("http://{bot}/webhook")
}

/// Locks; a panic elsewhere leaves the value as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
