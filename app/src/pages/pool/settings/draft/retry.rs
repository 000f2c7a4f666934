use model::RetryPolicy;

use super::{Drafted, Field, Preset};

impl Drafted for RetryPolicy {
    const FIELDS: &'static [Field] = &[
        Field::number("attempts", "Attempts", "instances", "that one request tries at most"),
        Field::number(
            "budget_percent",
            "Budget",
            "%",
            "of the requests of ten seconds are repeated at most; 0 repeats only what never arrived",
        ),
        Field::number(
            "per_try_ms",
            "Time per try",
            "ms",
            "of silence, then an idempotent request goes to another instance; 0 waits for the gateway's own limit",
        ),
    ];

    const PRESETS: &'static [Preset] = &[
        Preset {
            name: "Quick answers",
            values: &[("attempts", 3), ("budget_percent", 20), ("per_try_ms", 250)],
        },
        Preset {
            name: "Long work",
            values: &[("attempts", 3), ("budget_percent", 20), ("per_try_ms", 0)],
        },
    ];
}
