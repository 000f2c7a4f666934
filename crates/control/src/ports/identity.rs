use std::fmt;

use async_trait::async_trait;
use model::{NewEvent, Role, User, UserId, UserName};

use super::{AuditEntry, StoreError};

/// SHA-256 of a random token. Only this is stored: a stolen database opens no session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// An argon2id hash in PHC string form. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub name: UserName,
    pub role: Role,
    pub password: PasswordHash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub token: TokenHash,
    pub user: UserId,
    /// Unix time, ms.
    pub created_at_ms: i64,
    /// Unix time, ms.
    pub expires_at_ms: i64,
    /// Client address at sign-in.
    pub from: String,
}

/// A session that has not expired, with its user as stored now: a changed role is in force at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    pub user: User,
    /// Unix time, ms.
    pub expires_at_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateUserError {
    #[error("the name is taken")]
    NameTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// Unknown, used, expired, or an admin exists by now.
    #[error("this link is no longer valid")]
    NotValid,
    #[error(transparent)]
    Create(#[from] CreateUserError),
}

/// Accounts, sessions and the one-time link of the first start.
#[async_trait]
pub trait Identity: Send + Sync + 'static {
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// The account and its password hash.
    async fn credentials(&self, name: &UserName) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// Account, audit row and event in one transaction.
    async fn create_user(&self, user: &NewUser, audit: &AuditEntry, event: &NewEvent) -> Result<User, CreateUserError>;

    /// Sets the password and ends all sessions of the account, in one transaction with the audit row. `false` when there is no such
    /// account.
    async fn set_password(&self, name: &UserName, password: &PasswordHash, audit: &AuditEntry) -> Result<bool, StoreError>;

    async fn create_session(&self, session: &NewSession) -> Result<(), StoreError>;

    async fn session(&self, token: &TokenHash, now_ms: i64) -> Result<Option<SessionRecord>, StoreError>;

    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError>;

    /// Removes what expired before `now_ms`; how many.
    async fn remove_expired(&self, now_ms: i64) -> Result<u64, StoreError>;

    /// Replaces whatever one-time link was there.
    async fn put_setup_token(&self, token: &TokenHash, expires_at_ms: i64) -> Result<(), StoreError>;

    /// In one transaction: the token is valid, no system admin exists, the user is created as system admin, the token is gone.
    async fn redeem_setup_token(
        &self,
        token: &TokenHash,
        user: &NewUser,
        audit: &AuditEntry,
        event: &NewEvent,
        now_ms: i64,
    ) -> Result<User, RedeemError>;
}
