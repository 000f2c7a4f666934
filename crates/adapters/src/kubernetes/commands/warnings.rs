//! `Warning` headers (RFC 7234, KEP-1693): `299 - "spec.x is deprecated"`.

use http::{HeaderMap, header::WARNING};

const WARNINGS_MAX: usize = 20;
const TEXT_MAX_CHARS: usize = 500;

pub(super) fn warnings(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(WARNING).iter().filter_map(|line| line.to_str().ok());
    lines.filter_map(text).take(WARNINGS_MAX).collect()
}

/// What is between the quotes.
fn text(line: &str) -> Option<String> {
    let mut rest = line.split_once('"')?.1.chars();
    let mut out = String::new();
    while let Some(char) = rest.next() {
        match char {
            '"' => break,
            '\\' => out.extend(rest.next()),
            char => out.push(char),
        }
        if out.len() >= TEXT_MAX_CHARS {
            break;
        }
    }
    Some(out).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read_from_their_headers() {
        let mut headers = HeaderMap::new();
        for line in [
            r#"299 - "unknown field \"spec.x\"""#,
            r#"299 kube "deprecated" "Wed, 21 Oct 2026 07:28:00 GMT""#,
            "no quotes",
        ] {
            headers.append(WARNING, line.parse().unwrap());
        }
        assert_eq!(warnings(&headers), ["unknown field \"spec.x\"", "deprecated"]);
    }
}
