//! `evenkeel check-config`.

use std::io::Write as _;

use super::args::SettingsFlags;
use crate::{StartError, config};

pub(super) fn run(flags: SettingsFlags) -> Result<(), StartError> {
    let text = config::show(&flags.inputs())?;
    // Piped into `head`, the rest is not wanted.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}
