//! A started application, a backend for it, and somebody who uses it.

mod app;
mod backend;
mod browser;
mod live;
mod program;

use std::time::Duration;

pub(crate) use app::TestApp;
pub(crate) use backend::Backend;
pub(crate) use browser::Browser;
pub(crate) use live::LiveEvents;
pub(crate) use program::{Program, alive, children};

/// Long enough for two busy cores; a test that works takes a fraction of it.
pub(crate) const SOON: Duration = Duration::from_secs(90);

pub(crate) const ADMIN: &str = "ada";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// One test function, run on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::support::TestApp::sqlite().await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::support::TestApp::postgres().await).await; })+
        }
    };
}
pub(crate) use on_both_databases;
