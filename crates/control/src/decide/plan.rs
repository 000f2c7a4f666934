//! What the balancer is told, from what is intended.

use model::{InstancePlan, PoolIntent, PoolPlan};

use crate::setup::PoolSetup;

/// The complete plan for a pool. Instances that only the policy names (they left the settings) are not planned.
pub fn pool_plan(setup: &PoolSetup, intent: &PoolIntent) -> PoolPlan {
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
        instances: setup
            .instances
            .iter()
            .map(|instance| {
                let policy = intent.policy.instance(&instance.id);
                InstancePlan {
                    id: instance.id.clone(),
                    address: instance.address,
                    weight: policy.weight,
                    admin: policy.admin,
                    breaker: policy.breaker,
                }
            })
            .collect(),
    }
}
