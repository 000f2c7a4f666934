use model::{
    FieldDiff,
    cluster::{DryRun, ObjectCommand, ObjectRef},
};

/// What somebody wants of an object, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish(pub ObjectCommand);

impl Wish {
    /// On the button.
    pub const fn verb(&self) -> &'static str {
        match self.0 {
            ObjectCommand::EditHpa { .. } => "Change HPA",
            ObjectCommand::Scale { .. } => "Scale",
            ObjectCommand::Restart { .. } => "Restart",
            ObjectCommand::Evict { .. } => "Evict",
            ObjectCommand::Annotate { .. } => "Annotate",
        }
    }

    /// What it is done to: named in the title, and typed in production.
    pub fn target(&self, object: &ObjectRef) -> String {
        match &self.0 {
            ObjectCommand::Evict { pod } => pod.clone(),
            ObjectCommand::Annotate { ingress, .. } => ingress.clone(),
            _ => object.name.clone(),
        }
    }

    /// Whether a form shows what it changes.
    pub const fn changes_settings(&self) -> bool {
        matches!(self.0, ObjectCommand::EditHpa { .. } | ObjectCommand::Scale { .. })
    }

    /// The same, made from another version of the object.
    #[must_use]
    pub fn at(&self, version: &str) -> Self {
        Self(self.0.clone().from_version(version))
    }

    /// The one that was reviewed, so that what is applied is what was shown.
    #[must_use]
    pub fn reviewed(&self, dry: &DryRun) -> Self {
        self.at(&dry.resource_version)
    }

    /// The toast: the one field that changed, or how many.
    pub fn done(&self, object: &ObjectRef, diff: &[FieldDiff]) -> String {
        let name = self.target(object);
        match (&self.0, diff) {
            (ObjectCommand::Evict { .. }, _) => format!("{name} is evicted."),
            (ObjectCommand::Restart { .. }, _) => format!("{name} is restarted, pod by pod."),
            (_, []) => format!("Nothing to do: {name} is so already."),
            (_, [only]) if only.after.is_empty() => format!("{name}: {} is gone.", only.field),
            (_, [only]) => format!("{name}: {} is now {}.", only.field, only.after),
            (_, many) => format!("{name}: {} fields changed.", many.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> ObjectRef {
        "prod:shop:deployment:web".parse().unwrap()
    }

    #[test]
    fn what_is_applied_is_what_was_reviewed() {
        let wish = Wish(ObjectCommand::Scale {
            resource_version: "7".to_owned(),
            replicas: 3,
        });
        let dry = DryRun {
            object: object(),
            diff: Vec::new(),
            after: String::new(),
            warnings: Vec::new(),
            resource_version: "9".to_owned(),
        };
        assert_eq!(
            wish.reviewed(&dry).0,
            ObjectCommand::Scale {
                resource_version: "9".to_owned(),
                replicas: 3
            }
        );
    }

    #[test]
    fn the_toast_names_the_one_field_and_an_eviction_its_pod() {
        let field = |after: &str| FieldDiff {
            field: "spec.replicas".to_owned(),
            before: "2".to_owned(),
            after: after.to_owned(),
        };
        let scale = Wish(ObjectCommand::Scale {
            resource_version: String::new(),
            replicas: 3,
        });
        assert_eq!(scale.done(&object(), &[field("3")]), "web: spec.replicas is now 3.");
        assert_eq!(scale.done(&object(), &[field("3"), field("4")]), "web: 2 fields changed.");
        assert_eq!(scale.done(&object(), &[]), "Nothing to do: web is so already.");
        let evict = Wish(ObjectCommand::Evict { pod: "web-1".to_owned() });
        assert_eq!(evict.done(&object(), &[]), "web-1 is evicted.");
    }
}
