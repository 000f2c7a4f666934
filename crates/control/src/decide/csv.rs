//! Buckets of several series as the rows of a CSV file.

use std::{collections::BTreeMap, fmt::Write as _};

use model::{Resolution, csv::cell, time::iso};

use super::rollup::Bucket;

/// The first line. A coarse resolution has four columns for each series.
pub fn head(keys: &[String], resolution: Resolution) -> String {
    let mut line = String::from("time");
    for key in keys {
        match resolution {
            Resolution::Second => _ = write!(line, ",{}", cell(key)),
            _ => {
                for of in ["min", "mean", "max", "count"] {
                    let _ = write!(line, ",{}", cell(&format!("{key} {of}")));
                }
            }
        }
    }
    line + "\r\n"
}

/// One line for each moment that any of them has; cells are empty where nothing was measured.
pub fn rows(series: &[Vec<Bucket>], resolution: Resolution) -> String {
    let mut moments: BTreeMap<i64, Vec<Option<&Bucket>>> = BTreeMap::new();
    for (place, buckets) in series.iter().enumerate() {
        for bucket in buckets.iter().filter(|b| b.count > 0) {
            moments.entry(bucket.at_ms).or_insert_with(|| vec![None; series.len()])[place] = Some(bucket);
        }
    }
    let mut text = String::new();
    for (at_ms, cells) in moments {
        text.push_str(&iso(at_ms));
        for bucket in cells {
            let _ = match (bucket, resolution) {
                (Some(b), Resolution::Second) => write!(text, ",{}", b.mean),
                (None, Resolution::Second) => write!(text, ","),
                (Some(b), _) => write!(text, ",{},{},{},{}", b.min, b.mean, b.max, b.count),
                (None, _) => write!(text, ",,,,"),
            };
        }
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rows_and_what_was_not_measured_is_empty() {
        let keys = ["a".to_owned(), "b@web".to_owned()];
        let series = [
            vec![Bucket::value(0, 1.5), Bucket::missing(1_000)],
            vec![Bucket::value(1_000, -2.0)],
        ];
        assert_eq!(head(&keys, Resolution::Second), "time,a,b@web\r\n");
        assert_eq!(
            rows(&series, Resolution::Second),
            "1970-01-01T00:00:00.000Z,1.5,\r\n1970-01-01T00:00:01.000Z,,-2\r\n"
        );
        assert_eq!(head(&keys[..1], Resolution::Minute), "time,a min,a mean,a max,a count\r\n");
        assert!(rows(&series, Resolution::Minute).starts_with("1970-01-01T00:00:00.000Z,1.5,1.5,1.5,1,,,,\r\n"));
    }
}
