//! The measured values behind one chart: fetched, then kept up with the stream.

use leptos::prelude::*;
use model::{Frame, Series, SeriesKey, SeriesQuery};

use super::{
    base::Span,
    rolling::{Appended, Rolling},
    window::Window,
};
use crate::{
    api::{self, Latest, Problem},
    live::Live,
};

/// Values of all series of a chart together, which bounds the size of a page; each gets its share.
const POINTS_TOTAL: usize = 3_600;
/// More than a chart has pixels for.
const POINTS_MAX: usize = 600;
/// Fewer look broken.
const POINTS_MIN: usize = 120;
/// The time after which a stream that brings nothing for a chart, or has left out seconds, is helped with a fetch; at most this often.
const REFETCH_AFTER_MS: i64 = 10_000;

/// A chart whose lines hold a value or two for so long is not followed second by second: it is fetched anew, now and then.
const FOLLOWED_SLICE_MS: i64 = 300_000;
/// How often that is: as often as there is something new to see, but not more often, and not less.
const REFRESH_MS: std::ops::RangeInclusive<i64> = 60_000..=600_000;

/// Copies are the same values.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) first: Resource<Result<Latest, Problem>>,
    /// In the browser only, once the first answer is there.
    pub(super) rolling: RwSignal<Option<Rolling>>,
    pub(super) keys: Signal<Vec<SeriesKey>>,
    pub(super) window: Signal<Window>,
}

/// Fetches the series of `keys` and follows the stream while `window` is live.
pub(super) fn use_values(keys: Signal<Vec<SeriesKey>>, window: Signal<Window>) -> Values {
    let keys_now = Memo::new(move |_| keys.get());
    let first = Resource::new_blocking(
        move || (keys_now.get(), window.get()),
        |(keys, window)| async move { fetch(&keys, window).await },
    );
    let values = Values {
        first,
        rolling: RwSignal::new(None),
        keys: keys_now.into(),
        window,
    };
    values.take_answers();
    values.follow(Live::expect());
    values
}

impl Values {
    fn take_answers(self) {
        Effect::new(move |_| {
            if let Some(Ok(answer)) = self.first.get() {
                let keys = self.keys.get_untracked();
                self.rolling.set(Some(held(answer, &keys)));
            }
        });
    }

    fn follow(self, live: Live) {
        let fetched_at_ms = StoredValue::new(0_i64);
        Effect::new(move |_| {
            let Some(frame) = live.frame.get() else { return };
            if !self.window.get_untracked().is_live() {
                return;
            }
            let wanted = self.rolling.try_maybe_update(|rolling| match rolling {
                Some(rolling) => advance(rolling, &frame, fetched_at_ms.get_value()),
                None => (false, false),
            });
            if wanted == Some(true) {
                fetched_at_ms.set_value(frame.at_ms);
                self.first.refetch();
            }
        });
    }
}

/// Whether the chart changed, and whether its series should be fetched again.
fn advance(rolling: &mut Rolling, frame: &Frame, fetched_at_ms: i64) -> (bool, bool) {
    if frame.tail.reset {
        // Whatever it shows, its moments may lie after what is now.
        return (false, true);
    }
    if rolling.slice_ms() > FOLLOWED_SLICE_MS {
        let every_ms = rolling.slice_ms().clamp(*REFRESH_MS.start(), *REFRESH_MS.end());
        return (false, frame.at_ms - fetched_at_ms.max(rolling.span().to_ms) > every_ms);
    }
    let newest_ms = rolling.newest_ms().unwrap_or(rolling.span().to_ms);
    let missed = rolling.misses(&frame.tail);
    let appended = rolling.append(&frame.tail);
    let silent = appended == Appended::Nothing && frame.at_ms - newest_ms > REFETCH_AFTER_MS;
    let rested = frame.at_ms - fetched_at_ms > REFETCH_AFTER_MS;
    let refetch = appended == Appended::Refetch || (rested && (missed || silent));
    (appended == Appended::Grown, refetch)
}

async fn fetch(keys: &[SeriesKey], window: Window) -> Result<Latest, Problem> {
    if keys.is_empty() {
        return Ok(Latest::default());
    }
    let names: Vec<_> = keys.iter().take(SeriesQuery::MAX_KEYS).map(ToString::to_string).collect();
    let (names, points) = (names.join(","), points(keys.len()));
    match window {
        Window::Last(range) => api::latest(names, range.ms(), points).await,
        Window::Between(Span { from_ms, to_ms }) => {
            let set = api::series(names, from_ms, to_ms, points).await?;
            Ok(Latest { from_ms, to_ms, set })
        }
    }
}

fn points(series: usize) -> u16 {
    let share = (POINTS_TOTAL / series.max(1)).clamp(POINTS_MIN, POINTS_MAX);
    u16::try_from(share).unwrap_or(SeriesQuery::MAX_POINTS)
}

/// One series for each key, in the order of the keys: colours go by place.
pub(super) fn held(answer: Latest, keys: &[SeriesKey]) -> Rolling {
    let span = Span {
        from_ms: answer.from_ms,
        to_ms: answer.to_ms,
    };
    let mut set = answer.set;
    set.series = keys
        .iter()
        .map(|key| {
            let place = set.series.iter().position(|s| s.key == *key);
            place.map_or_else(
                || Series {
                    key: key.clone(),
                    times_ms: Vec::new(),
                    values: Vec::new(),
                },
                |place| set.series.swap_remove(place),
            )
        })
        .collect();
    Rolling::new(set, span, points(keys.len()))
}

#[cfg(test)]
mod tests {
    use model::{EventsView, FrameId, SeriesSet, Tail, TailColumn, ViewData};

    use super::*;
    use crate::charts::testing::series;

    fn frame(second: i64, key: &str) -> Frame {
        Frame {
            id: FrameId { boot: 1, seq: 1 },
            at_ms: second * 1_000,
            view: ViewData::Events(EventsView { events: vec![] }),
            tail: Tail {
                times_ms: vec![second * 1_000],
                columns: vec![TailColumn {
                    key: key.parse().unwrap(),
                    values: vec![Some(1.0)],
                }],
                reset: false,
            },
        }
    }

    fn rolling() -> Rolling {
        let set = SeriesSet {
            series: vec![series("p50_ms", 0, 1_000, &[Some(1.0); 61])],
            kept_since_ms: None,
        };
        let answer = Latest {
            from_ms: 0,
            to_ms: 60_000,
            set,
        };
        held(answer, &["p50_ms".parse().unwrap()])
    }

    #[test]
    fn a_steady_stream_is_never_helped() {
        let mut rolling = rolling();
        for second in 61..200 {
            assert_eq!(advance(&mut rolling, &frame(second, "p50_ms"), 0), (true, false));
        }
    }

    #[test]
    fn seconds_lost_between_page_and_stream_are_fetched_once() {
        let mut rolling = rolling();
        assert_eq!(advance(&mut rolling, &frame(75, "p50_ms"), 0), (true, true));
        assert_eq!(advance(&mut rolling, &frame(79, "p50_ms"), 75_000), (true, false));
    }

    #[test]
    fn series_that_the_stream_does_not_carry_are_fetched_now_and_then() {
        let mut rolling = rolling();
        let other = |second| frame(second, "p99_ms");
        assert_eq!(advance(&mut rolling, &other(65), 0), (false, false));
        assert_eq!(advance(&mut rolling, &other(71), 0), (false, true));
        assert_eq!(advance(&mut rolling, &other(72), 71_000), (false, false));
        assert_eq!(advance(&mut rolling, &other(82), 71_000), (false, true));
    }

    #[test]
    fn a_month_is_fetched_now_and_then_and_never_filled_by_the_second() {
        const MONTH_S: i64 = 30 * 86_400;
        let set = SeriesSet {
            series: vec![series("p50_ms", 0, 900_000, &[Some(1.0); 600])],
            kept_since_ms: None,
        };
        let answer = Latest {
            from_ms: 0,
            to_ms: MONTH_S * 1_000,
            set,
        };
        let mut rolling = held(answer, &["p50_ms".parse().unwrap()]);
        let before = rolling.clone();
        let mut fetched_at_ms = 0;
        let mut fetched = 0;
        for second in MONTH_S..MONTH_S + 3_600 {
            let (grown, refetch) = advance(&mut rolling, &frame(second, "p50_ms"), fetched_at_ms);
            assert!(!grown);
            if refetch {
                fetched += 1;
                fetched_at_ms = second * 1_000;
            }
        }
        assert_eq!((rolling, fetched), (before, 5));
    }

    #[test]
    fn every_key_has_its_place_whatever_the_answer_holds() {
        let keys = ["cpu_percent@web/a", "cpu_percent@web/b", "cpu_percent@web/c"].map(|key| key.parse().unwrap());
        let set = SeriesSet {
            series: vec![
                series("cpu_percent@web/c", 0, 1_000, &[Some(3.0)]),
                series("cpu_percent@web/a", 0, 1_000, &[Some(1.0)]),
            ],
            kept_since_ms: None,
        };
        let rolling = held(Latest { set, ..Latest::default() }, &keys);
        assert!(rolling.series().iter().map(|s| &s.key).eq(&keys));
        assert_eq!(rolling.series()[2].values, [Some(3.0)]);
    }
}
