//! The annotations of ingress-nginx that are about balancing, and the values its documentation gives
//! (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>). Nothing else is written: a value ends up in
//! nginx' configuration.

use model::InvalidValue;

pub const ANNOTATION_PREFIX: &str = "nginx.ingress.kubernetes.io/";

const TEXT_MAX_BYTES: usize = 128;
/// 400 days: no browser keeps a cookie for longer (RFC 6265bis).
const SECONDS_MAX: u32 = 400 * 86_400;

enum Values {
    OneOf(&'static [&'static str]),
    /// Several of these, a space between them.
    SomeOf(&'static [&'static str]),
    Number(u32, u32),
    /// Letters, digits, `-` and `_`.
    Token,
    /// A path or a host name.
    Path,
    /// Text with nginx' variables: `$request_uri`, `${remote_addr}-x`.
    Hash,
}

const BOOLEAN: Values = Values::OneOf(&["true", "false"]);

const ANNOTATIONS: [(&str, Values); 23] = [
    ("load-balance", Values::OneOf(&["round_robin", "ewma"])),
    ("upstream-hash-by", Values::Hash),
    ("upstream-hash-by-subset", BOOLEAN),
    ("upstream-hash-by-subset-size", Values::Number(1, 10_000)),
    ("service-upstream", BOOLEAN),
    ("affinity", Values::OneOf(&["cookie"])),
    ("affinity-mode", Values::OneOf(&["balanced", "persistent"])),
    ("affinity-canary-behavior", Values::OneOf(&["sticky", "legacy"])),
    ("session-cookie-name", Values::Token),
    ("session-cookie-path", Values::Path),
    ("session-cookie-domain", Values::Path),
    ("session-cookie-expires", Values::Number(0, SECONDS_MAX)),
    ("session-cookie-max-age", Values::Number(0, SECONDS_MAX)),
    ("session-cookie-samesite", Values::OneOf(&["None", "Lax", "Strict"])),
    ("session-cookie-conditional-samesite-none", BOOLEAN),
    ("session-cookie-change-on-failure", BOOLEAN),
    ("session-cookie-secure", BOOLEAN),
    (
        "proxy-next-upstream",
        Values::SomeOf(&[
            "error",
            "timeout",
            "invalid_header",
            "http_500",
            "http_502",
            "http_503",
            "http_504",
            "http_403",
            "http_404",
            "http_429",
            "non_idempotent",
            "off",
        ]),
    ),
    ("proxy-next-upstream-timeout", Values::Number(0, 3_600)),
    ("proxy-next-upstream-tries", Values::Number(0, 100)),
    ("canary", BOOLEAN),
    ("canary-weight", Values::Number(0, 1_000_000)),
    ("canary-weight-total", Values::Number(1, 1_000_000)),
];

/// Whether an annotation, with its prefix, is one of those that may be changed.
pub fn is_about_balancing(annotation: &str) -> bool {
    values(annotation).is_some()
}

fn values(annotation: &str) -> Option<&'static Values> {
    let name = annotation.strip_prefix(ANNOTATION_PREFIX)?;
    ANNOTATIONS.iter().find(|(known, _)| *known == name).map(|(_, values)| values)
}

/// An empty value takes the annotation away.
pub(super) fn check(annotation: &str, value: &str) -> Result<(), InvalidValue> {
    let values = values(annotation).ok_or_else(|| {
        let names = ANNOTATIONS.map(|(name, _)| name).join(", ");
        InvalidValue::new("annotation", format!("allowed: {ANNOTATION_PREFIX} with one of {names}"))
    })?;
    let invalid = |why: String| Err(InvalidValue::new("value", why));
    if value.is_empty() {
        return Ok(());
    }
    if value.len() > TEXT_MAX_BYTES {
        return invalid(format!("at most {TEXT_MAX_BYTES} characters"));
    }
    let all = |fine: fn(u8) -> bool| value.bytes().all(fine);
    match values {
        Values::OneOf(allowed) if !allowed.contains(&value) => invalid(format!("allowed: {}", allowed.join(", "))),
        Values::SomeOf(allowed) if !value.split(' ').all(|one| allowed.contains(&one)) => {
            invalid(format!("allowed, with a space between: {}", allowed.join(", ")))
        }
        Values::Number(min, max) if !value.parse::<u32>().is_ok_and(|n| (*min..=*max).contains(&n)) => {
            invalid(format!("a whole number between {min} and {max}"))
        }
        Values::Token if !all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) => invalid("letters, digits, - and _".to_owned()),
        Values::Path if !all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.')) => {
            invalid("letters, digits, -, _, / and .".to_owned())
        }
        Values::Hash if !is_hash(value) => {
            invalid("variables such as $request_uri or ${remote_addr}, letters, digits, -, _, / and .".to_owned())
        }
        _ => Ok(()),
    }
}

/// Text without anything that means something to nginx but whole variables.
fn is_hash(value: &str) -> bool {
    let is_variable = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'$' => {
                let (braced, name) = match after.strip_prefix(b"{") {
                    Some(name) => (true, name),
                    None => (false, after),
                };
                let end = name.iter().position(|b| !is_variable(*b)).unwrap_or(name.len());
                let left = &name[end..];
                match (end, braced) {
                    (0, _) => return false,
                    (_, false) => left,
                    (_, true) => match left.strip_prefix(b"}") {
                        Some(left) => left,
                        None => return false,
                    },
                }
            }
            b if is_variable(*b) || matches!(b, b'-' | b'/' | b'.') => after,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ingress_nginx_documents_is_written() {
        for (name, value) in [
            ("load-balance", "ewma"),
            ("load-balance", ""),
            ("affinity", "cookie"),
            ("session-cookie-max-age", "172800"),
            ("upstream-hash-by", "$request_uri"),
            ("upstream-hash-by", "${request_uri}-text.value"),
            ("proxy-next-upstream", "error timeout http_503"),
            ("session-cookie-path", "/shop"),
            ("canary-weight", "30"),
        ] {
            assert_eq!(check(&format!("{ANNOTATION_PREFIX}{name}"), value), Ok(()), "{name} {value}");
        }
        for (name, value) in [
            ("load-balance", "ip_hash"),
            ("affinity", "ip"),
            ("session-cookie-max-age", "-1"),
            ("session-cookie-name", "a b"),
            ("session-cookie-path", "/;"),
            ("upstream-hash-by", "$request_uri; return 200"),
            ("upstream-hash-by", "${request_uri"),
            ("upstream-hash-by", "$"),
            ("upstream-hash-by", "a\nb"),
            ("upstream-hash-by", "$http_x\"}"),
            ("proxy-next-upstream", "error; "),
            ("canary-weight", "9999999"),
            ("configuration-snippet", "return 200;"),
            ("server-snippet", ""),
            ("auth-url", "http://x"),
        ] {
            assert!(check(&format!("{ANNOTATION_PREFIX}{name}"), value).is_err(), "{name} {value}");
        }
        assert!(
            check("load-balance", "ewma").is_err(),
            "without its prefix it is another annotation"
        );
        assert!(check("kubernetes.io/ingress.class", "nginx").is_err());
    }
}
