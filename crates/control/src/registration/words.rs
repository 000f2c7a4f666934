//! What is written down about registrations. Pure.

use model::{Actor, EventKind, FieldDiff, InstanceId, NewEvent, PoolId, Registration, Severity};

use crate::{access::Registrar, ports::AuditEntry};

/// Every field in which the two differ, but the time. Without an earlier one: every field that says something.
pub(super) fn diff(before: Option<&Registration>, after: &Registration) -> Vec<FieldDiff> {
    let before = before.map(fields).unwrap_or_default();
    fields(after)
        .into_iter()
        .map(|(field, after)| FieldDiff {
            field: field.to_owned(),
            before: before
                .iter()
                .find(|(name, _)| *name == field)
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
            after,
        })
        .filter(|diff| diff.before != diff.after)
        .collect()
}

fn fields(registration: &Registration) -> Vec<(&'static str, String)> {
    let check = registration.check.as_ref();
    let metadata = registration.metadata.iter().map(|(key, value)| format!("{key}={value}"));
    vec![
        ("address", registration.address.to_string()),
        (
            "health url",
            check.map(|c| format!("http://{}{}", c.address, c.path)).unwrap_or_default(),
        ),
        ("weight", registration.weight.to_string()),
        ("zone", registration.zone.clone().unwrap_or_default()),
        ("capabilities", registration.capabilities.join(" ")),
        ("tags", registration.tags.join(" ")),
        ("metadata", metadata.collect::<Vec<_>>().join("; ")),
    ]
}

/// The audit row and the event of a registration that is new or says something else than before.
pub(super) fn told(at_ms: i64, who: &Registrar, before: Option<&Registration>, after: &Registration) -> (AuditEntry, NewEvent) {
    let (pool, id) = (&after.pool, &after.id);
    let diff = diff(before, after);
    let summary = if before.is_some() {
        let changed: Vec<_> = diff.iter().map(|d| d.field.as_str()).collect();
        format!("{id} of pool {pool} registered anew with another {}", changed.join(", "))
    } else {
        format!("{id} registered with pool {pool} at {}", after.address)
    };
    let audit = AuditEntry {
        at_ms,
        who: Registrar::NAME.to_owned(),
        from: who.from().to_string(),
        action: "instance.register".to_owned(),
        target: format!("{pool}/{id}"),
        diff,
    };
    let event = NewEvent {
        at_ms,
        kind: EventKind::InstanceRegistered,
        severity: Severity::Info,
        pool: Some(pool.clone()),
        instance: Some(id.clone()),
        summary,
        cause: format!("it announced itself, from {}", who.from()),
        actor: Actor::system(Registrar::NAME),
    };
    (audit, event)
}

/// Deregistered or expired.
pub(crate) fn left(at_ms: i64, kind: EventKind, pool: &PoolId, id: &InstanceId, cause: String, actor: Actor) -> NewEvent {
    let (severity, what) = match kind {
        EventKind::InstanceExpired => (Severity::Warning, "has expired and left"),
        _ => (Severity::Info, "was deregistered from"),
    };
    NewEvent {
        at_ms,
        kind,
        severity,
        pool: Some(pool.clone()),
        instance: Some(id.clone()),
        summary: format!("{id} {what} pool {pool}"),
        cause,
        actor,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use model::Weight;

    use super::*;

    fn registration() -> Registration {
        Registration {
            pool: "web".parse().unwrap(),
            id: "web-7".parse().unwrap(),
            address: ([10, 0, 0, 7], 9000).into(),
            check: None,
            weight: Weight::ONE,
            zone: None,
            capabilities: vec![],
            tags: vec!["blue".into()],
            metadata: std::collections::BTreeMap::new(),
            registered_at_ms: 1,
        }
    }

    #[test]
    fn the_time_is_no_difference_and_everything_else_is() {
        let mut later = registration();
        later.registered_at_ms = 9;
        assert_eq!(diff(Some(&registration()), &later), []);
        later.tags = vec!["green".into()];
        later.address.set_port(9001);
        let (audit, event) = told(
            9,
            &Registrar::testing(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Some(&registration()),
            &later,
        );
        let fields: Vec<_> = audit
            .diff
            .iter()
            .map(|d| (d.field.as_str(), d.before.as_str(), d.after.as_str()))
            .collect();
        assert_eq!(fields, [("address", "10.0.0.7:9000", "10.0.0.7:9001"), ("tags", "blue", "green")]);
        assert_eq!(event.summary, "web-7 of pool web registered anew with another address, tags");
        let first: Vec<_> = diff(None, &registration()).into_iter().map(|d| d.field).collect();
        assert_eq!(first, ["address", "weight", "tags"]);
    }
}
