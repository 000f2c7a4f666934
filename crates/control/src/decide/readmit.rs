//! Which of the stored registrations still stand when the console starts: the settings may have changed meanwhile.

use std::{collections::HashSet, net::IpAddr};

use model::Registration;

use crate::setup::{PoolSetup, RegistrySetup};

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
        match why_not(&registration, pools, registry, *count, &is_local) {
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
    count: usize,
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
    if count >= registry.max_instances {
        return Some(format!("more than registry.max_instances = {}", registry.max_instances));
    }
    let targets: HashSet<_> = [registration.address]
        .into_iter()
        .chain(registration.check.as_ref().map(|check| check.address))
        .collect();
    targets
        .into_iter()
        .find_map(|address| registry.reach.permits(address, &is_local).err())
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
