//! What is said of one document while it is examined, and how it is mended.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, Fix, FixKind},
};

use super::edit::Edit;

/// Most findings of one document: who has more mends these first.
pub(super) const FINDINGS_MAX: usize = 50;
/// Characters of a name from outside that are repeated.
const NAME_MAX_CHARS: usize = 63;

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) findings: Vec<Finding>,
    pub(super) edits: Vec<Edit>,
    pub(super) left_out: usize,
}

/// A finding on its way into the notes.
pub(super) struct Note {
    finding: Finding,
    edits: Vec<Edit>,
}

/// What is found in `field`, which stands on `line`.
pub(super) fn note(code: FindingCode, severity: Severity, field: &str, line: u32, title: impl Into<String>, why: impl AsRef<str>) -> Note {
    Note {
        finding: Finding {
            code,
            severity,
            certainty: Certainty::Observed,
            title: title.into(),
            why: format!("Line {line}: {}", why.as_ref()),
            fixes: Vec::new(),
            field: Some(field.to_owned()).filter(|field| !field.is_empty()),
        },
        edits: Vec::new(),
    }
}

impl Note {
    pub(super) fn estimated(mut self) -> Self {
        self.finding.certainty = Certainty::Estimated;
        self
    }

    pub(super) fn advice(self, title: &str, text: impl Into<String>) -> Self {
        self.fix(FixKind::Advice, title, text)
    }

    pub(super) fn patch(self, title: &str, text: impl Into<String>) -> Self {
        self.fix(FixKind::Patch, title, text)
    }

    fn fix(mut self, kind: FixKind, title: &str, text: impl Into<String>) -> Self {
        self.finding.fixes.push(Fix {
            kind,
            title: title.to_owned(),
            text: text.into(),
        });
        self
    }

    /// How the text is mended; where it cannot be, the finding stands as it is.
    pub(super) fn mend(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edits.extend(edits);
        self
    }
}

impl Notes {
    pub(super) fn push(&mut self, note: Note) {
        if self.findings.len() >= FINDINGS_MAX {
            self.left_out += 1;
            return;
        }
        self.findings.push(note.finding);
        self.edits.extend(note.edits);
    }

    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }
}

/// A name from outside, fit for one line.
pub(super) fn short(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(NAME_MAX_CHARS)
        .collect()
}
