//! Parses the `endpoint-load-metrics` header of ORCA, Open Request Cost Aggregation.
//!
//! Format: Envoy's `source/common/orca/orca_parser.cc`: `JSON {"cpu_utilization":0.3,"named_metrics":{"k":1}}` or
//! `TEXT cpu_utilization=0.3,named_metrics.k=1`. The report comes from outside: what cannot be understood is left out, never an error.

use model::LoadReport;
use serde_json::Value;

/// Longest header value that is read; a report with its few metrics has some 200 bytes.
const MAX_BYTES: usize = 8 * 1024;

/// `None` when the value holds none of the metrics that are known here.
pub(super) fn parse(value: &[u8], at_ms: i64) -> Option<LoadReport> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= MAX_BYTES)?.trim();
    match text.split_once(' ') {
        Some((format, body)) if format.eq_ignore_ascii_case("json") => from_json(body, at_ms),
        Some((format, body)) if format.eq_ignore_ascii_case("text") => from_text(body, at_ms),
        _ if text.starts_with('{') => from_json(text, at_ms),
        _ => None,
    }
}

fn from_json(body: &str, at_ms: i64) -> Option<LoadReport> {
    let value: Value = serde_json::from_str(body).ok()?;
    report(at_ms, |path| path.iter().try_fold(&value, |value, key| value.get(key))?.as_f64())
}

fn from_text(body: &str, at_ms: i64) -> Option<LoadReport> {
    report(at_ms, |path| {
        body.split(',')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| key.trim().split('.').eq(path.iter().copied()))
            .and_then(|(_, value)| value.trim().parse().ok())
    })
}

/// The report that `metric` tells by path, as ORCA nests its metrics; `None` when it holds none of those that are known here.
pub(super) fn report(at_ms: i64, metric: impl Fn(&[&str]) -> Option<f64>) -> Option<LoadReport> {
    let sane = |path: &[&str]| metric(path).filter(|value| value.is_finite() && *value >= 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "a share of 1 needs no 64 bits")]
    let share = |path: &[&str]| sane(path).map(|value| value as f32).filter(|value| value.is_finite());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and `as` saturates at the largest count"
    )]
    let count = |path: &[&str]| sane(path).map(|value| value as u32);
    let report = LoadReport {
        at_ms,
        cpu: share(&["cpu_utilization"]),
        memory: share(&["mem_utilization"]),
        gpu: share(&["named_metrics", "gpu_utilization"]),
        gpu_simulated: sane(&["named_metrics", "gpu_simulated"]).is_some_and(|flag| flag > 0.0),
        sessions: count(&["named_metrics", "active_sessions"]),
    };
    let known = report.cpu.is_some() || report.memory.is_some() || report.gpu.is_some() || report.sessions.is_some();
    known.then_some(report)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FULL: LoadReport = LoadReport {
        at_ms: 7,
        cpu: Some(0.25),
        memory: Some(0.5),
        gpu: Some(0.75),
        gpu_simulated: true,
        sessions: Some(3),
    };

    #[test]
    fn both_forms_say_the_same() {
        let json = r#"JSON {"cpu_utilization":0.25,"mem_utilization":0.5,"named_metrics":{"gpu_utilization":0.75,"gpu_simulated":1,"active_sessions":3}}"#;
        let text = "TEXT cpu_utilization=0.25, mem_utilization=0.5,named_metrics.gpu_utilization=0.75,named_metrics.gpu_simulated=1,named_metrics.active_sessions=3";
        assert_eq!(parse(json.as_bytes(), 7), Some(FULL));
        assert_eq!(parse(text.as_bytes(), 7), Some(FULL));
        assert_eq!(parse(&json.as_bytes()["JSON ".len()..], 7), Some(FULL));
    }

    #[test]
    fn what_cannot_be_understood_is_left_out() {
        let odd = br#"JSON {"cpu_utilization":"high","mem_utilization":-1,"named_metrics":{"gpu_utilization":0.1,"active_sessions":1e99}}"#;
        let report = parse(odd, 0).unwrap();
        assert_eq!(
            (report.cpu, report.memory, report.gpu, report.sessions),
            (None, None, Some(0.1), Some(u32::MAX))
        );
        let text = parse(b"TEXT cpu_utilization=NaN,,=,mem_utilization=0.2,x", 0).unwrap();
        assert_eq!((text.cpu, text.memory), (None, Some(0.2)));
    }

    #[test]
    fn nonsense_is_no_report() {
        let long = format!("TEXT cpu_utilization=0.1,{}", "x".repeat(MAX_BYTES));
        for bad in [
            "",
            "JSON",
            "JSON ",
            "JSON {",
            "JSON []",
            "BIN CZqZmZmZmbk/",
            "TEXT a=1",
            "0.5",
            &long,
            &"JSON [".repeat(900),
        ] {
            assert_eq!(parse(bad.as_bytes(), 0), None, "{bad:.40}");
        }
        assert_eq!(parse(&[0xff, 0xfe], 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(form in "(JSON |TEXT |)", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut value = form.into_bytes();
            value.extend(bytes);
            parse(&value, 0);
        }
    }
}
