//! Hands the handlers to the command line, and chooses the allocator of this binary.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    rejoinder::run(rejoinder::handlers::all())
}
