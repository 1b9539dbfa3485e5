//! Hands the handlers to the command line.

fn main() -> std::process::ExitCode {
    rejoinder::run(rejoinder::handlers::all())
}
