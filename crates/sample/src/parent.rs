//! No orphans: a child process that ends with its parent, whatever ended the parent.

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

#[derive(Debug, thiserror::Error)]
pub enum OrphanError {
    #[error("the process that started this one ({0}) is gone")]
    ParentGone(u32),
    #[error("cannot ask the kernel to end this process with its parent: {0}")]
    Refused(#[from] rustix::io::Errno),
}

/// Asks the kernel to kill this process (SIGKILL) when its parent ends. To be called first thing, before any thread is started;
/// `parent_pid` is what the parent knows itself by.
///
/// The parent may have died between starting this process and this call; the kernel then sends nothing, so the parent is compared
/// *after* asking: whichever came first, one of the two catches it.
///
/// The kernel means the parent *thread* (prctl(2), `PR_SET_PDEATHSIG`): whoever starts children that call this must do so from a thread
/// that lives as long as they should.
///
/// # Errors
/// The parent is gone already, or the kernel refuses. The caller should end the process.
pub fn die_with_parent(parent_pid: u32) -> Result<(), OrphanError> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent == Some(parent_pid) {
        Ok(())
    } else {
        Err(OrphanError::ParentGone(parent_pid))
    }
}
