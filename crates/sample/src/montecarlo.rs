//! Portfolio survival by Monte Carlo simulation. Pure: the same plan and seed give the same answer, bit for bit.
//!
//! Assumptions, all in real (inflation-adjusted) money:
//! - one diversified portfolio whose monthly returns are independent and normal, with the mean and volatility of [`Market::DEFAULT`];
//!   a month cannot lose more than everything;
//! - the same amount is spent at the start of every month, before that month's return; no income, fees or taxes;
//! - a scenario fails in the first month whose spending the portfolio cannot pay, and its final wealth is then 0.
//!
//! Scenario `i` draws from stream `i` of one `ChaCha8` generator, so no scenario depends on which thread ran it, or on how many there are.

use std::ops::Range;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

const MONTHS_PER_YEAR: u32 = 12;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Plan {
    pub starting_portfolio: f64,
    pub monthly_spending: f64,
    pub n_scenarios: u32,
    pub years: u32,
}

impl Plan {
    pub const fn months(&self) -> u32 {
        self.years * MONTHS_PER_YEAR
    }
}

/// Yearly arithmetic mean and standard deviation of the return; a month has a twelfth of the mean and of the variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Market {
    pub annual_return: f64,
    pub annual_volatility: f64,
}

impl Market {
    /// A balanced portfolio: 5 % real return, 12 % volatility. Round figures near the long-run averages of half shares, half bonds;
    /// the point here is honest work for a processor, not advice.
    pub const DEFAULT: Self = Self {
        annual_return: 0.05,
        annual_volatility: 0.12,
    };
}

/// How a range of scenarios ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Endings {
    /// Final wealth, in scenario order.
    pub wealth: Vec<f64>,
    /// How many paid every month's spending.
    pub survived: u32,
}

/// What all scenarios together say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outcome {
    /// Share of scenarios that paid every month's spending, 0 to 1.
    pub success_rate: f64,
    pub final_wealth: Percentiles,
}

/// Nearest-rank percentiles of the final wealth, and its mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    pub p5: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
    pub mean: f64,
}

/// Runs the scenarios of `range`.
pub fn simulate(plan: &Plan, market: &Market, seed: u64, range: Range<u32>) -> Endings {
    let months = plan.months();
    let mean = market.annual_return / f64::from(MONTHS_PER_YEAR);
    let deviation = market.annual_volatility / f64::from(MONTHS_PER_YEAR).sqrt();
    let generator = ChaCha8Rng::seed_from_u64(seed);
    let mut endings = Endings {
        wealth: Vec::with_capacity(range.len()),
        survived: 0,
    };
    for scenario in range {
        let mut rng = generator.clone();
        rng.set_stream(u64::from(scenario));
        let ending = one_scenario(plan, months, mean, deviation, &mut rng);
        endings.survived += u32::from(ending.is_some());
        endings.wealth.push(ending.unwrap_or(0.0));
    }
    endings
}

/// Final wealth, or `None` when a month could not be paid.
fn one_scenario(plan: &Plan, months: u32, mean: f64, deviation: f64, rng: &mut ChaCha8Rng) -> Option<f64> {
    let mut wealth = plan.starting_portfolio;
    for _ in 0..months {
        if wealth < plan.monthly_spending {
            return None;
        }
        let draw: f64 = StandardNormal.sample(rng);
        let growth = (1.0 + deviation.mul_add(draw, mean)).max(0.0);
        wealth = (wealth - plan.monthly_spending) * growth;
    }
    Some(wealth)
}

/// `endings` in any order, of a plan with at least one scenario.
pub fn summarise(mut endings: Endings) -> Outcome {
    let wealth = &mut endings.wealth;
    assert!(!wealth.is_empty(), "a plan has at least one scenario");
    // Sorted before it is summed: a sum of floats depends on its order, and slices may finish in any.
    wealth.sort_unstable_by(f64::total_cmp);
    let count = wealth.len() as f64;
    let rank = |percent: usize| wealth[(wealth.len() * percent).div_ceil(100).max(1) - 1];
    Outcome {
        success_rate: f64::from(endings.survived) / count,
        final_wealth: Percentiles {
            p5: rank(5),
            p25: rank(25),
            p50: rank(50),
            p75: rank(75),
            p95: rank(95),
            mean: wealth.iter().sum::<f64>() / count,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALM: Market = Market {
        annual_return: 0.05,
        annual_volatility: 0.0,
    };

    fn plan(starting_portfolio: f64, monthly_spending: f64, n_scenarios: u32, years: u32) -> Plan {
        Plan {
            starting_portfolio,
            monthly_spending,
            n_scenarios,
            years,
        }
    }

    fn run(plan: &Plan, market: &Market, seed: u64) -> Outcome {
        summarise(simulate(plan, market, seed, 0..plan.n_scenarios))
    }

    #[track_caller]
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!(
            (found / expected - 1.0).abs() < tolerance,
            "{found} is not {expected} ± {tolerance}"
        );
    }

    #[test]
    fn without_volatility_it_is_the_annuity_due_formula() {
        let (start, spending, years) = (1_000_000.0, 4_000.0, 30_u32);
        let outcome = run(&plan(start, spending, 10, years), &CALM, 1);
        let growth: f64 = 1.0 + 0.05 / 12.0;
        let months = f64::from(years * 12);
        let grown = growth.powf(months);
        let expected = start * grown - spending * growth * (grown - 1.0) / (growth - 1.0);
        close(outcome.success_rate, 1.0, 1e-12);
        close(outcome.final_wealth.p5, expected, 1e-9);
        close(outcome.final_wealth.mean, expected, 1e-9);
    }

    #[test]
    fn without_volatility_the_portfolio_lasts_exactly_as_long_as_its_present_value() {
        let growth: f64 = 1.0 + 0.05 / 12.0;
        let lasts = |spending: f64| spending * growth * (1.0 - growth.powi(-360)) / (growth - 1.0);
        let just_enough = plan(lasts(4_000.0) * 1.000_001, 4_000.0, 1, 30);
        let just_short = plan(lasts(4_000.0) * 0.999_999, 4_000.0, 1, 30);
        close(run(&just_enough, &CALM, 1).success_rate, 1.0, 1e-12);
        assert!(run(&just_short, &CALM, 1).success_rate < 0.5);
    }

    #[test]
    fn with_nothing_spent_the_mean_grows_by_the_expected_return() {
        let outcome = run(&plan(1_000.0, 0.0, 40_000, 20), &Market::DEFAULT, 7);
        close(outcome.success_rate, 1.0, 1e-12);
        // The returns are independent, so the mean of the product is the product of the means. Relative standard error: 0.3 %.
        close(outcome.final_wealth.mean, 1_000.0 * (1.0 + 0.05_f64 / 12.0).powi(240), 0.015);
        // Median of the near-lognormal product: exp((mu - sigma²/2) t).
        close(
            outcome.final_wealth.p50,
            1_000.0 * ((0.05_f64 - 0.12 * 0.12 / 2.0) * 20.0).exp(),
            0.02,
        );
    }

    #[test]
    fn spending_more_than_there_is_always_fails() {
        let outcome = run(&plan(100.0, 101.0, 50, 1), &Market::DEFAULT, 3);
        assert!(outcome.success_rate < f64::EPSILON && outcome.final_wealth.p95 < f64::EPSILON);
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let outcome = summarise(Endings {
            wealth: (1..=20_u32).rev().map(f64::from).collect(),
            survived: 5,
        });
        let p = outcome.final_wealth;
        let found = [p.p5, p.p25, p.p50, p.p75, p.p95, p.mean];
        for (found, expected) in found.into_iter().zip([1.0, 5.0, 10.0, 15.0, 19.0, 10.5]) {
            close(found, expected, 1e-12);
        }
        close(outcome.success_rate, 0.25, 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_same_seed_gives_the_same_answer_however_the_work_is_cut(seed: u64, n in 1_u32..300, cuts in prop::collection::vec(0_u32..300, 0..6)) {
            let plan = plan(500_000.0, 3_000.0, n, 15);
            let mut edges: Vec<u32> = cuts.into_iter().map(|c| c.min(n)).chain([0, n]).collect();
            edges.sort_unstable();
            let mut pieces: Vec<Endings> = edges.windows(2).map(|e| simulate(&plan, &Market::DEFAULT, seed, e[0]..e[1])).collect();
            pieces.reverse();
            let joined = pieces.into_iter().fold(Endings::default(), |mut all, mut piece| {
                all.wealth.append(&mut piece.wealth);
                all.survived += piece.survived;
                all
            });
            prop_assert_eq!(summarise(joined), run(&plan, &Market::DEFAULT, seed));
        }

        #[test]
        fn another_seed_gives_another_answer(seed: u64) {
            let plan = plan(500_000.0, 1_000.0, 20, 10);
            prop_assert_ne!(run(&plan, &Market::DEFAULT, seed), run(&plan, &Market::DEFAULT, seed.wrapping_add(1)));
        }

        #[test]
        fn spending_more_never_survives_more(seed: u64, spending in 0.0..10_000.0_f64) {
            let less = run(&plan(500_000.0, spending, 100, 20), &Market::DEFAULT, seed);
            let more = run(&plan(500_000.0, spending * 1.1, 100, 20), &Market::DEFAULT, seed);
            prop_assert!(more.success_rate <= less.success_rate);
            prop_assert!(more.final_wealth.p50 <= less.final_wealth.p50);
        }
    }
}
