use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        authentication::v1::TokenRequest,
        authorization::v1::SubjectAccessReview,
        core::v1::{self as core, ServiceAccount},
    },
};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    core::{GroupVersionKind, ObjectMeta},
    discovery::{Scope, pinned_kind},
};
use serde_json::{Value, json};

use super::{Cluster, Steering, Target};
use crate::wait_until;

const MANAGER: &str = "testkit";
/// The controllers make the service account, without which no pod may be made; the API server learns of roles by watching.
const USABLE_WITHIN: Duration = Duration::from_secs(120);

/// A namespace of one test. In somebody's own cluster it is deleted with this value; ours ends as a whole.
#[derive(Debug)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Namespace<'a> {
    pub(super) async fn create(cluster: &'a Cluster) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        // Unique also among the tests of others that use the same cluster.
        let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        let name = format!("test-{}-{moment:x}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let namespace = Self { cluster, name };
        let client = cluster.client().await;
        let new = core::Namespace {
            metadata: ObjectMeta {
                name: Some(namespace.name.clone()),
                ..ObjectMeta::default()
            },
            ..core::Namespace::default()
        };
        Api::all(client.clone()).create(&PostParams::default(), &new).await.unwrap();
        let accounts: Api<ServiceAccount> = Api::namespaced(client, &namespace.name);
        wait_until("the namespace has its service account", USABLE_WITHIN, async || {
            accounts.get_opt("default").await.unwrap().is_some()
        })
        .await;
        namespace
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// See [`Cluster::steering`].
    pub fn steering(&self) -> Option<&'a Steering> {
        self.cluster.steering()
    }

    /// Its pods with these labels: `app=web`.
    pub fn pods(&self, selector: &str) -> Target {
        Target::labelled(&self.name, selector)
    }

    pub fn pod(&self, name: &str) -> Target {
        Target::pod(&self.name, name)
    }

    pub fn all_pods(&self) -> Target {
        Target::all(&self.name)
    }

    /// As the administrator.
    pub async fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.cluster.client().await, &self.name)
    }

    /// Makes an object what this says, as `kubectl apply --server-side` does. Kinds outside of namespaces are applied as they are named.
    ///
    /// # Panics
    /// With the API server's sentence when it refuses.
    pub async fn apply(&self, object: Value) -> DynamicObject {
        let client = self.cluster.client().await;
        apply(&client, &self.name, object).await
    }

    /// Applies every object of a file.
    pub async fn apply_yaml(&self, yaml: &str) -> Vec<DynamicObject> {
        let objects: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
        let client = self.cluster.client().await;
        let mut applied = Vec::new();
        for object in objects.into_iter().filter(|object| !object.is_null()) {
            applied.push(apply(&client, &self.name, object).await);
        }
        applied
    }

    /// A token of a new service account that may do what the rules say here, and nothing else.
    ///
    /// ```ignore
    /// namespace.token("reader", json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}])).await
    /// ```
    pub async fn token(&self, account: &str, rules: Value) -> String {
        let metadata = json!({"name": account});
        self.apply(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}))
            .await;
        let group = "rbac.authorization.k8s.io";
        let version = format!("{group}/v1");
        self.apply(json!({"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": rules}))
            .await;
        self.apply(json!({
            "apiVersion": version, "kind": "RoleBinding", "metadata": metadata,
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": self.name}],
            "roleRef": {"apiGroup": group, "kind": "Role", "name": account},
        }))
        .await;
        self.until_granted(account, &rules).await;
        let accounts: Api<ServiceAccount> = self.api().await;
        let asked = TokenRequest::default();
        let token = accounts.create_token_request(account, &PostParams::default(), &asked).await;
        token.unwrap().status.unwrap().token.unwrap()
    }
}

/// Every right of a role's rules, as `resourceAttributes` of a review.
fn rights(rules: &Value) -> Vec<Value> {
    let texts = |rule: &Value, field: &str| -> Vec<String> {
        let all = rule[field].as_array().into_iter().flatten();
        all.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let mut rights = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        for (group, resource) in texts(rule, "apiGroups")
            .iter()
            .flat_map(|g| texts(rule, "resources").into_iter().map(move |r| (g, r)))
        {
            let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
            let right = |verb| json!({"group": group, "resource": resource, "subresource": subresource, "verb": verb});
            rights.extend(texts(rule, "verbs").into_iter().map(right));
        }
    }
    rights
}

async fn apply(client: &Client, namespace: &str, object: Value) -> DynamicObject {
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let types = object.types.as_ref().expect("an object has apiVersion and kind");
    let name = object.metadata.name.clone().expect("an object has metadata.name");
    let kind = GroupVersionKind::try_from(types).unwrap();
    let (resource, capabilities) = pinned_kind(client, &kind).await.unwrap();
    let api: Api<DynamicObject> = if capabilities.scope == Scope::Namespaced {
        Api::namespaced_with(client.clone(), namespace, &resource)
    } else {
        Api::all_with(client.clone(), &resource)
    };
    let how = PatchParams::apply(MANAGER).force();
    match api.patch(&name, &how, &Patch::Apply(&object)).await {
        Ok(applied) => applied,
        Err(error) => panic!("{} {name}: {error}", kind.kind),
    }
}

impl Namespace<'_> {
    async fn until_granted(&self, account: &str, rules: &Value) {
        let reviews: Api<SubjectAccessReview> = Api::all(self.cluster.client().await);
        for mut right in rights(rules) {
            right["namespace"] = json!(self.name);
            let user = format!("system:serviceaccount:{}:{account}", self.name);
            let review = json!({"metadata": {}, "spec": {"user": user, "resourceAttributes": right}});
            let review: SubjectAccessReview = serde_json::from_value(review).unwrap();
            wait_until(&format!("the account {account} has {right}"), USABLE_WITHIN, async || {
                let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
                answer.status.is_some_and(|status| status.allowed)
            })
            .await;
        }
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if !self.cluster.is_foreign() {
            return;
        }
        // A runtime may not wait inside of another; and the test has ended, perhaps by a panic.
        thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let namespaces: Api<core::Namespace> = Api::all(self.cluster.client().await);
                    if let Err(error) = namespaces.delete(&self.name, &DeleteParams::default()).await {
                        eprintln!("the namespace {} stays: {error}", self.name);
                    }
                });
            });
        });
    }
}
