//! Which of the stored registrations still stand when the console starts: the settings may have changed meanwhile.

use std::{collections::HashSet, net::IpAddr};

use model::Registration;

use crate::setup::{INSTANCES_MAX, PoolSetup, RegistrySetup};

/// Those that stand, and those that do not, with the reason.
pub fn readmit(
    stored: Vec<Registration>,
    pools: &[PoolSetup],
    registry: Option<&RegistrySetup>,
    is_local: impl Fn(IpAddr) -> bool,
) -> (Vec<Registration>, Vec<(Registration, String)>) {
    let mut stand = Vec::with_capacity(stored.len());
    let mut fall = Vec::new();
    let mut counts = std::collections::HashMap::new();
    for registration in stored {
        let count: &mut usize = counts.entry(registration.pool.clone()).or_default();
        match why_not(&registration, pools, registry, (*count, stand.len()), &is_local) {
            None => {
                *count += 1;
                stand.push(registration);
            }
            Some(why) => fall.push((registration, why)),
        }
    }
    (stand, fall)
}

fn why_not(
    registration: &Registration,
    pools: &[PoolSetup],
    registry: Option<&RegistrySetup>,
    (count, total): (usize, usize),
    is_local: impl Fn(IpAddr) -> bool,
) -> Option<String> {
    let Some(registry) = registry else {
        return Some("the registry is switched off".to_owned());
    };
    let Some(pool) = pools.iter().find(|pool| pool.id == registration.pool) else {
        return Some(format!("the settings have no pool {} any more", registration.pool));
    };
    if let Some(why) = clash(pool, registration) {
        return Some(why);
    }
    if let Some(why) = no_room(count, total, pools, registry) {
        return Some(why);
    }
    let targets: HashSet<_> = [registration.address]
        .into_iter()
        .chain(registration.check.as_ref().map(|check| check.address))
        .collect();
    targets
        .into_iter()
        .find_map(|address| registry.reach.permits(address, &is_local).err())
}

/// Why no other one may register, where `count` of its pool and `total` of all pools have.
pub fn no_room(count: usize, total: usize, pools: &[PoolSetup], registry: &RegistrySetup) -> Option<String> {
    let of_settings: usize = pools.iter().map(|pool| pool.instances.len()).sum();
    if count >= registry.max_instances {
        return Some(format!("{count} instances have registered there, which is registry.max_instances"));
    }
    (of_settings + total >= INSTANCES_MAX)
        .then(|| format!("all pools together have {INSTANCES_MAX} instances, which is what one console is built for"))
}

/// Why it cannot stand beside those that the settings name.
pub fn clash(pool: &PoolSetup, registration: &Registration) -> Option<String> {
    let of_settings = |field: &str, value: &str| {
        format!(
            "the settings file already has an instance with the {field} {value} in pool {}; it stands, choose another",
            pool.id
        )
    };
    let named = pool.instances.iter().any(|i| i.id == registration.id);
    let there = pool.instances.iter().any(|i| i.address == registration.address);
    match (named, there) {
        (true, _) => Some(of_settings("id", registration.id.as_str())),
        (false, true) => Some(of_settings("address", &registration.address.to_string())),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{PoolId, PoolPolicy, SourceId, UpstreamTls, Weight};

    use super::*;
    use crate::{access::BearerToken, decide::reach::Reach, decide::testing::id, setup::InstanceSetup};

    fn pool(name: &str, instances: usize) -> PoolSetup {
        let instance = |n: usize| InstanceSetup {
            id: id(&format!("s{n}")),
            address: ([10, 1, 0, 1], u16::try_from(n + 1).unwrap()).into(),
            zone: None,
        };
        PoolSetup {
            id: PoolId::new(name).unwrap(),
            balancer: SourceId::new("gateway").unwrap(),
            instances: (0..instances).map(instance).collect(),
            tls: UpstreamTls::default(),
            defaults: PoolPolicy::default(),
        }
    }

    fn stored(pool: &str, count: u16) -> impl Iterator<Item = Registration> {
        (0..count).map(move |n| Registration {
            pool: PoolId::new(pool).unwrap(),
            id: id(&format!("r{n}")),
            address: ([10, 0, 0, 1], n + 1).into(),
            check: None,
            weight: Weight::ONE,
            zone: None,
            capabilities: vec![],
            tags: vec![],
            metadata: std::collections::BTreeMap::new(),
            registered_at_ms: 0,
        })
    }

    #[test]
    fn neither_a_pool_nor_all_of_them_hold_more_than_they_may() {
        let registry = RegistrySetup {
            token: BearerToken::new("t"),
            reach: Reach {
                networks: vec!["10.0.0.0/8".parse().unwrap()],
                ports: vec![1..=u16::MAX],
                own: vec![],
            },
            refresh: Duration::from_secs(30),
            expire: Duration::from_secs(60),
            max_instances: 150,
            url: String::new(),
        };
        let pools = [pool("a", INSTANCES_MAX - 200), pool("b", 0)];
        let all = stored("a", 160).chain(stored("b", 160)).collect();
        let (stand, fall) = readmit(all, &pools, Some(&registry), |_| false);
        let of = |name: &str| stand.iter().filter(|r| r.pool.as_str() == name).count();
        assert_eq!((of("a"), of("b"), fall.len()), (150, 50, 120));
        assert!(fall[0].1.contains("registry.max_instances"), "{}", fall[0].1);
        assert!(fall[119].1.contains("all pools together"), "{}", fall[119].1);
    }
}
