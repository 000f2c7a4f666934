//! Everything a gateway needs to serve alone: the plan, and the key that affinity cookies are signed with.

use std::fmt::{self, Write as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::GatewayPlan;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

use super::OrdersText;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    pub plan: GatewayPlan,
    pub affinity_key: SecretKey,
}

impl Orders {
    pub fn text(&self) -> OrdersText {
        OrdersText(serde_json::to_string(self).expect("a plan is maps with text keys, lists and plain values"))
    }

    /// # Errors
    /// What this version does not understand, in words.
    pub fn parse(text: &OrdersText) -> Result<Self, String> {
        // The text holds a key: an error of the parser names a place and a field, never a value of that field.
        serde_json::from_str(&text.0).map_err(|e| format!("this version does not understand the orders: {e}"))
    }
}

impl OrdersText {
    /// SHA-256, in hexadecimal.
    pub fn digest(&self) -> String {
        Sha256::digest(self.0.as_bytes()).iter().fold(String::new(), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
}

/// Shared by all gateways of a console, so that a cookie of one is valid on each. Travels to them and into their plan files; printed
/// nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretKey(pub [u8; 32]);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl Serialize for SecretKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SecretKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom("the affinity key is not 32 bytes in base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_way_and_print_no_key() {
        let orders = Orders {
            plan: GatewayPlan::default(),
            affinity_key: SecretKey([7; 32]),
        };
        let text = orders.text();
        assert_eq!(Orders::parse(&text), Ok(orders.clone()));
        let key = URL_SAFE_NO_PAD.encode([7; 32]);
        assert!(text.0.contains(&key));
        assert!(!format!("{orders:?}{text:?}").contains(&key));
        let broken = OrdersText(text.0.replace(&key, "not-a-key-but-secret"));
        let why = Orders::parse(&broken).unwrap_err();
        assert!(why.contains("affinity key") && !why.contains("not-a-key"), "{why}");
        assert_ne!(broken.digest(), text.digest());
    }
}
