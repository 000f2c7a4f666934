//! The algorithms without anything around them, for `cargo xtask bench pick`. Not part of the gateway's interface.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use model::{Algorithm, InstanceId, Weight};

use crate::algorithm::{Candidates, Load, Picker, Request, Response, picker};

/// A pool of equal instances, all taking requests.
#[derive(Debug)]
pub struct Picks {
    picker: Arc<dyn Picker>,
    pool: Equals,
    paths: Vec<String>,
}

#[derive(Debug)]
struct Equals {
    in_flight: Vec<AtomicU32>,
}

impl Candidates for Equals {
    fn len(&self) -> usize {
        self.in_flight.len()
    }
    fn takes(&self, _index: usize) -> bool {
        true
    }
    fn weight(&self, index: usize) -> Weight {
        // Unequal ones, for the algorithms that look.
        Weight::new(u16::from(index.is_multiple_of(3)) + 1).unwrap_or_default()
    }
    fn in_flight(&self, index: usize) -> u32 {
        self.in_flight[index].load(Ordering::Relaxed)
    }
    fn ramp(&self, _index: usize) -> f32 {
        1.0
    }
    fn response(&self, index: usize) -> Response {
        Response {
            average_us: 1_000.0 + index as f32,
            peak_us: 2_000.0 + index as f32,
        }
    }
    fn load(&self, index: usize) -> Option<Load> {
        Some(Load {
            cpu: Some((index % 100) as f32 / 100.0),
            ..Load::default()
        })
    }
}

impl Picks {
    #[must_use]
    pub fn new(algorithm: Algorithm, instances: usize) -> Self {
        let pool = Equals {
            in_flight: (0..instances).map(|_| AtomicU32::new(0)).collect(),
        };
        let named: Vec<_> = (0..instances)
            .map(|n| (InstanceId::new(format!("instance-{n}")).expect("a valid name"), pool.weight(n)))
            .collect();
        let picker = picker(algorithm, &named, 1);
        picker.refresh(&pool);
        Self {
            picker,
            pool,
            paths: (0..256).map(|n| format!("/item/{n}?page=1")).collect(),
        }
    }

    /// One request from its pick to its end; `n` makes it another client and path. Returns who was picked.
    pub fn request(&self, n: u32) -> usize {
        let request = Request {
            client: IpAddr::V4(Ipv4Addr::from(n)),
            path_and_query: &self.paths[n as usize % self.paths.len()],
        };
        let picked = self.picker.pick(&self.pool, &request, None).expect("everybody takes requests");
        self.pool.in_flight[picked].fetch_add(1, Ordering::Relaxed);
        self.picker.changed(&self.pool, picked);
        self.pool.in_flight[picked].fetch_sub(1, Ordering::Relaxed);
        self.picker.changed(&self.pool, picked);
        picked
    }
}
