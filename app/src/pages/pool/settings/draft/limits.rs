use model::LimitPolicy;

use super::{Drafted, Field, Preset};

impl Drafted for LimitPolicy {
    const FIELDS: &'static [Field] = &[
        Field::number(
            "requests",
            "Requests",
            "per client",
            "and route within the period, then 429; 0 is no limit",
        ),
        Field::number("period_s", "Period", "s", "in which they may come"),
        Field::number("burst", "Burst", "requests", "of them that may come at once"),
        Field::number(
            "in_flight",
            "In flight",
            "requests",
            "of all clients together, then 503; 0 is no limit",
        ),
        Field::number("body_bytes", "Body", "bytes", "of one request, then 413; 0 is no limit"),
    ];

    const PRESETS: &'static [Preset] = &[
        Preset {
            name: "API",
            values: &[("requests", 10), ("period_s", 1), ("burst", 10)],
        },
        Preset {
            name: "Uploads",
            values: &[("requests", 2), ("period_s", 1), ("burst", 2)],
        },
        Preset {
            name: "Pages",
            values: &[("requests", 1_000), ("period_s", 60), ("burst", 100)],
        },
        Preset {
            name: "Off",
            values: &[("requests", 0), ("period_s", 1), ("burst", 1)],
        },
    ];
}
