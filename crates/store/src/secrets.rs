//! Keys that outlive a restart and that every console on this database shares.

use control::ports::StoreError;

use crate::{Store, value::values};

impl Store {
    /// The key of that name: the one stored first, `candidate` when there was none.
    ///
    /// # Errors
    /// What the database said.
    pub async fn secret(&self, name: &str, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            values![name, &candidate[..]],
        )
        .await?;
        let row = tx
            .fetch_optional("SELECT name, value FROM secrets WHERE name = $1", values![name])
            .await?;
        tx.commit().await?;
        let row = row.ok_or_else(|| StoreError::Corrupt(format!("secrets {name}: gone as soon as it was written")))?;
        row.read("secrets", "name", |row| {
            let value: Vec<u8> = row.get("value")?;
            Ok(<[u8; 32]>::try_from(value.as_slice())?)
        })
    }
}
