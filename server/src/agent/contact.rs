//! What to do after each attempt to reach the console: how long to wait, and whether to say something. Pure: time since the start and the
//! throw of a die are arguments.

use std::time::Duration;

/// After the first failure: a console that starts again is missed for a moment only.
const WAIT_MIN: Duration = Duration::from_millis(100);
/// At most this long after the console is back, all its gateways are.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Why it is away is said again this often.
const SAY_EVERY: Duration = Duration::from_secs(60);
/// Between two exchanges with a console that asks for the next at once: it is not flooded, whatever it answers.
const NEXT_MIN: Duration = Duration::from_millis(20);
/// One that asks for more is not left alone for long.
const NEXT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered {
        /// When the console wants to hear again.
        next: Duration,
    },
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) wait: Duration,
    pub(super) say: Option<Say>,
}

/// What is worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Say {
    /// For the first time, at once.
    Joined,
    Back {
        away: Duration,
    },
    Away {
        why: String,
    },
}

#[derive(Debug, Default)]
pub(super) struct Contact {
    has_answered: bool,
    away: Option<Away>,
}

/// Since the last answer, or since the start.
#[derive(Debug)]
struct Away {
    since: Duration,
    failures: u32,
    said: String,
    said_at: Duration,
}

impl Contact {
    /// `now` is the time since the start, `dice` between 0 and 1.
    pub(super) fn after(&mut self, outcome: Outcome, now: Duration, dice: f64) -> Next {
        match outcome {
            Outcome::Answered { next } => {
                let say = match self.away.take() {
                    Some(away) => Some(Say::Back {
                        away: now.saturating_sub(away.since),
                    }),
                    None => (!self.has_answered).then_some(Say::Joined),
                };
                self.has_answered = true;
                Next {
                    wait: next.clamp(NEXT_MIN, NEXT_MAX),
                    say,
                }
            }
            Outcome::Failed(why) => {
                let away = self.away.get_or_insert_with(|| Away {
                    since: if self.has_answered { now } else { Duration::ZERO },
                    failures: 0,
                    said: String::new(),
                    said_at: now,
                });
                let is_news = away.said != why || now.saturating_sub(away.said_at) >= SAY_EVERY;
                if is_news {
                    away.said.clone_from(&why);
                    away.said_at = now;
                }
                let wait = backoff(away.failures, dice);
                away.failures = away.failures.saturating_add(1);
                Next {
                    wait,
                    say: is_news.then_some(Say::Away { why }),
                }
            }
        }
    }

    /// How long the console has been away; absent while it answers.
    pub(super) fn away(&self, now: Duration) -> Option<Duration> {
        self.away.as_ref().map(|away| now.saturating_sub(away.since))
    }
}

/// Twice as long each time, between half and all of it, so that many gateways do not come back in step.
fn backoff(failures: u32, dice: f64) -> Duration {
    let whole = WAIT_MIN.saturating_mul(1 << failures.min(16)).min(WAIT_MAX);
    whole.mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn failed(why: &str) -> Outcome {
        Outcome::Failed(why.to_owned())
    }

    #[test]
    fn the_wait_doubles_up_to_five_seconds_and_never_all_gateways_at_once() {
        let waits: Vec<u128> = (0..9).map(|n| backoff(n, 1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
        assert_eq!(
            (backoff(0, 0.0), backoff(u32::MAX, 0.0), backoff(3, 0.5)),
            (ms(50), ms(2_500), ms(600))
        );
    }

    #[test]
    fn losing_and_finding_the_console_is_said_once() {
        let mut contact = Contact::default();
        let answered = || Outcome::Answered { next: ms(0) };
        assert_eq!(contact.after(answered(), ms(10), 0.0).say, Some(Say::Joined));
        assert_eq!(contact.after(answered(), ms(1_000), 0.0), Next { wait: NEXT_MIN, say: None });
        assert_eq!(contact.away(ms(1_500)), None);

        let away = |why: &str| Some(Say::Away { why: why.to_owned() });
        assert_eq!(
            contact.after(failed("refused"), ms(2_000), 1.0),
            Next {
                wait: ms(100),
                say: away("refused")
            }
        );
        assert_eq!(contact.after(failed("refused"), ms(2_100), 1.0), Next { wait: ms(200), say: None });
        assert_eq!(contact.after(failed("wrong token"), ms(2_300), 1.0).say, away("wrong token"));
        assert_eq!(
            contact.after(failed("wrong token"), ms(62_400), 1.0).say,
            away("wrong token"),
            "once a minute"
        );
        assert_eq!(contact.away(ms(63_000)), Some(ms(61_000)));
        assert_eq!(contact.after(answered(), ms(63_000), 1.0).say, Some(Say::Back { away: ms(61_000) }));
        // The next time it begins anew.
        assert_eq!(contact.after(failed("refused"), ms(70_000), 1.0).wait, ms(100));
    }

    #[test]
    fn before_the_first_answer_it_has_been_away_since_the_start() {
        let mut contact = Contact::default();
        assert_eq!(contact.away(ms(400)), None, "nobody has been asked yet");
        contact.after(failed("refused"), ms(500), 0.0);
        assert_eq!(contact.away(ms(700)), Some(ms(700)));
        assert_eq!(contact.after(Outcome::Answered { next: ms(60_000) }, ms(900), 0.0).wait, NEXT_MAX);
    }
}
