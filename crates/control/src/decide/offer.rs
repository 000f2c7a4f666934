//! An [`Offer`] as it came in, turned into what cannot be wrong. Every string is from outside: each has a limit and a character set.

use std::collections::{BTreeMap, BTreeSet};

use model::{InstanceId, InvalidValue, Offer, PathPrefix, PoolId, Weight};

use super::reach::{self, Endpoint};

/// Entries of each list.
pub const ENTRIES_MAX: usize = 32;
/// A capability, a tag, a metadata key.
pub const WORD_MAX_BYTES: usize = 63;
/// A zone.
const ZONE_MAX_CHARS: usize = 63;
/// A metadata value.
pub const VALUE_MAX_CHARS: usize = 256;

/// An offer that keeps all the rules; its names are not looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub pool: PoolId,
    pub id: InstanceId,
    pub endpoint: Endpoint,
    pub check: Option<(Endpoint, PathPrefix)>,
    pub weight: Weight,
    pub zone: Option<String>,
    pub capabilities: Vec<String>,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, String>,
}

/// # Errors
/// [`InvalidValue`] on the first field that is wrong.
pub fn announced(offer: Offer) -> Result<Announced, InvalidValue> {
    let name = |field: &'static str| move |e: model::InvalidName| InvalidValue::new(field, e.to_string());
    let check = offer.health_url.as_deref().map(|url| reach::health_url("health_url", url));
    Ok(Announced {
        pool: PoolId::new(offer.pool).map_err(name("pool"))?,
        id: InstanceId::new(offer.id).map_err(name("id"))?,
        endpoint: reach::endpoint("address", &offer.address)?,
        check: check.transpose()?,
        weight: Weight::new(offer.weight.unwrap_or(Weight::ONE.get()))?,
        zone: offer.zone.map(zone).transpose()?,
        capabilities: words("capabilities", offer.capabilities)?,
        tags: words("tags", offer.tags)?,
        metadata: metadata(offer.metadata)?,
    })
}

/// A zone, whether an offer or the settings name it.
///
/// # Errors
/// [`InvalidValue`] on field `zone`.
pub fn zone(zone: String) -> Result<String, InvalidValue> {
    visible("zone", zone, ZONE_MAX_CHARS)
}

/// Sorted and each once, so that the same offer in another order is no change.
fn words(field: &str, words: Vec<String>) -> Result<Vec<String>, InvalidValue> {
    at_most(field, words.len())?;
    let words: BTreeSet<String> = words.into_iter().map(|w| word(field, w)).collect::<Result<_, _>>()?;
    Ok(words.into_iter().collect())
}

fn metadata(pairs: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, InvalidValue> {
    at_most("metadata", pairs.len())?;
    pairs
        .into_iter()
        .map(|(key, value)| Ok((word("metadata", key)?, visible("metadata", value, VALUE_MAX_CHARS)?)))
        .collect()
}

fn at_most(field: &str, count: usize) -> Result<(), InvalidValue> {
    if count > ENTRIES_MAX {
        return Err(InvalidValue::new(
            field,
            format!("has {count} entries; at most {ENTRIES_MAX} are taken"),
        ));
    }
    Ok(())
}

fn word(field: &str, word: String) -> Result<String, InvalidValue> {
    if word.is_empty() || word.len() > WORD_MAX_BYTES || !word.bytes().all(|b| b.is_ascii_graphic()) {
        let rule = format!("each entry must have 1 to {WORD_MAX_BYTES} printable ASCII characters without spaces");
        return Err(InvalidValue::new(field, rule));
    }
    Ok(word)
}

fn visible(field: &str, text: String, max: usize) -> Result<String, InvalidValue> {
    if text.trim().is_empty() || text.chars().count() > max || text.chars().any(char::is_control) {
        return Err(InvalidValue::new(field, format!("must have 1 to {max} visible characters")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            pool: "web".into(),
            id: "web-7".into(),
            address: "10.0.0.7:9000".into(),
            health_url: None,
            weight: None,
            zone: None,
            capabilities: vec![],
            tags: vec![],
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn every_field_has_a_limit_and_is_named() {
        type Spoil = fn(&mut Offer);
        let long = |n: usize| "x".repeat(n);
        let cases: [(&str, Spoil); 16] = [
            ("pool", |o| o.pool = "<b>".into()),
            ("pool", |o| o.pool = String::new()),
            ("id", |o| o.id = "a/../b".into()),
            ("id", |o| o.id = "x".repeat(64)),
            ("address", |o| o.address = "https://a:1".into()),
            ("health_url", |o| o.health_url = Some("file:///etc/passwd".into())),
            ("weight", |o| o.weight = Some(0)),
            ("weight", |o| o.weight = Some(257)),
            ("zone", |o| o.zone = Some("a\u{1b}[2J".into())),
            ("zone", |o| o.zone = Some("x".repeat(64))),
            ("capabilities", |o| o.capabilities = vec!["a b".into()]),
            ("capabilities", |o| o.capabilities = vec!["x".into(); 33]),
            ("tags", |o| o.tags = vec![String::new()]),
            ("tags", |o| o.tags = vec!["x".repeat(64)]),
            ("metadata", |o| drop(o.metadata.insert("key".into(), "x".repeat(257)))),
            ("metadata", |o| drop(o.metadata.insert("a\n".into(), "b".into()))),
        ];
        for (at, (field, spoil)) in cases.into_iter().enumerate() {
            let mut bad = offer();
            spoil(&mut bad);
            assert_eq!(announced(bad).map(drop).map_err(|e| e.field), Err(field.to_owned()), "case {at}");
        }
        let mut full = offer();
        full.tags = (0..32).map(|n| format!("{n}{}", long(60))).collect();
        full.metadata = (0..32).map(|n| (format!("k{n}"), long(256))).collect();
        assert!(announced(full).is_ok());
    }

    #[test]
    fn the_same_words_in_another_order_are_the_same() {
        let tagged = |tags: &[&str]| {
            let mut offer = offer();
            offer.tags = tags.iter().map(|t| (*t).to_owned()).collect();
            announced(offer).unwrap()
        };
        assert_eq!(tagged(&["b", "a", "b"]), tagged(&["a", "b"]));
    }
}
