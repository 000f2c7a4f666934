//! Which stretch of time the charts of a page show: the range of the top bar, or what somebody has dragged over, `?from=…&to=…`.

use model::time::parse_moment;

use crate::{
    format,
    url::{Query, Range},
};

use super::base::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Up to now, moving along.
    Last(Range),
    /// Standing still.
    Between(Span),
}

impl Window {
    pub const FROM: &'static str = "from";
    pub const TO: &'static str = "to";

    /// Shorter is a slip of the hand: there is one value a second.
    const MIN_MS: i64 = 2_000;
    /// Nothing is kept longer than thirteen months.
    const MAX_MS: i64 = 400 * 86_400_000;

    /// Nonsense means the range.
    pub fn from_query(query: &Query) -> Self {
        let moment = |key| query.get(key).and_then(moment).filter(|&ms| ms >= 0);
        let between = moment(Self::FROM)
            .zip(moment(Self::TO))
            .and_then(|(from_ms, to_ms)| Self::between(from_ms, to_ms));
        between.unwrap_or_else(|| Self::Last(Range::from_query(query)))
    }

    /// None when it is too short or too long to mean something.
    pub fn between(from_ms: i64, to_ms: i64) -> Option<Self> {
        let length_ms = to_ms.checked_sub(from_ms)?;
        (Self::MIN_MS..=Self::MAX_MS)
            .contains(&length_ms)
            .then_some(Self::Between(Span { from_ms, to_ms }))
    }

    /// The query that shows this; choosing a range again takes the chosen moments out.
    pub fn write(self, query: Query) -> Query {
        match self {
            Self::Last(range) => Self::clear(query).with(Range::KEY, if range == Range::default() { "" } else { range.id() }),
            Self::Between(span) => query
                .with(Self::FROM, &span.from_ms.to_string())
                .with(Self::TO, &span.to_ms.to_string()),
        }
    }

    #[must_use]
    pub fn clear(query: Query) -> Query {
        query.without(Self::FROM).without(Self::TO)
    }

    pub const fn is_live(self) -> bool {
        matches!(self, Self::Last(_))
    }

    /// `last hour`, `20 Nov 18:52:43 to 18:53:10 UTC`, or `20 Nov 18:52:43 to 22 Nov 09:00:00 UTC`.
    pub fn label(self) -> String {
        let Span { from_ms, to_ms } = match self {
            Self::Last(range) => return range.label().to_owned(),
            Self::Between(span) => span,
        };
        let from = format::date_time(from_ms, to_ms);
        let to = if from_ms.div_euclid(DAY_MS) == to_ms.div_euclid(DAY_MS) {
            format::clock(to_ms)
        } else {
            format::date_time(to_ms, to_ms)
        };
        format!("{from} to {to} UTC")
    }
}

const DAY_MS: i64 = 86_400_000;

/// Unix ms, as charts write it, or what the fields of the form hold.
fn moment(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| parse_moment(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dragged_stretch_round_trips_and_the_range_is_kept_for_the_way_back() {
        let query = Query::default().with("range", "15m");
        let zoomed = Window::between(1_000, 61_000).unwrap().write(query.clone());
        assert_eq!(zoomed.href("/"), "/?from=1000&range=15m&to=61000");
        assert_eq!(Window::from_query(&zoomed), Window::between(1_000, 61_000).unwrap());
        assert_eq!(Window::from_query(&Window::clear(zoomed)), Window::Last(Range::Minutes15));
    }

    #[test]
    fn choosing_a_range_ends_what_was_dragged_over() {
        let zoomed = Window::between(1_000, 61_000).unwrap().write(Query::default().with("sort", "name"));
        assert_eq!(
            Window::Last(Range::Minutes5).write(zoomed.clone()).href("/"),
            "/?range=5m&sort=name"
        );
        assert_eq!(Window::Last(Range::default()).write(zoomed).href("/"), "/?sort=name");
    }

    #[test]
    fn nonsense_means_the_range() {
        for (from, to) in [
            ("5", "4"),
            ("x", "9000"),
            ("1000", ""),
            ("-5000", "9000"),
            ("0", "9223372036854775807"),
            ("1000", "1500"),
        ] {
            let query = Query::default().with("from", from).with("to", to);
            assert_eq!(Window::from_query(&query), Window::Last(Range::default()), "{from}..{to}");
        }
    }

    #[test]
    fn the_form_of_the_picker_works_without_scripts() {
        let query = Query::default()
            .with("range", "6h")
            .with("from", "2026-11-20T18:52")
            .with("to", "2026-11-22T09:00:30");
        let window = Window::from_query(&query);
        assert_eq!(window, Window::between(1_795_200_720_000, 1_795_338_030_000).unwrap());
        assert_eq!(window.label(), "20 Nov 18:52:00 to 22 Nov 09:00:30 UTC");
        let minute = Window::between(1_795_200_720_000, 1_795_200_780_000).unwrap();
        assert_eq!(minute.label(), "20 Nov 18:52:00 to 18:53:00 UTC");
    }
}
