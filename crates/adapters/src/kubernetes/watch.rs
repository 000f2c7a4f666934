//! One kind, of all namespaces or of one: a list in pages, then a watch from where the list ends, taken up again wherever it breaks.
//!
//! ```text
//!   ┌────────► list (pages) ─► watch ─┬─ ended, broke, silent ─► watch from the last version
//!   └─ 410 ◄──────────────────────────┤
//!                                     ├─ 403 ─► Forbidden, asked again after minutes
//!                                     ├─ 404 ─► Absent, looked for again after minutes
//!                                     └─ anything else ─► Down, asked again after a pause that doubles
//! ```
//! What is told twice on the way changes nothing: the store knows the resource version.

use std::{borrow::Cow, sync::Arc, time::Duration};

use model::cluster::KindState;
use rand::Rng;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    Inner,
    api::{Fault, Lines, Refusal, now_ms, query},
    kind::Kind,
    probe,
    rule::rule,
    settings::{KubernetesConfig, Timing},
    store::{Change, Names, Scope},
};

/// What reading needs.
const VERBS: [&str; 3] = ["get", "list", "watch"];
/// A watch that lived so long was a good one: the pauses start from the beginning.
const GOOD_AFTER: Duration = Duration::from_secs(5);
/// Smallest page, when the objects are so large that pages are too long.
const PAGE_MIN: u32 = 10;
/// An answer of discovery.
const DISCOVERY_MAX_BYTES: usize = 1 << 20;

/// Everything that is watched by these settings.
pub(super) fn scopes(config: &KubernetesConfig) -> Vec<Scope> {
    let namespaces: Vec<Option<Arc<str>>> = match &config.namespaces {
        None => vec![None],
        Some(list) => list.iter().map(|n| Some(n.as_str().into())).collect(),
    };
    let of_kind = |kind| namespaces.iter().map(move |namespace| (kind, namespace.clone()));
    Kind::ALL.into_iter().flat_map(of_kind).collect()
}

pub(super) async fn run(inner: Arc<Inner>, scope: Scope) {
    let mut watch = Watch {
        inner: &inner,
        page: inner.config.bounds.page,
        scope,
        version: None,
        pauses: Pauses::new(inner.config.timing),
    };
    let mut recovered = inner.recovered.subscribe();
    inner.store.set_kind(&watch.scope, KindState::Waiting);
    loop {
        let pause = match watch.round().await {
            Ok(()) => Pause::Short(watch.pauses.next(None)),
            Err(fault) => watch.after(&fault),
        };
        match pause {
            Pause::Short(pause) => tokio::time::sleep(pause).await,
            // The cluster answers again: no need to wait any longer, but not all at once.
            Pause::Long(pause) => {
                recovered.mark_unchanged();
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = recovered.changed() => tokio::time::sleep(jitter(watch.inner.config.timing.pause_min)).await,
                }
            }
        }
    }
}

enum Pause {
    /// Is not cut short.
    Short(Duration),
    Long(Duration),
}

struct Watch<'a> {
    inner: &'a Inner,
    scope: Scope,
    /// Objects a page.
    page: u32,
    /// From where the watch goes on; absent: a list is needed first.
    version: Option<String>,
    pauses: Pauses,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PageMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    what: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    metadata: HeadMeta,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct HeadMeta {
    name: String,
    namespace: String,
    resource_version: String,
}

impl Watch<'_> {
    /// Until the watch ends.
    async fn round(&mut self) -> Result<(), Fault> {
        let (kind, _) = self.scope;
        if self.version.is_none() {
            if kind.is_optional() {
                self.inner.api.get(&kind.group_path(), DISCOVERY_MAX_BYTES).await?;
            }
            self.version = Some(self.list().await?);
        }
        let mut lines = self.open().await?;
        self.inner.store.set_kind(&self.scope, KindState::Up);
        self.inner.store.heard(&self.scope);
        let began = Instant::now();
        let ended = self.follow(&mut lines).await;
        if began.elapsed() > GOOD_AFTER {
            self.pauses.reset();
        }
        if self.inner.store.is_over(&self.scope) {
            // Whether there is still more than is kept, only a list tells.
            self.version = None;
        }
        match ended {
            // It was up until now and is taken up again at once; if that fails too, it is down.
            Err(Fault::Broken { why }) => tracing::debug!(cluster = %self.inner.config.id, kind = kind.resource(), why, "a watch broke"),
            Err(fault @ Fault::TimedOut { .. }) => {
                tracing::debug!(cluster = %self.inner.config.id, kind = kind.resource(), %fault, "a watch is silent");
            }
            other => return other,
        }
        Ok(())
    }

    /// Reads all pages. Answers the version from where the watch goes on.
    async fn list(&mut self) -> Result<String, Fault> {
        let (kind, namespace) = self.scope.clone();
        let bounds = self.inner.config.bounds;
        let mut seen = Names::new();
        let mut next = String::new();
        loop {
            let path = kind.path(namespace.as_deref())
                + &query(&[
                    ("limit", &self.page.to_string()),
                    ("continue", &next),
                    ("fieldSelector", kind.field_selector()),
                ]);
            let (meta, is_full) = {
                let _permit = self.inner.lists.acquire().await.map_err(Fault::unreadable)?;
                let page = self
                    .inner
                    .api
                    .get_within(&path, bounds.page_bytes, self.inner.config.timing.page)
                    .await;
                if matches!(page, Err(Fault::Unreadable { .. })) && self.page > PAGE_MIN {
                    self.page = (self.page / 2).max(PAGE_MIN);
                    continue;
                }
                self.take_page(&page?.body, &mut seen)?
            };
            self.inner.store.heard(&self.scope);
            if meta.resource_version.is_empty() {
                return Err(Fault::unreadable("a list has no resource version"));
            }
            if meta.next.is_empty() || is_full {
                self.inner.store.retain(&self.scope, &seen, meta.next.is_empty());
                return Ok(meta.resource_version);
            }
            next = meta.next;
        }
    }

    /// Answers also whether there are as many as are kept.
    fn take_page(&self, body: &[u8], seen: &mut Names) -> Result<(PageMeta, bool), Fault> {
        let page: Page<'_> = serde_json::from_slice(body).map_err(Fault::unreadable)?;
        let max = self.inner.config.bounds.objects;
        for item in page.items.unwrap_or_default() {
            match self.inner.store.apply_in(&self.scope, Change::Put, item.get()) {
                Ok(Some(id)) => {
                    seen.insert(id);
                }
                Ok(None) => {}
                Err(error) => self.skip(item.get(), &error),
            }
        }
        let is_full = seen.len() >= max;
        Ok((page.metadata, is_full))
    }

    async fn open(&self) -> Result<Lines, Fault> {
        let (kind, namespace) = &self.scope;
        let for_s = self.inner.config.timing.watch_for.as_secs_f64() * rand::rng().random_range(0.8..1.2);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "minutes")]
        let for_s = (for_s as u64).max(1).to_string();
        let path = kind.path(namespace.as_deref())
            + &query(&[
                ("watch", "1"),
                ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", &for_s),
                ("resourceVersion", self.version.as_deref().unwrap_or_default()),
                ("fieldSelector", kind.field_selector()),
            ]);
        self.inner.api.open(&path, self.inner.config.bounds.line_bytes).await
    }

    /// Takes over what is told until the watch ends, or until the cluster was away longer than this watch has been silent.
    async fn follow(&mut self, lines: &mut Lines) -> Result<(), Fault> {
        let mut recovered = self.inner.recovered.subscribe();
        let mut heard_at_ms = now_ms();
        loop {
            let line = tokio::select! {
                line = lines.next(self.inner.config.timing.quiet) => line?,
                Ok(()) = recovered.changed() => {
                    if heard_at_ms <= *recovered.borrow_and_update() {
                        return Ok(());
                    }
                    continue;
                }
            };
            let Some(line) = line else { return Ok(()) };
            heard_at_ms = now_ms();
            self.inner.api.heard();
            self.inner.store.heard(&self.scope);
            self.take_line(&line)?;
        }
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line: Line<'_> = serde_json::from_slice(line).map_err(Fault::unreadable)?;
        let object = line.object.get();
        let change = match &*line.what {
            "ADDED" | "MODIFIED" => Some(Change::Put),
            "DELETED" => Some(Change::Deleted),
            "BOOKMARK" => None,
            "ERROR" => return Err(Fault::Refused(Box::new(Refusal::of_event(object)))),
            other => return Err(Fault::unreadable(format!("an event of a watch is {other:?}"))),
        };
        if let Some(change) = change
            && let Err(error) = self.inner.store.apply_in(&self.scope, change, object)
        {
            self.skip(object, &error);
        }
        let head: Head = serde_json::from_str(object).map_err(Fault::unreadable)?;
        if !head.metadata.resource_version.is_empty() {
            self.version = Some(head.metadata.resource_version);
        }
        Ok(())
    }

    /// One object that nobody can read is no reason to know nothing of the others.
    fn skip(&self, object: &str, error: &serde_json::Error) {
        let Head {
            metadata: HeadMeta { name, namespace, .. },
        } = serde_json::from_str(object).unwrap_or_default();
        let kind = self.scope.0.resource();
        tracing::warn!(cluster = %self.inner.config.id, kind, namespace, name, %error, "an object cannot be read and is left out");
    }

    /// What follows from a failure.
    fn after(&mut self, fault: &Fault) -> Pause {
        let timing = self.inner.config.timing;
        let (kind, namespace) = &self.scope;
        let (group, _, plural) = kind.names();
        let state = match fault.code() {
            Some(410) => {
                self.version = None;
                return Pause::Short(self.pauses.next(None));
            }
            Some(403) => KindState::Forbidden {
                rule: rule(group, plural, &VERBS, namespace.as_deref()),
            },
            Some(404) => {
                self.version = None;
                self.inner.store.retain(&self.scope, &Names::new(), true);
                KindState::Absent
            }
            _ => KindState::Down {
                since_ms: now_ms(),
                why: probe::words(fault, &self.inner.api),
            },
        };
        let is_slow = matches!(state, KindState::Forbidden { .. } | KindState::Absent);
        tracing::debug!(cluster = %self.inner.config.id, kind = kind.resource(), %fault, "not read");
        self.inner.store.set_kind(&self.scope, state);
        if is_slow {
            return Pause::Long(timing.again_after.mul_f64(rand::rng().random_range(0.8..1.2)));
        }
        match fault.retry_after() {
            Some(asked) => Pause::Short(self.pauses.next(Some(asked))),
            None => Pause::Long(self.pauses.next(None)),
        }
    }
}

/// Doubling, with jitter; never shorter than the API server asks for.
pub(super) struct Pauses {
    timing: Timing,
    next: Duration,
}

impl Pauses {
    pub(super) fn new(timing: Timing) -> Self {
        Self {
            timing,
            next: timing.pause_min,
        }
    }

    pub(super) fn reset(&mut self) {
        self.next = self.timing.pause_min;
    }

    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.timing.pause_max);
        pause
            .mul_f64(rand::rng().random_range(0.5..1.0))
            .max(asked.unwrap_or_default() + jitter(self.timing.pause_min / 2))
    }
}

fn jitter(up_to: Duration) -> Duration {
    up_to.mul_f64(rand::rng().random_range(0.0..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_end_and_respect_what_is_asked_for() {
        let timing = Timing::default();
        let mut pauses = Pauses::new(timing);
        let first = pauses.next(None);
        assert!(first >= timing.pause_min / 2 && first <= timing.pause_min, "{first:?}");
        for _ in 0..20 {
            assert!(pauses.next(None) <= timing.pause_max);
        }
        assert!(pauses.next(None) >= timing.pause_max / 2);
        pauses.reset();
        assert!(pauses.next(Some(Duration::from_secs(9))) >= Duration::from_secs(9));
    }
}
