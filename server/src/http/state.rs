//! What every handler can reach.

use std::sync::Arc;

use adapters::builtin::fleet::Fleet;
use axum::extract::FromRef;
use control::Control;
use gateway::Gateway;
use leptos::config::LeptosOptions;
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::LocalPoolHandle};

use super::{gateways::Gateways, live::STREAMS_MAX, render, replicas::FOLLOWERS_MAX, site::Site};
use crate::{config::ConsoleSettings, replica::Peers};

/// Cheap to clone.
#[derive(Clone)]
pub struct Console {
    inner: Arc<Inner>,
}

struct Inner {
    control: Control,
    gateway: Option<Arc<Gateway>>,
    settings: ConsoleSettings,
    loopback: bool,
    site: Site,
    gateways: Option<Gateways>,
    peers: Option<Peers>,
    fleet: Arc<Fleet>,
    /// One permit per console that follows.
    followers: Arc<Semaphore>,
    leptos: LeptosOptions,
    renderers: LocalPoolHandle,
    /// One permit per live stream.
    streams: Arc<Semaphore>,
    /// Bumped when a session ends here, so that its streams look again at once.
    sessions_ended: watch::Sender<u64>,
    stopping: CancellationToken,
}

/// What a console is made from.
pub struct ConsoleParts {
    pub control: Control,
    /// For what only its own counts tell.
    pub gateway: Option<Arc<Gateway>>,
    pub settings: ConsoleSettings,
    pub site: Site,
    /// Absent when no gateway may report here.
    pub gateways: Option<Gateways>,
    /// Absent where the database is this console's alone.
    pub peers: Option<Peers>,
    /// The gateways elsewhere, and those of other consoles.
    pub fleet: Arc<Fleet>,
    /// Ends the live streams.
    pub stopping: CancellationToken,
}

impl Console {
    pub fn new(parts: ConsoleParts) -> Self {
        let leptos = LeptosOptions::builder()
            .output_name("app")
            .site_root(parts.site.root().display().to_string())
            .site_addr(parts.settings.listen)
            .build();
        Self {
            inner: Arc::new(Inner {
                control: parts.control,
                gateway: parts.gateway,
                loopback: parts.settings.listen.ip().is_loopback(),
                settings: parts.settings,
                site: parts.site,
                gateways: parts.gateways,
                peers: parts.peers,
                fleet: parts.fleet,
                followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
                leptos,
                renderers: render::threads(),
                streams: Arc::new(Semaphore::new(STREAMS_MAX)),
                sessions_ended: watch::Sender::new(0),
                stopping: parts.stopping,
            }),
        }
    }

    pub(super) fn control(&self) -> &Control {
        &self.inner.control
    }

    pub(super) fn gateway(&self) -> Option<&Gateway> {
        self.inner.gateway.as_deref()
    }

    pub(super) fn settings(&self) -> &ConsoleSettings {
        &self.inner.settings
    }

    pub(super) fn site(&self) -> &Site {
        &self.inner.site
    }

    pub(super) fn gateways(&self) -> Option<&Gateways> {
        self.inner.gateways.as_ref()
    }

    pub(super) fn peers(&self) -> Option<&Peers> {
        self.inner.peers.as_ref()
    }

    pub(super) fn fleet(&self) -> &Fleet {
        &self.inner.fleet
    }

    pub(super) fn followers(&self) -> &Arc<Semaphore> {
        &self.inner.followers
    }

    pub(super) fn leptos(&self) -> &LeptosOptions {
        &self.inner.leptos
    }

    pub(super) fn renderers(&self) -> &LocalPoolHandle {
        &self.inner.renderers
    }

    /// Listens on this machine only.
    pub(super) fn is_loopback(&self) -> bool {
        self.inner.loopback
    }

    /// Browsers reach it over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.inner
            .settings
            .public_url
            .as_ref()
            .is_some_and(crate::config::PublicUrl::is_https)
    }

    pub(super) fn streams(&self) -> &Arc<Semaphore> {
        &self.inner.streams
    }

    pub(super) fn session_ended(&self) {
        self.inner.sessions_ended.send_modify(|n| *n += 1);
    }

    pub(super) fn watch_sessions(&self) -> watch::Receiver<u64> {
        self.inner.sessions_ended.subscribe()
    }

    pub(super) fn stopping(&self) -> CancellationToken {
        self.inner.stopping.clone()
    }
}

impl FromRef<Console> for LeptosOptions {
    fn from_ref(console: &Console) -> Self {
        console.inner.leptos.clone()
    }
}
