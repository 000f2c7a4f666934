//! What a role grants, beside what was really called: nothing missing, nothing more.
//!
//! ```text
//!  deploy/kubernetes/access/read/role.yaml ─ granted() ─┐
//!                                                       ├─ Comparison::of ─► missing, needless
//!  the API server's audit log ── called(…, user) ───────┘
//! ```
//!
//! Let the adapter run as a service account that has these rules and no others, with an audit policy of level `Metadata`; then read the log,
//! or with our own control plane [`of_calls`]. A call that was refused counts as a call: its right is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;
use serde_json::Value;

use super::Call;

/// Everything, where a role cannot name what there is.
const ANY: &str = "*";

/// Every account may ask what it may do (the role `system:basic-user`), whatever ours says.
const EVERYBODYS: [(&str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// One verb on one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Empty for the core group.
    pub group: String,
    /// `*` for all of the group, their subresources included.
    pub resource: String,
    /// Empty for the thing itself.
    pub subresource: String,
    pub verb: String,
}

impl Right {
    /// `resource` as roles write it: `deployments/scale`.
    pub fn new(group: &str, resource: &str, verb: &str) -> Self {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Self {
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            verb: verb.to_owned(),
        }
    }

    fn covers(&self, call: &Self) -> bool {
        let thing = self.resource == ANY || (self.resource == call.resource && self.subresource == call.subresource);
        thing && self.group == call.group && self.verb == call.verb
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}{dot}{}", self.verb, self.resource, self.subresource, self.group)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    #[error("it is no YAML: {0}")]
    Yaml(String),
    #[error("the {kind} {name} is not understood: {why}")]
    Role { kind: String, name: String, why: String },
    #[error("the {kind} {name} grants too much: {what}")]
    TooMuch { kind: String, name: String, what: String },
    #[error("line {line} of the audit log is not understood: {why}")]
    Audit { line: usize, why: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyRule {
    #[serde(default)]
    api_groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    verbs: Vec<String>,
}

/// The rights of every `Role` and `ClusterRole` in these YAML documents; other documents are passed over.
///
/// # Errors
/// A wildcard for verbs or groups, secrets in any form, and forms we do not use (`resourceNames`, `nonResourceURLs`, aggregation).
pub fn granted(yaml: &str) -> Result<BTreeSet<Right>, RulesError> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).map_err(|e| RulesError::Yaml(e.to_string()))?;
    let mut rights = BTreeSet::new();
    for document in &documents {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, name) = (text("/kind"), text("/metadata/name"));
        if !matches!(kind.as_str(), "Role" | "ClusterRole") {
            continue;
        }
        let wrong = |why: String| RulesError::Role {
            kind: kind.clone(),
            name: name.clone(),
            why,
        };
        let rules = document
            .get("rules")
            .ok_or_else(|| wrong("it has no rules of its own".to_owned()))?;
        let rules: Vec<PolicyRule> = serde_json::from_value(rules.clone()).map_err(|e| wrong(e.to_string()))?;
        for rule in &rules {
            if let Some(what) = too_much(rule) {
                return Err(RulesError::TooMuch { kind, name, what });
            }
            for group in &rule.api_groups {
                for resource in &rule.resources {
                    rights.extend(rule.verbs.iter().map(|verb| Right::new(group, resource, verb)));
                }
            }
        }
    }
    Ok(rights)
}

fn too_much(rule: &PolicyRule) -> Option<String> {
    if rule.verbs.iter().any(|verb| verb == ANY) {
        return Some("every verb".to_owned());
    }
    if rule.api_groups.iter().any(|group| group == ANY) {
        return Some("every group".to_owned());
    }
    // Names of metrics are the cluster's own; every other resource has one that can be written down.
    let metrics = |group: &String| matches!(group.as_str(), "custom.metrics.k8s.io" | "external.metrics.k8s.io");
    if rule.resources.iter().any(|resource| resource.contains(ANY)) && !rule.api_groups.iter().all(metrics) {
        return Some("every resource of a group".to_owned());
    }
    let secrets = rule.resources.iter().any(|resource| resource.split('/').next() == Some("secrets"));
    secrets.then(|| "secrets".to_owned())
}

/// What this user called, from an audit log of `audit.k8s.io/v1` events, one of JSON a line. A user is called as in the log:
/// `system:serviceaccount:<namespace>:<name>`. Paths that are no resources (`/version`, `/apis`) are everybody's, and are left out.
///
/// # Errors
/// The line that is no event. An unfinished last line, as a running server leaves it, is passed over.
pub fn called(audit_log: &str, user: &str) -> Result<BTreeSet<Right>, RulesError> {
    let mut rights = BTreeSet::new();
    let lines: Vec<&str> = audit_log.split('\n').collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let event: Event = match serde_json::from_str(line) {
            Ok(event) => event,
            Err(_) if index + 1 == lines.len() => break,
            Err(error) => {
                return Err(RulesError::Audit {
                    line: index + 1,
                    why: error.to_string(),
                });
            }
        };
        let Some(object) = event.object_ref.filter(|_| event.user.username == user) else {
            continue;
        };
        rights.insert(Right {
            group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            verb: event.verb,
        });
    }
    Ok(without_everybodys(rights))
}

/// The same of calls that were read already, by [`Cluster::calls_of`](super::Cluster::calls_of).
pub fn of_calls<'a>(calls: impl IntoIterator<Item = &'a Call>) -> BTreeSet<Right> {
    let calls = calls.into_iter().filter(|call| !call.resource.is_empty());
    let rights = calls.map(|call| Right {
        group: call.group.clone(),
        resource: call.resource.clone(),
        subresource: call.subresource.clone(),
        verb: call.verb.clone(),
    });
    without_everybodys(rights.collect())
}

fn without_everybodys(mut rights: BTreeSet<Right>) -> BTreeSet<Right> {
    rights.retain(|right| !EVERYBODYS.contains(&(right.group.as_str(), right.resource.as_str())));
    rights
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    user: EventUser,
    object_ref: Option<ObjectReference>,
}

#[derive(Deserialize)]
struct EventUser {
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectReference {
    /// Absent for the core group.
    #[serde(default)]
    api_group: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    subresource: String,
}

/// Both lists are empty when the role is right.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Called, and not granted.
    pub missing: Vec<Right>,
    /// Granted, and never called.
    pub needless: Vec<Right>,
}

impl Comparison {
    pub fn of(granted: &BTreeSet<Right>, called: &BTreeSet<Right>) -> Self {
        let covered = |call: &Right| granted.iter().any(|right| right.covers(call));
        let used = |right: &Right| called.iter().any(|call| right.covers(call));
        Self {
            missing: called.iter().filter(|call| !covered(call)).cloned().collect(),
            needless: granted.iter().filter(|right| !used(right)).cloned().collect(),
        }
    }

    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.needless.is_empty()
    }
}

/// For the test that fails: what to write into the role, and what to take out.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, rights) in [
            ("called, but not granted", &self.missing),
            ("granted, but never called", &self.needless),
        ] {
            let mut by_thing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for right in rights {
                let thing = Right {
                    verb: String::new(),
                    ..right.clone()
                };
                by_thing.entry(thing.to_string().trim().to_owned()).or_default().push(&right.verb);
            }
            for (thing, verbs) in by_thing {
                writeln!(f, "{title}: {thing} [{}]", verbs.join(", "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: console}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read}
rules:
  - apiGroups: [apps]
    resources: [deployments, deployments/scale]
    verbs: [get]
  - apiGroups: ['']
    resources: [pods]
    verbs: [list, watch]
  - apiGroups: [custom.metrics.k8s.io]
    resources: ['*']
    verbs: [get]
";
    const USER: &str = "system:serviceaccount:evenkeel:evenkeel-console";

    fn event(user: &str, verb: &str, object: &str) -> String {
        format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"stage\":\"ResponseComplete\",\
             \"requestURI\":\"/x\",\"verb\":\"{verb}\",\"user\":{{\"username\":\"{user}\",\"groups\":[]}}{object}}}\n"
        )
    }

    fn of(object: &str) -> String {
        format!(",\"objectRef\":{object}")
    }

    #[test]
    fn a_role_is_read_as_what_it_grants() {
        let rights: Vec<String> = granted(ROLE).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            rights,
            [
                "list pods",
                "watch pods",
                "get deployments.apps",
                "get deployments/scale.apps",
                "get *.custom.metrics.k8s.io",
            ]
        );
    }

    #[test]
    fn a_role_that_grants_too_much_is_refused() {
        for (from, to, what) in [
            ("verbs: [list, watch]", "verbs: ['*']", "every verb"),
            ("apiGroups: [apps]", "apiGroups: ['*']", "every group"),
            ("resources: [pods]", "resources: ['*']", "every resource of a group"),
            ("resources: [pods]", "resources: ['*/scale']", "every resource of a group"),
            ("resources: [pods]", "resources: [secrets]", "secrets"),
        ] {
            let error = granted(&ROLE.replace(from, to)).unwrap_err().to_string();
            assert_eq!(error, format!("the ClusterRole read grants too much: {what}"));
        }
        for form in ["resourceNames: [a]", "nonResourceURLs: [/metrics]"] {
            let yaml = ROLE.replace("verbs: [list, watch]", &format!("verbs: [list]\n    {form}"));
            assert!(matches!(granted(&yaml), Err(RulesError::Role { .. })), "{form}");
        }
        let aggregated = "kind: ClusterRole\nmetadata: {name: read}\naggregationRule: {}";
        assert!(matches!(granted(aggregated), Err(RulesError::Role { .. })));
        assert!(matches!(granted("a: [b"), Err(RulesError::Yaml(_))));
    }

    #[test]
    fn a_log_is_read_as_what_one_user_called() {
        let pods = of("{\"resource\":\"pods\",\"namespace\":\"shop\",\"apiVersion\":\"v1\"}");
        let scale = of("{\"resource\":\"deployments\",\"name\":\"web\",\"apiGroup\":\"apps\",\"subresource\":\"scale\"}");
        let review = of("{\"resource\":\"selfsubjectaccessreviews\",\"apiGroup\":\"authorization.k8s.io\"}");
        let log = [
            event(USER, "list", &pods),
            event(USER, "list", &pods),
            event(USER, "patch", &scale),
            event("system:admin", "delete", &pods),
            event(USER, "create", &review),
            event(USER, "get", ""),
            "\n{\"kind\":\"Eve".to_owned(),
        ]
        .concat();
        let expected = [Right::new("", "pods", "list"), Right::new("apps", "deployments/scale", "patch")];
        assert_eq!(called(&log, USER).unwrap(), BTreeSet::from(expected));
        let broken = format!("{}not JSON\n{}", event(USER, "list", &pods), event(USER, "list", &pods));
        assert!(matches!(called(&broken, USER), Err(RulesError::Audit { line: 2, .. })));
    }

    #[test]
    fn what_is_missing_and_what_is_needless_are_both_told() {
        let granted = granted(ROLE).unwrap();
        let metric = Right::new("custom.metrics.k8s.io", "pods/http_requests", "get");
        let mut called = BTreeSet::from([
            Right::new("", "pods", "list"),
            Right::new("", "pods", "watch"),
            Right::new("apps", "deployments", "get"),
            Right::new("apps", "deployments/scale", "get"),
            metric,
        ]);
        assert!(Comparison::of(&granted, &called).is_exact());
        called.remove(&Right::new("apps", "deployments/scale", "get"));
        called.insert(Right::new("apps", "deployments/scale", "patch"));
        called.insert(Right::new("", "secrets", "list"));
        let comparison = Comparison::of(&granted, &called);
        assert_eq!(
            comparison.to_string(),
            "called, but not granted: deployments/scale.apps [patch]\ncalled, but not granted: secrets [list]\n\
             granted, but never called: deployments/scale.apps [get]\n"
        );
        assert!(!comparison.is_exact());
    }
}
