use model::DegradationPolicy;

use super::{Drafted, Field};

impl Drafted for DegradationPolicy {
    const FIELDS: &'static [Field] = &[
        Field::number("in_flight", "In flight above", "requests", "is too much; 0 is not looked at"),
        Field::number("p95_ms", "p95 above", "ms", "within one second is too slow; 0 is not looked at"),
        Field::number(
            "error_percent",
            "Errors above",
            "%",
            "within one second are too many; 0 is not looked at",
        ),
        Field::number("after_s", "Degraded after", "s", "in a row; then routes of low priority get 503"),
        Field::number(
            "recover_s",
            "Recovers after",
            "s",
            "in a row with everything below four fifths of its threshold",
        ),
    ];
}
