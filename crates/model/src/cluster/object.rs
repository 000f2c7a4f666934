//! Names of things in a cluster.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidName, SourceId, WorkloadId};

/// Longest name of an object: a DNS subdomain (RFC 1123).
const NAME_MAX_BYTES: usize = 253;
/// Longest name of a namespace: a DNS label (RFC 1123).
const NAMESPACE_MAX_BYTES: usize = 63;

/// One cluster, as the settings call it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(SourceId);

impl ClusterId {
    /// # Errors
    /// [`InvalidName`] when `name` breaks the naming rule.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
        SourceId::new(name).map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub const fn source(&self) -> &SourceId {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClusterId {
    type Err = InvalidName;
    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::new(name)
    }
}

/// What has a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    Hpa,
    Deployment,
    #[serde(rename = "statefulset")]
    StatefulSet,
}

impl ObjectKind {
    pub const ALL: [Self; 3] = [Self::Hpa, Self::Deployment, Self::StatefulSet];

    /// As in addresses and in `kubectl`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Hpa => "hpa",
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
        }
    }

    /// As Kubernetes writes it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Hpa => "HorizontalPodAutoscaler",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Hpa => "HPA",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
        }
    }

    pub fn of_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.kind() == kind)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of an object: <cluster>:<namespace>:<hpa, deployment or statefulset>:<name>")]
pub struct InvalidObject(pub String);

/// One object of one cluster. As text `prod:shop:hpa:web`, which is also the name of its workload in ledger and history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectRef {
    pub cluster: ClusterId,
    pub namespace: String,
    pub kind: ObjectKind,
    pub name: String,
}

impl ObjectRef {
    /// # Errors
    /// [`InvalidObject`] when Kubernetes allows no such name.
    pub fn new(cluster: ClusterId, namespace: &str, kind: ObjectKind, name: &str) -> Result<Self, InvalidObject> {
        let is_fine = is_name(namespace, NAMESPACE_MAX_BYTES) && !namespace.contains('.') && is_name(name, NAME_MAX_BYTES);
        let object = Self {
            cluster,
            namespace: namespace.to_owned(),
            kind,
            name: name.to_owned(),
        };
        if is_fine {
            Ok(object)
        } else {
            Err(InvalidObject(object.to_string()))
        }
    }

    /// Its name in ledger and history.
    ///
    /// # Panics
    /// Never: every such name is one of a workload.
    pub fn workload(&self) -> WorkloadId {
        WorkloadId::new(self.to_string()).expect("the name of an object is the name of a workload")
    }

    /// `/clusters/prod/shop/hpa/web`
    pub fn path(&self) -> String {
        format!("/clusters/{}/{}/{}/{}", self.cluster, self.namespace, self.kind.id(), self.name)
    }
}

fn is_name(name: &str, max_bytes: usize) -> bool {
    let bytes = name.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = bytes.first().zip(bytes.last());
    ends.is_some_and(|(first, last)| alphanumeric(first) && alphanumeric(last))
        && bytes.len() <= max_bytes
        && bytes.iter().all(|b| alphanumeric(b) || matches!(b, b'-' | b'.'))
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.cluster, self.namespace, self.kind.id(), self.name)
    }
}

impl FromStr for ObjectRef {
    type Err = InvalidObject;
    fn from_str(text: &str) -> Result<Self, InvalidObject> {
        let invalid = || InvalidObject(text.to_owned());
        let [cluster, namespace, kind, name] = text.split(':').collect::<Vec<_>>().try_into().map_err(|_| invalid())?;
        let kind = ObjectKind::ALL.into_iter().find(|k| k.id() == kind).ok_or_else(invalid)?;
        Self::new(ClusterId::new(cluster).map_err(|_| invalid())?, namespace, kind, name)
    }
}

impl TryFrom<String> for ObjectRef {
    type Error = InvalidObject;
    fn try_from(text: String) -> Result<Self, InvalidObject> {
        text.parse()
    }
}

impl From<ObjectRef> for String {
    fn from(object: ObjectRef) -> String {
        object.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_its_text() {
        let web: ObjectRef = "prod:shop:hpa:web.v2".parse().unwrap();
        assert_eq!(
            (web.kind, web.namespace.as_str(), web.name.as_str()),
            (ObjectKind::Hpa, "shop", "web.v2")
        );
        assert_eq!(web.to_string(), "prod:shop:hpa:web.v2");
        assert_eq!(web.path(), "/clusters/prod/shop/hpa/web.v2");
        assert_eq!(web.workload().as_str(), "prod:shop:hpa:web.v2");
    }

    #[test]
    fn what_kubernetes_does_not_allow_is_no_name() {
        let long = format!("prod:shop:hpa:{}", "x".repeat(254));
        for bad in [
            "",
            "prod:shop:hpa",
            "prod:shop:pod:web",
            "prod:shop:hpa:web:more",
            "prod:sh.op:hpa:web",
            "prod:shop:hpa:<b>",
            "prod:shop:hpa:-web",
            "prod:shop:hpa:",
            ":shop:hpa:web",
            long.as_str(),
        ] {
            assert!(bad.parse::<ObjectRef>().is_err(), "{bad:?} was accepted");
        }
    }
}
