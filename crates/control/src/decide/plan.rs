//! What the balancer is told, from what is intended.

use std::collections::BTreeSet;

use model::{AdminState, InstanceId, InstancePlan, PoolIntent, PoolPlan};

use super::members::{Member, with_asked};
use crate::setup::PoolSetup;

/// The complete plan for a pool. Those of `draining` get nothing new while they are on their way out; this is nobody's word, so it is not in
/// the policy, and an operator's own drain or maintenance stands above it. Instances that only the policy names (they left the settings, or the registry) are not planned.
pub fn pool_plan(setup: &PoolSetup, members: &[Member], intent: &PoolIntent, draining: &BTreeSet<InstanceId>) -> PoolPlan {
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
                    admin: match policy.admin {
                        AdminState::Ready if member.is_leaving() && draining.contains(&member.setup.id) => AdminState::Drain,
                        admin => admin,
                    },
                    breaker: policy.breaker,
                    check: member.check().cloned(),
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use model::{InstancePolicy, PoolPolicy, ProcessState, SourceId, UpstreamTls};
    use testkit::build;

    use super::*;

    #[test]
    fn who_leaves_drains_when_it_may_and_an_operators_word_stands() {
        use AdminState::{Drain, Maintenance, Ready};
        let setup = PoolSetup {
            id: build::pool("web"),
            balancer: SourceId::new("gateway").unwrap(),
            instances: vec![],
            tls: UpstreamTls::default(),
            defaults: PoolPolicy::default(),
        };
        let planned = |is_leaving: bool, may_go: bool, admin: AdminState| {
            let mut process = build::process("a", 9001);
            if is_leaving {
                process.state = ProcessState::Draining { since_ms: 0 };
            }
            let mut policy = PoolPolicy::default();
            policy.instances.insert(
                process.instance.clone(),
                InstancePolicy {
                    admin,
                    ..InstancePolicy::default()
                },
            );
            let intent = PoolIntent {
                pool: setup.id.clone(),
                version: 1,
                policy,
                changed_at_ms: 0,
                changed_by: None,
            };
            let draining = may_go.then(|| process.instance.clone()).into_iter().collect();
            pool_plan(&setup, &[Member::of_workload(&process)], &intent, &draining).instances[0].admin
        };
        for (is_leaving, may_go, admin, expected) in [
            (false, false, Ready, Ready),
            (true, false, Ready, Ready),
            (true, true, Ready, Drain),
            (false, true, Ready, Ready),
            (true, true, Maintenance, Maintenance),
            (true, true, Drain, Drain),
            (true, false, Drain, Drain),
        ] {
            assert_eq!(planned(is_leaving, may_go, admin), expected, "{is_leaving} {may_go} {admin}");
        }
    }
}
