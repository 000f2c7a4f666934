//! `evenkeel doctor`.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use control::decide::cluster::doctor::examine;
use model::{
    Severity,
    cluster::{DoctorAnswer, DoctorDocument, Finding},
};

use super::args::DoctorFlags;
use crate::StartError;

/// Something was found that is worth a look.
const FOUND: u8 = 1;

pub(super) fn run(flags: &DoctorFlags) -> Result<ExitCode, StartError> {
    let yaml = read(&flags.files)?;
    let answer = examine(&yaml);
    // Piped into `head`, the rest is not wanted.
    let print = |text: &str| {
        let _ = io::stdout().lock().write_all(text.as_bytes());
    };
    if flags.json {
        let json = serde_json::to_string_pretty(&answer).map_err(|e| StartError::Refused(e.to_string()))?;
        print(&(json + "\n"));
    } else if flags.fix {
        print(answer.fixed.as_deref().unwrap_or(&yaml));
        let _ = io::stderr().lock().write_all(said(&answer).as_bytes());
    } else {
        print(&said(&answer));
    }
    let is_worth_a_look = answer.worst >= Some(Severity::Warning);
    Ok(if is_worth_a_look {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// All files as the documents of one text, so that what belongs together is seen together.
fn read(files: &[PathBuf]) -> Result<String, StartError> {
    let mut all = String::new();
    for path in files {
        let text = read_one(path)?;
        let text = if all.is_empty() {
            text.as_str()
        } else {
            text.trim_start_matches('\u{feff}')
        };
        if !all.is_empty() && !all.ends_with('\n') {
            all.push('\n');
        }
        if !all.is_empty() && !text.starts_with("---") {
            all.push_str("---\n");
        }
        all.push_str(text);
    }
    if all.len() > DoctorAnswer::INPUT_MAX_BYTES {
        return Err(StartError::Refused(format!(
            "more than {} bytes in all; give fewer files at once",
            DoctorAnswer::INPUT_MAX_BYTES
        )));
    }
    Ok(all)
}

fn read_one(path: &Path) -> Result<String, StartError> {
    let refused = |why: io::Error| StartError::Refused(format!("{} cannot be read: {why}", path.display()));
    // One byte more than is taken tells that it is too much.
    let most = DoctorAnswer::INPUT_MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(refused)?;
    } else {
        File::open(path)
            .map_err(refused)?
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(refused)?;
    }
    String::from_utf8(bytes).map_err(|_| StartError::Refused(format!("{} is not UTF-8 text", path.display())))
}

/// For a person at a terminal.
fn said(answer: &DoctorAnswer) -> String {
    let mut out = String::new();
    for document in &answer.documents {
        say(&mut out, document);
    }
    let found: usize = answer.documents.iter().map(|d| d.findings.len()).sum();
    let _ = match (found, answer.documents.len()) {
        (_, 0) => writeln!(out, "There is nothing to examine: no document has anything in it."),
        (0, documents) => writeln!(out, "{documents} examined, nothing found."),
        (found, documents) => writeln!(out, "{documents} examined, {found} found."),
    };
    if answer.fixed.is_some() {
        out.push_str("Some of it can be mended: --fix prints the YAML.\n");
    }
    out
}

fn say(out: &mut String, document: &DoctorDocument) {
    if document.findings.is_empty() {
        return;
    }
    let _ = writeln!(out, "{} (line {})", clean(&document.what), document.line);
    for finding in &document.findings {
        tell(out, finding);
    }
    out.push('\n');
}

fn tell(out: &mut String, finding: &Finding) {
    let field = finding
        .field
        .as_deref()
        .map(|field| format!("  [{}]", clean(field)))
        .unwrap_or_default();
    let (severity, code) = (finding.severity.id(), finding.code.id());
    let _ = writeln!(out, "  {severity} {code}: {}{field}", clean(&finding.title));
    let _ = writeln!(out, "    {} ({})", clean(&finding.why), finding.certainty.label());
    for fix in &finding.fixes {
        let lines: Vec<_> = fix.text.lines().map(clean).collect();
        let _ = match lines.as_slice() {
            [line] => writeln!(out, "    {}: {line}", clean(&fix.title)),
            lines => writeln!(out, "    {}:\n      {}", clean(&fix.title), lines.join("\n      ")),
        };
    }
}

/// What comes from a file cannot steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
