//! `usher serve`: settings, log, start, and a graceful end.

use super::{Failure, all, asked_to_end, start_log, trouble};
use crate::app::{self, Role};
use crate::settings::{self, Flags, Settings};

/// What `usher serve` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Which part of the work this process does; several may share one PostgreSQL
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
}

/// Runs until it is asked to end.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let settings =
        Settings::read(&args.flags, &settings::environment).map_err(|problems| all(&problems))?;
    start_log(&settings::log_filter(&args.flags.common, &settings::environment))?;
    let running = app::start(settings, args.role).await.map_err(trouble)?;
    asked_to_end().await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}
