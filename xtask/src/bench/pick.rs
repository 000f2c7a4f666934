//! What a pick costs, in time and in instructions. The program lives with the gateway, whose insides it measures.

use std::path::Path;

use crate::{cli::WasmFrom, failure::Failure, files, process::Cmd, setup, steps::step, workspace::Workspace};

const SIZES: [u32; 3] = [3, 100, 10_000];
/// Enough that what happens now and then, such as a look at the ranking, has its share.
const PICKS: u32 = 2_000;

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    step("build", || {
        let build = [
            "build",
            "--release",
            "--package",
            "gateway",
            "--features",
            "bench",
            "--example",
            "bench_pick",
        ];
        workspace.cargo().args(build).run()
    })?;
    let log = workspace.target().join("bench-pick.log");
    let program = workspace.target().join("release/examples/bench_pick");
    step("nanoseconds", || Cmd::new(&program).run())?;
    step("instructions", || {
        println!("Instructions of this program per request, counted by callgrind over {PICKS} requests");
        println!("{:<34} {:>9} {:>9} {:>9} {:>17}", "", "n = 3", "100", "10,000", "10,000 over 3");
        let names = Cmd::new(&program).arg("names").output()?;
        for name in names.lines() {
            let mut per_pick = Vec::with_capacity(SIZES.len());
            for size in SIZES {
                let counted = |picks: u32| instructions(&program, &log, name, size, picks);
                per_pick.push((counted(PICKS)? - counted(0)?) / f64::from(PICKS));
            }
            if let [few, some, many] = per_pick[..] {
                println!("{name:<34} {few:>9.0} {some:>9.0} {many:>9.0} {:>15.2} x", many / few);
            }
        }
        Ok::<_, Failure>(())
    })
}

fn instructions(program: &Path, log: &Path, name: &str, size: u32, picks: u32) -> Result<f64, Failure> {
    Cmd::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", log.display()))
        .arg(program)
        .arg(name)
        .args([size.to_string(), picks.to_string()])
        .output()?;
    let said = files::read_text(log)?;
    let counted = said
        .lines()
        .find_map(|line| line.rsplit_once("Collected : ")?.1.trim().parse().ok());
    counted.ok_or_else(|| Failure::Unreadable {
        what: log.display().to_string(),
        why: said,
    })
}
