//! Where to go after signing in: a path of this console and nowhere else.

use url::{Url, form_urlencoded};

/// A longer one is not a link anybody made here.
const NEXT_MAX_BYTES: usize = 2_048;

/// The path and query, when it stays on this host; `/` otherwise.
pub(super) fn safe(next: &str) -> &str {
    // Browsers read "\" as "/" and drop tabs and line breaks, so "/\evil.example" and "/\t/evil.example" would leave.
    let plain = next.len() <= NEXT_MAX_BYTES && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let local = next.starts_with('/') && !next.starts_with("//");
    let base = Url::parse("http://console.invalid/").expect("a constant URL is valid");
    let stays = || base.join(next).is_ok_and(|url| url.origin() == base.origin());
    if plain && local && stays() { next } else { "/" }
}

/// `/sign-in` with these parameters, those that are empty left out.
pub(super) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_next_leads_away() {
        for away in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "javascript:alert(1)",
            "evil.example",
            "",
            " /x",
            "/ö",
        ] {
            assert_eq!(safe(away), "/", "{away:?}");
        }
        assert_eq!(safe(&format!("/{}", "x".repeat(5_000))), "/");
        for here in ["/", "/pools/web?tab=traffic&range=1h", "/events#a", "/a//b", "/@evil.example"] {
            assert_eq!(safe(here), here);
        }
    }

    #[test]
    fn parameters_are_encoded_and_empty_ones_left_out() {
        assert_eq!(
            with_query("/sign-in", &[("error", "wrong"), ("next", "/a?b=c&d"), ("retry", "")]),
            "/sign-in?error=wrong&next=%2Fa%3Fb%3Dc%26d"
        );
        assert_eq!(with_query("/sign-in", &[("next", "")]), "/sign-in");
    }
}
