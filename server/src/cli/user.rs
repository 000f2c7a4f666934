//! `evenkeel user add|list|passwd`: accounts, beside a running console or without one.

use std::{fmt::Write as _, io::Write as _, sync::Arc};

use control::{access::Accounts, ports::SystemClock};
use model::{ApiError, User};
use store::Store;

use super::{
    Threads,
    args::{SettingsFlags, UserAction},
    password, runtime,
};
use crate::{StartError, config, database::open_beside, logging};

/// Who it was, in the audit log.
const BY: &str = "command line";

pub(super) fn run(flags: SettingsFlags, action: UserAction) -> Result<(), StartError> {
    let config = config::load(&flags.inputs())?;
    logging::start(&config.settings.log);
    runtime(Threads::One)?.block_on(async {
        let (store, _held) = open_beside(&config.settings.database).await?;
        let done = act(&store, action).await;
        store.close().await;
        let text = done?;
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        Ok(())
    })
}

async fn act(store: &Store, action: UserAction) -> Result<String, StartError> {
    let accounts = Accounts::new(Arc::new(store.clone()), Arc::new(SystemClock));
    match action {
        UserAction::Add { name, role } => {
            let password = password::ask(&name)?;
            let user = accounts.create_user(&name, role, &password, BY).await.map_err(refused)?;
            Ok(format!("{} may now sign in as {}\n", user.name, user.role.label()))
        }
        UserAction::List => accounts.users().await.map(|users| table(&users)).map_err(refused),
        UserAction::Passwd { name } => {
            let password = password::ask(&name)?;
            accounts.set_password(&name, &password, BY).await.map_err(refused)?;
            Ok(format!("{name} has a new password; all their sessions have ended\n"))
        }
    }
}

fn refused(error: ApiError) -> StartError {
    StartError::Refused(error.to_string())
}

fn table(users: &[User]) -> String {
    if users.is_empty() {
        return "Nobody may sign in yet. Start evenkeel and open the link it prints, or use `evenkeel user add`.\n".to_owned();
    }
    let width = users.iter().map(|u| u.name.as_str().chars().count()).max().unwrap_or(0);
    users.iter().fold(String::new(), |mut out, user| {
        let _ = writeln!(out, "{:<width$}  {}", user.name.as_str(), user.role.label());
        out
    })
}
