//! What the balancer is told, from what is intended.

use model::{InstancePlan, PoolIntent, PoolPlan};

use super::members::{Member, with_asked};
use crate::setup::PoolSetup;

/// The complete plan for a pool. Instances that only the policy names (they left the settings, or the registry) are not planned.
pub fn pool_plan(setup: &PoolSetup, members: &[Member], intent: &PoolIntent) -> PoolPlan {
    let policy = with_asked(&intent.policy, members);
    PoolPlan {
        pool: setup.id.clone(),
        version: intent.version,
        algorithm: intent.policy.algorithm,
        health_check: intent.policy.health_check.clone(),
        outlier: intent.policy.outlier,
        affinity: intent.policy.affinity.clone(),
        breaker: intent.policy.breaker,
        breaker_hold: intent.policy.breaker_hold,
        retry: intent.policy.retry,
        limits: intent.policy.limits,
        degradation: intent.policy.degradation,
        tls: setup.tls.clone(),
        instances: members
            .iter()
            .map(|member| {
                let policy = policy.instance(&member.setup.id);
                InstancePlan {
                    id: member.setup.id.clone(),
                    address: member.setup.address,
                    weight: policy.weight,
                    admin: policy.admin,
                    breaker: policy.breaker,
                    check: member.check().cloned(),
                }
            })
            .collect(),
    }
}
