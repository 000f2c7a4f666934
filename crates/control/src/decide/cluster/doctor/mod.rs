//! The policy doctor: what is wrong with HPAs, with what they scale and with VPAs beside them, found in YAML alone, and the YAML mended.
//!
//! ```text
//!  text ─ read ─► documents with their places ─ check (schema) ─► objects as the port has them
//!                                                                    │ version, bounds, metrics, behavior, flap, across
//!                                                                    ▼
//!                                       findings, and edits of the text ─ apply ─► the text again, until nothing is left to mend
//! ```
//!
//! It looks at nothing but the text: what a cluster would have to tell (metrics, quotas, who else looks after an object) it does not know.

mod across;
mod behavior;
mod bounds;
mod check;
mod edit;
mod flap;
mod given;
mod metrics;
mod node;
mod notes;
mod pair;
mod read;
mod scalar;
mod schema;
mod version;
mod vpa;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use model::{
    Severity,
    cluster::{Certainty, DoctorAnswer, DoctorDocument, Finding, FindingCode, Fix, FixKind},
};

use self::{
    edit::{Edit, Pen, apply},
    given::{Given, Object},
    node::Node,
    notes::Notes,
    read::{Unreadable, read},
};

/// A mend can bring to light what another is needed for; more than three in a row have not been seen.
const ROUNDS_MAX: usize = 8;

/// What is wrong with these documents, and the text with what can be mended mended.
pub fn examine(yaml: &str) -> DoctorAnswer {
    let Look {
        documents,
        edits,
        unreadable,
    } = look(yaml);
    let worst = documents.iter().flat_map(|d| &d.findings).map(|f| f.severity).max();
    DoctorAnswer {
        fixed: mended(yaml, edits, unreadable),
        documents,
        worst,
    }
}

/// The text after as many rounds as it takes. A mend that would leave something that cannot be read is none.
fn mended(yaml: &str, mut edits: Vec<Edit>, unreadable: usize) -> Option<String> {
    let mut mended: Option<String> = None;
    for _ in 0..ROUNDS_MAX {
        if edits.is_empty() {
            break;
        }
        let text = mended.as_deref().unwrap_or(yaml);
        let next = apply(text, edits);
        if next == text || next.len() > DoctorAnswer::INPUT_MAX_BYTES {
            break;
        }
        let seen = look(&next);
        if seen.unreadable > unreadable {
            break;
        }
        (mended, edits) = (Some(next), seen.edits);
    }
    mended
}

/// What one examination comes to.
struct Look {
    documents: Vec<DoctorDocument>,
    edits: Vec<Edit>,
    /// Documents that cannot be read.
    unreadable: usize,
}

fn look(yaml: &str) -> Look {
    let pen = Pen::new(yaml);
    let read = read(yaml);
    let mut given = Vec::new();
    let mut documents: Vec<(usize, Result<usize, &Unreadable>)> = Vec::new();
    let mut beyond = None;
    for (n, document) in read.iter().enumerate() {
        match document {
            Err(error) => documents.push((n, Err(error))),
            Ok(node) => {
                for object in objects(node) {
                    if given.len() >= DoctorAnswer::DOCUMENTS_MAX {
                        beyond = beyond.or(Some((n, object.place.line)));
                        break;
                    }
                    documents.push((n, Ok(given.len())));
                    given.push(Given::read(pen, object, documents.len()));
                }
            }
        }
    }
    for of in &mut given {
        alone(pen, of);
    }
    for (n, note) in across::check(pen, &given) {
        given[n].notes.push(note);
    }
    let mut edits = Vec::new();
    let mut answer: Vec<_> = documents
        .into_iter()
        .map(|(n, found)| match found {
            Err(error) => broken(n, error),
            Ok(at) => {
                let of = &mut given[at];
                let notes = std::mem::take(&mut of.notes);
                DoctorDocument {
                    what: of.what.clone(),
                    kind: of.kind,
                    line: of.node.place.line,
                    findings: told(notes, &mut edits),
                }
            }
        })
        .collect();
    if let Some((n, line)) = beyond {
        let why = format!(
            "more than {} objects: those from here on are not examined",
            DoctorAnswer::DOCUMENTS_MAX
        );
        answer.push(broken(n, &Unreadable { line, why }));
    }
    Look {
        documents: answer,
        edits,
        unreadable: read.iter().filter(|document| document.is_err()).count(),
    }
}

/// The objects of a document: itself, or the items of a list.
fn objects(node: &Node) -> Vec<&Node> {
    let is_list = node.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
    match node.get("items") {
        Some(items) if is_list => items.items().iter().collect(),
        _ => vec![node],
    }
}

/// What each object shows by itself.
fn alone(pen: Pen<'_>, given: &mut Given<'_>) {
    let Object::Hpa { hpa, version } = &given.object else { return };
    let (spec, version, node) = (hpa.spec.clone(), *version, given.node);
    version::check(pen, given, version);
    bounds::check(pen, node, &spec, &mut given.notes);
    metrics::check(pen, node, &spec, &mut given.notes);
    behavior::check(pen, node, &spec, &mut given.notes);
    flap::check(pen, node, &spec, &mut given.notes);
}

fn broken(n: usize, error: &Unreadable) -> DoctorDocument {
    let text = "Mend the YAML first: what cannot be read cannot be examined.";
    DoctorDocument {
        what: format!("document {}", n + 1),
        kind: None,
        line: error.line,
        findings: vec![Finding {
            code: FindingCode::InvalidObject,
            severity: Severity::Critical,
            certainty: Certainty::Observed,
            title: "It cannot be read".to_owned(),
            why: format!("Line {}: {}.", error.line, error.why),
            fixes: vec![Fix {
                kind: FixKind::Advice,
                title: "Mend it".to_owned(),
                text: text.to_owned(),
            }],
            field: None,
        }],
    }
}

/// Worst first; what was left out is told.
fn told(notes: Notes, edits: &mut Vec<Edit>) -> Vec<Finding> {
    let Notes {
        mut findings,
        edits: own,
        left_out,
    } = notes;
    edits.extend(own);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if left_out > 0 {
        findings.push(Finding {
            code: FindingCode::NotChecked,
            severity: Severity::Info,
            certainty: Certainty::Observed,
            title: format!("And {left_out} more"),
            why: format!("The first {} are shown; mend these, and examine it again.", notes::FINDINGS_MAX),
            fixes: Vec::new(),
            field: None,
        });
    }
    findings
}
