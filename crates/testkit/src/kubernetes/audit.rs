use std::{fs, path::Path};

use serde_json::Value;

/// One call that the API server has answered, as its audit log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// Empty for what is no resource, such as `/version`.
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub path: String,
    pub status: u64,
}

pub(super) fn calls_of(log: &Path, user: &str) -> Vec<Call> {
    let text = fs::read_to_string(log).unwrap();
    // The last line may be half written.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        // A watch has two lines: when it began to answer, and when it ended.
        .filter(|line| line["user"]["username"] == user && (line["stage"] == "ResponseStarted" || line["verb"] != "watch"))
        .map(|line| Call {
            verb: text_of(&line["verb"]),
            group: text_of(&line["objectRef"]["apiGroup"]),
            resource: text_of(&line["objectRef"]["resource"]),
            subresource: text_of(&line["objectRef"]["subresource"]),
            namespace: text_of(&line["objectRef"]["namespace"]),
            name: text_of(&line["objectRef"]["name"]),
            path: text_of(&line["requestURI"]),
            status: line["responseStatus"]["code"].as_u64().unwrap_or_default(),
        })
        .collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
