//! A change in words, and its inverse. Pure.

use model::{AdminState, FieldDiff, PoolChange, PoolPolicy};

/// What a change is done to.
pub fn object(change: &PoolChange, pool: &str) -> String {
    match change {
        PoolChange::Instances { ids, .. } => match ids.as_slice() {
            [one] => one.to_string(),
            many => format!("{} instances of {pool}", many.len()),
        },
        _ => pool.to_owned(),
    }
}

/// The verb on the button.
pub const fn verb(change: &PoolChange) -> &'static str {
    match change {
        PoolChange::Algorithm { .. } => "Change algorithm",
        PoolChange::HealthCheck { .. } => "Change health check",
        PoolChange::OutlierEjection { .. } => "Change outlier ejection",
        PoolChange::Affinity { .. } => "Change affinity",
        PoolChange::Breaker { .. } => "Change breakers",
        PoolChange::Retry { .. } => "Change retries",
        PoolChange::Limits { .. } => "Change limits",
        PoolChange::Degradation { .. } => "Change degradation",
        PoolChange::BreakerHold { .. } => "Hold breakers",
        PoolChange::Instances {
            admin: Some(AdminState::Drain),
            ..
        } => "Drain",
        PoolChange::Instances {
            admin: Some(AdminState::Maintenance),
            ..
        } => "Take into maintenance",
        PoolChange::Instances {
            admin: Some(AdminState::Ready),
            ..
        } => "Make ready",
        PoolChange::Instances { admin: None, .. } => "Set weight",
    }
}

/// The toast: the one field that changed, or how many.
pub fn done(pool: &str, diff: &[FieldDiff]) -> String {
    match diff {
        [only] => format!("{pool}: {} is now {}.", only.field, only.after),
        many => format!("{pool}: {} settings changed.", many.len()),
    }
}

/// The change that leads back to `before`; none where one change cannot (the instances differed).
pub fn inverse(before: &PoolPolicy, change: &PoolChange) -> Option<PoolChange> {
    match change {
        PoolChange::Algorithm { .. } => Some(PoolChange::Algorithm {
            algorithm: before.algorithm,
        }),
        PoolChange::HealthCheck { .. } => Some(PoolChange::HealthCheck {
            health_check: before.health_check.clone(),
        }),
        PoolChange::OutlierEjection { .. } => Some(PoolChange::OutlierEjection { outlier: before.outlier }),
        PoolChange::Affinity { .. } => Some(PoolChange::Affinity {
            affinity: before.affinity.clone(),
        }),
        PoolChange::Breaker { .. } => Some(PoolChange::Breaker { breaker: before.breaker }),
        PoolChange::Retry { .. } => Some(PoolChange::Retry { retry: before.retry }),
        PoolChange::Limits { .. } => Some(PoolChange::Limits { limits: before.limits }),
        PoolChange::Degradation { .. } => Some(PoolChange::Degradation {
            degradation: before.degradation,
        }),
        // What was held for a time cannot be held again for what is left of it.
        PoolChange::BreakerHold { .. } => None,
        PoolChange::Instances { ids, weight, admin } => {
            let were = before.instance(ids.first()?);
            let alike = ids
                .iter()
                .map(|id| before.instance(id))
                .all(|i| (weight.is_none() || i.weight == were.weight) && (admin.is_none() || i.admin == were.admin));
            alike.then(|| PoolChange::Instances {
                ids: ids.clone(),
                weight: weight.map(|_| were.weight),
                admin: admin.map(|_| were.admin),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::{
        AffinityPolicy, Algorithm, BreakerPolicy, DegradationPolicy, HealthCheck, InstanceId, LimitPolicy, OutlierEjection, RetryPolicy,
        Weight, change::diff,
    };

    use super::*;

    fn ids(names: &[&str]) -> Vec<InstanceId> {
        names.iter().map(|n| n.parse().unwrap()).collect()
    }

    fn set(names: &[&str], weight: Option<u16>, admin: Option<AdminState>) -> PoolChange {
        PoolChange::Instances {
            ids: ids(names),
            weight: weight.map(|w| Weight::new(w).unwrap()),
            admin,
        }
    }

    #[test]
    fn undoing_leads_back_to_what_was() {
        let members: BTreeSet<InstanceId> = ids(&["a", "b"]).into_iter().collect();
        let before = PoolPolicy::default();
        for change in [
            PoolChange::Algorithm {
                algorithm: Algorithm::LeastConnections,
            },
            PoolChange::HealthCheck {
                health_check: HealthCheck {
                    fall: 9,
                    ..HealthCheck::default()
                },
            },
            PoolChange::OutlierEjection {
                outlier: OutlierEjection {
                    failures: 9,
                    ..OutlierEjection::default()
                },
            },
            PoolChange::Affinity {
                affinity: AffinityPolicy {
                    ttl_s: 9,
                    ..AffinityPolicy::default()
                },
            },
            PoolChange::Breaker {
                breaker: BreakerPolicy {
                    probes: 9,
                    ..BreakerPolicy::default()
                },
            },
            PoolChange::Retry {
                retry: RetryPolicy {
                    per_try_ms: 9,
                    ..RetryPolicy::default()
                },
            },
            PoolChange::Limits {
                limits: LimitPolicy {
                    in_flight: 9,
                    ..LimitPolicy::default()
                },
            },
            PoolChange::Degradation {
                degradation: DegradationPolicy {
                    p95_ms: 9,
                    ..DegradationPolicy::default()
                },
            },
            set(&["a", "b"], Some(5), None),
            set(&["a"], Some(7), Some(AdminState::Drain)),
        ] {
            let after = change.apply(&before, &members).unwrap();
            assert_ne!(diff(&before, &after), []);
            let back = inverse(&before, &change).unwrap().apply(&after, &members).unwrap();
            assert_eq!(diff(&before, &back), []);
        }
    }

    #[test]
    fn instances_that_differed_have_no_single_way_back() {
        let members: BTreeSet<InstanceId> = ids(&["a", "b"]).into_iter().collect();
        let before = set(&["a"], Some(5), None).apply(&PoolPolicy::default(), &members).unwrap();
        assert_eq!(inverse(&before, &set(&["a", "b"], Some(9), None)), None);
        assert!(inverse(&before, &set(&["a", "b"], None, Some(AdminState::Drain))).is_some());
    }

    #[test]
    fn the_dialog_names_the_object_and_the_verb() {
        let change = set(&["web-1"], None, Some(AdminState::Drain));
        assert_eq!((verb(&change), object(&change, "web").as_str()), ("Drain", "web-1"));
        assert_eq!(object(&set(&["a", "b"], Some(2), None), "web"), "2 instances of web");
    }
}
