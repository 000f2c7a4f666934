//! Local accounts and sessions.

use std::{net::IpAddr, sync::Arc, time::Duration};

use model::{Actor, ApiError, EventKind, InvalidValue, NewEvent, Role, Severity, User, UserName};

use super::{
    password,
    proof::Principal,
    secret::{Secret, presented},
    throttle::Throttle,
};
use crate::ports::{AuditEntry, Clock, CreateUserError, Identity, NewSession, NewUser, RedeemError, StoreError};

/// A session ends after this time whatever happens: a week of working days with the console open.
const SESSION: Duration = Duration::from_hours(7 * 24);

/// The first start's link.
const SETUP_LINK: Duration = Duration::from_hours(24);

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub token: Secret,
    pub user: User,
    /// Unix time, ms.
    pub expires_at_ms: i64,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    identity: Arc<dyn Identity>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Throttle>,
}

fn store(error: StoreError) -> ApiError {
    ApiError::unavailable("the list of accounts", error)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Accounts {
    pub fn new(identity: Arc<dyn Identity>, clock: Arc<dyn Clock>) -> Self {
        Self {
            identity,
            clock,
            throttle: Arc::new(Throttle::new()),
        }
    }

    /// Who presents this session token, with the role they have now; `None` when the session has ended.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn authenticate(&self, session_token: &str, from: IpAddr) -> Result<Option<Principal>, ApiError> {
        let Some(token) = presented(session_token) else { return Ok(None) };
        let session = self.identity.session(&token, self.clock.now_ms()).await.map_err(store)?;
        Ok(session.map(|s| Principal::new(s.user, from)))
    }

    /// Checks name and password and opens a session. Unknown name and wrong password get the same answer at the same cost.
    ///
    /// # Errors
    /// [`ApiError::WrongCredentials`], [`ApiError::TooManyRequests`], [`ApiError::Unavailable`].
    pub async fn sign_in(&self, name: &str, password: &str, from: IpAddr) -> Result<SignedIn, ApiError> {
        self.throttle.attempt(name, from)?;
        let found = match UserName::new(name) {
            Ok(name) => self.identity.credentials(&name).await.map_err(store)?,
            Err(_) => None,
        };
        let (user, hash) = found.unzip();
        let bounded = if password.chars().count() > password::PASSWORD_MAX_CHARS {
            ""
        } else {
            password
        };
        let right = password::verify(bounded, hash).await?;
        let Some(user) = user.filter(|_| right) else {
            tracing::warn!(%from, "a sign-in failed");
            return Err(ApiError::WrongCredentials);
        };
        self.open_session(user, from).await
    }

    async fn open_session(&self, user: User, from: IpAddr) -> Result<SignedIn, ApiError> {
        let (token, now) = (Secret::random(), self.clock.now_ms());
        let expires_at_ms = now + millis(SESSION);
        let session = NewSession {
            token: token.hash(),
            user: user.id,
            created_at_ms: now,
            expires_at_ms,
            from: from.to_string(),
        };
        self.identity.create_session(&session).await.map_err(store)?;
        Ok(SignedIn {
            token,
            user,
            expires_at_ms,
        })
    }

    /// Ends the session at once.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn sign_out(&self, session_token: &str) -> Result<(), ApiError> {
        match presented(session_token) {
            Some(token) => self.identity.end_session(&token).await.map_err(store),
            None => Ok(()),
        }
    }

    /// Whether the one-time link is still needed.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn needs_setup(&self) -> Result<bool, ApiError> {
        Ok(!self.users().await?.iter().any(|u| u.role == Role::SystemAdmin))
    }

    /// A new one-time token for the first admin; older ones no longer work. `None` once a system admin exists.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn issue_setup_token(&self) -> Result<Option<Secret>, ApiError> {
        if !self.needs_setup().await? {
            return Ok(None);
        }
        let token = Secret::random();
        self.identity
            .put_setup_token(&token.hash(), self.clock.now_ms() + millis(SETUP_LINK))
            .await
            .map_err(store)?;
        Ok(Some(token))
    }

    /// Makes the first system admin and signs them in.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] on `token`, `name` or `password`; [`ApiError::TooManyRequests`]; [`ApiError::Unavailable`].
    pub async fn setup(&self, token: &str, name: &str, password: &str, from: IpAddr) -> Result<SignedIn, ApiError> {
        self.throttle.attempt("", from)?;
        let not_valid = || {
            ApiError::invalid(
                "token",
                "this link is used up or expired; start evenkeel again for a new one, or sign in if an admin exists",
            )
        };
        let token = presented(token).ok_or_else(not_valid)?;
        let user = new_user(name, Role::SystemAdmin, password).await?;
        let (audit, event) = self.told(&user, &user.name.to_string(), &from.to_string());
        let now = self.clock.now_ms();
        let user = self
            .identity
            .redeem_setup_token(&token, &user, &audit, &event, now)
            .await
            .map_err(|e| match e {
                RedeemError::NotValid => not_valid(),
                RedeemError::Create(e) => create_error(e),
            })?;
        self.open_session(user, from).await
    }

    /// # Errors
    /// [`ApiError::Unavailable`].
    pub async fn users(&self) -> Result<Vec<User>, ApiError> {
        self.identity.users().await.map_err(store)
    }

    /// `by` is who does it, for the audit row.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] on `name` or `password`, [`ApiError::Unavailable`].
    pub async fn create_user(&self, name: &str, role: Role, password: &str, by: &str) -> Result<User, ApiError> {
        let user = new_user(name, role, password).await?;
        let (audit, event) = self.told(&user, by, by);
        self.identity.create_user(&user, &audit, &event).await.map_err(create_error)
    }

    /// Sets the password and ends all sessions of the account.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`] on `password`, [`ApiError::Unavailable`].
    pub async fn set_password(&self, name: &str, password: &str, by: &str) -> Result<(), ApiError> {
        password::check(password)?;
        let missing = || ApiError::not_found("user", name);
        let known = UserName::new(name).map_err(|_| missing())?;
        let hash = password::hash(password).await?;
        let audit = AuditEntry {
            at_ms: self.clock.now_ms(),
            who: by.to_owned(),
            from: by.to_owned(),
            action: "user.password".into(),
            target: known.to_string(),
            diff: Vec::new(),
        };
        if self.identity.set_password(&known, &hash, &audit).await.map_err(store)? {
            Ok(())
        } else {
            Err(missing())
        }
    }

    fn told(&self, user: &NewUser, by: &str, from: &str) -> (AuditEntry, NewEvent) {
        let at_ms = self.clock.now_ms();
        let role = model::FieldDiff {
            field: "role".into(),
            before: "none".into(),
            after: user.role.to_string(),
        };
        let audit = AuditEntry {
            at_ms,
            who: by.to_owned(),
            from: from.to_owned(),
            action: "user.create".into(),
            target: user.name.to_string(),
            diff: vec![role],
        };
        let event = NewEvent {
            at_ms,
            kind: EventKind::UserCreated,
            severity: Severity::Info,
            pool: None,
            instance: None,
            summary: format!("{} may now sign in as {}", user.name, user.role.label()),
            cause: String::new(),
            actor: Actor::User(by.to_owned()),
        };
        (audit, event)
    }

    pub(crate) fn forget_old_attempts(&self) {
        self.throttle.forget_old();
    }
}

async fn new_user(name: &str, role: Role, password: &str) -> Result<NewUser, ApiError> {
    let name = UserName::new(name)?;
    password::check(password)?;
    Ok(NewUser {
        name,
        role,
        password: password::hash(password).await?,
    })
}

fn create_error(error: CreateUserError) -> ApiError {
    match error {
        CreateUserError::NameTaken => InvalidValue::new("name", "is taken").into(),
        CreateUserError::Store(e) => store(e),
    }
}
