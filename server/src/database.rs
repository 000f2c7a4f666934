//! The store as the settings want it, and who else may be on the same data.

use store::{DataDir, DatabaseUrl, OpenError, Store, StoreConfig};

use crate::{StartError, config::DatabaseSettings};

/// The settings as the store wants them; with SQLite also the data directory, taken.
pub(crate) fn database(settings: &DatabaseSettings) -> Result<(StoreConfig, Option<DataDir>), StartError> {
    if settings.url.is_some() {
        return Ok((store_config(settings)?, None));
    }
    let dir = DataDir::open(&settings.data_dir)?;
    Ok((store_config(settings)?, Some(dir)))
}

fn store_config(settings: &DatabaseSettings) -> Result<StoreConfig, StartError> {
    let url = match &settings.url {
        Some(url) => url.expose().parse()?,
        None => DatabaseUrl::Sqlite {
            path: DataDir::database_in(&settings.data_dir),
        },
    };
    Ok(StoreConfig {
        max_connections: settings.pool_max,
        min_connections: settings.pool_min,
        ..StoreConfig::new(url)
    })
}

/// The store for a command that may run beside a console: what the console holds is not needed, only its directory.
pub(crate) async fn open_beside(settings: &DatabaseSettings) -> Result<(Store, Option<DataDir>), StartError> {
    let dir = match settings.url {
        Some(_) => None,
        None => match DataDir::open(&settings.data_dir) {
            Ok(dir) => Some(dir),
            Err(OpenError::InUse { .. }) => None,
            Err(error) => return Err(error.into()),
        },
    };
    Ok((Store::open(&store_config(settings)?).await?, dir))
}
