//! `usher schema`: the JSON Schema of the configuration, for editors.
//!
//! It only prints; what it says follows from the table of keys in `domain::policy`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;

use crate::domain::policy;

/// Print the JSON Schema of `.github/usher.yml`, so that editors complete and explain it.
///
/// Save it as a file and begin the configuration with the line
/// `# yaml-language-server: $schema=FILE`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Print the reference of all keys as a Markdown table instead.
    #[arg(long)]
    markdown: bool,
}

/// Prints it.
pub(super) fn run(args: &SchemaArgs) -> ExitCode {
    let text = if args.markdown { policy::markdown() } else { format!("{:#}\n", policy::schema()) };
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
