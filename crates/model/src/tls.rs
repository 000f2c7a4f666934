//! How a pool's instances are spoken to: in the clear, or over TLS.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{HostPattern, InvalidValue, settings::Settings};

/// TLS between the gateway and the instances of one pool, for requests and checks alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamTls {
    pub on: bool,
    /// The name that is asked for (SNI) and that the certificate must be for. Absent: the instance's own IP address.
    pub name: Option<String>,
    /// A PEM file with the authorities that are believed. Absent: those of the machine.
    pub ca: Option<String>,
    pub verify: Verification,
}

/// What is asked of an instance's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It is signed by an authority that is believed, in force, and for the right name.
    #[default]
    Full,
    /// Nothing: whoever is in between can read and change everything.
    None,
}

impl UpstreamTls {
    /// Longest path of a file.
    pub const CA_MAX_BYTES: usize = 4096;

    /// Encrypted, and yet whoever answers is believed.
    pub fn is_unverified(&self) -> bool {
        self.on && self.verify == Verification::None
    }
}

impl Settings for UpstreamTls {
    fn validate(&self) -> Result<(), InvalidValue> {
        let is_name =
            |name: &String| name.parse::<IpAddr>().is_ok() || HostPattern::new(name.as_str()).is_ok_and(|host| !host.is_wildcard());
        if self.name.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(InvalidValue::new(
                "name",
                "must be a host name such as web.internal, or an IP address",
            ));
        }
        let is_path = |ca: &String| !ca.trim().is_empty() && ca.len() <= Self::CA_MAX_BYTES && !ca.contains('\0');
        if self.ca.as_ref().is_some_and(|ca| !is_path(ca)) {
            return Err(InvalidValue::new("ca", "must be the path of a PEM file"));
        }
        if self.is_unverified() && self.ca.is_some() {
            return Err(InvalidValue::new(
                "ca",
                "is of no use with verify = \"none\"; leave one of them out",
            ));
        }
        Ok(())
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        let name = self.name.as_deref().unwrap_or("the instance's address");
        let ca = self.ca.as_deref().unwrap_or("the machine's");
        let verify = match self.verify {
            Verification::Full => "in full",
            Verification::None => "not at all",
        };
        vec![
            ("TLS to instances", if self.on { "on" } else { "off" }.to_owned()),
            ("name in their certificates", name.to_owned()),
            ("authorities", ca.to_owned()),
            ("certificates verified", verify.to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_name_or_a_file_is_refused() {
        let with = |name: &str| UpstreamTls {
            on: true,
            name: Some(name.to_owned()),
            ..UpstreamTls::default()
        };
        for name in ["web.internal", "10.0.0.5", "::1"] {
            assert!(with(name).validate().is_ok(), "{name}");
        }
        for name in ["", "*.internal", "a b", "web.internal:443"] {
            assert_eq!(with(name).validate().unwrap_err().field, "name", "{name}");
        }
        let file = |ca: &str, verify| UpstreamTls {
            on: true,
            ca: Some(ca.to_owned()),
            verify,
            ..UpstreamTls::default()
        };
        assert!(file("ca.pem", Verification::Full).validate().is_ok());
        for wrong in [file(" ", Verification::Full), file("ca.pem", Verification::None)] {
            assert_eq!(wrong.validate().unwrap_err().field, "ca", "{wrong:?}");
        }
    }
}
