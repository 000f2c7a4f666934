//! What a gateway is called when nobody says so: its host's name.

use model::{GatewayId, id::NAME_MAX_BYTES};

pub(crate) fn own_name() -> GatewayId {
    name(&rustix::system::uname().nodename().to_string_lossy())
}

/// The nearest valid name.
pub(crate) fn name(host: &str) -> GatewayId {
    let fit = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '-' | '_' | '.') => c,
        _ => '-',
    };
    let fitted: String = host.chars().map(fit).take(NAME_MAX_BYTES).collect();
    let trimmed = fitted.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    GatewayId::new(trimmed).unwrap_or_else(|_| GatewayId::new("gateway").expect("a constant name is valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_host_name_becomes_a_name() {
        for (host, expected) in [
            ("web-1.example.com", "web-1.example.com"),
            ("Ada's MacBook", "ada-s-macbook"),
            ("-x-", "x"),
            ("", "gateway"),
            ("日本", "gateway"),
        ] {
            assert_eq!(name(host).as_str(), expected, "{host}");
        }
        assert_eq!(name(&"h".repeat(200)).as_str().len(), NAME_MAX_BYTES);
    }
}
