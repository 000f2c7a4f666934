//! `pools[].service`: a Kubernetes Service whose endpoints are the pool's members.

use std::{fmt, str::FromStr};

use adapters::kubernetes::ServicePool;
use model::{PoolId, cluster::ClusterId};
use serde::{Deserialize, Serialize};

/// `cluster/namespace/service`, and `:port` by name or number where the Service has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceRef {
    pub cluster: ClusterId,
    namespace: String,
    service: String,
    port: Option<String>,
}

impl ServiceRef {
    pub(super) const FORM: &'static str =
        "cluster/namespace/service or cluster/namespace/service:port, with the id of one of the [[clusters]]";

    pub fn of(&self, pool: &PoolId) -> ServicePool {
        ServicePool {
            pool: pool.clone(),
            namespace: self.namespace.clone(),
            service: self.service.clone(),
            port: self.port.clone(),
        }
    }
}

/// A DNS label (RFC 1123), which the name of a namespace, Service or port is.
fn is_label(text: &str) -> bool {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

impl FromStr for ServiceRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not {}", Self::FORM);
        let (path, port) = text
            .split_once(':')
            .map_or((text, None), |(path, port)| (path, Some(port.to_owned())));
        let [cluster, namespace, service] = path.split('/').collect::<Vec<_>>().try_into().map_err(|_| wrong())?;
        let labels = [Some(namespace), Some(service), port.as_deref()];
        if !labels.into_iter().flatten().all(is_label) {
            return Err(wrong());
        }
        Ok(Self {
            cluster: ClusterId::new(cluster).map_err(|_| wrong())?,
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            port,
        })
    }
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.service)?;
        self.port.as_ref().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl TryFrom<String> for ServiceRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ServiceRef> for String {
    fn from(service: ServiceRef) -> String {
        service.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_by_cluster_namespace_and_port() {
        for text in ["prod/shop/web", "prod/shop/web:http", "prod/shop/web:8080"] {
            assert_eq!(text.parse::<ServiceRef>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "web",
            "shop/web",
            "a/b/c/d",
            "prod/shop/web:",
            "prod/Shop/web",
            "prod/shop/<b>",
            "prod//web",
            "prod/shop/web:1:2",
        ] {
            assert!(bad.parse::<ServiceRef>().is_err(), "{bad}");
        }
    }
}
