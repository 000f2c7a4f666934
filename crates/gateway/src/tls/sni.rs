//! Which certificate a client gets: by the name it asks for.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::Certificate;

/// All certificates, in the order of the settings, and where each name leads.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) certificates: Vec<Arc<Certificate>>,
    index: HashMap<String, Vec<usize>>,
}

impl Table {
    /// Of at least one certificate.
    pub(super) fn new(certificates: Vec<Arc<Certificate>>) -> Self {
        let mut index: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, certificate) in certificates.iter().enumerate() {
            for name in &certificate.names {
                index.entry(name.clone()).or_default().push(at);
            }
        }
        Self { certificates, index }
    }

    /// Those for that name, best first: named in full, then by a wildcard, which stands for one label. The first of all when there is
    /// none: a client without a name is one too.
    fn candidates(&self, name: Option<&str>) -> Vec<&Arc<Certificate>> {
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        let places = [Some(name), wildcard];
        let found: Vec<_> = places
            .iter()
            .flatten()
            .filter_map(|name| self.index.get(name))
            .flatten()
            .map(|&at| &self.certificates[at])
            .collect();
        if found.is_empty() {
            self.certificates.first().into_iter().collect()
        } else {
            found
        }
    }
}

/// The table behind a swap: a handshake takes the one that is in force when it asks.
#[derive(Debug)]
pub(super) struct Resolver(pub(super) ArcSwap<Table>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let table = self.0.load();
        let candidates = table.candidates(hello.server_name());
        // A name may have two certificates, for clients that know ECDSA and for those that do not.
        let known = |certificate: &&&Arc<Certificate>| certificate.key.key.choose_scheme(hello.signature_schemes()).is_some();
        let chosen = candidates.iter().find(known).or(candidates.first())?;
        Some(chosen.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivateKeyDer;

    use super::*;
    use crate::tls::provider;

    fn table(names: &[&[&str]]) -> Table {
        let key = rcgen::KeyPair::generate().unwrap();
        let key = provider()
            .key_provider
            .load_private_key(PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let key = Arc::new(CertifiedKey::new(Vec::new(), key));
        let certificate = |names: &&[&str]| {
            Arc::new(Certificate {
                key: key.clone(),
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                not_after_ms: 0,
            })
        };
        Table::new(names.iter().map(certificate).collect())
    }

    #[test]
    fn a_name_in_full_beats_a_wildcard_and_strangers_get_the_first() {
        let table = table(&[&["first.test"], &["*.shop.test"], &["a.shop.test"], &["shop.test", "b.shop.test"]]);
        let chosen = |name: Option<&str>| {
            let first = table.candidates(name)[0];
            table
                .certificates
                .iter()
                .position(|certificate| Arc::ptr_eq(certificate, first))
                .unwrap()
        };
        let cases = [
            (None, 0),
            (Some("first.test"), 0),
            (Some("FIRST.test"), 0),
            (Some("a.shop.test"), 2),
            (Some("b.shop.test"), 3),
            (Some("c.shop.test"), 1),
            (Some("shop.test"), 3),
            (Some("c.d.shop.test"), 0),
            (Some("unknown"), 0),
            (Some(""), 0),
            (Some("*.shop.test"), 1),
        ];
        for (name, expected) in cases {
            assert_eq!(chosen(name), expected, "{name:?}");
        }
    }
}
