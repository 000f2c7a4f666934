use model::BreakerPolicy;

use super::{Drafted, Field};

impl Drafted for BreakerPolicy {
    const FIELDS: &'static [Field] = &[
        Field::number("failures", "Opens after", "failures", "within the window; 0 switches breakers off"),
        Field::number("percent", "And at least", "%", "of the requests in the window have to fail"),
        Field::number("window_ms", "Window", "ms", "in which they are counted"),
        Field::number("open_ms", "Stays open", "ms", "until a few may try"),
        Field::number("probes", "Probes", "requests", "that all have to pass until it closes"),
    ];
}
