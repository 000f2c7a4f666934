//! The rule that is missing, as it is written into a role.

use std::fmt::Write;

/// One entry of `rules`. `namespace` absent: it belongs into a `ClusterRole` that is bound for the whole cluster.
pub(super) fn rule(group: &str, resource: &str, verbs: &[&str], namespace: Option<&str>) -> String {
    let mut yaml = match namespace {
        Some(namespace) => format!("# in the namespace {namespace}, for the console's account\n"),
        None => "# in a ClusterRole, for the console's account\n".to_owned(),
    };
    let verbs: Vec<_> = verbs.iter().map(|verb| format!("\"{verb}\"")).collect();
    let _ = write!(
        yaml,
        "- apiGroups: [\"{group}\"]\n  resources: [\"{resource}\"]\n  verbs: [{}]\n",
        verbs.join(", ")
    );
    yaml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_can_be_pasted_into_a_role() {
        assert_eq!(
            rule("autoscaling", "horizontalpodautoscalers", &["get", "list"], Some("shop")),
            "# in the namespace shop, for the console's account\n\
             - apiGroups: [\"autoscaling\"]\n  resources: [\"horizontalpodautoscalers\"]\n  verbs: [\"get\", \"list\"]\n"
        );
    }
}
