//! Events and the audit log.

use async_trait::async_trait;
use control::ports::{AuditEntry, AuditRecord, Journal, PAGE_MAX, StoreError};
use model::{Event, EventFilter, NewEvent, Page};
use sqlx::AssertSqlSafe;

use crate::{Store, db::Tx, events, row::Row, value::values};

#[async_trait]
impl Journal for Store {
    async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let mut stored = Vec::with_capacity(events.len());
        for event in &events {
            stored.push(events::write(&mut tx, event).await?);
        }
        tx.commit().await?;
        Ok(stored)
    }

    async fn record(&self, audit: &AuditEntry, event: &NewEvent) -> Result<Event, StoreError> {
        let mut tx = self.db.begin().await?;
        write_audit(&mut tx, audit).await?;
        let stored = events::write(&mut tx, event).await?;
        tx.commit().await?;
        Ok(stored)
    }

    async fn read(&self, filter: &EventFilter, limit: u32) -> Result<Page<Event>, StoreError> {
        let limit = limit.min(PAGE_MAX);
        let (sql, values) = events::select(filter, limit);
        // The text is made of constants and placeholders; `events::tests` holds it to that.
        let rows = self.db.fetch(AssertSqlSafe(sql), &values).await?;
        page(&rows, limit, events::event, |event| event.id)
    }

    async fn audit(&self, before_id: Option<i64>, limit: u32) -> Result<Page<AuditRecord>, StoreError> {
        let limit = limit.min(PAGE_MAX);
        let sql = "SELECT id, at_ms, who, came_from, action, target, diff FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2";
        let rows = self
            .db
            .fetch(sql, values![before_id.unwrap_or(i64::MAX), i64::from(limit) + 1])
            .await?;
        page(&rows, limit, audit_record, |record| record.id)
    }
}

/// One row more than `limit` was asked for: where it came, there is a next page.
pub(crate) fn page<T>(
    rows: &[Row],
    limit: u32,
    parse: fn(&Row) -> Result<T, StoreError>,
    id: fn(&T) -> i64,
) -> Result<Page<T>, StoreError> {
    let limit = limit as usize;
    let items = rows.iter().take(limit).map(parse).collect::<Result<Vec<_>, _>>()?;
    let next = if rows.len() > limit { items.last().map(id) } else { None };
    Ok(Page { items, next })
}

pub(crate) async fn write_audit(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let diff = serde_json::to_string(&entry.diff).expect("a list of texts is plain data");
    tx.execute(
        "INSERT INTO audit_log (at_ms, who, came_from, action, target, diff) VALUES ($1, $2, $3, $4, $5, $6)",
        values![
            entry.at_ms,
            entry.who.as_str(),
            entry.from.as_str(),
            entry.action.as_str(),
            entry.target.as_str(),
            diff.as_str()
        ],
    )
    .await
    .map(|_| ())
}

fn audit_record(row: &Row) -> Result<AuditRecord, StoreError> {
    row.read("audit_log", "id", |row| {
        Ok(AuditRecord {
            id: row.get("id")?,
            entry: AuditEntry {
                at_ms: row.get("at_ms")?,
                who: row.get("who")?,
                from: row.get("came_from")?,
                action: row.get("action")?,
                target: row.get("target")?,
                diff: serde_json::from_str(&row.get::<String>("diff")?)?,
            },
        })
    })
}
