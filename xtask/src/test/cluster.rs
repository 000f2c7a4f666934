//! What the tests over Kubernetes run on, as environment of the test programs.

use std::{env, path::PathBuf};

use crate::{
    cli::TestArgs,
    failure::Failure,
    setup::{self, TestCluster},
    steps::step,
    workspace::Workspace,
};

/// Read by `testkit`. The names do not start with `EVENKEEL_`: the server reads those as settings and refuses what it does not know.
pub(crate) const PROGRAM: &str = "E2E_TEST_CLUSTER";
const FOREIGN: &str = "E2E_KUBECONFIG";

#[derive(Debug)]
pub(super) struct Kubernetes {
    pub(super) environment: Vec<(&'static str, String)>,
    /// Why these tests are left out; said again at the end.
    pub(super) left_out: Option<String>,
}

pub(super) fn prepare(workspace: &Workspace, args: &TestArgs) -> Result<Kubernetes, Failure> {
    let mut environment = Vec::new();
    if args.kubernetes {
        environment.push((
            FOREIGN,
            own_cluster(env::var_os("KUBECONFIG").map(PathBuf::from))?.display().to_string(),
        ));
    }
    let left_out = match step("test cluster", || setup::test_cluster(workspace))? {
        TestCluster::Ready(program) => {
            environment.push((PROGRAM, program.display().to_string()));
            None
        }
        TestCluster::Absent(why) => {
            environment.push((PROGRAM, format!("none: {why}")));
            // With a cluster of one's own only those that need one to themselves are left out, and each of them says so.
            (!args.kubernetes).then_some(why)
        }
    };
    Ok(Kubernetes { environment, left_out })
}

fn own_cluster(kubeconfig: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let refuse = |why: &str| Failure::Step {
        what: "--kubernetes",
        why: why.to_owned(),
    };
    let path = kubeconfig.ok_or_else(|| refuse("set KUBECONFIG to the file of the cluster to test on"))?;
    if !path.is_file() {
        return Err(refuse(&format!("KUBECONFIG must name one file; {} is none", path.display())));
    }
    // Tests run in the folders of their crates.
    path.canonicalize().map_err(Failure::file("find", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_ones_own_has_one_file() {
        assert!(own_cluster(None).unwrap_err().to_string().contains("set KUBECONFIG"));
        let two = own_cluster(Some("/etc/hostname:/etc/hosts".into())).unwrap_err();
        assert!(two.to_string().contains("one file"), "{two}");
    }
}
