//! `evenkeel serve`: load, build, run, drain.

use std::io::Write as _;

use super::{Threads, args::SettingsFlags, runtime};
use crate::{Application, StartError, config, logging, open_files, shutdown::Signals};

pub(super) fn run(flags: SettingsFlags) -> Result<(), StartError> {
    let config = config::load(&flags.inputs())?;
    logging::start(&config.settings.log);
    open_files::raise_limit();
    let runtime = runtime(Threads::PerCore)?;
    let result = runtime.block_on(async {
        let signals = Signals::listen()?;
        let application = Application::start(config).await?;
        announce(&application);
        signals.asked_to_stop(|| application.reload()).await;
        application.stop().await;
        Ok(())
    });
    // What hangs in a blocking call (a name that does not resolve) is not waited for.
    runtime.shutdown_background();
    result
}

/// On stdout, in every log format: the two lines a person needs.
fn announce(application: &Application) {
    let mut out = std::io::stdout().lock();
    let text = match application.setup_link() {
        Some(link) => format!("\n  Open this link to make the first admin (it works once, for a day):\n\n    {link}\n\n"),
        None => format!("The console is at {}\n", application.console_url()),
    };
    // A closed stdout is no reason to stop.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
