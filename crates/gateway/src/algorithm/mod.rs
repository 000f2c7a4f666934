//! How a pool picks the instance for a request: one small trait, one file per algorithm.
//!
//! A picker sees the pool through [`Candidates`] and the request through [`Request`]; it allocates nothing per pick. What it remembers
//! between picks stands beside the pool: a position on a circle, a seeded generator, a ring of hashes or a tournament. A pick costs
//! O(1) or O(log n); where instances have just gone out, and until [`Picker::refresh`], it looks at those as well, and a hash whose
//! instances are out walks on along its ring.

mod costs;
mod dice;
mod ewma;
mod hashing;
mod least_connections;
mod least_response_time;
mod note;
mod random_two;
mod ranking;
mod resource_based;
mod rotation;
mod round_robin;
mod takers;
mod weighted_round_robin;

#[cfg(test)]
mod testing;

use std::{fmt, net::IpAddr, sync::Arc};

use model::{Algorithm, InstanceId, Weight};

pub(crate) use dice::Dice;
pub(crate) use note::{Frozen, Note, Noted, Sketch, pick_noted};

/// What a picker sees: instances by index, as they are right now.
pub(crate) trait Candidates {
    fn len(&self) -> usize;
    /// Whether instance `index` may get a request: ready, not down, not tried before by this request.
    fn takes(&self, index: usize) -> bool;
    fn weight(&self, index: usize) -> Weight;
    fn in_flight(&self, index: usize) -> u32;
    /// How far instance `index` has come back: near 0 when it has just returned, 1 when slow start is over.
    fn ramp(&self, index: usize) -> f32;
    /// Its response time.
    fn response(&self, index: usize) -> Response;
    /// What it reported of its own load, unless that is stale.
    fn load(&self, index: usize) -> Option<Load>;
}

/// Moving averages of an instance's response time, decayed up to now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Response {
    /// Exponentially weighted, µs; 0 when nothing was measured yet.
    pub(crate) average_us: f32,
    /// The same, but rising at once to each peak, µs.
    pub(crate) peak_us: f32,
}

/// Shares of what the instance may use, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Load {
    pub(crate) cpu: Option<f32>,
    pub(crate) memory: Option<f32>,
    pub(crate) gpu: Option<f32>,
    pub(crate) sessions: Option<u32>,
}

/// What a pick may depend on of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) client: IpAddr,
    pub(crate) path_and_query: &'a str,
}

/// One algorithm with its memory.
pub(crate) trait Picker: fmt::Debug + Send + Sync {
    /// The index of an instance that takes requests; `None` when there is none. What it went by is written into `note`.
    fn pick(&self, candidates: &dyn Candidates, request: &Request<'_>, note: Note<'_>) -> Option<usize>;

    /// A request of instance `index` began or ended.
    fn changed(&self, _candidates: &dyn Candidates, _index: usize) {}

    /// Anything may have changed: health, load reports, slow start. Called at least once a second and with every change of health.
    fn refresh(&self, _candidates: &dyn Candidates) {}
}

/// `instances` are all of the pool, in its order, whether they take requests or not.
pub(crate) fn picker(algorithm: Algorithm, instances: &[(InstanceId, Weight)], seed: u64) -> Arc<dyn Picker> {
    let count = instances.len();
    match algorithm {
        Algorithm::RoundRobin => Arc::new(round_robin::RoundRobin::new(count)),
        Algorithm::WeightedRoundRobin => {
            let weights: Vec<_> = instances.iter().map(|(_, weight)| *weight).collect();
            Arc::new(weighted_round_robin::WeightedRoundRobin::new(&weights))
        }
        Algorithm::LeastConnections => Arc::new(least_connections::LeastConnections::new(count)),
        Algorithm::LeastResponseTime => Arc::new(least_response_time::LeastResponseTime::new(count)),
        Algorithm::Ewma => Arc::new(ewma::PeakEwma::new(count, seed)),
        Algorithm::ResourceBased => Arc::new(resource_based::ResourceBased::new(count)),
        Algorithm::IpHash => Arc::new(hashing::Hashing::by_client(instances.iter().map(|(id, _)| id))),
        Algorithm::UriHash => Arc::new(hashing::Hashing::by_uri(instances.iter().map(|(id, _)| id))),
        Algorithm::RandomTwo => Arc::new(random_two::RandomTwo::new(count, seed)),
    }
}
