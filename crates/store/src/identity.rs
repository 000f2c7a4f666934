//! Accounts, sessions, the one-time link.

use async_trait::async_trait;
use control::ports::{
    AuditEntry, CreateUserError, Identity, NewSession, NewUser, PasswordHash, RedeemError, SessionRecord, StoreError, TokenHash,
};
use model::{NewEvent, Role, User, UserId, UserName};

use crate::{
    Store,
    db::Tx,
    events, journal,
    row::{Row, Unreadable},
    value::values,
};

#[async_trait]
impl Identity for Store {
    async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = "SELECT id, name, role, created_at_ms FROM users ORDER BY id";
        self.db
            .fetch(sql, values![])
            .await?
            .iter()
            .map(|row| row.read("users", "id", user))
            .collect()
    }

    async fn credentials(&self, name: &UserName) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let sql = "SELECT id, name, role, created_at_ms, password FROM users WHERE name = $1";
        let rows = self.db.fetch(sql, values![name.as_str()]).await?;
        rows.first()
            .map(|row| row.read("users", "id", |row| Ok((user(row)?, PasswordHash(row.get("password")?)))))
            .transpose()
    }

    async fn create_user(&self, new: &NewUser, audit: &AuditEntry, event: &NewEvent) -> Result<User, CreateUserError> {
        let mut tx = self.db.begin().await?;
        let user = add_user(&mut tx, new, new.role, audit, event).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn set_password(&self, name: &UserName, password: &PasswordHash, audit: &AuditEntry) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE users SET password = $2 WHERE name = $1 RETURNING id";
        let Some(row) = tx.fetch_optional(sql, values![name.as_str(), password.0.as_str()]).await? else {
            return Ok(false);
        };
        let id: i64 = row.read("users", "id", |row| row.get("id"))?;
        tx.execute("DELETE FROM sessions WHERE user_id = $1", values![id]).await?;
        journal::write_audit(&mut tx, audit).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn create_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO sessions (token, user_id, created_at_ms, expires_at_ms, came_from) VALUES ($1, $2, $3, $4, $5)",
            values![
                session.token.0.as_slice(),
                session.user.0,
                session.created_at_ms,
                session.expires_at_ms,
                session.from.as_str()
            ],
        )
        .await?;
        tx.commit().await
    }

    async fn session(&self, token: &TokenHash, now_ms: i64) -> Result<Option<SessionRecord>, StoreError> {
        let sql = "SELECT u.id AS id, u.name AS name, u.role AS role, u.created_at_ms AS created_at_ms, s.expires_at_ms AS expires_at_ms
                   FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = $1 AND s.expires_at_ms > $2";
        let rows = self.db.fetch(sql, values![token.0.as_slice(), now_ms]).await?;
        rows.first()
            .map(|row| {
                row.read("users", "id", |row| {
                    Ok(SessionRecord {
                        user: user(row)?,
                        expires_at_ms: row.get("expires_at_ms")?,
                    })
                })
            })
            .transpose()
    }

    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM sessions WHERE token = $1", values![token.0.as_slice()])
            .await?;
        tx.commit().await
    }

    async fn remove_expired(&self, now_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let sessions = tx
            .execute("DELETE FROM sessions WHERE expires_at_ms <= $1", values![now_ms])
            .await?;
        let links = tx
            .execute("DELETE FROM setup_tokens WHERE expires_at_ms <= $1", values![now_ms])
            .await?;
        tx.commit().await?;
        Ok(sessions + links)
    }

    async fn put_setup_token(&self, token: &TokenHash, expires_at_ms: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO setup_tokens (slot, token, expires_at_ms) VALUES (1, $1, $2)
             ON CONFLICT (slot) DO UPDATE SET token = excluded.token, expires_at_ms = excluded.expires_at_ms",
            values![token.0.as_slice(), expires_at_ms],
        )
        .await?;
        tx.commit().await
    }

    async fn redeem_setup_token(
        &self,
        token: &TokenHash,
        new: &NewUser,
        audit: &AuditEntry,
        event: &NewEvent,
        now_ms: i64,
    ) -> Result<User, RedeemError> {
        let mut tx = self.db.begin().await.map_err(CreateUserError::from)?;
        if !take_setup_token(&mut tx, token, now_ms).await.map_err(CreateUserError::from)? {
            return Err(RedeemError::NotValid);
        }
        let user = add_user(&mut tx, new, Role::SystemAdmin, audit, event).await?;
        tx.commit().await.map_err(CreateUserError::from)?;
        Ok(user)
    }
}

/// Whether it was valid, which ends here, and no admin exists. The accounts are locked first: an admin made at this very moment by
/// another connection is either seen, or waits until we are done.
async fn take_setup_token(tx: &mut Tx, token: &TokenHash, now_ms: i64) -> Result<bool, StoreError> {
    tx.lock_accounts().await?;
    let taken = tx
        .execute(
            "DELETE FROM setup_tokens WHERE token = $1 AND expires_at_ms > $2",
            values![token.0.as_slice(), now_ms],
        )
        .await?;
    let sql = "SELECT id FROM users WHERE role = $1 LIMIT 1";
    let admin = tx.fetch_optional(sql, values![Role::SystemAdmin.id()]).await?;
    Ok(taken > 0 && admin.is_none())
}

async fn add_user(tx: &mut Tx, new: &NewUser, role: Role, audit: &AuditEntry, event: &NewEvent) -> Result<User, CreateUserError> {
    let row = tx
        .fetch_optional(
            "INSERT INTO users (name, role, password, created_at_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO NOTHING RETURNING id, name, role, created_at_ms",
            values![new.name.as_str(), role.id(), new.password.0.as_str(), audit.at_ms],
        )
        .await?
        .ok_or(CreateUserError::NameTaken)?;
    journal::write_audit(tx, audit).await?;
    events::write(tx, event).await?;
    Ok(row.read("users", "id", user)?)
}

fn user(row: &Row) -> Result<User, Unreadable> {
    Ok(User {
        id: UserId(row.get("id")?),
        name: UserName::new(row.get::<String>("name")?)?,
        role: row.get::<String>("role")?.parse()?,
        created_at_ms: row.get("created_at_ms")?,
    })
}
