//! How many tests passed and failed, read from what the test programs print.

use std::{fmt, ops::AddAssign};

use serde_json::Value;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    /// Tests that said so themselves, and that the harness has counted as passed.
    left_out: u64,
}

impl Tally {
    pub(super) fn failures(count: usize) -> Self {
        Self {
            failed: count as u64,
            ..Self::default()
        }
    }

    /// One line of `cargo test`: `test result: ok. 3 passed; 0 failed; 1 ignored; …`, or `left out: NAME: …` from a test that found
    /// nothing to run on (`testkit::left_out`). Other lines are nothing.
    pub(super) fn of_cargo_line(line: &str) -> Self {
        if line.starts_with("left out: ") {
            return Self {
                left_out: 1,
                ..Self::default()
            };
        }
        let Some(result) = line.trim().strip_prefix("test result: ") else {
            return Self::default();
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        let count = |what: &str| {
            let part = counts.split(';').find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        Self {
            passed: count("passed"),
            failed: count("failed"),
            skipped: count("ignored"),
            left_out: 0,
        }
    }

    /// What was left out has not passed.
    pub(super) fn without_left_out(self) -> Self {
        Self {
            passed: self.passed.saturating_sub(self.left_out),
            skipped: self.skipped + self.left_out,
            left_out: 0,
            ..self
        }
    }

    /// The `stats` of Playwright's JSON report. A test that passed only when repeated has failed: it proves nothing.
    pub(super) fn of_playwright_report(report: &str) -> Result<Self, String> {
        let report: Value = serde_json::from_str(report).map_err(|error| error.to_string())?;
        let stats = &report["stats"];
        let count = |name: &str| stats[name].as_u64().ok_or_else(|| format!("it has no stats.{name}"));
        let outside_tests = report["errors"].as_array().map_or(0, |errors| errors.len() as u64);
        Ok(Self {
            passed: count("expected")?,
            failed: count("unexpected")? + count("flaky")? + outside_tests,
            skipped: count("skipped")?,
            left_out: 0,
        })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.left_out += other.left_out;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_several_test_programs_add_up() {
        let output = "running 2 tests\n\
            test a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        let mut total = Tally::default();
        for line in output.lines() {
            total += Tally::of_cargo_line(line);
        }
        assert_eq!(
            total,
            Tally {
                passed: 42,
                failed: 3,
                skipped: 1,
                left_out: 0
            }
        );
        assert_eq!(total.to_string(), "42 passed, 3 failed");
    }

    #[test]
    fn what_was_left_out_has_not_passed() {
        let output =
            "..\nleft out: a_pod_crashes: no Go 1.26\n.\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n";
        let mut total = Tally::default();
        for line in output.lines() {
            total += Tally::of_cargo_line(line);
        }
        let total = total.without_left_out();
        assert_eq!((total.passed, total.failed, total.skipped), (2, 0, 2));
    }

    #[test]
    fn a_flaky_browser_test_has_failed() {
        let report = r#"{"stats": {"expected": 7, "unexpected": 1, "flaky": 1, "skipped": 2}, "errors": []}"#;
        assert_eq!(
            Tally::of_playwright_report(report),
            Ok(Tally {
                passed: 7,
                failed: 2,
                skipped: 2,
                left_out: 0
            })
        );
    }

    #[test]
    fn an_error_outside_any_test_is_a_failure() {
        let report = r#"{"stats": {"expected": 0, "unexpected": 0, "flaky": 0, "skipped": 0}, "errors": [{"message": "no tests"}]}"#;
        assert_eq!(Tally::of_playwright_report(report).map(|tally| tally.failed), Ok(1));
    }

    #[test]
    fn a_report_without_figures_is_refused() {
        assert!(Tally::of_playwright_report("{}").is_err());
        assert!(Tally::of_playwright_report("").is_err());
    }
}
