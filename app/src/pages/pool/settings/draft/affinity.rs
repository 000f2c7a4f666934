use model::AffinityPolicy;

use super::{Drafted, Field};

impl Drafted for AffinityPolicy {
    const FIELDS: &'static [Field] = &[
        Field::choice(
            "kind",
            "Known by",
            "a signed cookie, or the client's address",
            &[
                ("none", "nothing: no affinity"),
                ("cookie", "cookie"),
                ("client_ip", "client address"),
            ],
        ),
        Field::text("cookie", "Cookie", "its name"),
        Field::number("ttl_s", "Lasts", "s", "after the last request"),
    ];
}
