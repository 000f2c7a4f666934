//! What is scaled by what rule, what was decided, and what came of it.

use async_trait::async_trait;
use control::ports::{ChangeRecord, PAGE_MAX, PutScaling, PutScalingError, ScalingLedger, ScalingPolicies, StoreError};
use model::{
    Page, WorkloadId,
    scaling::{DecisionSpan, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingIntent, ScalingOutcome, ScalingPlan},
};
use sqlx::AssertSqlSafe;

use crate::{
    Store,
    db::Tx,
    events,
    journal::{self, page},
    row::Row,
    select::Conditions,
    value::{values, version},
};

#[async_trait]
impl ScalingPolicies for Store {
    async fn list(&self) -> Result<Vec<ScalingIntent>, StoreError> {
        let sql = "SELECT workload, version, plan, changed_at_ms, changed_by FROM scaling_policies ORDER BY workload";
        self.db.fetch(sql, values![]).await?.iter().map(intent).collect()
    }

    async fn ensure(&self, workload: &WorkloadId, plan: &ScalingPlan, now_ms: i64) -> Result<ScalingIntent, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO scaling_policies (workload, version, plan, changed_at_ms, changed_by)
             VALUES ($1, 1, $2, $3, NULL) ON CONFLICT (workload) DO NOTHING",
            values![workload.as_str(), json(plan).as_str(), now_ms],
        )
        .await?;
        let in_force = in_force(&mut tx, workload).await?;
        tx.commit().await?;
        in_force.ok_or_else(|| StoreError::Corrupt(format!("scaling_policies {workload}: gone as soon as it was written")))
    }

    async fn put(&self, put: &PutScaling) -> Result<ScalingIntent, PutScalingError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE scaling_policies SET version = version + 1, plan = $3, changed_at_ms = $4, changed_by = $5
                 WHERE workload = $1 AND version = $2",
                values![
                    put.workload.as_str(),
                    version(put.expected_version),
                    json(&put.plan).as_str(),
                    put.audit.at_ms,
                    put.audit.who.as_str()
                ],
            )
            .await?;
        let in_force = in_force(&mut tx, &put.workload).await?.ok_or(PutScalingError::Missing)?;
        if changed == 0 {
            return Err(PutScalingError::Stale(Box::new(in_force)));
        }
        journal::write_audit(&mut tx, &put.audit).await?;
        events::write(&mut tx, &put.event).await?;
        tx.commit().await?;
        Ok(in_force)
    }
}

#[async_trait]
impl ScalingLedger for Store {
    async fn keep(&self, spans: &[DecisionSpan], changes: &[ChangeRecord]) -> Result<(), StoreError> {
        if spans.is_empty() && changes.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        for span in spans {
            keep_span(&mut tx, span).await?;
        }
        for change in changes {
            keep_change(&mut tx, change).await?;
        }
        tx.commit().await
    }

    async fn begin(&self, change: &ScalingEvent) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO scaling_begun (workload, event) VALUES ($1, $2) ON CONFLICT (workload) DO UPDATE SET event = excluded.event",
            values![change.workload.as_str(), json(change).as_str()],
        )
        .await?;
        tx.commit().await
    }

    async fn begun(&self, workload: &WorkloadId) -> Result<Option<ScalingEvent>, StoreError> {
        let sql = "SELECT workload, event FROM scaling_begun WHERE workload = $1";
        let rows = self.db.fetch(sql, values![workload.as_str()]).await?;
        let parse = |row: &Row| {
            row.read("scaling_begun", "workload", |row| {
                Ok(serde_json::from_str(&row.get::<String>("event")?)?)
            })
        };
        rows.first().map(parse).transpose()
    }

    async fn decisions(&self, filter: &LedgerFilter, limit: u32) -> Result<Page<DecisionSpan>, StoreError> {
        let limit = limit.min(PAGE_MAX);
        let mut which = Conditions::default();
        which.and("workload = ?", filter.workload.as_str());
        if let Some(from_ms) = filter.from_ms {
            which.and("to_ms >= ?", from_ms);
        }
        if let Some(to_ms) = filter.to_ms {
            which.and("from_ms <= ?", to_ms);
        }
        if let Some(id) = filter.before_id {
            which.and("id < ?", id);
        }
        if filter.changes_only {
            which.and("changed = ?", 1);
        }
        let columns = "SELECT id, workload, from_ms, to_ms, evaluations, decision, would FROM decisions";
        let (sql, values) = which.newest(columns, limit);
        // The text is made of constants and placeholders.
        let rows = self.db.fetch(AssertSqlSafe(sql), &values).await?;
        page(&rows, limit, span, |span| span.id)
    }

    async fn changes(&self, filter: &ScalingEventFilter, limit: u32) -> Result<Page<ScalingEvent>, StoreError> {
        let limit = limit.min(PAGE_MAX);
        let mut which = Conditions::default();
        if let Some(workload) = &filter.workload {
            which.and("workload = ?", workload.as_str());
        }
        if let Some(from_ms) = filter.from_ms {
            which.and("at_ms >= ?", from_ms);
        }
        if let Some(to_ms) = filter.to_ms {
            which.and("at_ms <= ?", to_ms);
        }
        if let Some(id) = filter.before_id {
            which.and("id < ?", id);
        }
        let columns = "SELECT id, workload, at_ms, replicas_was, replicas_is, cause, metric, metrics, actor_by, actor_name, outcome, why,
                       ended_at_ms FROM scaling_events";
        let (sql, values) = which.newest(columns, limit);
        // The text is made of constants and placeholders.
        let rows = self.db.fetch(AssertSqlSafe(sql), &values).await?;
        page(&rows, limit, change, |event| event.id)
    }
}

async fn in_force(tx: &mut Tx, workload: &WorkloadId) -> Result<Option<ScalingIntent>, StoreError> {
    let sql = "SELECT workload, version, plan, changed_at_ms, changed_by FROM scaling_policies WHERE workload = $1";
    let row = tx.fetch_optional(sql, values![workload.as_str()]).await?;
    row.as_ref().map(intent).transpose()
}

fn intent(row: &Row) -> Result<ScalingIntent, StoreError> {
    row.read("scaling_policies", "workload", |row| {
        Ok(ScalingIntent {
            workload: row.get::<String>("workload")?.parse()?,
            version: u64::try_from(row.get::<i64>("version")?)?,
            plan: serde_json::from_str(&row.get::<String>("plan")?)?,
            changed_at_ms: row.get("changed_at_ms")?,
            changed_by: row.get("changed_by")?,
        })
    })
}

async fn keep_span(tx: &mut Tx, span: &DecisionSpan) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO decisions (workload, from_ms, to_ms, evaluations, changed, decision, would) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workload, from_ms) DO UPDATE SET to_ms = excluded.to_ms, evaluations = excluded.evaluations,
         changed = excluded.changed, decision = excluded.decision, would = excluded.would",
        values![
            span.workload.as_str(),
            span.from_ms,
            span.to_ms,
            i64::try_from(span.evaluations).unwrap_or(i64::MAX),
            i64::from(span.decision.is_change()),
            json(&span.decision).as_str(),
            json(&span.would_change).as_str(),
        ],
    )
    .await
    .map(|_| ())
}

/// The journal is told when the row is new or its outcome was another.
async fn keep_change(tx: &mut Tx, record: &ChangeRecord) -> Result<(), StoreError> {
    let event = &record.event;
    let (actor_by, actor_name) = event.actor.parts();
    let written = tx
        .execute(
            "INSERT INTO scaling_events (workload, at_ms, replicas_was, replicas_is, cause, metric, metrics, actor_by, actor_name, outcome,
             why, ended_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (workload, at_ms) DO UPDATE SET outcome = excluded.outcome, why = excluded.why, ended_at_ms = excluded.ended_at_ms
             WHERE scaling_events.outcome <> excluded.outcome",
            values![
                event.workload.as_str(),
                event.at_ms,
                i64::from(event.from),
                i64::from(event.to),
                event.cause.as_str(),
                event.leading.as_deref(),
                json(&event.metrics).as_str(),
                actor_by,
                actor_name,
                event.outcome.id(),
                event.outcome.why(),
                event.ended_at_ms.unwrap_or(NOT_ENDED),
            ],
        )
        .await?;
    if written > 0 {
        for told in &record.told {
            events::write(tx, told).await?;
        }
    }
    Ok(())
}

/// In the column for the end, which no Unix time of ours is.
const NOT_ENDED: i64 = -1;

fn span(row: &Row) -> Result<DecisionSpan, StoreError> {
    row.read("decisions", "id", |row| {
        Ok(DecisionSpan {
            id: row.get("id")?,
            workload: row.get::<String>("workload")?.parse()?,
            from_ms: row.get("from_ms")?,
            to_ms: row.get("to_ms")?,
            evaluations: u64::try_from(row.get::<i64>("evaluations")?)?,
            decision: serde_json::from_str(&row.get::<String>("decision")?)?,
            would_change: serde_json::from_str(&row.get::<String>("would")?)?,
        })
    })
}

fn change(row: &Row) -> Result<ScalingEvent, StoreError> {
    row.read("scaling_events", "id", |row| {
        let ended_at_ms: i64 = row.get("ended_at_ms")?;
        Ok(ScalingEvent {
            id: row.get("id")?,
            workload: row.get::<String>("workload")?.parse()?,
            at_ms: row.get("at_ms")?,
            from: u32::try_from(row.get::<i64>("replicas_was")?)?,
            to: u32::try_from(row.get::<i64>("replicas_is")?)?,
            cause: row.get("cause")?,
            leading: row.get("metric")?,
            metrics: serde_json::from_str(&row.get::<String>("metrics")?)?,
            actor: events::actor(&row.get::<String>("actor_by")?, row.get("actor_name")?)?,
            outcome: ScalingOutcome::from_parts(&row.get::<String>("outcome")?, row.get("why")?)?,
            ended_at_ms: (ended_at_ms != NOT_ENDED).then_some(ended_at_ms),
        })
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plans, decisions and pairs of text are plain data")
}
