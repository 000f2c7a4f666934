//! `cargo xtask bench`: figures, printed beside real peers. Nothing is asserted: a figure depends on the machine, a ratio less so.

mod algorithms;
mod console;
mod failover;
mod gateway;
mod kubernetes;
mod load;
mod origin;
mod pick;
mod samples;
mod scaling;

use crate::{
    cli::{Bench, BenchArgs},
    failure::Failure,
    workspace::Workspace,
};

pub(crate) fn command(workspace: &Workspace, args: &BenchArgs) -> Result<(), Failure> {
    match &args.what {
        Bench::Algorithms => algorithms::run(workspace),
        Bench::Console => console::run(workspace),
        Bench::Failover => failover::run(workspace),
        Bench::Gateway(args) => gateway::run(workspace, args),
        Bench::Kubernetes => kubernetes::run(workspace),
        Bench::Pick => pick::run(workspace),
        Bench::Samples => samples::run(workspace),
        Bench::Scaling => scaling::run(workspace),
    }
}
