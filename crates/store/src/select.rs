//! Which rows: conditions with their values.

use crate::value::Value;

/// All of them have to hold.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// `?` stands for the value's number.
    pub(crate) fn and(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.texts.push(condition.replace('?', &format!("${}", self.values.len())));
    }

    /// A condition without a value.
    pub(crate) fn and_plain(&mut self, condition: String) {
        self.texts.push(condition);
    }

    /// `columns`, of the newest `limit` rows and one more, which tells whether there is a next page.
    pub(crate) fn newest(mut self, columns: &str, limit: u32) -> (String, Vec<Value>) {
        let which = if self.texts.is_empty() {
            "TRUE".to_owned()
        } else {
            self.texts.join(" AND ")
        };
        self.values.push((i64::from(limit) + 1).into());
        let sql = format!("{columns} WHERE {which} ORDER BY id DESC LIMIT ${}", self.values.len());
        (sql, self.values)
    }
}
