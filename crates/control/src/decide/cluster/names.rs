//! What the name of a metric tells of it. Names are a convention, so what follows from them is an estimate.

/// Shares of these fall when there is more to do.
const GOOD: [&str; 6] = ["success", "successful", "succeeded", "ok", "hit", "hits"];
const SHARE: [&str; 6] = ["rate", "ratio", "percent", "percentage", "pct", "share"];
/// These fall by themselves.
const LEFT: [&str; 12] = [
    "availability",
    "uptime",
    "idle",
    "free",
    "available",
    "remaining",
    "headroom",
    "spare",
    "unused",
    "left",
    "apdex",
    "satisfaction",
];
const TIME: [&str; 17] = [
    "latency",
    "latencies",
    "duration",
    "durations",
    "delay",
    "ttfb",
    "rtt",
    "age",
    "p50",
    "p75",
    "p90",
    "p95",
    "p98",
    "p99",
    "p999",
    "quantile",
    "percentile",
];
/// With `time`: `response_time`.
const TIME_OF: [&str; 7] = ["response", "request", "processing", "wait", "waiting", "service", "execution"];
/// A count of what took a time is no time.
const COUNTS: [&str; 4] = ["count", "counts", "bucket", "per"];

/// `httpRequest_successRate`: http, request, success, rate.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let is_new = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower);
        if is_new {
            parts.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(last) = parts.last_mut()
        {
            last.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether it falls when there is more to do: a success rate, what is free.
pub fn is_inverse(metric: &str) -> bool {
    let parts = parts(metric);
    let has = |of: &[&str]| parts.iter().any(|part| of.contains(&part.as_str()));
    (has(&GOOD) && has(&SHARE) && !has(&COUNTS)) || has(&LEFT)
}

/// Whether it is a time that each request takes: the same for one pod and for ten.
pub fn is_latency(metric: &str) -> bool {
    let parts = parts(metric);
    let has = |of: &[&str]| parts.iter().any(|part| of.contains(&part.as_str()));
    (has(&TIME) || (has(&["time"]) && has(&TIME_OF))) && !has(&COUNTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_with_load_is_known_by_its_name() {
        for name in [
            "success_rate",
            "httpSuccessRatio",
            "cache_hit_ratio",
            "availability",
            "cpu-idle",
            "memory_available_bytes",
        ] {
            assert!(is_inverse(name), "{name}");
        }
        for name in [
            "failure_rate",
            "error_ratio",
            "http_requests_per_second",
            "successful_requests_per_second",
            "hits",
            "queue_length",
        ] {
            assert!(!is_inverse(name), "{name}");
        }
    }

    #[test]
    fn a_time_is_known_by_its_name() {
        for name in [
            "http_request_duration_seconds",
            "p95",
            "responseTimeMs",
            "latency_p99",
            "ApproximateAgeOfOldestMessage",
        ] {
            assert!(is_latency(name), "{name}");
        }
        for name in [
            "http_request_duration_seconds_count",
            "requests_per_second",
            "uptime",
            "queue_length",
            "pages",
            "storage",
        ] {
            assert!(!is_latency(name), "{name}");
        }
    }
}
