//! The clean-up: what is not kept any longer is removed, every night and when a system admin asks for it.

use jiff::tz::TimeZone;
use model::{Actor, ApiError, CleanUp, DataView, EventKind, FieldDiff, NewEvent, Removed, Resolution, Severity};
use parking_lot::{Mutex, RwLock};

use crate::{
    Control,
    access::{SystemAdmin, Viewer},
    decide::daily,
    ports::{AuditEntry, KeptTable},
    state::State,
};

/// By the clock on the wall where the server stands: when fewest people look.
const HOUR: i8 = 3;

const DAY_MS: i64 = 86_400_000;

/// What was done last, and when it is due.
pub(crate) struct Cleaning {
    zone: TimeZone,
    next_ms: Mutex<i64>,
    last: RwLock<Option<CleanUp>>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl Cleaning {
    pub(crate) fn new(now_ms: i64) -> Self {
        let zone = TimeZone::system();
        Self {
            next_ms: Mutex::new(daily::next(now_ms, HOUR, &zone)),
            zone,
            last: RwLock::new(None),
            one_at_a_time: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether the daily one is due; when it is, the next is tomorrow's. A clock that went back does not make it come late.
    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        let mut next_ms = self.next_ms.lock();
        let due = now_ms >= *next_ms;
        *next_ms = daily::next(now_ms, HOUR, &self.zone);
        due
    }
}

/// What is kept for how long, in words, and which moment lies that far back.
fn tables(state: &State, now_ms: i64) -> Vec<(String, KeptTable, i64)> {
    let kept = &state.retention;
    let days = |days: u32| now_ms.saturating_sub(i64::from(days) * DAY_MS);
    let samples = Resolution::ALL.map(|resolution| {
        let before_ms = now_ms.saturating_sub(kept.samples.ms(resolution));
        (
            format!("samples by {}", resolution.label()),
            KeptTable::Samples(resolution),
            before_ms,
        )
    });
    let mut tables = vec![
        ("events".to_owned(), KeptTable::Events, days(kept.events_d)),
        ("audit log".to_owned(), KeptTable::Audit, days(kept.audit_d)),
        ("scaling decisions".to_owned(), KeptTable::Decisions, days(kept.decisions_d)),
        ("scaling events".to_owned(), KeptTable::ScalingEvents, days(kept.scaling_events_d)),
        ("sessions".to_owned(), KeptTable::Sessions, now_ms),
    ];
    tables.extend(samples);
    // After the samples: only then is known of which series nothing is left.
    tables.push(("series without samples".to_owned(), KeptTable::Series, now_ms));
    tables
}

/// One table that cannot be cleaned does not keep the others from it.
pub(crate) async fn run(state: &State, by: Option<String>) -> CleanUp {
    let _one_at_a_time = state.cleaning.one_at_a_time.lock().await;
    let started = tokio::time::Instant::now();
    let mut tables_done = Vec::new();
    for (what, table, before_ms) in tables(state, state.now_ms()) {
        let removed = state.ports.upkeep.forget(table, before_ms).await;
        tables_done.push(Removed {
            what,
            rows: removed.as_ref().copied().unwrap_or_default(),
            error: removed.err().map(|e| e.to_string()),
        });
    }
    let done = CleanUp {
        at_ms: state.now_ms(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        tables: tables_done,
        by,
    };
    *state.cleaning.last.write() = Some(done.clone());
    if let Err(error) = state.ports.journal.append(vec![event(&done)]).await {
        tracing::warn!(%error, "the clean-up could not be told to the journal");
    }
    done
}

fn event(done: &CleanUp) -> NewEvent {
    let rows: u64 = done.tables.iter().map(|t| t.rows).sum();
    let removed: Vec<String> = done
        .tables
        .iter()
        .filter(|t| t.rows > 0)
        .map(|t| format!("{} of {}", t.rows, t.what))
        .collect();
    let failed: Vec<String> = done
        .tables
        .iter()
        .filter_map(|t| Some(format!("{}: {}", t.what, t.error.as_ref()?)))
        .collect();
    let failed = failed.join(", ");
    let mut cause = removed;
    if !failed.is_empty() {
        cause.push(format!("not cleaned: {failed}"));
    }
    NewEvent {
        at_ms: done.at_ms,
        kind: EventKind::CleanedUp,
        severity: if failed.is_empty() { Severity::Info } else { Severity::Warning },
        pool: None,
        instance: None,
        summary: format!("Clean-up removed {rows} rows in {} ms", done.took_ms),
        cause: cause.join(", "),
        actor: done.by.clone().map_or_else(|| Actor::system("clean-up"), Actor::User),
    }
}

impl Control {
    /// Removes what is not kept any longer, now. Written down first: without its audit row nothing is removed.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`], [`ApiError::Clash`] while another one is under way.
    pub async fn clean_up(&self, who: &SystemAdmin) -> Result<CleanUp, ApiError> {
        let state = self.state.clone();
        if state.cleaning.one_at_a_time.try_lock().is_err() {
            let why = "a clean-up is under way; its result is shown when it is done".to_owned();
            return Err(ApiError::Clash { why });
        }
        let by = who.user().name.to_string();
        let kept = &state.retention;
        let setting = |field: &str, days: u32| FieldDiff {
            field: field.to_owned(),
            before: String::new(),
            after: format!("older than {days} d removed"),
        };
        let audit = AuditEntry {
            at_ms: state.now_ms(),
            who: by.clone(),
            from: who.from().to_string(),
            action: "data.clean_up".into(),
            target: "database".into(),
            diff: vec![
                setting("events", kept.events_d),
                setting("audit log", kept.audit_d),
                setting("scaling decisions", kept.decisions_d),
                setting("scaling events", kept.scaling_events_d),
            ],
        };
        let asked = NewEvent {
            at_ms: state.now_ms(),
            kind: EventKind::CleanedUp,
            severity: Severity::Info,
            pool: None,
            instance: None,
            summary: "Clean-up asked for".to_owned(),
            cause: String::new(),
            actor: who.actor(),
        };
        let journal = &state.ports.journal;
        journal
            .record(&audit, &asked)
            .await
            .map_err(|e| ApiError::unavailable("the database", e))?;
        // A caller that goes away does not leave it half done.
        tokio::spawn(async move { run(&state, Some(by)).await })
            .await
            .map_err(|e| ApiError::unavailable("the clean-up", e))
    }

    /// What the data takes and how long it is kept.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn data(&self, _who: &Viewer) -> Result<DataView, ApiError> {
        let usage = self.state.ports.upkeep.usage().await;
        Ok(DataView {
            now_ms: self.state.now_ms(),
            retention: self.state.retention,
            usage: usage.map_err(|e| ApiError::unavailable("the size of the data", e))?,
            last: self.state.cleaning.last.read().clone(),
            next_ms: *self.state.cleaning.next_ms.lock(),
        })
    }
}
