//! The command line, as a person reads it under `--help`.

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Builds, runs and tests Evenkeel.
///
/// Two commands are enough: `cargo xtask run` and `cargo xtask test`. Both set up what is missing first.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Set up what is missing, build everything, start the console and print its link.
    Run(RunArgs),
    /// Set up what is missing and build everything, without starting it: for an image or a package.
    Build(BuildArgs),
    /// Set up what is missing and run every test: checks, unit, real servers, real browser.
    Test(TestArgs),
    /// Build what the browser loads (wasm, scripts, styles) into target/site.
    Site(SiteArgs),
    /// Check the code without running it: format, lints, import law, lock file, migrations.
    Check(CheckArgs),
    /// Measure, beside real peers on this machine, and print figures. Asserts nothing.
    Bench(BenchArgs),
    /// Install what building, testing and measuring need. Safe to repeat; run and test call it themselves.
    Setup(SetupArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Build the server with optimisation: slower to build, for use with real load.
    #[arg(long)]
    pub(crate) release: bool,
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    /// Passed to `evenkeel serve`, for example `-- --config evenkeel.toml`.
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Build the server with optimisation.
    #[arg(long)]
    pub(crate) release: bool,
    #[command(flatten)]
    pub(crate) site: SiteArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SiteArgs {
    /// Fast build for working on the user interface: large files, little optimisation.
    #[arg(long)]
    pub(crate) dev: bool,
    #[command(flatten)]
    pub(crate) wasm: WasmArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct WasmArgs {
    /// Which Rust compiles the browser code.
    #[arg(long, value_enum, default_value_t = WasmFrom::Auto, value_name = "FROM")]
    pub(crate) wasm_from: WasmFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WasmFrom {
    /// The toolchain in use when it has or can download the wasm32 target, else Debian's Rust.
    Auto,
    /// Only the toolchain in use, through rustup.
    Rustup,
    /// Only Debian's Rust, with a standard library built here.
    Debian,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Run only these parts; repeat or separate by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    pub(crate) only: Vec<TestPart>,
    /// Run the tests over Kubernetes on the cluster of KUBECONFIG, in namespaces of their own, instead of on a control plane of ours.
    #[arg(long)]
    pub(crate) kubernetes: bool,
    #[command(flatten)]
    pub(crate) wasm: WasmArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestPart {
    /// Everything `cargo xtask check` does.
    Check,
    /// `cargo test`: pure rules, parsers, and tests over real servers and sockets.
    Unit,
    /// Playwright on real Chromium against the freshly built server.
    Browser,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Check only these parts; repeat or separate by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    pub(crate) only: Vec<CheckPart>,
    #[command(flatten)]
    pub(crate) wasm: WasmArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckPart {
    /// Which crate may import which.
    Law,
    /// Paths of one machine, and a report of long files.
    Tidy,
    /// The same migrations for both databases.
    Migrations,
    /// Cargo.lock agrees with the manifests.
    Lock,
    /// rustfmt.
    Fmt,
    /// Clippy on everything that runs on the server.
    Clippy,
    /// Clippy on what runs in the browser.
    Wasm,
    /// The TypeScript of charts and browser tests.
    Types,
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// Only report what is there and what is missing; change nothing. Exit code 1 when something is missing.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) wasm: WasmArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) what: Bench,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Success within a second under each algorithm while one of eleven instances is frozen, beside nginx and HAProxy; and how even they spread.
    Algorithms,
    /// Bundle size per asset, server-render time of the overview, clients held on the live stream.
    Console,
    /// What clients see while one of three instances is killed, frozen and slow, beside nginx and HAProxy.
    Failover,
    /// Requests per second and CPU per request, beside nginx and HAProxy with the same features on.
    Gateway(GatewayBenchArgs),
    /// Memory, first look, delay of changes and CPU over 5,000 HPAs and 20,000 pods, beside keeping whole objects; and a change's way to the browser.
    Kubernetes,
    /// Nanoseconds and instructions per pick of every algorithm for 3, 100 and 10,000 instances, beside Pingora's own balancer.
    Pick,
    /// Bytes and CPU per measured value, beside Prometheus on the same stream; and how long a panel of a month takes.
    Samples,
    /// 5,000 policies evaluated, a week replayed, and what a forecast is worth beside plain HPA and beside 1.2 times the latest value.
    Scaling,
}

#[derive(Debug, Args)]
pub(crate) struct GatewayBenchArgs {
    /// Rounds; each measures every proxy once, in turn. The figures are medians over rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) rounds: u32,
    /// Seconds of load per measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) seconds: u32,
    /// Keep-alive connections of the load generator.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) connections: u32,
}
