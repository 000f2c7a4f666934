//! An intended change of a pool's policy, and the difference it makes. Pure: the form's preview, the command and the audit row all use
//! these two functions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    AdminState, AffinityPolicy, Algorithm, BreakerHold, BreakerPolicy, BreakerTarget, DegradationPolicy, HealthCheck, InstanceId,
    InvalidValue, LimitPolicy, OutlierEjection, PoolPolicy, RetryPolicy, Settings, Weight,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum PoolChange {
    Algorithm {
        algorithm: Algorithm,
    },
    HealthCheck {
        health_check: HealthCheck,
    },
    OutlierEjection {
        outlier: OutlierEjection,
    },
    Affinity {
        affinity: AffinityPolicy,
    },
    Breaker {
        breaker: BreakerPolicy,
    },
    Retry {
        retry: RetryPolicy,
    },
    Limits {
        limits: LimitPolicy,
    },
    Degradation {
        degradation: DegradationPolicy,
    },
    /// Holds breakers in a position, or lets go of them.
    BreakerHold {
        targets: Vec<BreakerTarget>,
        to: BreakerHold,
    },
    /// For one or many instances; what is absent stays.
    Instances {
        ids: Vec<InstanceId>,
        weight: Option<Weight>,
        admin: Option<AdminState>,
    },
}

impl PoolChange {
    /// The policy after the change. `members` are the instances the pool has.
    ///
    /// # Errors
    /// The field that is wrong: an unknown instance, a health check out of range, a change that names nothing.
    pub fn apply(&self, policy: &PoolPolicy, members: &BTreeSet<InstanceId>) -> Result<PoolPolicy, InvalidValue> {
        let mut after = policy.clone();
        match self {
            Self::Algorithm { algorithm } => after.algorithm = *algorithm,
            Self::HealthCheck { health_check } => {
                health_check.validate()?;
                after.health_check = health_check.clone();
            }
            Self::OutlierEjection { outlier } => {
                outlier.validate()?;
                after.outlier = *outlier;
            }
            Self::Affinity { affinity } => {
                affinity.validate()?;
                after.affinity = affinity.clone();
            }
            Self::Breaker { breaker } => {
                breaker.validate()?;
                after.breaker = *breaker;
            }
            Self::Retry { retry } => {
                retry.validate()?;
                after.retry = *retry;
            }
            Self::Limits { limits } => {
                limits.validate()?;
                after.limits = *limits;
            }
            Self::Degradation { degradation } => {
                degradation.validate()?;
                after.degradation = *degradation;
            }
            Self::BreakerHold { targets, to } => {
                if targets.is_empty() {
                    return Err(InvalidValue::new("targets", "choose at least one breaker"));
                }
                for target in targets {
                    match target {
                        BreakerTarget::Pool => after.breaker_hold = *to,
                        BreakerTarget::Instance(id) => {
                            known(id, members)?;
                            after.instances.entry(id.clone()).or_default().breaker = *to;
                        }
                    }
                }
            }
            Self::Instances { ids, weight, admin } => {
                if ids.is_empty() {
                    return Err(InvalidValue::new("instances", "choose at least one instance"));
                }
                if weight.is_none() && admin.is_none() {
                    return Err(InvalidValue::new("weight", "choose a weight or a state"));
                }
                for id in ids {
                    known(id, members)?;
                    let instance = after.instances.entry(id.clone()).or_default();
                    instance.weight = weight.unwrap_or(instance.weight);
                    instance.admin = admin.unwrap_or(instance.admin);
                }
            }
        }
        Ok(after)
    }
}

fn known(id: &InstanceId, members: &BTreeSet<InstanceId>) -> Result<(), InvalidValue> {
    if members.contains(id) {
        Ok(())
    } else {
        Err(InvalidValue::new("instances", format!("the pool has no instance {id}")))
    }
}

/// One field that differs, in words for a person: `web-1 weight`, `1`, `5`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDiff {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// Every field in which the two differ, in a fixed order; empty when they mean the same.
pub fn diff(before: &PoolPolicy, after: &PoolPolicy) -> Vec<FieldDiff> {
    let mut out = Vec::new();
    let mut field = |name: String, b: String, a: String| {
        if a != b {
            out.push(FieldDiff {
                field: name,
                before: b,
                after: a,
            });
        }
    };
    field("algorithm".into(), before.algorithm.to_string(), after.algorithm.to_string());
    let groups = |policy: &PoolPolicy| {
        [
            policy.health_check.describe(),
            policy.outlier.describe(),
            policy.affinity.describe(),
            policy.breaker.describe(),
            policy.retry.describe(),
            policy.limits.describe(),
            policy.degradation.describe(),
        ]
        .concat()
    };
    for ((name, b), (_, a)) in groups(before).into_iter().zip(groups(after)) {
        field(name.to_owned(), b, a);
    }
    field(
        "pool breaker".into(),
        before.breaker_hold.to_string(),
        after.breaker_hold.to_string(),
    );
    for id in before.instances.keys().chain(after.instances.keys()).collect::<BTreeSet<_>>() {
        let (b, a) = (before.instance(id), after.instance(id));
        field(format!("{id} weight"), b.weight.to_string(), a.weight.to_string());
        field(format!("{id} state"), b.admin.to_string(), a.admin.to_string());
        field(format!("{id} breaker"), b.breaker.to_string(), a.breaker.to_string());
    }
    out
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Changed {
    /// Intended state is stored; the balancer follows within a second.
    Done { version: u64, diff: Vec<FieldDiff> },
    /// It was so already.
    Nothing { version: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> BTreeSet<InstanceId> {
        ["a", "b"].into_iter().map(|n| InstanceId::new(n).unwrap()).collect()
    }

    #[test]
    fn a_change_shows_exactly_the_fields_it_touches() {
        let before = PoolPolicy::default();
        let change = PoolChange::Instances {
            ids: vec![InstanceId::new("a").unwrap()],
            weight: Some(Weight::new(5).unwrap()),
            admin: Some(AdminState::Drain),
        };
        let after = change.apply(&before, &members()).unwrap();
        let fields: Vec<_> = diff(&before, &after).into_iter().map(|d| (d.field, d.before, d.after)).collect();
        assert_eq!(
            fields,
            [
                ("a weight".to_owned(), "1".to_owned(), "5".to_owned()),
                ("a state".to_owned(), "ready".to_owned(), "drain".to_owned())
            ]
        );
        assert_eq!(diff(&after, &change.apply(&after, &members()).unwrap()), []);
    }

    #[test]
    fn a_change_that_names_nothing_real_is_refused() {
        let none = PoolChange::Instances {
            ids: vec![],
            weight: Some(Weight::ONE),
            admin: None,
        };
        assert_eq!(none.apply(&PoolPolicy::default(), &members()).unwrap_err().field, "instances");
        let stranger = PoolChange::Instances {
            ids: vec![InstanceId::new("z").unwrap()],
            weight: Some(Weight::ONE),
            admin: None,
        };
        assert!(stranger.apply(&PoolPolicy::default(), &members()).unwrap_err().reason.contains('z'));
    }
}
