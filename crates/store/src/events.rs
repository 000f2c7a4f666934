//! One event in the table, and which events a filter means.

use control::ports::StoreError;
use model::{Actor, Event, EventFilter, NewEvent, Severity};

use crate::{
    db::Tx,
    row::{Row, Unreadable},
    select::Conditions,
    value::{Value, storable, values},
};

/// Inserts it and answers with what is stored.
pub(crate) async fn write(tx: &mut Tx, event: &NewEvent) -> Result<Event, StoreError> {
    let event = as_stored(event);
    let (actor_by, actor_name) = event.actor.parts();
    let row = tx
        .fetch_optional(
            "INSERT INTO events (at_ms, kind, severity, pool, instance, summary, cause, actor_by, actor_name, summary_search, cause_search)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            values![
                event.at_ms,
                event.kind.id(),
                event.severity.id(),
                event.pool.as_ref().map(model::PoolId::as_str),
                event.instance.as_ref().map(model::InstanceId::as_str),
                event.summary.as_str(),
                event.cause.as_str(),
                actor_by,
                actor_name,
                event.summary.to_lowercase().as_str(),
                event.cause.to_lowercase().as_str(),
            ],
        )
        .await?
        .ok_or_else(|| StoreError::Unwritable("an inserted event got no id".into()))?;
    let id = row.read("events", "id", |row| row.get("id"))?;
    Ok(Event { id, event })
}

fn as_stored(event: &NewEvent) -> NewEvent {
    let (_, actor) = event.actor.parts();
    let actor = storable(actor).into_owned();
    NewEvent {
        summary: storable(&event.summary).into_owned(),
        cause: storable(&event.cause).into_owned(),
        actor: match event.actor {
            Actor::System(_) => Actor::System(actor),
            Actor::User(_) => Actor::User(actor),
            Actor::Outside(_) => Actor::Outside(actor),
        },
        ..event.clone()
    }
}

pub(crate) fn event(row: &Row) -> Result<Event, StoreError> {
    row.read("events", "id", |row| {
        Ok(Event {
            id: row.get("id")?,
            event: NewEvent {
                at_ms: row.get("at_ms")?,
                kind: row.get::<String>("kind")?.parse()?,
                severity: row.get::<String>("severity")?.parse()?,
                pool: row.get::<Option<String>>("pool")?.map(|p| p.parse()).transpose()?,
                instance: row.get::<Option<String>>("instance")?.map(|i| i.parse()).transpose()?,
                summary: row.get("summary")?,
                cause: row.get("cause")?,
                actor: actor(&row.get::<String>("actor_by")?, row.get("actor_name")?)?,
            },
        })
    })
}

pub(crate) fn actor(by: &str, name: String) -> Result<Actor, Unreadable> {
    Ok(Actor::from_parts(by, name)?)
}

/// The statement that reads the newest `limit` events that pass and one more, and its values. The same rule as [`EventFilter::passes`].
pub(crate) fn select(filter: &EventFilter, limit: u32) -> (String, Vec<Value>) {
    let mut which = Conditions::default();
    if let Some(kind) = filter.kind {
        which.and("kind = ?", kind.id());
    }
    if let Some(pool) = &filter.pool {
        which.and("pool = ?", pool.as_str());
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
    if let Some(text) = &filter.text {
        which.and(
            "(summary_search LIKE ? ESCAPE '!' OR cause_search LIKE ? ESCAPE '!')",
            pattern(text).as_str(),
        );
    }
    if let Some(least) = filter.severity {
        let ids: Vec<_> = Severity::ALL
            .iter()
            .filter(|s| **s >= least)
            .map(|s| format!("'{}'", s.id()))
            .collect();
        which.and_plain(format!("severity IN ({})", ids.join(", ")));
    }
    which.newest(
        "SELECT id, at_ms, kind, severity, pool, instance, summary, cause, actor_by, actor_name FROM events",
        limit,
    )
}

/// LIKE pattern for "contains": lower case, with what LIKE would interpret taken literally.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in storable(text).to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_are_plain_characters() {
        assert_eq!(pattern("100% A_b!\0"), "%100!% a!_b!!\u{FFFD}%");
    }

    #[test]
    fn text_from_outside_is_never_part_of_a_statement() {
        let filter = EventFilter {
            text: Some("'; DROP TABLE events; --".into()),
            severity: Some(Severity::Warning),
            before_id: Some(7),
            ..EventFilter::default()
        };
        let (sql, values) = select(&filter, 10);
        assert!(!sql.contains("DROP"));
        assert!(sql.contains("id < $1") && sql.contains("LIKE $2") && sql.ends_with("LIMIT $3"));
        assert!(sql.contains("severity IN ('warning', 'critical')"));
        assert_eq!(values.len(), 3);
    }
}
