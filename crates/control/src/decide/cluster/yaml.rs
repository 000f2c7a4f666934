//! JSON as block YAML. Every text that YAML could take for something else is quoted, so that it reads back as it was.

use std::fmt::Write as _;

use serde_json::Value;

/// Ends with a line break.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(&mut out, value, 0),
        Value::Array(list) if !list.is_empty() => block(&mut out, value, 0),
        flat => {
            let _ = writeln!(out, "{}", scalar(flat));
        }
    }
    out
}

/// A map or a list that is not empty, each line after `indent` spaces.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = write!(out, "{:indent$}{}:", "", text(key));
                // A list may stand as deep as its key, as kubectl writes it.
                let deeper = if value.is_array() { indent } else { indent + 2 };
                after(out, value, deeper);
            }
        }
        Value::Array(list) => {
            for value in list {
                if value.as_object().is_some_and(|map| !map.is_empty()) || value.as_array().is_some_and(|list| !list.is_empty()) {
                    let mut inner = String::new();
                    block(&mut inner, value, indent + 2);
                    // The dash takes the place of the first line's last two spaces.
                    let _ = write!(out, "{:indent$}- {}", "", &inner[indent + 2..]);
                } else {
                    let _ = writeln!(out, "{:indent$}- {}", "", scalar(value));
                }
            }
        }
        flat => {
            let _ = writeln!(out, "{:indent$}{}", "", scalar(flat));
        }
    }
}

fn after(out: &mut String, value: &Value, indent: usize) {
    let is_block = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        block(out, value, indent);
    } else {
        let _ = writeln!(out, " {}", scalar(value));
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(s) => text(s),
        other => other.to_string(),
    }
}

/// Plain where nobody can take it for anything but text, else in double quotes as JSON has them, which YAML reads.
fn text(s: &str) -> String {
    const NOT_TEXT: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = s.as_bytes().first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/')
        && s.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
        && !NOT_TEXT.contains(&s.to_ascii_lowercase().as_str());
    if is_plain {
        s.to_owned()
    } else {
        // Line separators end a line in YAML's eyes.
        let quoted = Value::from(s).to_string();
        quoted
            .replace('\u{85}', "\\u0085")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
            .replace('\u{7f}', "\\u007f")
            .replace('\u{feff}', "\\ufeff")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_kubectl_does() {
        let value = serde_json::json!({
            "apiVersion": "autoscaling/v2", "empty": {}, "none": null,
            "metadata": {"annotations": {"a.b/c": "true", "d": "5", "e": "x: y # z", "f": "two\nlines"}},
            "spec": {"list": [{"a": 1, "b": {"c": [1, "x"]}}, [], "yes", [[2]]], "max": 20}
        });
        let expected = "apiVersion: autoscaling/v2\nempty: {}\nmetadata:\n  annotations:\n    a.b/c: \"true\"\n    d: \"5\"\n    e: \"x: y # z\"\n    f: \"two\\nlines\"\nnone: null\nspec:\n  list:\n  - a: 1\n    b:\n      c:\n      - 1\n      - x\n  - []\n  - \"yes\"\n  - - - 2\n  max: 20\n";
        let written = yaml(&value);
        // Maps are sorted, unless somebody in the workspace asks serde_json to keep their order.
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&written), sorted(expected), "{written}");
    }
}
