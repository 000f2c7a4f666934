//! What "Download CSV" gives: RFC 4180, times in UTC, one column per series, empty cells where nothing was measured.

use model::csv::cell;

use super::align::Aligned;

/// `names` head the columns. A spreadsheet must never run a cell as a formula, whatever the names are.
pub(super) fn csv(names: &[String], rows: &Aligned, format_time: impl Fn(i64) -> String) -> String {
    let mut text = String::from("time");
    for name in names {
        text.push(',');
        text.push_str(&cell(name));
    }
    text.push_str("\r\n");
    for (row, &at_ms) in rows.times_ms.iter().enumerate() {
        text.push_str(&cell(&format_time(at_ms)));
        for column in &rows.columns {
            text.push(',');
            if let Some(Some(value)) = column.get(row) {
                text.push_str(&value.to_string());
            }
        }
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_cell_for_every_series_and_gaps_are_empty() {
        let rows = Aligned {
            times_ms: vec![1_000, 2_000],
            columns: vec![vec![Some(1.5), None], vec![Some(-2.0), Some(3.0)]],
        };
        let text = csv(&["a".into(), "b, c".into()], &rows, |at| at.to_string());
        assert_eq!(text, "time,a,\"b, c\"\r\n1000,1.5,-2\r\n2000,,3\r\n");
    }
}
