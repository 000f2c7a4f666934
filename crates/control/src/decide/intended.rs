//! What share of a pool's requests its algorithm means each instance to have.

use model::{AdminState, Algorithm, InstanceId, PoolSnapshot};

/// In percent, for every instance in service; empty where the algorithm decides request by request and means no share at all. An instance
/// that is coming back slowly has less for a while.
pub fn shares(pool: &PoolSnapshot) -> Vec<(InstanceId, f64)> {
    let weigh = |weight: u16| match pool.algorithm {
        Algorithm::RoundRobin => Some(1.0),
        Algorithm::WeightedRoundRobin => Some(f64::from(weight)),
        Algorithm::LeastConnections
        | Algorithm::LeastResponseTime
        | Algorithm::Ewma
        | Algorithm::ResourceBased
        | Algorithm::IpHash
        | Algorithm::UriHash
        | Algorithm::RandomTwo => None,
    };
    let serving = pool
        .instances
        .iter()
        .filter(|i| i.state.gets_requests() && i.admin == AdminState::Ready);
    let weighed: Vec<_> = serving
        .filter_map(|i| weigh(i.weight.get()).map(|weight| (i.id.clone(), weight)))
        .collect();
    let sum: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    weighed.into_iter().map(|(id, weight)| (id, weight * 100.0 / sum)).collect()
}

#[cfg(test)]
mod tests {
    use model::{InstanceState, Weight};

    use super::*;
    use crate::decide::testing::pool_snapshot;

    fn told(pool: &PoolSnapshot) -> Vec<(String, f64)> {
        shares(pool).into_iter().map(|(id, share)| (id.to_string(), share)).collect()
    }

    #[test]
    fn turns_are_equal_or_weighed_and_only_of_who_serves() {
        let mut pool = pool_snapshot(&[InstanceState::Up, InstanceState::Down, InstanceState::Up, InstanceState::GoingDown]);
        pool.instances[0].weight = Weight::new(2).unwrap();
        pool.algorithm = Algorithm::WeightedRoundRobin;
        assert_eq!(told(&pool), [("i0".into(), 50.0), ("i2".into(), 25.0), ("i3".into(), 25.0)]);
        pool.algorithm = Algorithm::RoundRobin;
        assert!(told(&pool).iter().all(|(_, share)| (share - 100.0 / 3.0).abs() < 1e-9));
        pool.algorithm = Algorithm::Ewma;
        assert_eq!(told(&pool), []);
        assert_eq!(told(&pool_snapshot(&[])), []);
    }
}
