//! The command line's way in.

fn main() -> std::process::ExitCode {
    usher::cli::main()
}
