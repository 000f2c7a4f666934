//! Prints what a pick costs, beside `pingora-load-balancing`. Run by `cargo xtask bench pick`, or by hand:
//!
//! ```text
//! cargo run --release -p gateway --features bench --example bench_pick
//! ```
//!
//! One thread, interleaved rounds, medians. Ours is a whole request: the pick, and what its beginning and its end cost the algorithm's
//! memory. Pingora's is `select` alone, which has no such memory.
//!
//! With the arguments `names` it says who is measured; with `NAME SIZE PICKS` it picks that often and says nothing, for somebody who
//! counts instructions.

use std::{collections::BTreeSet, env, hint::black_box, time::Instant};

use gateway::bench::Picks;
use model::Algorithm;
use pingora_load_balancing::{
    Backend, Backends, LoadBalancer, discovery,
    selection::{BackendIter, BackendSelection, Consistent, FNVHash, Random, RoundRobin},
};

const SIZES: [usize; 3] = [3, 100, 10_000];
const ROUNDS: usize = 9;
const PICKS: u32 = 200_000;
/// Makes neighbours of numbers that are none, for hashes (Knuth's multiplicative hash).
const SPREAD: u32 = 2_654_435_761;

type Pick = Box<dyn Fn(u32)>;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["names"] => contestants().iter().for_each(|(name, _)| println!("{name}")),
        [name, size, picks] => pick(name, size.parse().expect("a number"), picks.parse().expect("a number")),
        _ => compare(),
    }
}

fn pick(name: &str, size: usize, picks: u32) {
    let contestants = contestants();
    let (_, make) = contestants.iter().find(|(known, _)| known == name).expect("one of `names`");
    let pick = make(size);
    (0..picks).for_each(|n| pick(n.wrapping_mul(SPREAD)));
}

fn compare() {
    println!("ns per request over {ROUNDS} rounds of {PICKS}, medians");
    println!("{:<34} {:>9} {:>9} {:>9} {:>17}", "", "n = 3", "100", "10,000", "10,000 over 3");
    for (name, make) in contestants() {
        let picks: Vec<Pick> = SIZES.iter().map(|&size| make(size)).collect();
        let mut rounds = vec![Vec::new(); SIZES.len()];
        for _ in 0..ROUNDS {
            for (pick, round) in picks.iter().zip(&mut rounds) {
                round.push(measure(pick));
            }
        }
        let ns: Vec<f64> = rounds.iter_mut().map(|round| median(round)).collect();
        println!("{name:<34} {:>9.1} {:>9.1} {:>9.1} {:>15.2} x", ns[0], ns[1], ns[2], ns[2] / ns[0]);
    }
}

type Make = Box<dyn Fn(usize) -> Pick>;

fn contestants() -> Vec<(String, Make)> {
    let ours = Algorithm::ALL.into_iter().map(|algorithm| {
        let make: Make = Box::new(move |size| {
            let picks = Picks::new(algorithm, size);
            Box::new(move |n| {
                black_box(picks.request(n));
            })
        });
        (algorithm.id().to_owned(), make)
    });
    let theirs: [(&str, Make); 4] = [
        ("pingora RoundRobin", Box::new(pingora::<RoundRobin>)),
        ("pingora Random", Box::new(pingora::<Random>)),
        ("pingora FNVHash", Box::new(pingora::<FNVHash>)),
        ("pingora Consistent (ketama)", Box::new(pingora::<Consistent>)),
    ];
    ours.chain(theirs.into_iter().map(|(name, make)| (name.to_owned(), make))).collect()
}

fn pingora<S>(size: usize) -> Pick
where
    S: BackendSelection + Send + Sync + 'static,
    S::Iter: BackendIter,
{
    let backends: BTreeSet<_> = (0..size)
        .map(|n| Backend::new(&format!("10.{}.{}.{}:80", n >> 16 & 255, n >> 8 & 255, n & 255)).expect("an address"))
        .collect();
    let balancer = LoadBalancer::<S>::from_backends(Backends::new(discovery::Static::new(backends)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(balancer.update()).expect("static backends");
    Box::new(move |n| {
        black_box(balancer.select(&n.to_be_bytes(), 16));
    })
}

fn measure(pick: &Pick) -> f64 {
    let started = Instant::now();
    for n in 0..PICKS {
        pick(n.wrapping_mul(SPREAD));
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(PICKS)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
