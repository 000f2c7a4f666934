//! The command line.

mod args;
mod check_config;
mod doctor;
mod gateway;
mod health;
mod password;
mod sample;
mod serve;
mod traffic;
mod user;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Builder;

use self::args::{Cli, Command};
use crate::StartError;

/// Of what cannot be set up: a wrong setting, a port in use, a database of another program.
const SETUP_ERROR: u8 = 2;

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            // One sentence for a person; a pipe that is closed already changes nothing.
            eprintln!("evenkeel: {error}");
            ExitCode::from(SETUP_ERROR)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, StartError> {
    let top = cli.settings;
    let done = match cli.command {
        None => serve::run(top),
        Some(Command::Serve(flags)) => serve::run(flags.or(top)),
        Some(Command::Gateway(flags)) => gateway::run(flags.settings.or(top), flags.control),
        Some(Command::Health(flags)) => health::run(flags.settings.or(top), flags.gateway),
        Some(Command::CheckConfig(flags)) => check_config::run(flags.or(top)),
        Some(Command::User(command)) => {
            let (flags, action) = command.parts(top);
            user::run(flags, action)
        }
        Some(Command::Sample(flags)) => top.none_for("sample").and_then(|()| sample::run(flags)),
        Some(Command::Traffic(flags)) => top.none_for("traffic").and_then(|()| traffic::run(flags)),
        Some(Command::Doctor(flags)) => return top.none_for("doctor").and_then(|()| doctor::run(&flags)),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// A runtime for the whole console, or for one small command.
fn runtime(threads: Threads) -> Result<tokio::runtime::Runtime, StartError> {
    let mut builder = match threads {
        Threads::PerCore => Builder::new_multi_thread(),
        Threads::One => Builder::new_current_thread(),
    };
    builder.enable_all().thread_name("console").build().map_err(StartError::Threads)
}

enum Threads {
    PerCore,
    One,
}
