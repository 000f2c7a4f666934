//! Who looks after an object. What Argo CD, Flux, Helm or an operator keeps as it is written elsewhere would be changed back.

use model::cluster::Manager;

use crate::ports::cluster::Meta;

const ARGO: &str = "Argo CD";
const FLUX: &str = "Flux";
const HELM: &str = "Helm";

/// Field managers of those that keep objects as they are written elsewhere.
const FIELD_MANAGERS: [(&str, &str); 6] = [
    ("argocd-controller", ARGO),
    ("argocd-application-controller", ARGO),
    ("kustomize-controller", FLUX),
    ("flux-client-side-apply", FLUX),
    ("helm-controller", FLUX),
    ("helm", HELM),
];

/// Owners that are part of Kubernetes: an object of theirs is theirs, but nobody writes it down elsewhere.
const NATIVE_OWNERS: [&str; 7] = [
    "Deployment",
    "StatefulSet",
    "ReplicaSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicationController",
];

/// The first that is seen of: Argo CD, Flux (also where it runs Helm), Helm, the operator that owns it.
pub fn managed(meta: &Meta) -> Option<Manager> {
    argo(meta)
        .or_else(|| flux(meta))
        .or_else(|| helm(meta))
        .or_else(|| field_manager(meta))
        .or_else(|| operator(meta))
}

/// Whether a field manager is a program that puts back what it wants, rather than somebody's tool. Named after the ways such programs are:
/// taking a field from them would start a quarrel.
pub fn is_kept_by(field_manager: &str) -> bool {
    let name = field_manager.to_ascii_lowercase();
    FIELD_MANAGERS.iter().any(|(known, _)| *known == name)
        || ["-controller", "-operator", "-manager", "-autoscaler", "-agent"]
            .iter()
            .any(|end| name.ends_with(end))
        || ["keda", "argo-rollouts", "fleetagent", "config-sync"].contains(&name.as_str())
}

fn argo(meta: &Meta) -> Option<Manager> {
    // "shop:autoscaling/HorizontalPodAutoscaler:shop/web". One that names another object was copied with its annotations: Argo CD leaves
    // such a copy alone.
    let id = meta.annotations.get("argocd.argoproj.io/tracking-id").map(AsRef::as_ref);
    let own = id.and_then(|id: &str| match id.splitn(3, ':').collect::<Vec<_>>()[..] {
        [app, _, object] => {
            let is_own = object.split_once('/') == Some((&*meta.namespace, &*meta.name));
            is_own.then_some(app)
        }
        _ => Some(id),
    });
    if let Some(app) = own {
        return Some(manager(ARGO, app, "annotation argocd.argoproj.io/tracking-id"));
    }
    let label = "argocd.argoproj.io/instance";
    if let Some(app) = meta.annotations.get(label) {
        return Some(manager(ARGO, app, &format!("annotation {label}")));
    }
    let app = meta.labels.get(label)?;
    Some(manager(ARGO, app, &format!("label {label}")))
}

fn flux(meta: &Meta) -> Option<Manager> {
    ["kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"].iter().find_map(|group| {
        let key = format!("{group}/name");
        let name = meta.labels.get(&*key)?;
        let namespace = meta.labels.get(&*format!("{group}/namespace"));
        let name = namespace.map_or_else(|| name.to_string(), |namespace| format!("{namespace}/{name}"));
        Some(manager(FLUX, &name, &format!("label {key}")))
    })
}

fn helm(meta: &Meta) -> Option<Manager> {
    let (release, by) = (meta.annotations.get("meta.helm.sh/release-name"), "app.kubernetes.io/managed-by");
    let is_labelled = meta.labels.get(by).is_some_and(|by| by.eq_ignore_ascii_case(HELM));
    let seen_by = match release {
        Some(_) => "annotation meta.helm.sh/release-name".to_owned(),
        None if is_labelled => format!("label {by}"),
        None => return None,
    };
    Some(manager(HELM, release.map_or("", |release| release), &seen_by))
}

fn field_manager(meta: &Meta) -> Option<Manager> {
    let own = meta.owners.iter().filter(|owner| owner.subresource.is_empty());
    own.flat_map(|owner| FIELD_MANAGERS.iter().filter(move |(known, _)| *known == &*owner.manager))
        .map(|(known, tool)| manager(tool, "", &format!("field manager {known}")))
        .next()
}

/// KEDA's `ScaledObject` keeps an HPA, for one.
fn operator(meta: &Meta) -> Option<Manager> {
    let owner = meta.controller().filter(|owner| !NATIVE_OWNERS.contains(&&*owner.kind))?;
    Some(manager(&owner.kind, &owner.name, "owner reference"))
}

fn manager(tool: &str, name: &str, seen_by: &str) -> Manager {
    Manager {
        tool: tool.to_owned(),
        name: name.to_owned(),
        seen_by: seen_by.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<(String, String, String)> {
        let json = format!(r#"{{"name":"web","namespace":"shop",{json}}}"#);
        managed(&serde_json::from_str(&json).unwrap()).map(|m| (m.tool, m.name, m.seen_by))
    }

    #[test]
    fn who_looks_after_an_object_is_seen_by_its_marks() {
        let (label, annotation) = (r#""labels":"#, r#""annotations":"#);
        let by = |manager: &str, subresource: &str| {
            format!(
                r#""managedFields":[{{"manager":"{manager}","operation":"Apply","subresource":"{subresource}","fieldsV1":{{"f:spec":{{}}}}}}]"#
            )
        };
        for (json, tool, name, seen_by) in [
            (
                format!(r#"{annotation}{{"argocd.argoproj.io/tracking-id":"front:autoscaling/HorizontalPodAutoscaler:shop/web"}}"#),
                "Argo CD",
                "front",
                "annotation argocd.argoproj.io/tracking-id",
            ),
            (
                format!(r#"{label}{{"argocd.argoproj.io/instance":"front"}}"#),
                "Argo CD",
                "front",
                "label argocd.argoproj.io/instance",
            ),
            (by("argocd-controller", ""), "Argo CD", "", "field manager argocd-controller"),
            (
                by("argocd-application-controller", ""),
                "Argo CD",
                "",
                "field manager argocd-application-controller",
            ),
            (
                format!(r#"{label}{{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}}"#),
                "Flux",
                "flux-system/apps",
                "label kustomize.toolkit.fluxcd.io/name",
            ),
            // Flux runs Helm: the release is Flux's to change.
            (
                format!(
                    r#"{label}{{"helm.toolkit.fluxcd.io/name":"web","app.kubernetes.io/managed-by":"Helm"}},{annotation}{{"meta.helm.sh/release-name":"web"}}"#
                ),
                "Flux",
                "web",
                "label helm.toolkit.fluxcd.io/name",
            ),
            (by("kustomize-controller", ""), "Flux", "", "field manager kustomize-controller"),
            (by("helm-controller", ""), "Flux", "", "field manager helm-controller"),
            (
                format!(r#"{label}{{"app.kubernetes.io/managed-by":"Helm"}},{annotation}{{"meta.helm.sh/release-name":"shop"}}"#),
                "Helm",
                "shop",
                "annotation meta.helm.sh/release-name",
            ),
            (
                format!(r#"{label}{{"app.kubernetes.io/managed-by":"Helm"}}"#),
                "Helm",
                "",
                "label app.kubernetes.io/managed-by",
            ),
            (by("helm", ""), "Helm", "", "field manager helm"),
            (
                r#""ownerReferences":[{"kind":"ScaledObject","name":"web","controller":true}]"#.to_owned(),
                "ScaledObject",
                "web",
                "owner reference",
            ),
        ] {
            let expected = (tool.to_owned(), name.to_owned(), seen_by.to_owned());
            assert_eq!(of(&json), Some(expected), "{json}");
        }
        for free in [
            r#""labels":{"app.kubernetes.io/managed-by":"team-a","app.kubernetes.io/instance":"web"}"#.to_owned(),
            // Copied from another object, annotations and all.
            r#""annotations":{"argocd.argoproj.io/tracking-id":"front:apps/Deployment:shop/other"}"#.to_owned(),
            by("kubectl-client-side-apply", ""),
            by("argocd-controller", "status"),
            r#""ownerReferences":[{"kind":"ScaledObject","name":"web"}]"#.to_owned(),
            r#""ownerReferences":[{"kind":"ReplicaSet","name":"web","controller":true}]"#.to_owned(),
        ] {
            assert_eq!(of(&free), None, "{free}");
        }
    }

    #[test]
    fn tools_of_people_give_way_and_programs_do_not() {
        for tool in [
            "kubectl-client-side-apply",
            "kubectl-edit",
            "kubectl",
            "Mozilla",
            "node-fetch",
            "k9s",
            "before-first-apply",
            "terraform-provider-kubernetes",
        ] {
            assert!(!is_kept_by(tool), "{tool}");
        }
        for program in [
            "argocd-controller",
            "kustomize-controller",
            "helm",
            "kube-controller-manager",
            "keda-operator",
            "vpa-admission-controller",
        ] {
            assert!(is_kept_by(program), "{program}");
        }
    }
}
