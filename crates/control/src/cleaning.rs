//! The clean-up: what is not kept any longer is removed, every night and when a system admin asks for it.

use jiff::tz::TimeZone;
use model::{Actor, ApiError, CleanUp, DataUsage, DataView, EventKind, FieldDiff, NewEvent, Removed, Resolution, Severity};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::{
    Control,
    access::{SystemAdmin, Viewer},
    decide::{
        clock::{Ahead, Believed},
        daily,
    },
    ports::{AuditEntry, KeptTable, StoreError},
    state::State,
};

/// By the clock on the wall where the server stands: when fewest people look.
const HOUR: i8 = 3;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Collections for which what was counted is not counted again, unless there was a clean-up: a minute at one a second.
const COUNTED_FOR: u32 = 60;

/// What every summary of a clean-up that has ended begins with.
const ENDED: &str = "Clean-up removed";

/// What was done last, and when it is due.
pub(crate) struct Cleaning {
    zone: TimeZone,
    started: Instant,
    /// The clock on the wall, as far as it is believed; `None` before it was looked at.
    believed: Mutex<Option<Believed>>,
    next_ms: Mutex<i64>,
    last: RwLock<Option<CleanUp>>,
    one_at_a_time: tokio::sync::Mutex<()>,
    /// Counting takes the database long, and anybody may ask: one counts, the others wait for what it found.
    usage: tokio::sync::Mutex<Option<(Instant, DataUsage)>>,
}

impl Cleaning {
    /// `newest_ms` is when an earlier run wrote its last values.
    pub(crate) fn new(now_ms: i64, newest_ms: Option<i64>) -> Self {
        let zone = TimeZone::system();
        Self {
            started: Instant::now(),
            believed: Mutex::new(newest_ms.map(Believed::stored)),
            next_ms: Mutex::new(daily::next(now_ms, HOUR, &zone)),
            zone,
            last: RwLock::new(None),
            one_at_a_time: tokio::sync::Mutex::new(()),
            usage: tokio::sync::Mutex::new(None),
        }
    }

    /// Whether the daily one is due, until it is [`Self::done`]. A clock that went back does not make it come late.
    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        let mut next_ms = self.next_ms.lock();
        *next_ms = daily::next(now_ms, HOUR, &self.zone).min(*next_ms);
        now_ms >= *next_ms
    }

    /// The next one is tomorrow's.
    pub(crate) fn done(&self, now_ms: i64) {
        *self.next_ms.lock() = daily::next(now_ms, HOUR, &self.zone);
    }

    /// Whether anything may be removed by this clock.
    pub(crate) fn believes(&self, now_ms: i64) -> Result<(), Ahead> {
        let ran = self.started.elapsed();
        let mut believed = self.believed.lock();
        believed.get_or_insert(Believed::now(now_ms, ran)).look(now_ms, ran)
    }

    /// Somebody says that the clock is right.
    fn believe(&self, now_ms: i64) {
        *self.believed.lock() = Some(Believed::now(now_ms, self.started.elapsed()));
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
    let started = Instant::now();
    let mut tables_done = Vec::new();
    let leads = state.fence().is_some();
    for (what, table, before_ms) in tables(state, state.now_ms()) {
        // Which names are in use, only the console that writes them knows.
        if table == KeptTable::Series && !leads {
            continue;
        }
        let upkeep = if leads { &state.ports.fenced.upkeep } else { &state.ports.upkeep };
        let removed = upkeep.forget(table, before_ms).await;
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
    *state.cleaning.usage.lock().await = None;
    let journal = if leads { &state.ports.fenced.journal } else { &state.ports.journal };
    if let Err(error) = journal.append(vec![event(&done)]).await {
        tracing::warn!(%error, "the clean-up could not be told to the journal");
    }
    done
}

async fn usage(state: &State) -> Result<DataUsage, StoreError> {
    let mut counted = state.cleaning.usage.lock().await;
    if let Some((at, usage)) = counted.as_ref()
        && at.elapsed() < state.interval * COUNTED_FOR
    {
        return Ok(usage.clone());
    }
    let usage = state.ports.upkeep.usage().await?;
    *counted = Some((Instant::now(), usage.clone()));
    Ok(usage)
}

/// Whether the event tells of a clean-up that cleaned every table.
pub(crate) fn ran_to_its_end(told: &NewEvent) -> bool {
    told.severity == Severity::Info && told.summary.starts_with(ENDED)
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
        summary: format!("{ENDED} {rows} rows in {} ms", done.took_ms),
        cause: cause.join(", "),
        actor: done.by.clone().map_or_else(|| Actor::system("clean-up"), Actor::User),
    }
}

impl Control {
    /// Removes what is not kept any longer, now, by the clock as it is. Written down first: without its audit row nothing is removed.
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
        state.cleaning.believe(state.now_ms());
        // A caller that goes away does not leave it half done.
        tokio::spawn(async move { run(&state, Some(by)).await })
            .await
            .map_err(|e| ApiError::unavailable("the clean-up", e))
    }

    /// What the data takes (counted at most once a minute) and how long it is kept.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn data(&self, _who: &Viewer) -> Result<DataView, ApiError> {
        let usage = usage(&self.state).await;
        Ok(DataView {
            now_ms: self.state.now_ms(),
            retention: self.state.retention,
            usage: usage.map_err(|e| ApiError::unavailable("the size of the data", e))?,
            last: self.state.cleaning.last.read().clone(),
            next_ms: *self.state.cleaning.next_ms.lock(),
        })
    }
}
