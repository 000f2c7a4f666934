//! Tokens that machines show (RFC 6750).

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A longer one is none of ours and is not even hashed.
const TOKEN_MAX_BYTES: usize = 512;

/// A token as its hash: not printable, and compared in the same time whatever is presented.
#[derive(Clone)]
pub struct BearerToken([u8; 32]);

impl BearerToken {
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether what somebody presented is this one.
    pub fn is(&self, presented: Option<&str>) -> bool {
        let presented = presented.filter(|presented| presented.len() <= TOKEN_MAX_BYTES);
        presented.is_some_and(|presented| self.0.ct_eq(&Self::new(presented).0).into())
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_only_itself_and_is_not_printed() {
        let token = BearerToken::new("correct horse");
        assert!(token.is(Some("correct horse")));
        let long = "x".repeat(TOKEN_MAX_BYTES + 1);
        for wrong in [None, Some(""), Some("correct hors"), Some("correct horse "), Some(long.as_str())] {
            assert!(!token.is(wrong), "{wrong:?}");
        }
        assert!(!BearerToken::new(&long).is(Some(&long)));
        assert_eq!(format!("{token:?}"), "BearerToken(…)");
    }
}
