//! A pool made of numbers, for the tests of the algorithms.

use model::Weight;
use proptest::prelude::*;

use super::{Candidates, Load, Picker, Request, Response};

#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) weights: Vec<Weight>,
    pub(super) takes: Vec<bool>,
    pub(super) in_flight: Vec<u32>,
    pub(super) ramp: Vec<f32>,
    pub(super) response: Vec<Response>,
    pub(super) load: Vec<Option<Load>>,
}

impl View {
    pub(super) fn of_weights(weights: &[u16]) -> Self {
        Self {
            weights: weights.iter().map(|&w| Weight::new(w).unwrap()).collect(),
            takes: vec![true; weights.len()],
            in_flight: vec![0; weights.len()],
            ramp: vec![1.0; weights.len()],
            response: vec![Response::default(); weights.len()],
            load: vec![None; weights.len()],
        }
    }
}

impl View {
    /// The first `count` of it.
    pub(super) fn cut(&self, count: usize) -> Self {
        Self {
            weights: self.weights[..count].to_vec(),
            takes: self.takes[..count].to_vec(),
            in_flight: self.in_flight[..count].to_vec(),
            ramp: self.ramp[..count].to_vec(),
            response: self.response[..count].to_vec(),
            load: self.load[..count].to_vec(),
        }
    }
}

impl Candidates for View {
    fn len(&self) -> usize {
        self.weights.len()
    }
    fn takes(&self, index: usize) -> bool {
        self.takes[index]
    }
    fn weight(&self, index: usize) -> Weight {
        self.weights[index]
    }
    fn in_flight(&self, index: usize) -> u32 {
        self.in_flight[index]
    }
    fn ramp(&self, index: usize) -> f32 {
        self.ramp[index]
    }
    fn response(&self, index: usize) -> Response {
        self.response[index]
    }
    fn load(&self, index: usize) -> Option<Load> {
        self.load[index]
    }
}

/// A request of which nothing matters.
pub(super) fn anybody() -> Request<'static> {
    Request {
        client: [127, 0, 0, 1].into(),
        path_and_query: "/",
    }
}

pub(super) fn refreshed<P: Picker>(picker: P, view: &View) -> P {
    picker.refresh(view);
    picker
}

/// How often each instance is picked in `rounds` picks.
pub(super) fn counts(picker: &dyn Picker, view: &View, rounds: usize) -> Vec<usize> {
    let mut counts = vec![0; view.len()];
    for index in (0..rounds).filter_map(|_| picker.pick(view, &anybody(), None)) {
        counts[index] += 1;
    }
    counts
}

/// Up to eight instances of any weight up to 20, some out, some busy, slow or loaded.
pub(super) fn mixed_view() -> impl Strategy<Value = View> {
    let load = prop::option::of((0.0_f32..1.2, 0_u32..20));
    prop::collection::vec((1_u16..=20, any::<bool>(), 0_u32..100, 0.0_f32..1e7, load), 0..8).prop_map(|instances| View {
        weights: instances.iter().map(|i| Weight::new(i.0).unwrap()).collect(),
        takes: instances.iter().map(|i| i.1).collect(),
        in_flight: instances.iter().map(|i| i.2).collect(),
        ramp: vec![1.0; instances.len()],
        response: instances
            .iter()
            .map(|i| Response {
                average_us: i.3,
                peak_us: 2.0 * i.3,
            })
            .collect(),
        load: instances
            .iter()
            .map(|i| {
                i.4.map(|(cpu, sessions)| Load {
                    cpu: Some(cpu),
                    memory: Some(cpu / 2.0),
                    gpu: None,
                    sessions: Some(sessions),
                })
            })
            .collect(),
    })
}
