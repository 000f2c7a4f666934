//! Names. One rule for all of them, so that a name can stand in a URL, a log line, a header or a configuration file unescaped.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::cluster::ObjectRef;

/// Longest name in bytes. The limit of a DNS label (RFC 1123), so that a name can become a host name.
pub const NAME_MAX_BYTES: usize = 63;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("a name must not be empty")]
    Empty,
    #[error("a name has at most {NAME_MAX_BYTES} characters, this one has {0}")]
    TooLong(usize),
    #[error("a name is made of a-z, 0-9, '-', '_' and '.', and starts and ends with a letter or digit; {0:?} is not")]
    Character(String),
}

fn check(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    if name.len() > NAME_MAX_BYTES {
        return Err(InvalidName::TooLong(name.chars().count()));
    }
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    let ends_fine = alphanumeric(bytes[0]) && alphanumeric(bytes[bytes.len() - 1]);
    if ends_fine && bytes.iter().all(|&b| alphanumeric(b) || matches!(b, b'-' | b'_' | b'.')) {
        Ok(())
    } else {
        Err(InvalidName::Character(name.to_owned()))
    }
}

macro_rules! names {
    ($check:path; $($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// [`InvalidName`] when `name` breaks the naming rule.
            pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
                let name = name.into();
                $check(&name)?;
                Ok(Self(name))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(s: &str) -> Result<Self, InvalidName> {
                Self::new(s)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(s: String) -> Result<Self, InvalidName> {
                Self::new(s)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

/// A plain name, or an object of a cluster.
fn check_workload(name: &str) -> Result<(), InvalidName> {
    if name.contains(':') && name.parse::<ObjectRef>().is_ok() {
        return Ok(());
    }
    check(name)
}

names! {
    check;
    /// A named group of instances behind one balancer.
    PoolId;
    /// One backend process; unique within its pool.
    InstanceId;
    /// Whatever spreads requests: the built-in gateway, HAProxy, nginx.
    BalancerId;
    /// One data plane among those that a console directs.
    GatewayId;
    /// An outside system that is read.
    SourceId;
}

names! {
    check_workload;
    /// What is scaled: a name of ours, or an [`ObjectRef`] as text.
    WorkloadId;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names_are_refused_with_the_reason() {
        let long = "x".repeat(10_000);
        for bad in [
            "",
            "<b>",
            "a b",
            "a\nb",
            "\"",
            "Web",
            "-a",
            "a-",
            "naïve",
            "🦀",
            "a/b",
            "..",
            long.as_str(),
        ] {
            assert!(PoolId::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert_eq!(PoolId::new("<i>").unwrap_err(), InvalidName::Character("<i>".into()));
        assert_eq!(PoolId::new("y".repeat(64)).unwrap_err(), InvalidName::TooLong(64));
    }

    #[test]
    fn deserialising_checks_too() {
        assert!(serde_json::from_str::<PoolId>("\"web-1.eu\"").is_ok());
        assert!(serde_json::from_str::<PoolId>("\"<script>\"").is_err());
    }

    proptest! {
        #[test]
        fn a_valid_name_survives_a_round_trip(name in "[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?") {
            let id = InstanceId::new(name.clone()).unwrap();
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<InstanceId>(&json).unwrap().to_string(), name);
        }

        #[test]
        fn any_string_is_either_refused_or_safe_to_show(name in ".*") {
            if let Ok(id) = PoolId::new(name) {
                prop_assert!(!id.as_str().contains(['<', '>', '"', '\'', '&', '\n', ' ', '/']));
            }
        }
    }
}
