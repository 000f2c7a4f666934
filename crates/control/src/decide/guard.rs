//! Whether an operator may take instances out, with what is left.

use model::{AdminState, InstanceId, InstanceSnapshot, InvalidValue, PoolPolicy, PoolSnapshot};

/// Refuses to leave fewer in service than the policy keeps. Who gets no requests anyway may always go.
///
/// # Errors
/// [`InvalidValue`] on field `admin`, with how many would be left and the way out.
pub fn may_take_out(pool: &PoolSnapshot, policy: &PoolPolicy, ids: &[InstanceId], admin: AdminState) -> Result<(), InvalidValue> {
    if admin == AdminState::Ready {
        return Ok(());
    }
    let serving: Vec<_> = serving(pool, policy).collect();
    let left = serving.iter().filter(|i| !ids.contains(&i.id)).count();
    let members = u32::try_from(pool.instances.len()).unwrap_or(u32::MAX);
    let must_stay = policy.health_check.must_stay(members);
    if left == serving.len() || left >= must_stay as usize {
        return Ok(());
    }
    Err(InvalidValue::new(
        "admin",
        format!(
            "only {left} of {members} would be left in service and the pool keeps at least {must_stay}; make another one ready first, or \
             lower \"keep in service\" in the pool's settings"
        ),
    ))
}

/// Those that get requests and are meant to.
pub(super) fn serving<'a>(pool: &'a PoolSnapshot, policy: &'a PoolPolicy) -> impl Iterator<Item = &'a InstanceSnapshot> {
    let instances = pool.instances.iter();
    instances.filter(|i| i.state.gets_requests() && policy.instance(&i.id).admin == AdminState::Ready)
}

#[cfg(test)]
mod tests {
    use model::InstanceState;
    use proptest::prelude::*;

    use super::*;
    use crate::decide::testing::{id, pool_snapshot};

    fn refused(states: &[InstanceState], take: &[&str], min_healthy: u32) -> bool {
        let mut policy = PoolPolicy::default();
        policy.health_check.min_healthy = min_healthy;
        let ids: Vec<_> = take.iter().map(|name| id(name)).collect();
        may_take_out(&pool_snapshot(states), &policy, &ids, AdminState::Drain).is_err()
    }

    #[test]
    fn enough_have_to_stay() {
        use InstanceState::{Down, Drain, Up};
        assert!(!refused(&[Up, Up, Up], &["i0"], 2));
        assert!(refused(&[Up, Up, Up], &["i0", "i1"], 2));
        assert!(refused(&[Up, Up, Drain], &["i0"], 2));
        assert!(!refused(&[Up, Up, Down], &["i2"], 2), "it gets nothing anyway");
        assert!(refused(&[Up, Up, Down], &["i1", "i2"], 2));
        assert!(!refused(&[Up, Up], &["i0"], 2), "of two, one may go");
        assert!(refused(&[Up], &["i0"], 2), "but not the only one");
        assert!(!refused(&[Up], &["i0"], 0), "unless that is what is wanted");
    }

    #[test]
    fn coming_back_is_never_refused_and_the_reason_says_what_to_do() {
        let policy = PoolPolicy::default();
        let pool = pool_snapshot(&[InstanceState::Up]);
        assert!(may_take_out(&pool, &policy, &[id("i0")], AdminState::Ready).is_ok());
        let refusal = may_take_out(&pool, &policy, &[id("i0")], AdminState::Maintenance).unwrap_err();
        assert!(refusal.reason.starts_with("only 0 of 1 would be left"), "{refusal}");
    }

    proptest! {
        #[test]
        fn what_is_allowed_leaves_enough_or_changes_nothing(
            up in prop::collection::vec(any::<bool>(), 1..8), take in prop::collection::vec(0_usize..8, 1..4), min_healthy in 0_u32..6,
        ) {
            let states: Vec<_> = up.iter().map(|up| if *up { InstanceState::Up } else { InstanceState::Down }).collect();
            let names: Vec<_> = take.iter().map(|n| format!("i{n}")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let before = up.iter().filter(|up| **up).count();
            let after = up.iter().enumerate().filter(|(n, up)| **up && !take.contains(n)).count();
            let must_stay = (min_healthy as usize).min((up.len() - 1).max(1));
            prop_assert_eq!(refused(&states, &names, min_healthy), after < before && after < must_stay);
        }
    }
}
