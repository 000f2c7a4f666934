use std::collections::HashMap;

use async_trait::async_trait;
use control::ports::{
    AuditEntry, CreateUserError, Identity, NewSession, NewUser, PasswordHash, RedeemError, SessionRecord, StoreError, TokenHash,
};
use model::{NewEvent, Role, User, UserId, UserName};

use super::store::{MemoryStore, State, next_id};

#[derive(Debug, Default)]
pub(super) struct Accounts {
    users: Vec<(User, PasswordHash)>,
    sessions: HashMap<TokenHash, (UserId, i64)>,
    setup: Option<(TokenHash, i64)>,
}

impl State {
    fn add_user(&mut self, new: &NewUser, role: Role, audit: &AuditEntry, event: &NewEvent) -> Result<User, CreateUserError> {
        let users = &mut self.accounts.users;
        if users.iter().any(|(user, _)| user.name == new.name) {
            return Err(CreateUserError::NameTaken);
        }
        let user = User {
            id: UserId(next_id(users.len())),
            name: new.name.clone(),
            role,
            created_at_ms: audit.at_ms,
        };
        users.push((user.clone(), new.password.clone()));
        self.write_audit(audit);
        self.write_event(event);
        Ok(user)
    }
}

#[async_trait]
impl Identity for MemoryStore {
    async fn users(&self) -> Result<Vec<User>, StoreError> {
        Ok(self.reading()?.accounts.users.iter().map(|(user, _)| user.clone()).collect())
    }

    async fn credentials(&self, name: &UserName) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let state = self.reading()?;
        Ok(state.accounts.users.iter().find(|(user, _)| user.name == *name).cloned())
    }

    async fn create_user(&self, new: &NewUser, audit: &AuditEntry, event: &NewEvent) -> Result<User, CreateUserError> {
        self.writing()?.add_user(new, new.role, audit, event)
    }

    async fn set_password(&self, name: &UserName, password: &PasswordHash, audit: &AuditEntry) -> Result<bool, StoreError> {
        let mut state = self.writing()?;
        let Some((user, stored)) = state.accounts.users.iter_mut().find(|(user, _)| user.name == *name) else {
            return Ok(false);
        };
        *stored = password.clone();
        let id = user.id;
        state.accounts.sessions.retain(|_, (user, _)| *user != id);
        state.write_audit(audit);
        Ok(true)
    }

    async fn create_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let accounts = &mut self.writing()?.accounts;
        if !accounts.users.iter().any(|(user, _)| user.id == session.user) {
            return Err(StoreError::Unwritable("the session's account does not exist".into()));
        }
        accounts.sessions.insert(session.token, (session.user, session.expires_at_ms));
        Ok(())
    }

    async fn session(&self, token: &TokenHash, now_ms: i64) -> Result<Option<SessionRecord>, StoreError> {
        let state = self.reading()?;
        let found = state
            .accounts
            .sessions
            .get(token)
            .filter(|(_, expires_at_ms)| *expires_at_ms > now_ms);
        Ok(found.and_then(|(id, expires_at_ms)| {
            let (user, _) = state.accounts.users.iter().find(|(user, _)| user.id == *id)?;
            Some(SessionRecord {
                user: user.clone(),
                expires_at_ms: *expires_at_ms,
            })
        }))
    }

    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        self.writing()?.accounts.sessions.remove(token);
        Ok(())
    }

    async fn remove_expired(&self, now_ms: i64) -> Result<u64, StoreError> {
        let accounts = &mut self.writing()?.accounts;
        let before = accounts.sessions.len() + usize::from(accounts.setup.is_some());
        accounts.sessions.retain(|_, (_, expires_at_ms)| *expires_at_ms > now_ms);
        accounts.setup = accounts.setup.filter(|(_, expires_at_ms)| *expires_at_ms > now_ms);
        let after = accounts.sessions.len() + usize::from(accounts.setup.is_some());
        Ok((before - after) as u64)
    }

    async fn put_setup_token(&self, token: &TokenHash, expires_at_ms: i64) -> Result<(), StoreError> {
        self.writing()?.accounts.setup = Some((*token, expires_at_ms));
        Ok(())
    }

    async fn redeem_setup_token(
        &self,
        token: &TokenHash,
        new: &NewUser,
        audit: &AuditEntry,
        event: &NewEvent,
        now_ms: i64,
    ) -> Result<User, RedeemError> {
        let mut state = self.writing().map_err(CreateUserError::from)?;
        let valid = state
            .accounts
            .setup
            .is_some_and(|(stored, expires_at_ms)| stored == *token && expires_at_ms > now_ms);
        let admin = state.accounts.users.iter().any(|(user, _)| user.role == Role::SystemAdmin);
        if !valid || admin {
            return Err(RedeemError::NotValid);
        }
        let user = state.add_user(new, Role::SystemAdmin, audit, event)?;
        state.accounts.setup = None;
        Ok(user)
    }
}
