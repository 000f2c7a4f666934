//! What can be typed.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use model::{GatewayId, Role};

use crate::{
    StartError,
    config::{Inputs, PublicUrl, Redacted},
};

/// Lines of at most 79 characters: clap wraps longer ones and tears the columns apart.
const EXAMPLES: &str = "\
Examples:
  evenkeel
      the embedded default: three samples, traffic to them, and the console on
      http://127.0.0.1:3000
  evenkeel --config evenkeel.toml
      your own pools and routes
  evenkeel check-config --config my.toml
      what is in force, and where each value comes from
  evenkeel gateway --control https://ops.example.com --token-file token
      one more gateway, on another host, by the console's plan
  evenkeel doctor hpa.yaml deployment.yaml
      what is wrong with the autoscaling of a Deployment
  evenkeel user add ada --role viewer
      asks for the password, or reads it from a pipe

Settings are read from the defaults, then evenkeel.toml, then EVENKEEL_…
variables, then flags. evenkeel.example.toml explains each.

Exit codes: 0 all went well; 1 the doctor found something; 2 something could
not be set up, and one sentence on stderr says what, and the way out.";

/// A live operations console for load-balanced services, with its own gateway.
#[derive(Debug, Parser)]
#[command(name = "evenkeel", version, after_help = EXAMPLES, max_term_width = 120, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run gateway and console (this is what happens without a command)
    Serve(SettingsFlags),
    /// Run a gateway alone: by a console on another host, or by the settings file
    Gateway(GatewayFlags),
    /// Run one instance of the sample service
    Sample(SampleFlags),
    /// Send generated traffic to an address
    Traffic(TrafficFlags),
    /// Ask the console of these settings whether it answers: for a container's health check
    Health(HealthFlags),
    /// Check the settings and print them, with where each comes from; passwords are cut out
    CheckConfig(SettingsFlags),
    /// Examine HPAs, what they scale and VPAs beside them, in YAML or JSON
    Doctor(DoctorFlags),
    /// Manage the accounts that may sign in
    User(UserCommand),
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsFlags {
    /// The settings file; without it evenkeel.toml in this directory, if there is one
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the console listens [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where the gateway listens; several with commas [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    gateway_listen: Option<String>,
    /// Where the console keeps its files [default: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
}

impl SettingsFlags {
    /// Those before the subcommand count where those after it are silent.
    pub(super) fn or(self, top: Self) -> Self {
        Self {
            config: self.config.or(top.config),
            listen: self.listen.or(top.listen),
            gateway_listen: self.gateway_listen.or(top.gateway_listen),
            data_dir: self.data_dir.or(top.data_dir),
        }
    }

    /// A flag that would be ignored is a mistake.
    pub(super) fn none_for(&self, command: &str) -> Result<(), StartError> {
        if self.config.is_some() || !self.flags().is_empty() {
            return Err(StartError::Refused(format!(
                "`evenkeel {command}` reads no settings; put its own flags behind it"
            )));
        }
        Ok(())
    }

    fn flags(&self) -> Vec<(&'static str, &'static str, String)> {
        let given = [
            ("--listen", "console.listen", &self.listen),
            ("--gateway-listen", "gateway.listen", &self.gateway_listen),
            ("--data-dir", "database.data_dir", &self.data_dir),
        ];
        given
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value.clone()?)))
            .collect()
    }

    pub(super) fn inputs(&self) -> Inputs {
        Inputs::from_process(self.config.clone(), self.flags())
    }
}

const GATEWAY_HELP: &str = "\
With --control the gateway gets its plan from a console and tells it what it
counts, over one outgoing connection. It keeps the last plan in the data
directory (gateway-plan.json): while the console is away it serves by it, and
starts from it. The console's settings need gateways.token.

A token on the command line can be seen by everybody on this machine: put it
into a file, or into the variable EVENKEEL_GATEWAY_TOKEN.";

#[derive(Debug, Args)]
#[command(after_help = GATEWAY_HELP)]
pub(super) struct GatewayFlags {
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
    #[command(flatten)]
    pub(super) control: ControlFlags,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Console")]
pub(super) struct ControlFlags {
    /// The console to follow, such as `https://ops.example.com`; without it the settings file is followed
    #[arg(long, value_name = "URL")]
    pub(super) control: Option<PublicUrl>,
    /// What lets this gateway in: gateways.token of the console's settings [also: `EVENKEEL_GATEWAY_TOKEN`]
    #[arg(long, value_name = "TOKEN", requires = "control", conflicts_with = "token_file")]
    pub(super) token: Option<Redacted>,
    /// A file with the token in it and nothing else
    #[arg(long, value_name = "FILE", requires = "control")]
    pub(super) token_file: Option<PathBuf>,
    /// What the console calls this gateway [default: this host's name]
    #[arg(long, value_name = "NAME", requires = "control")]
    pub(super) id: Option<GatewayId>,
    /// Certificates (PEM) of the authority behind the console's; without it those that browsers believe
    #[arg(long, value_name = "FILE", requires = "control")]
    pub(super) control_ca: Option<PathBuf>,
    /// Allow http to a console that is not on this machine: the token and the plan can then be read on the way
    #[arg(long, requires = "control")]
    pub(super) plain_http: bool,
}

#[derive(Debug, Args)]
pub(super) struct HealthFlags {
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
    /// Ask the gateway instead: whether it listens
    #[arg(long)]
    pub(super) gateway: bool,
}

#[derive(Debug, Args)]
pub(super) struct SampleFlags {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    pub(super) listen: SocketAddr,
    /// Its name, in answers and load reports
    #[arg(long, value_name = "NAME", default_value = "sample-1")]
    pub(super) instance: String,
    /// End together with this process; for whoever starts samples as children
    #[arg(long, value_name = "PID")]
    pub(super) parent: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct TrafficFlags {
    /// Where the requests go
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(super) target: String,
    /// Requests per second, in the middle of the wave
    #[arg(long, value_name = "NUMBER", default_value_t = 50.0)]
    pub(super) rate: f64,
    /// End together with this process
    #[arg(long, value_name = "PID")]
    pub(super) parent: Option<u32>,
}

const DOCTOR_HELP: &str = "\
Nothing is asked but the files: give the HPAs together with the Deployments,
StatefulSets and VPAs they belong to, and more can be found.

Examples:
  kustomize build overlays/prod | evenkeel doctor -
  evenkeel doctor hpa.yaml deployment.yaml
  evenkeel doctor --fix hpa.yaml > mended.yaml

Exit codes: 0 nothing worse than a hint; 1 a warning or worse was found; 2 a
file could not be read.";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub(super) struct DoctorFlags {
    /// The files; - reads from a pipe
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Print the mended YAML; what was found goes to stderr
    #[arg(long)]
    pub(super) fix: bool,
    /// Print JSON, as POST /api/doctor answers
    #[arg(long, conflicts_with = "fix")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct UserCommand {
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(subcommand)]
    action: UserFlags,
}

#[derive(Debug, Subcommand)]
enum UserFlags {
    /// Add an account; the password is asked for, or read from a pipe
    Add {
        /// 1 to 64 letters, digits or any of . _ - @ +
        name: String,
        /// What the account may do: `viewer` sees, `cache_admin` also clears caches, `system_admin` may do everything
        #[arg(long, default_value_t = Role::Viewer)]
        role: Role,
        #[command(flatten)]
        settings: SettingsFlags,
    },
    /// List the accounts
    List(SettingsFlags),
    /// Set an account's password and end its sessions
    Passwd {
        /// The account
        name: String,
        #[command(flatten)]
        settings: SettingsFlags,
    },
}

/// What is to be done to the accounts.
#[derive(Debug)]
pub(super) enum UserAction {
    Add { name: String, role: Role },
    List,
    Passwd { name: String },
}

impl UserCommand {
    pub(super) fn parts(self, top: SettingsFlags) -> (SettingsFlags, UserAction) {
        let (own, action) = match self.action {
            UserFlags::Add { name, role, settings } => (settings, UserAction::Add { name, role }),
            UserFlags::List(settings) => (settings, UserAction::List),
            UserFlags::Passwd { name, settings } => (settings, UserAction::Passwd { name }),
        };
        (own.or(self.settings).or(top), action)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert!(
            EXAMPLES
                .lines()
                .chain(GATEWAY_HELP.lines())
                .chain(DOCTOR_HELP.lines())
                .all(|line| line.chars().count() < 80)
        );
    }

    #[test]
    fn flags_count_before_and_after_the_command() {
        let cli = Cli::try_parse_from([
            "evenkeel",
            "--config",
            "a.toml",
            "--listen",
            "127.0.0.1:1",
            "serve",
            "--listen",
            "127.0.0.1:2",
        ])
        .unwrap();
        let Some(Command::Serve(flags)) = cli.command else {
            panic!("not serve")
        };
        let flags = flags.or(cli.settings);
        assert_eq!((flags.config, flags.listen), (Some("a.toml".into()), Some("127.0.0.1:2".into())));
        assert!(
            SettingsFlags {
                listen: Some("x".into()),
                ..SettingsFlags::default()
            }
            .none_for("sample")
            .is_err()
        );
    }
}
