//! How a process ended, in words. Pure.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

/// "exit code 1", "killed by signal 9 (SIGKILL)".
pub(super) fn in_words(status: ExitStatus) -> String {
    if let Some(signal) = status.signal() {
        let name = signal_name(signal).map(|name| format!(" ({name})")).unwrap_or_default();
        let dumped = if status.core_dumped() { ", core dumped" } else { "" };
        return format!("killed by signal {signal}{name}{dumped}");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// Those that end a process in practice (signal(7), numbers of x86 and Arm).
const fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_said_in_words() {
        // The wait status of wait(2): the code in the second byte, the signal in the first, 0x80 for a core dump.
        for (raw, words) in [
            (0, "exit code 0"),
            (3 << 8, "exit code 3"),
            (9, "killed by signal 9 (SIGKILL)"),
            (0x80 | 0x0b, "killed by signal 11 (SIGSEGV), core dumped"),
            (40, "killed by signal 40"),
        ] {
            assert_eq!(in_words(ExitStatus::from_raw(raw)), words);
        }
    }
}
