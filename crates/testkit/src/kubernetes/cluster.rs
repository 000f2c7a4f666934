use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use kube::{
    Client, Config,
    config::{AuthInfo, KubeConfigOptions, Kubeconfig},
};
use serde::Deserialize;

use super::{Call, Namespace, Options, Steering, audit, program};
use crate::left_out;

/// A control plane that ends with this value, however the test process ends; or somebody's own, which stays.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    server: String,
    ours: Option<Ours>,
}

#[derive(Debug)]
struct Ours {
    program: Child,
    steering: Steering,
    audit_log: PathBuf,
    version: String,
}

/// The line that the program prints when everything works.
#[derive(Debug, Deserialize)]
struct Ready {
    kubeconfig: PathBuf,
    server: String,
    steering: String,
    audit_log: PathBuf,
    version: String,
}

impl Cluster {
    /// One of one's own, for tests that switch APIs off, read the audit log from its beginning, or end it.
    ///
    /// # Panics
    /// With a sentence when the program is not built or does not start.
    pub fn start() -> Self {
        Self::start_with(&Options::default())
    }

    /// As [`Cluster::start`], made otherwise.
    pub fn start_with(options: &Options) -> Self {
        let path = program::installed().expect("build the test cluster (cargo xtask setup; it needs Go)");
        let mut program = Command::new(path)
            .args(options.flags())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Ready>(&line) else {
            let status = program.wait().unwrap();
            panic!("the test cluster did not start ({status}); its standard error says why");
        };
        Self {
            kubeconfig: ready.kubeconfig,
            server: ready.server,
            ours: Some(Ours {
                program,
                steering: Steering::at(ready.steering),
                audit_log: ready.audit_log,
                version: ready.version,
            }),
        }
    }

    /// The one that all tests of this process share; under `cargo xtask test --kubernetes` somebody's own.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Cluster> = LazyLock::new(|| program::foreign().map_or_else(Cluster::start, Cluster::foreign));
        &SHARED
    }

    fn foreign(kubeconfig: PathBuf) -> Self {
        let read = Kubeconfig::read_from(&kubeconfig).unwrap();
        let current = read.current_context.as_ref().expect("the kubeconfig has a current context");
        let context = read.contexts.iter().find(|context| &context.name == current);
        let name = &context
            .and_then(|context| context.context.as_ref())
            .expect("it describes that context")
            .cluster;
        let cluster = read.clusters.iter().find(|cluster| &cluster.name == name);
        let server = cluster.and_then(|cluster| cluster.cluster.as_ref()?.server.clone());
        Self {
            server: server.expect("it names that cluster's server"),
            kubeconfig,
            ours: None,
        }
    }

    /// Of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn is_foreign(&self) -> bool {
        self.ours.is_none()
    }

    /// `v1.36.3`; of somebody's own cluster it is not known.
    pub fn version(&self) -> Option<&str> {
        self.ours.as_ref().map(|ours| ours.version.as_str())
    }

    /// Plays machines and sensors. `None` where there are real ones: the test is left out there, and this says so.
    pub fn steering(&self) -> Option<&Steering> {
        let steering = self.ours.as_ref().map(|ours| &ours.steering);
        if steering.is_none() {
            left_out("this cluster has machines and sensors of its own");
        }
        steering
    }

    /// As the administrator. Left to itself kube repeats a call that is answered with 429, 503 or 504 for minutes; here a test sees it.
    pub async fn config(&self) -> Config {
        let read = Kubeconfig::read_from(&self.kubeconfig).unwrap();
        let mut config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.unwrap();
        config.default_retry = false;
        config
    }

    /// As whom the token names.
    pub async fn config_of(&self, token: &str) -> Config {
        let mut config = self.config().await;
        config.auth_info = AuthInfo {
            token: Some(token.to_owned().into()),
            ..AuthInfo::default()
        };
        config
    }

    /// As the administrator. A client belongs to the runtime of one test: each test makes its own.
    pub async fn client(&self) -> Client {
        Client::try_from(self.config().await).unwrap()
    }

    /// A new, empty namespace, in which pods may be made.
    pub async fn namespace(&self) -> Namespace<'_> {
        Namespace::create(self).await
    }

    /// What a user has asked of the API server, in order. Of somebody's own cluster it is not known.
    ///
    /// A service account is `system:serviceaccount:NAMESPACE:NAME`.
    pub fn calls_of(&self, user: &str) -> Vec<Call> {
        self.ours
            .as_ref()
            .map_or_else(Vec::new, |ours| audit::calls_of(&ours.audit_log, user))
    }

    /// The id of the process behind it, for a test that looks whether it is gone.
    pub fn process_id(&self) -> Option<u32> {
        self.ours.as_ref().map(|ours| ours.program.id())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(ours) = &mut self.ours {
            // Waiting closes its standard input, at which it ends and removes its files.
            drop(ours.program.wait());
        }
    }
}
