//! Passwords: argon2id with OWASP's parameters (Password Storage Cheat Sheet: 19 MiB, 2 rounds, 1 lane).

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, SaltString},
};
use model::ApiError;
use rand::{TryRngCore as _, rngs::OsRng};
use tokio::sync::Semaphore;

use crate::ports::PasswordHash;

/// Shorter ones are guessed (NIST SP 800-63B asks for 8 at the least, 15 where there is no second factor).
pub const PASSWORD_MIN_CHARS: usize = 10;

/// Longer ones only cost time to hash.
pub const PASSWORD_MAX_CHARS: usize = 256;

/// Hashes at the same time: each takes 19 MiB and a core for some 20 ms, so more of them would stall the console.
const AT_ONCE: usize = 2;

static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("OWASP's parameters are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// # Errors
/// [`ApiError::Invalid`] on field `password`.
pub(super) fn check(password: &str) -> Result<(), ApiError> {
    let chars = password.chars().count();
    if chars < PASSWORD_MIN_CHARS {
        return Err(ApiError::invalid(
            "password",
            format!("must have at least {PASSWORD_MIN_CHARS} characters"),
        ));
    }
    if chars > PASSWORD_MAX_CHARS {
        return Err(ApiError::invalid(
            "password",
            format!("must have at most {PASSWORD_MAX_CHARS} characters"),
        ));
    }
    Ok(())
}

fn hash_now(password: &str) -> Result<PasswordHash, password_hash::Error> {
    let mut salt = [0_u8; 16];
    OsRng.try_fill_bytes(&mut salt).expect("the operating system gives random bytes");
    let salt = SaltString::encode_b64(&salt)?;
    Ok(PasswordHash(argon2().hash_password(password.as_bytes(), &salt)?.to_string()))
}

/// Off the async threads, at most [`AT_ONCE`] at a time.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let failed = |e: &dyn std::fmt::Display| ApiError::unavailable("password hashing", e);
    let place = PLACES.clone().acquire_owned().await.map_err(|e| failed(&e))?;
    let done = tokio::task::spawn_blocking(move || {
        let out = work();
        drop(place);
        out
    });
    done.await.map_err(|e| failed(&e))
}

pub(super) async fn hash(password: &str) -> Result<PasswordHash, ApiError> {
    let password = password.to_owned();
    apart(move || hash_now(&password))
        .await?
        .map_err(|e| ApiError::unavailable("password hashing", e))
}

/// Whether the password is the account's. Without an account it takes as long and says no.
pub(super) async fn verify(password: &str, stored: Option<PasswordHash>) -> Result<bool, ApiError> {
    static NOBODY: LazyLock<PasswordHash> = LazyLock::new(|| hash_now("the password of nobody").expect("a constant can be hashed"));
    let password = password.to_owned();
    apart(move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.clone());
        let parsed = password_hash::PasswordHash::new(&stored.0);
        let right = parsed.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        known && right
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_real_account_is_right() {
        let stored = hash("correct horse battery").await.unwrap();
        assert!(stored.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse battery", Some(stored.clone())).await.unwrap());
        assert!(!verify("correct horse", Some(stored)).await.unwrap());
        assert!(!verify("the password of nobody", None).await.unwrap());
        assert!(!verify("x", Some(PasswordHash("garbage".into()))).await.unwrap());
    }

    #[test]
    fn short_and_endless_passwords_are_refused_by_name() {
        for bad in ["", "short", &"x".repeat(257)] {
            assert!(matches!(check(bad), Err(ApiError::Invalid { field, .. }) if field == "password"));
        }
        assert!(check("ten chars!").is_ok());
    }
}
