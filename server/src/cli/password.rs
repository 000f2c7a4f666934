//! Where a password comes from: a terminal that does not show it, or a pipe.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use crate::StartError;

/// Longer than any allowed password in any script; the rest of a pipe is not read.
const LINE_MAX_BYTES: u64 = 4_096;

pub(super) fn ask(name: &str) -> Result<String, StartError> {
    if std::io::stdin().is_terminal() {
        from_terminal(name)
    } else {
        from_pipe()
    }
}

fn from_terminal(name: &str) -> Result<String, StartError> {
    let ask =
        |prompt: String| rpassword::prompt_password(prompt).map_err(|e| StartError::Refused(format!("the password cannot be read: {e}")));
    let first = ask(format!("Password for {name}: "))?;
    let second = ask("Once more: ".to_owned())?;
    if first == second {
        Ok(first)
    } else {
        Err(StartError::Refused("the two passwords differ; nothing was changed".to_owned()))
    }
}

/// The first line, without its end.
fn from_pipe() -> Result<String, StartError> {
    let mut line = String::new();
    let read = std::io::stdin().lock().take(LINE_MAX_BYTES).read_line(&mut line);
    read.map_err(|e| StartError::Refused(format!("the password cannot be read from the pipe: {e}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
