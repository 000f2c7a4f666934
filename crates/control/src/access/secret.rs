//! Random tokens. What the client holds is a [`Secret`]; what is stored is its hash.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};

use crate::ports::TokenHash;

/// Random bytes of a token: 256 bits.
const BYTES: usize = 32;

/// A longer string is no token of ours and is not even hashed.
const TEXT_MAX: usize = 128;

/// A token that must not be printed by accident: `{:?}` and logs show dots; [`Secret::expose`] says that it is meant.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn random() -> Self {
        let mut bytes = [0_u8; BYTES];
        OsRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The hash to look a presented token up by; `None` for what cannot be one. A lookup by hash needs no constant-time comparison: who
/// can choose the hash already knows the token.
pub(super) fn presented(token: &str) -> Option<TokenHash> {
    (!token.is_empty() && token.len() <= TEXT_MAX).then(|| Secret(token.to_owned()).hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_unique_and_not_printed() {
        let (a, b) = (Secret::random(), Secret::random());
        assert_eq!(a.expose().len(), 43);
        assert_ne!(a, b);
        assert_eq!(format!("{a:?}"), "Secret(…)");
        assert_eq!(presented(a.expose()), Some(a.hash()));
        assert_eq!(presented(&"x".repeat(10_000)), None);
    }
}
