//! The `actfn-site` command.

/// Systems' own keep half as much again as is in use, once threads have freed what others took for thousands of pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    actfn_site::cli::main()
}
