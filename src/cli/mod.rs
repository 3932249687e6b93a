//! The commands: each parses its arguments and calls one function.
//!
//! Commands that are pure run before any runtime, log or connection is set up.

mod check_config;
mod deliveries;
mod evidence;
mod render;
mod rollback;
mod sandbox;
mod schema;
mod serve;
mod set_image;
mod validate;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use crate::real_kustomize;
use crate::settings::{self, CommonFlags, Problem};
use crate::store::Store;

/// Walks releases from environment to environment in GitOps repositories.
#[derive(Debug, Parser)]
#[command(name = "usher", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run Usher: take GitHub's webhooks in and work on them
    Serve(serve::Args),
    /// Run a GitHub in a box with Usher installed on it; nothing else is needed
    Sandbox(sandbox::Args),
    /// Print what a kustomization renders to, as `kubectl kustomize` does
    Render(render::RenderArgs),
    /// Show how two kustomizations differ once rendered
    Diff(render::DiffArgs),
    /// Validate what kustomizations render to
    Validate(validate::ValidateArgs),
    /// Set image tags in a kustomization, keeping every other byte
    SetImage(set_image::Args),
    /// Show what `/rollback` would put back, by the Git history of a local clone
    Rollback(rollback::RollbackArgs),
    /// Check a configuration and say what it means
    CheckConfig(check_config::CheckConfigArgs),
    /// Print the JSON Schema of `.github/usher.yml`, for editors
    Schema(schema::SchemaArgs),
    /// Look at deliveries, and have one worked on again
    Deliveries {
        #[command(flatten)]
        flags: CommonFlags,
        #[command(flatten)]
        args: deliveries::DeliveriesArgs,
    },
    /// Export the evidence of promotions, and check that it is as it was written
    Evidence(evidence::EvidenceArgs),
    /// Become a program that may do very little; Usher calls itself so
    #[command(hide = true)]
    Confined {
        /// What to become, and what that may do
        order: String,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// How a command ends badly: with 1 if it could not do its work, with 2 if it was called wrongly.
pub(crate) enum Failure {
    /// It could not do its work.
    Trouble(String),
    /// It was called wrongly, or what it was given cannot be read.
    Usage(String),
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Render(args) => render::run(&args),
        Command::Diff(args) => render::diff(&args),
        Command::Validate(args) => return validate::run(&args),
        Command::SetImage(args) => set_image::run(&args).map_err(Failure::Trouble),
        Command::Rollback(args) => rollback::run(&args),
        Command::CheckConfig(args) => return check_config::run(&args),
        Command::Schema(args) => return schema::run(&args),
        Command::Completions { shell } => completions(shell),
        Command::Confined { order } => return confined(&order),
        Command::Evidence(args) => return evidence::run(&args),
        Command::Serve(args) => in_runtime(serve::run(args)),
        Command::Sandbox(args) => in_runtime(sandbox::run(args)),
        Command::Deliveries { flags, args } => in_runtime(async {
            let url = settings::database(&flags, &settings::environment)
                .map_err(|problems| all(&problems))?;
            let store = Store::open(&url, crate::app::clock(), crate::app::entropy())
                .await
                .map_err(trouble)?;
            deliveries::run(args, &store).await.map_err(trouble)
        }),
    };
    let (code, message) = match ended {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Trouble(message)) => (1, message),
        Err(Failure::Usage(message)) => (2, message),
    };
    let _ = writeln!(std::io::stderr(), "usher: {message}");
    ExitCode::from(code)
}

/// Returns only if this process has not become the program that it was told to become.
fn confined(order: &str) -> ExitCode {
    real_kustomize::confined(order).unwrap_or_else(|message| {
        let _ = writeln!(std::io::stderr(), "{message}");
        ExitCode::from(real_kustomize::NOT_CONFINED)
    })
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(trouble)?;
    runtime.block_on(command)
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Cli::command(), "usher", &mut std::io::stdout());
    Ok(())
}

/// Anything that says what went wrong.
fn trouble(error: impl std::fmt::Display) -> Failure {
    Failure::Trouble(error.to_string())
}

/// Every setting that is missing or malformed, a line each.
fn all(problems: &[Problem]) -> Failure {
    let lines: Vec<_> = problems.iter().map(|problem| format!("  {problem}")).collect();
    Failure::Usage(format!("settings are missing or malformed:\n{}", lines.join("\n")))
}

/// Starts the log, on standard error.
fn start_log(filter: &str) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|error| {
        Failure::Usage(format!("USHER_LOG: {filter:?} cannot be read: {error}"))
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    Ok(())
}

/// Returns when the process is asked to end, by SIGINT or SIGTERM.
async fn asked_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(trouble)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(trouble)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
