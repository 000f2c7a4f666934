//! Which number stands for which series.

use std::{collections::HashMap, sync::Arc};

use control::ports::StoreError;
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::{db::Db, row::Row};

pub(super) type Ids = HashMap<Arc<str>, i64>;

/// Empty until it is read for the first time.
#[derive(Default)]
pub(super) struct Dictionary(RwLock<Option<Ids>>);

impl Dictionary {
    /// Everything that is stored, read once.
    pub(super) async fn read(&self, db: &Db) -> Result<RwLockReadGuard<'_, Ids>, StoreError> {
        loop {
            if let Ok(ids) = RwLockReadGuard::try_map(self.0.read().await, Option::as_ref) {
                return Ok(ids);
            }
            let mut ids = self.0.write().await;
            if ids.is_none() {
                let rows = db.fetch("SELECT id, key FROM series", &[]).await?;
                *ids = Some(rows.iter().map(entry).collect::<Result<_, _>>()?);
            }
        }
    }

    pub(super) async fn add(&self, named: Ids) {
        if !named.is_empty()
            && let Some(ids) = self.0.write().await.as_mut()
        {
            ids.extend(named);
        }
    }

    /// To be read anew: names have been removed.
    pub(super) async fn forget(&self) {
        *self.0.write().await = None;
    }
}

pub(super) fn entry(row: &Row) -> Result<(Arc<str>, i64), StoreError> {
    row.read("series", "id", |row| Ok((Arc::from(row.get::<String>("key")?), row.get("id")?)))
}
