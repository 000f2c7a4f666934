//! The certificates in force, and how they are replaced while connections stay.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use arc_swap::ArcSwap;
use model::{EventKind, Severity, time::utc};
use parking_lot::Mutex;
use rustls::{
    ServerConfig,
    crypto::ring::Ticketer,
    version::{TLS12, TLS13},
};
use tokio::{sync::Notify, task, time};
use tracing::warn;

use super::{
    Certificate, CertificateError, CertificateFiles, TlsConfig,
    certificate::Pair,
    provider,
    sni::{Resolver, Table},
};
use crate::state::{Happened, Journal, unix_ms};

/// A certificate's last days: enough to find out why nobody renewed it.
const EXPIRES_SOON_MS: i64 = 14 * 24 * 3600 * 1_000;
/// What browsers prefer first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

#[derive(Debug)]
pub(crate) struct Keyring {
    files: Vec<CertificateFiles>,
    resolver: Arc<Resolver>,
    /// As `files`. Only looking takes it.
    seen: Mutex<Vec<Seen>>,
}

#[derive(Debug)]
struct Seen {
    in_force: [u8; 32],
    refused: Option<Refused>,
    /// The worst that was said of its end.
    told: Option<Severity>,
}

#[derive(Debug)]
struct Refused {
    why: String,
    told: bool,
}

impl Keyring {
    /// Of at least one certificate, or nothing could be served.
    pub(crate) fn load(config: &TlsConfig) -> Result<Self, CertificateError> {
        let mut seen = Vec::new();
        let mut certificates = Vec::new();
        for files in &config.certificates {
            let pair = Pair::read(files)?;
            certificates.push(Arc::new(pair.parse(unix_ms())?));
            seen.push(Seen {
                in_force: pair.fingerprint(),
                refused: None,
                told: None,
            });
        }
        Ok(Self {
            files: config.certificates.clone(),
            resolver: Arc::new(Resolver(ArcSwap::from_pointee(Table::new(certificates)))),
            seen: Mutex::new(seen),
        })
    }

    pub(crate) fn certificates(&self) -> Vec<Arc<Certificate>> {
        self.resolver.0.load().certificates.clone()
    }

    /// TLS 1.3 and 1.2 (RFC 9325), HTTP/2 and 1.1, tickets, no early data: it can be replayed.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring has suites for both versions")
            .with_no_client_auth()
            .with_cert_resolver(self.resolver.clone());
        // Whoever comes back needs no signature, and nothing of it is kept here. Keys are made anew every six hours.
        config.ticketer = Ticketer::new().expect("ring has random numbers");
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Arc::new(config)
    }

    /// Takes over what has changed and is good. What is bad is told when it is still bad at the next look, because the two files are
    /// replaced one after the other; or at once, when somebody `asked`. Reads files: not for threads that serve.
    pub(crate) fn look(&self, journal: &Journal, now_ms: i64, asked: bool) {
        let mut seen = self.seen.lock();
        for (at, (files, seen)) in self.files.iter().zip(seen.iter_mut()).enumerate() {
            match replacement(files, seen.in_force, now_ms) {
                Ok(None) => seen.refused = None,
                Ok(Some((certificate, fingerprint))) => {
                    tell_reloaded(journal, files, &certificate);
                    let mut certificates = self.certificates();
                    certificates[at] = Arc::new(certificate);
                    self.resolver.0.store(Arc::new(Table::new(certificates)));
                    *seen = Seen {
                        in_force: fingerprint,
                        refused: None,
                        told: None,
                    };
                }
                Err(error) => {
                    let why = error.to_string();
                    let before = seen.refused.take().filter(|refused| refused.why == why);
                    let was_told = before.as_ref().is_some_and(|refused| refused.told);
                    let tell = asked || (before.is_some() && !was_told);
                    if tell {
                        tell_refused(journal, files, why.clone());
                    }
                    seen.refused = Some(Refused {
                        why,
                        told: was_told || tell,
                    });
                }
            }
        }
        for (certificate, (files, seen)) in self.certificates().iter().zip(self.files.iter().zip(seen.iter_mut())) {
            let worst = end_of(certificate.not_after_ms, now_ms);
            if worst > seen.told {
                seen.told = worst;
                tell_end(journal, files, certificate, now_ms);
            }
        }
    }
}

/// What the files hold now, when it is something new.
fn replacement(files: &CertificateFiles, in_force: [u8; 32], now_ms: i64) -> Result<Option<(Certificate, [u8; 32])>, CertificateError> {
    let pair = Pair::read(files)?;
    let fingerprint = pair.fingerprint();
    if fingerprint == in_force {
        return Ok(None);
    }
    Ok(Some((pair.parse(now_ms)?, fingerprint)))
}

fn end_of(not_after_ms: i64, now_ms: i64) -> Option<Severity> {
    if now_ms > not_after_ms {
        Some(Severity::Critical)
    } else if not_after_ms - now_ms < EXPIRES_SOON_MS {
        Some(Severity::Warning)
    } else {
        None
    }
}

fn tell_reloaded(journal: &Journal, files: &CertificateFiles, certificate: &Certificate) {
    journal.tell(Happened {
        kind: EventKind::CertificateReloaded,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: format!("The certificate in {} was reloaded", files.certificate.display()),
        cause: format!("the file has changed; it is valid until {}", utc(certificate.not_after_ms)),
        by: "certificates",
    });
}

fn tell_refused(journal: &Journal, files: &CertificateFiles, why: String) {
    warn!(why, "a changed certificate is not taken; the one before stays in force");
    journal.tell(Happened {
        kind: EventKind::CertificateRefused,
        severity: Severity::Warning,
        pool: None,
        instance: None,
        summary: format!(
            "The changed certificate in {} is not taken; the one before stays",
            files.certificate.display()
        ),
        cause: why,
        by: "certificates",
    });
}

fn tell_end(journal: &Journal, files: &CertificateFiles, certificate: &Certificate, now_ms: i64) {
    let file = files.certificate.display();
    let days = (certificate.not_after_ms - now_ms) / (24 * 3600 * 1_000);
    let (severity, summary) = if now_ms > certificate.not_after_ms {
        (
            Severity::Critical,
            format!("The certificate in {file} has expired; clients refuse it"),
        )
    } else {
        (Severity::Warning, format!("The certificate in {file} expires in {days} days"))
    };
    warn!(%file, "{summary}");
    journal.tell(Happened {
        kind: EventKind::CertificateExpires,
        severity,
        pool: None,
        instance: None,
        summary,
        cause: format!("it is valid until {} and was not renewed", utc(certificate.not_after_ms)),
        by: "certificates",
    });
}

/// Looks every so often, and when asked. Ends with the gateway.
pub(crate) async fn keep(keyring: Weak<Keyring>, journal: Arc<Journal>, every: Duration, ask: Arc<Notify>) {
    let mut asked = false;
    loop {
        let Some(keyring) = keyring.upgrade() else { return };
        let journal = journal.clone();
        // A panic would have been printed; the next look is as good as this one.
        let _looked = task::spawn_blocking(move || keyring.look(&journal, unix_ms(), asked)).await;
        asked = time::timeout(every, ask.notified()).await.is_ok();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Files {
        _dir: tempfile::TempDir,
        config: TlsConfig,
    }

    fn files() -> Files {
        let dir = tempfile::tempdir().unwrap();
        let files = CertificateFiles {
            certificate: dir.path().join("cert.pem"),
            key: dir.path().join("key.pem"),
        };
        Files {
            _dir: dir,
            config: TlsConfig {
                listen: Vec::new(),
                certificates: vec![files],
                look_every: TlsConfig::LOOK_EVERY,
            },
        }
    }

    impl Files {
        fn write(&self, name: &str) -> (String, String) {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
            let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
            self.put(&certificate, &key);
            (certificate, key)
        }

        fn put(&self, certificate: &str, key: &str) {
            fs::write(&self.config.certificates[0].certificate, certificate).unwrap();
            fs::write(&self.config.certificates[0].key, key).unwrap();
        }
    }

    fn names(keyring: &Keyring) -> Vec<String> {
        keyring.certificates()[0].names.clone()
    }

    fn kinds(journal: &Journal) -> Vec<EventKind> {
        journal.events().iter().map(|event| event.event.kind).collect()
    }

    #[test]
    fn files_that_cannot_be_served_are_named_and_what_is_in_them_is_not() {
        let files = files();
        let (certificate, key) = files.write("a.test");
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let cases = [
            (certificate.as_str(), other.as_str(), "does not belong to the certificate in"),
            ("", key.as_str(), "cert.pem has no certificate in PEM form"),
            (certificate.as_str(), "", "key.pem has no private key"),
            (certificate.as_str(), certificate.as_str(), "key.pem has no private key"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                key.as_str(),
                "cert.pem is damaged",
            ),
        ];
        for (certificate, key_text, expected) in cases {
            files.put(certificate, key_text);
            let error = Keyring::load(&files.config).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
            assert!(
                !error.contains("PRIVATE KEY") && !error.contains(key.lines().nth(1).unwrap()),
                "{error}"
            );
        }
        fs::remove_file(&files.config.certificates[0].key).unwrap();
        let error = Keyring::load(&files.config).unwrap_err().to_string();
        assert!(error.ends_with("key.pem cannot be read: there is no such file"), "{error}");
    }

    #[test]
    fn the_good_is_taken_over_and_the_bad_is_told_once_it_stays() {
        let files = files();
        files.write("a.test");
        let journal = Journal::default();
        let keyring = Keyring::load(&files.config).unwrap();
        let look = |asked| keyring.look(&journal, unix_ms(), asked);
        look(false);
        assert_eq!(kinds(&journal), [], "nothing has changed");

        let (certificate, _) = files.write("b.test");
        look(false);
        assert_eq!(
            (names(&keyring), kinds(&journal)),
            (vec!["b.test".to_owned()], vec![EventKind::CertificateReloaded])
        );

        files.put(&certificate, "half a fi");
        look(false);
        assert_eq!(kinds(&journal).len(), 1, "perhaps it is being written");
        for _ in 0..3 {
            look(false);
        }
        assert_eq!(kinds(&journal)[1..], [EventKind::CertificateRefused]);
        assert_eq!(names(&keyring), ["b.test"], "the one before stays");
        look(true);
        assert_eq!(kinds(&journal)[1..], [EventKind::CertificateRefused; 2], "who asks gets an answer");

        files.write("c.test");
        look(false);
        assert_eq!(names(&keyring), ["c.test"]);
    }

    #[test]
    fn the_end_is_told_two_weeks_before_and_when_it_is_there() {
        let files = files();
        files.write("a.test");
        let journal = Journal::default();
        let keyring = Keyring::load(&files.config).unwrap();
        let end = keyring.certificates()[0].not_after_ms;
        let day = 24 * 3600 * 1_000;
        for days in [20, 15, 13, 12, 1] {
            keyring.look(&journal, end - days * day, false);
        }
        let events = journal.events();
        assert_eq!(events.len(), 1);
        assert!(
            events[0].event.summary.ends_with("expires in 13 days"),
            "{}",
            events[0].event.summary
        );
        keyring.look(&journal, end + day, false);
        keyring.look(&journal, end + 2 * day, false);
        let severities: Vec<_> = journal.events().iter().map(|event| event.event.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Critical]);
    }
}
