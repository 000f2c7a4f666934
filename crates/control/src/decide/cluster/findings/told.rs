//! How findings and ways out are written.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, Fix, FixKind},
    scaling::{MetricProof, TargetType, words},
};

/// Characters of a text from the cluster that are repeated.
const QUOTED_MAX_CHARS: usize = 300;

pub(in crate::decide::cluster) fn told(
    code: FindingCode,
    severity: Severity,
    certainty: Certainty,
    title: impl Into<String>,
    why: impl Into<String>,
    fixes: Vec<Fix>,
) -> Finding {
    Finding {
        code,
        severity,
        certainty,
        title: title.into(),
        why: why.into(),
        fixes,
        field: None,
    }
}

pub(super) fn at(field: impl Into<String>, finding: Finding) -> Finding {
    Finding {
        field: Some(field.into()),
        ..finding
    }
}

/// `kubectl` with these arguments, fit for a shell.
pub(super) fn kubectl(title: &str, arguments: &[&str]) -> Fix {
    let quoted: Vec<_> = arguments.iter().map(|one| quote(one)).collect();
    Fix {
        kind: FixKind::Command,
        title: title.to_owned(),
        text: format!("kubectl {}", quoted.join(" ")),
    }
}

pub(super) fn patch(title: &str, yaml: impl Into<String>) -> Fix {
    Fix {
        kind: FixKind::Patch,
        title: title.to_owned(),
        text: yaml.into(),
    }
}

pub(super) fn advice(title: &str, text: impl Into<String>) -> Fix {
    Fix {
        kind: FixKind::Advice,
        title: title.to_owned(),
        text: text.into(),
    }
}

/// As one word of a POSIX shell.
fn quote(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'=' | b',' | b'@' | b'%' | b'+');
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A text from the cluster, fit for one line.
pub(in crate::decide::cluster) fn line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.trim().chars().take(QUOTED_MAX_CHARS).map(clean).collect();
    if text.trim().chars().count() > QUOTED_MAX_CHARS {
        short.push('…');
    }
    short
}

/// As a sentence begins.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// "1 pod", "3 pods".
pub(super) fn count(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

/// Up to three of them, and how many more.
pub(super) fn some(names: &[&str]) -> String {
    let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// "cpu 42 % of 70 %".
pub(in crate::decide::cluster) fn against(metric: &MetricProof) -> String {
    let target = value(metric, metric.target);
    match metric.current {
        Some(current) => format!("{} {} of {target}", metric.name, value(metric, current)),
        None => format!("{} unknown, of {target}", metric.name),
    }
}

pub(in crate::decide::cluster) fn value(metric: &MetricProof, value: i64) -> String {
    match metric.target_type {
        Some(TargetType::Utilization) => format!("{value} %"),
        _ if metric.name == "memory" || metric.name.starts_with("memory of ") => bytes(value / 1_000),
        _ => words::milli(value),
    }
}

/// "64 MiB".
pub(in crate::decide::cluster) fn bytes(bytes: i64) -> String {
    const MIB: i64 = 1 << 20;
    if bytes.abs() < MIB {
        return format!("{bytes} B");
    }
    format!("{} MiB", words::milli(bytes / (MIB / 10) * 100))
}

/// "2 min 5 s".
pub(super) fn seconds(s: i64) -> String {
    match (s.max(0) / 60, s.max(0) % 60) {
        (0, s) => format!("{s} s"),
        (min, 0) => format!("{min} min"),
        (min, s) => format!("{min} min {s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_cannot_become_two() {
        let fix = kubectl("", &["-n", "shop", "get", "x; rm -rf '$HOME'"]);
        assert_eq!(fix.text, r"kubectl -n shop get 'x; rm -rf '\''$HOME'\'''");
        assert_eq!(line("a\nb\u{1b}[31m"), "a b [31m");
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
