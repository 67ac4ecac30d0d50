//! The `actfn-site` command.

fn main() -> std::process::ExitCode {
    actfn_site::cli::main()
}
