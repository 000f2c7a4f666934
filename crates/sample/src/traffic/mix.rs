//! What is asked. Pure: dice in, requests out.
//!
//! Sized so that one request costs 1 to 2 ms of CPU on average: 50 a second use about a tenth of one core. None needs affinity: each is
//! complete in itself, so whatever instance answers, no answer is a 404.

use rand::Rng;

/// How often each kind of request is drawn, relative to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    /// `GET /simulate`.
    pub simulate: u32,
    /// `POST /simulations?wait=true`.
    pub post: u32,
    /// `GET /`.
    pub home: u32,
    /// WebSocket `/simulate/progress`.
    pub follow: u32,
}

impl Default for Mix {
    /// Of 1,000 requests two are `WebSockets`: at 50/s one every ten seconds.
    fn default() -> Self {
        Self {
            simulate: 900,
            post: 58,
            home: 40,
            follow: 2,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) scenarios: u32,
    pub(super) years: u32,
    pub(super) seed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Simulate(Work),
    Post(Work),
    Home,
    Follow(Work),
}

impl Mix {
    fn total(self) -> u64 {
        [self.simulate, self.post, self.home, self.follow].map(u64::from).iter().sum()
    }

    pub(super) fn is_empty(self) -> bool {
        self.total() == 0
    }

    /// The mix has at least one kind.
    pub(super) fn draw(self, dice: &mut impl Rng) -> Request {
        let point = dice.random_range(0..self.total());
        let simulate = u64::from(self.simulate);
        let post = simulate + u64::from(self.post);
        let home = post + u64::from(self.home);
        let mut work = |least: u32, most: u32| Work {
            scenarios: dice.random_range(least..=most),
            years: dice.random_range(15..=40),
            seed: dice.random_range(0..1_000_000),
        };
        if point < simulate {
            Request::Simulate(work(50, 400))
        } else if point < post {
            Request::Post(work(400, 2_000))
        } else if point < home {
            Request::Home
        } else {
            Request::Follow(work(10_000, 30_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn kinds_come_in_proportion_and_from_the_seed() {
        let draw = || {
            let mut dice = ChaCha8Rng::seed_from_u64(3);
            (0..20_000).map(|_| Mix::default().draw(&mut dice)).collect::<Vec<_>>()
        };
        let drawn = draw();
        assert_eq!(drawn, draw());
        let share = |kind: fn(&Request) -> bool| drawn.iter().filter(|r| kind(r)).count() as f64 / drawn.len() as f64;
        assert!((share(|r| matches!(r, Request::Simulate(_))) - 0.9).abs() < 0.02);
        assert!((share(|r| matches!(r, Request::Post(_))) - 0.058).abs() < 0.01);
        assert!((share(|r| matches!(r, Request::Home)) - 0.04).abs() < 0.01);
        assert!((share(|r| matches!(r, Request::Follow(_))) - 0.002).abs() < 0.002);
    }

    #[test]
    fn the_usual_request_is_small() {
        let mut dice = ChaCha8Rng::seed_from_u64(4);
        let months: u64 = (0..10_000)
            .filter_map(|_| match Mix::default().draw(&mut dice) {
                Request::Simulate(w) | Request::Post(w) | Request::Follow(w) => Some(u64::from(w.scenarios * w.years * 12)),
                Request::Home => None,
            })
            .sum();
        let mean = months / 10_000;
        assert!((70_000..160_000).contains(&mean), "about 10 ns each: {mean}");
    }
}
