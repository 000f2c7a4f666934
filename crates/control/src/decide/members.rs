//! Who belongs to a pool: those the settings name, and those that come and go.

use std::{collections::HashSet, sync::Arc};

use model::{CheckTarget, PoolPolicy, ProcessObservation, Registration, Weight};

use super::fleet;
use crate::setup::InstanceSetup;

/// Where a member comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Settings,
    Registered(Arc<Registration>),
    /// Run by a workload.
    Workload {
        /// It is chosen to go.
        is_leaving: bool,
    },
}

impl Origin {
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Registered(_) => "registered",
            Self::Workload { .. } => "workload",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub setup: InstanceSetup,
    pub origin: Origin,
}

impl Member {
    pub fn registered(registration: Arc<Registration>) -> Self {
        Self {
            setup: InstanceSetup {
                id: registration.id.clone(),
                address: registration.address,
                zone: registration.zone.clone(),
            },
            origin: Origin::Registered(registration),
        }
    }

    pub fn of_workload(process: &ProcessObservation) -> Self {
        Self {
            setup: InstanceSetup {
                id: process.instance.clone(),
                address: process.address,
                zone: None,
            },
            origin: Origin::Workload {
                is_leaving: fleet::is_leaving(process),
            },
        }
    }

    pub const fn is_leaving(&self) -> bool {
        matches!(self.origin, Origin::Workload { is_leaving: true })
    }

    pub fn check(&self) -> Option<&CheckTarget> {
        match &self.origin {
            Origin::Settings | Origin::Workload { .. } => None,
            Origin::Registered(registration) => registration.check.as_ref(),
        }
    }

    /// What it has while no operator has said anything about it. The settings' weights are in the policy already.
    pub fn asked_weight(&self) -> Weight {
        match &self.origin {
            Origin::Settings | Origin::Workload { .. } => Weight::ONE,
            Origin::Registered(registration) => registration.weight,
        }
    }
}

/// The members of a pool in a fixed order. Where two have the same name, the first one given stands: the settings before everybody else.
pub fn merge(settings: &[InstanceSetup], others: impl IntoIterator<Item = Member>) -> Vec<Member> {
    let of_settings = settings.iter().map(|setup| Member {
        setup: setup.clone(),
        origin: Origin::Settings,
    });
    let mut names = HashSet::new();
    of_settings
        .chain(others)
        .filter(|member| names.insert(member.setup.id.clone()))
        .collect()
}

/// The policy with the weight that each member asked for, where it says nothing about that member.
pub fn with_asked(policy: &PoolPolicy, members: &[Member]) -> PoolPolicy {
    let mut policy = policy.clone();
    for member in members {
        let weight = member.asked_weight();
        if weight != Weight::ONE {
            policy.instances.entry(member.setup.id.clone()).or_insert(model::InstancePolicy {
                weight,
                ..model::InstancePolicy::default()
            });
        }
    }
    policy
}

/// The inverse, before a policy is stored: what a member asked for is not an operator's word, and its next registration may ask for more.
pub fn without_asked(mut policy: PoolPolicy, stored: &PoolPolicy, members: &[Member]) -> PoolPolicy {
    for member in members {
        let id = &member.setup.id;
        let asked = model::InstancePolicy {
            weight: member.asked_weight(),
            ..model::InstancePolicy::default()
        };
        if !stored.instances.contains_key(id) && policy.instances.get(id) == Some(&asked) {
            policy.instances.remove(id);
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{AdminState, PoolChange};

    use super::*;
    use crate::decide::testing::id;

    fn setup(name: &str, port: u16) -> InstanceSetup {
        InstanceSetup {
            id: id(name),
            address: ([127, 0, 0, 1], port).into(),
            zone: None,
        }
    }

    fn registered(name: &str, weight: u16) -> Member {
        Member::registered(Arc::new(Registration {
            pool: "web".parse().unwrap(),
            id: id(name),
            address: ([127, 0, 0, 1], 9).into(),
            check: None,
            weight: Weight::new(weight).unwrap(),
            zone: None,
            capabilities: vec![],
            tags: vec![],
            metadata: BTreeMap::new(),
            registered_at_ms: 0,
        }))
    }

    #[test]
    fn the_settings_stand_before_everybody_else() {
        let members = merge(&[setup("b", 1), setup("a", 2)], [registered("a", 1), registered("c", 1)]);
        let told: Vec<_> = members.iter().map(|m| (m.setup.id.as_str(), m.origin.id())).collect();
        assert_eq!(told, [("b", "settings"), ("a", "settings"), ("c", "registered")]);
    }

    #[test]
    fn an_asked_weight_holds_until_an_operator_says_something() {
        let members = merge(&[], [registered("a", 3), registered("b", 5)]);
        let names = members.iter().map(|m| m.setup.id.clone()).collect();
        let stored = PoolPolicy::default();
        let base = with_asked(&stored, &members);
        assert_eq!((base.instance(&id("a")).weight.get(), base.instance(&id("b")).weight.get()), (3, 5));
        let drain = PoolChange::Instances {
            ids: vec![id("a")],
            weight: None,
            admin: Some(AdminState::Drain),
        };
        let kept = without_asked(drain.apply(&base, &names).unwrap(), &stored, &members);
        let kept: Vec<_> = kept
            .instances
            .iter()
            .map(|(id, p)| (id.as_str(), p.weight.get(), p.admin))
            .collect();
        assert_eq!(kept, [("a", 3, AdminState::Drain)], "b may still ask for another weight");
    }
}
