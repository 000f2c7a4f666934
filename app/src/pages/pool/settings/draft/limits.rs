use model::{LimitPolicy, limits::LimitPreset};

use super::{Drafted, Field, Preset};

/// The rate of a preset; what else is limited stays.
const fn rate(limits: LimitPolicy, preset: LimitPreset) -> LimitPolicy {
    LimitPolicy {
        requests: preset.requests,
        period_s: preset.period_s,
        burst: preset.burst,
        ..limits
    }
}

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

    const PRESETS: &'static [Preset<Self>] = &[
        Preset {
            name: Self::PRESETS[0].name,
            apply: |limits| rate(limits, Self::PRESETS[0]),
        },
        Preset {
            name: Self::PRESETS[1].name,
            apply: |limits| rate(limits, Self::PRESETS[1]),
        },
        Preset {
            name: Self::PRESETS[2].name,
            apply: |limits| rate(limits, Self::PRESETS[2]),
        },
        Preset {
            name: Self::PRESETS[3].name,
            apply: |limits| rate(limits, Self::PRESETS[3]),
        },
    ];
}
