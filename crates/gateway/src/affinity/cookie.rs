//! The cookie: which instance, which session, until when, and a signature over it all.
//!
//! `<instance>~<session>~<expires>~<signature>`: session and expiry (Unix time, s) in hexadecimal, the signature the first 128 bits of
//! an HMAC-SHA-256 (RFC 2104), base64url. The pool is signed along: a cookie of one pool is worth nothing in another.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use http::{HeaderMap, header};
use model::{AffinityPolicy, InstanceId, PoolId};
use sha2::Sha256;

const SIGNATURE_BYTES: usize = 16;
/// Longer values are not ours.
const VALUE_MAX: usize = 512;

/// What cookies are signed with. Gateways that share it know each other's cookies. Clones are the same key, also when it is replaced.
#[derive(Clone)]
pub struct AffinityKey(Arc<ArcSwap<[u8; 32]>>);

impl AffinityKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(key)))
    }

    pub fn random() -> Self {
        Self::new(rand::random())
    }

    pub(crate) fn replace(&self, key: [u8; 32]) {
        self.0.store(Arc::new(key));
    }
}

impl PartialEq for AffinityKey {
    fn eq(&self, other: &Self) -> bool {
        **self.0.load() == **other.0.load()
    }
}

impl Eq for AffinityKey {}

impl fmt::Debug for AffinityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AffinityKey(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) instance: InstanceId,
    pub(super) session: u64,
    pub(super) expires_s: i64,
}

impl Cookie {
    /// The first valid cookie of this name.
    pub(super) fn find(headers: &HeaderMap, name: &str, pool: &PoolId, key: &AffinityKey, now_s: i64) -> Option<Self> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .find_map(|(_, value)| Self::verified(value, pool, key, now_s))
    }

    fn verified(value: &str, pool: &PoolId, key: &AffinityKey, now_s: i64) -> Option<Self> {
        if value.len() > VALUE_MAX {
            return None;
        }
        let (signed, signature) = value.rsplit_once('~')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE_BYTES {
            return None;
        }
        mac(signed, pool, key).verify_truncated_left(&signature).ok()?;
        let mut parts = signed.split('~');
        let cookie = Self {
            instance: parts.next()?.parse().ok()?,
            session: u64::from_str_radix(parts.next()?, 16).ok()?,
            expires_s: i64::from_str_radix(parts.next()?, 16).ok()?,
        };
        (cookie.expires_s > now_s).then_some(cookie)
    }

    /// The value of `Set-Cookie`.
    pub(super) fn set(&self, policy: &AffinityPolicy, pool: &PoolId, key: &AffinityKey) -> String {
        let signed = format!("{}~{:x}~{:x}", self.instance, self.session, self.expires_s);
        let signature = mac(&signed, pool, key).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(&signature[..SIGNATURE_BYTES]);
        let AffinityPolicy { cookie: name, ttl_s, .. } = policy;
        format!("{name}={signed}~{signature}; Path=/; Max-Age={ttl_s}; HttpOnly; SameSite=Lax")
    }
}

fn mac(signed: &str, pool: &PoolId, key: &AffinityKey) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&**key.0.load()).expect("HMAC takes keys of any length");
    mac.update(pool.as_str().as_bytes());
    mac.update(b"\n");
    mac.update(signed.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static KEY: LazyLock<AffinityKey> = LazyLock::new(|| AffinityKey::new([7; 32]));

    fn pool(name: &str) -> PoolId {
        PoolId::new(name).unwrap()
    }

    fn cookie() -> Cookie {
        Cookie {
            instance: InstanceId::new("web-1").unwrap(),
            session: 0xfeed_beef,
            expires_s: 2_000,
        }
    }

    fn sent(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, value.parse().unwrap());
        headers
    }

    fn value() -> String {
        let set = cookie().set(&AffinityPolicy::default(), &pool("web"), &KEY);
        set.split_once(';').unwrap().0.to_owned()
    }

    fn find(headers: &HeaderMap) -> Option<Cookie> {
        Cookie::find(headers, "EVENKEEL_SESSION", &pool("web"), &KEY, 1_000)
    }

    #[test]
    fn what_was_set_is_found_among_others() {
        assert_eq!(find(&sent(&value())), Some(cookie()));
        let among = format!("a=1; EVENKEEL_SESSION=forged; {}; b=2", value());
        assert_eq!(find(&sent(&among)), Some(cookie()));
    }

    #[test]
    fn another_pool_key_name_or_time_is_refused() {
        let headers = sent(&value());
        let found = |pool: &PoolId, key: &AffinityKey, name: &str, now_s| Cookie::find(&headers, name, pool, key, now_s);
        assert_eq!(found(&pool("api"), &KEY, "EVENKEEL_SESSION", 1_000), None);
        assert_eq!(found(&pool("web"), &AffinityKey::new([8; 32]), "EVENKEEL_SESSION", 1_000), None);
        assert_eq!(found(&pool("web"), &KEY, "OTHER", 1_000), None);
        assert_eq!(found(&pool("web"), &KEY, "EVENKEEL_SESSION", 2_000), None);
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", *KEY), "AffinityKey(…)");
    }

    #[test]
    fn a_replaced_key_counts_for_all_who_hold_it() {
        let key = AffinityKey::new([8; 32]);
        let held = key.clone();
        let found = |key| Cookie::find(&sent(&value()), "EVENKEEL_SESSION", &pool("web"), key, 1_000);
        assert_eq!(found(&held), None);
        key.replace([7; 32]);
        assert_eq!((found(&held), held), (Some(cookie()), KEY.clone()));
    }

    proptest! {
        #[test]
        fn one_changed_character_is_enough(at in any::<prop::sample::Index>(), to in "[a-zA-Z0-9~_-]") {
            let value = value();
            let start = value.find('=').unwrap() + 1;
            let at = start + at.index(value.len() - start);
            let forged = format!("{}{to}{}", &value[..at], &value[at + 1..]);
            let found = find(&sent(&forged));
            // The last of 22 characters carries 2 bits that are not part of 16 bytes; base64 refuses them unless they are 0.
            prop_assert!(found.is_none() || forged == value);
        }

        #[test]
        fn any_header_is_survived(text in "[ -~]{0,600}") {
            prop_assert_eq!(find(&sent(&format!("EVENKEEL_SESSION={text}"))), None);
        }
    }
}
