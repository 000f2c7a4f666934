//! Who acts: what an answer of the lease means to a console, and until when. Pure; times are those of the console's own clock since the
//! machine started, which counts sleep too.
//!
//! ```text
//!  asked ──────────────► the keeper notes "for TTL from now" ──────────► answered
//!    └─ TTL − MARGIN ─► the console stops acting ── before ──► the keeper lets others take it
//! ```

use std::time::Duration;

use crate::ports::{Candidate, Fence, Holding};

/// From the last renewal until another may take over.
pub const TTL: Duration = Duration::from_secs(2);
/// Three renewals may fail before the lease is lost.
pub const RENEW_EVERY: Duration = Duration::from_millis(500);
/// By which a holder stops acting before its lease runs out: clocks that run at different speeds, by up to an eighth, and the time between
/// the look at the clock and the act.
pub const MARGIN: Duration = Duration::from_millis(250);
/// After a question that was not answered.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Behind the moment at which a lease runs out, so that one look suffices.
const JUST_AFTER: Duration = Duration::from_millis(10);

/// Where a console stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It acts until then.
    Leads { fence: Fence, until: Duration },
    /// Another one acts.
    Follows { leader: Candidate },
    /// Nobody knows, so it does not act.
    Unknown { why: String },
}

impl Standing {
    /// What may be acted by at `now`.
    pub fn leads(&self, now: Duration) -> Option<Fence> {
        match self {
            Self::Leads { fence, until } if now < *until => Some(*fence),
            _ => None,
        }
    }

    /// How long it may still act.
    pub fn leads_for(&self, now: Duration) -> Duration {
        match self {
            Self::Leads { until, .. } => until.saturating_sub(now),
            _ => Duration::ZERO,
        }
    }

    /// Where it stands after an answer to what it asked at `asked`.
    #[must_use]
    pub fn after(&self, us: &str, asked: Duration, now: Duration, answer: Result<&Holding, String>) -> Self {
        match answer {
            Ok(holding) if holding.holder.id == us => Self::Leads {
                fence: holding.fence,
                // The keeper counts from a later moment than this.
                until: asked.saturating_add(holding.left).saturating_sub(MARGIN),
            },
            Ok(holding) => Self::Follows {
                leader: holding.holder.clone(),
            },
            Err(_) if self.leads(now).is_some() => self.clone(),
            Err(why) => Self::Unknown { why },
        }
    }
}

/// When to ask again.
pub fn ask_again_in(answer: Result<&Holding, String>, us: &str) -> Duration {
    match answer {
        Ok(holding) if holding.holder.id != us => RENEW_EVERY.min(holding.left.saturating_add(JUST_AFTER)),
        Ok(_) => RENEW_EVERY,
        Err(_) => AGAIN_AFTER,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The row in the database, by its own clock.
    #[derive(Default)]
    struct Row {
        holder: String,
        fence: u64,
        until: Duration,
    }

    impl Row {
        fn take(&mut self, us: &str, now: Duration) -> Holding {
            if self.holder == us || self.until <= now {
                self.fence += u64::from(self.holder != us);
                us.clone_into(&mut self.holder);
                self.until = now + TTL;
            }
            Holding {
                holder: candidate(&self.holder),
                fence: Fence(self.fence),
                left: self.until.saturating_sub(now),
            }
        }
    }

    fn candidate(id: &str) -> Candidate {
        Candidate {
            id: id.to_owned(),
            name: id.to_owned(),
            address: None,
        }
    }

    struct Console {
        id: String,
        standing: Standing,
        /// What it asked by its own clock, and what was answered, on its way back; `None` where the answer is lost.
        under_way: Option<(Duration, Option<Holding>)>,
        /// Its clock: where it starts, and how fast it runs in thousandths.
        offset: Duration,
        rate: u32,
    }

    impl Console {
        fn clock(&self, now: Duration) -> Duration {
            self.offset + now * self.rate / 1_000
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Time passes; whoever is not named in a step stands still.
        Pass(u64),
        /// Its question reaches the database, or is lost.
        Ask {
            who: usize,
            reaches: bool,
            answers: bool,
        },
        Hear {
            who: usize,
        },
        /// The database's clock leaps ahead.
        Leap(u64),
    }

    fn steps(leaps: bool) -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..900_u64).prop_map(Step::Pass),
            1 => (1_500..9_000_u64).prop_map(Step::Pass),
            6 => (0..3_usize, prop::bool::weighted(0.9), prop::bool::weighted(0.8))
                .prop_map(|(who, reaches, answers)| Step::Ask { who, reaches, answers }),
            6 => (0..3_usize).prop_map(|who| Step::Hear { who }),
            1 => (0..20_000_u64).prop_map(move |leap| if leaps { Step::Leap(leap) } else { Step::Pass(0) }),
        ];
        prop::collection::vec(step, 1..200)
    }

    /// Runs a schedule; `look` sees all consoles at every moment.
    fn run(steps: Vec<Step>, clocks: &[(u64, u32); 3], mut look: impl FnMut(&[Console], &Row, Duration)) {
        let (mut now, mut leapt, mut row) = (ms(0), ms(0), Row::default());
        let mut consoles: Vec<Console> = clocks
            .iter()
            .enumerate()
            .map(|(n, (offset, rate))| Console {
                id: format!("console-{n}"),
                standing: Standing::Unknown { why: String::new() },
                under_way: None,
                offset: ms(*offset),
                rate: *rate,
            })
            .collect();
        for step in steps {
            match step {
                Step::Pass(by) => now += ms(by),
                Step::Leap(by) => leapt += ms(by),
                Step::Ask { who, reaches, answers } => {
                    let console = &mut consoles[who];
                    if console.under_way.is_none() {
                        let asked = console.clock(now);
                        let holding = reaches.then(|| row.take(&console.id, now + leapt));
                        console.under_way = Some((asked, holding.filter(|_| answers)));
                    }
                }
                Step::Hear { who } => {
                    let console = &mut consoles[who];
                    if let Some((asked, holding)) = console.under_way.take() {
                        let answer = holding.as_ref().ok_or_else(|| "away".to_owned());
                        let clock = console.clock(now);
                        console.standing = console.standing.after(&console.id, asked, clock, answer);
                    }
                }
            }
            look(&consoles, &row, now);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whoever is paused, however long an answer takes, whatever is lost, with clocks that start anywhere and run a tenth too slow or too
        /// fast.
        #[test]
        fn there_are_never_two_that_act(
            steps in steps(false),
            clocks in prop::array::uniform3((0..1_000_000_u64, 900..=1_100_u32)),
        ) {
            run(steps, &clocks, |consoles, row, now| {
                let acting: Vec<_> = consoles.iter().filter_map(|c| Some((&c.id, c.standing.leads(c.clock(now))?))).collect();
                assert!(acting.len() <= 1, "{acting:?} at {now:?}");
                assert!(acting.iter().all(|(id, fence)| **id == row.holder && fence.0 == row.fence), "{acting:?}");
            });
        }

        /// Where the keeper's clock leaps, two may believe to lead for a moment: only one of them has the fence that the database takes.
        #[test]
        fn a_leap_of_the_databases_clock_leaves_one_whose_writes_count(
            steps in steps(true),
            clocks in prop::array::uniform3((0..1_000_000_u64, 900..=1_100_u32)),
        ) {
            let mut newest = 0;
            run(steps, &clocks, |consoles, row, now| {
                assert!(row.fence >= newest);
                newest = row.fence;
                let acting = consoles.iter().filter_map(|c| c.standing.leads(c.clock(now)));
                assert!(acting.filter(|fence| fence.0 == row.fence).count() <= 1);
            });
        }
    }

    #[test]
    fn a_leader_acts_on_while_one_answer_is_missing_and_not_longer() {
        let holding = Row::default().take("a", ms(5_000));
        let unknown = Standing::Unknown { why: String::new() };
        let leads = unknown.after("a", ms(100), ms(120), Ok(&holding));
        assert_eq!(leads.leads(ms(1_849)), Some(Fence(1)));
        assert_eq!(leads.leads(ms(1_850)), None, "a quarter of a second before the others may take it");
        let away = || Err("away".to_owned());
        assert_eq!(leads.after("a", ms(600), ms(1_600), away()), leads);
        assert_eq!(
            leads.after("a", ms(1_100), ms(2_100), away()),
            Standing::Unknown { why: "away".to_owned() }
        );
        assert_eq!(ask_again_in(Ok(&holding), "a"), RENEW_EVERY);
        let soon = Holding { left: ms(70), ..holding };
        assert_eq!(ask_again_in(Ok(&soon), "b"), ms(80), "the next one is there when it runs out");
    }

    /// Whenever the other one asks, and though each of its questions is under way for so long.
    #[test]
    fn when_the_leader_is_gone_another_one_leads_within_three_seconds() {
        for (begins_ms, answer_ms) in (0..2_000).step_by(7).flat_map(|begins| [1, 20, 200].map(|answer| (begins, answer))) {
            let mut row = Row::default();
            row.take("a", ms(0));
            let (mut standing, mut now) = (Standing::Unknown { why: String::new() }, ms(begins_ms));
            while standing.leads(now).is_none() {
                let (asked, holding) = (now, row.take("b", now + ms(answer_ms)));
                now = asked + ms(2 * answer_ms);
                standing = standing.after("b", asked, now, Ok(&holding));
                if standing.leads(now).is_none() {
                    now += ask_again_in(Ok(&holding), "b");
                }
            }
            assert!(
                now <= ms(3_000),
                "asked after {begins_ms} ms, answered after {answer_ms} ms: {now:?}"
            );
        }
    }
}
