//! Which number stands for which series.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use control::ports::StoreError;
use parking_lot::Mutex;
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::{db::Db, row::Row};

pub(super) type Ids = HashMap<Arc<str>, i64>;

/// Between two looks for names that somebody else gave.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Empty until it is read for the first time.
#[derive(Default)]
pub(super) struct Dictionary {
    ids: RwLock<Option<Ids>>,
    /// When it was looked for names of others.
    looked: Mutex<Option<Instant>>,
}

impl Dictionary {
    /// Everything that is stored, read once.
    pub(super) async fn read(&self, db: &Db) -> Result<RwLockReadGuard<'_, Ids>, StoreError> {
        loop {
            if let Ok(ids) = RwLockReadGuard::try_map(self.ids.read().await, Option::as_ref) {
                return Ok(ids);
            }
            let mut ids = self.ids.write().await;
            if ids.is_none() {
                let rows = db.fetch("SELECT id, key FROM series", &[]).await?;
                *ids = Some(rows.iter().map(entry).collect::<Result<_, _>>()?);
            }
        }
    }

    pub(super) async fn add(&self, named: Ids) {
        if !named.is_empty()
            && let Some(ids) = self.ids.write().await.as_mut()
        {
            ids.extend(named);
        }
    }

    /// To be read anew, if that was not done lately.
    pub(super) async fn forget_old(&self) -> bool {
        {
            let mut looked = self.looked.lock();
            if looked.is_some_and(|at| at.elapsed() < AGAIN_AFTER) {
                return false;
            }
            *looked = Some(Instant::now());
        }
        self.forget().await;
        true
    }

    /// To be read anew: names have been removed.
    pub(super) async fn forget(&self) {
        *self.ids.write().await = None;
    }
}

pub(super) fn entry(row: &Row) -> Result<(Arc<str>, i64), StoreError> {
    row.read("series", "id", |row| Ok((Arc::from(row.get::<String>("key")?), row.get("id")?)))
}
