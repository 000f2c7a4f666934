use std::{fmt::Write as _, fs, path::PathBuf};

use evenkeel::{
    Application, StartError,
    config::{self, Inputs},
};
use tempfile::TempDir;
use testkit::postgres::Postgres;

use super::{ADMIN, Backend, Browser, PASSWORD};

/// The application with a pool `web` of two real backends, on free ports.
pub(crate) struct TestApp {
    app: Option<Application>,
    dir: TempDir,
    settings: Settings,
    _backends: Vec<Backend>,
}

/// What the settings file says.
#[derive(Clone, Default)]
struct Settings {
    database_url: Option<String>,
    /// Where the console listens; a free port when absent.
    listen: Option<String>,
    backends: Vec<String>,
    /// The embedded default: samples that the supervisor runs, without traffic of their own.
    embedded: bool,
    more: String,
}

impl TestApp {
    pub(crate) async fn sqlite() -> Self {
        Self::new(None, "").await
    }

    pub(crate) async fn postgres() -> Self {
        let url = tokio::task::spawn_blocking(|| Postgres::shared().database()).await.unwrap();
        Self::new(Some(url), "").await
    }

    /// On SQLite, with more settings.
    pub(crate) async fn with(more: &str) -> Self {
        Self::new(None, more).await
    }

    /// No pools of its own: so many samples, run by the real binary. The settings allow no other number, so nobody scales them by himself.
    pub(crate) async fn embedded(samples: u32) -> Self {
        let settings = Settings {
            embedded: true,
            more: format!("sample.count = {samples}\nsample.max = {samples}\ntraffic.rate = 0.0"),
            ..Settings::default()
        };
        let mut app = Self {
            app: None,
            dir: tempfile::tempdir().unwrap(),
            settings,
            _backends: vec![],
        };
        app.start().await.unwrap();
        app
    }

    async fn new(database_url: Option<String>, more: &str) -> Self {
        let backends = vec![Backend::start().await, Backend::start().await];
        let settings = Settings {
            database_url,
            listen: None,
            backends: backends.iter().map(|b| b.address.to_string()).collect(),
            embedded: false,
            more: more.to_owned(),
        };
        let mut app = Self {
            app: None,
            dir: tempfile::tempdir().unwrap(),
            settings,
            _backends: backends,
        };
        app.start().await.unwrap();
        app
    }

    /// As at the last start, on the same data and, after [`TestApp::leave`], at the same address.
    pub(crate) async fn start(&mut self) -> Result<(), StartError> {
        let file = self.dir.path().join("evenkeel.toml");
        fs::write(&file, self.settings.toml(&self.data())).unwrap();
        let mut config = config::load(&Inputs {
            file: Some(file),
            ..Inputs::default()
        })?;
        config.program = env!("CARGO_BIN_EXE_evenkeel").into();
        self.app = Some(Application::start(config).await?);
        Ok(())
    }

    /// Stops in order and starts again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start().await.unwrap();
    }

    /// In force from the next start on.
    pub(crate) fn change_settings(&mut self, more: &str) {
        more.clone_into(&mut self.settings.more);
    }

    /// Stops, to be started again at the same address.
    pub(crate) async fn leave(&mut self) {
        self.settings.listen = Some(self.running().console_address().to_string());
        self.stop().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.running_out().stop().await;
    }

    fn running_out(&mut self) -> Application {
        self.app.take().expect("the application runs")
    }

    pub(crate) fn running(&self) -> &Application {
        self.app.as_ref().expect("the application runs")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running().console_address())
    }

    pub(crate) fn gateway(&self) -> String {
        format!("http://{}", self.running().gateway_addresses()[0])
    }

    pub(crate) fn setup_token(&self) -> Option<String> {
        let link = self.running().setup_link()?;
        Some(
            link.split_once("/setup?token=")
                .expect("the link leads to the set-up page")
                .1
                .to_owned(),
        )
    }

    /// A browser that is not signed in.
    pub(crate) fn visitor(&self) -> Browser {
        Browser::new(&self.url())
    }

    /// The first admin, made by the link.
    pub(crate) async fn admin(&self) -> Browser {
        let mut browser = self.visitor();
        let token = self.setup_token().expect("no admin exists yet");
        let answer = browser
            .post("/setup", &[("token", &token), ("name", ADMIN), ("password", PASSWORD)])
            .await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
            (303, "/")
        );
        browser
    }

    /// Somebody with this role, signed in.
    pub(crate) async fn signed_in(&self, name: &str, role: model::Role) -> Browser {
        self.running()
            .control()
            .accounts()
            .create_user(name, role, PASSWORD, "test")
            .await
            .unwrap();
        let mut browser = self.visitor();
        let answer = browser.post("/sign-in", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.headers()["location"], "/");
        browser
    }

    pub(crate) fn accounts(&self) -> &control::access::Accounts {
        self.running().control().accounts()
    }
}

impl Settings {
    fn toml(&self, data: &std::path::Path) -> String {
        let mut text = format!(
            "console.listen = \"{}\"\ngateway.listen = \"127.0.0.1:0\"\ngateway.threads = 1\ndatabase.data_dir = \"{}\"\n{}\n",
            self.listen.as_deref().unwrap_or("127.0.0.1:0"),
            data.display(),
            self.more
        );
        if let Some(url) = &self.database_url {
            let _ = writeln!(text, "database.url = {url:?}\ndatabase.pool_min = 1\ndatabase.pool_max = 4");
        }
        if self.embedded {
            return text;
        }
        text.push_str("[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\nhealth.interval_ms = 100\n");
        for (n, address) in self.backends.iter().enumerate() {
            let _ = writeln!(text, "[[pools.instances]]\nid = \"web-{}\"\naddress = {address:?}", n + 1);
        }
        text
    }
}
