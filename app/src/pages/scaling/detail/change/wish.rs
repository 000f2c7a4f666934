use model::{FieldDiff, WorkloadId, change::Changed, scaling::ScalingIntent};

use crate::{
    api::{self, Problem},
    forms::{Fields, policy, prediction, schedule},
    pages::scaling::words::{self, HoldVerb},
};

/// What somebody wants of a workload, as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Policy(Fields),
    Schedule(Fields),
    Prediction(Fields),
    Hold {
        verb: HoldVerb,
        replicas: Option<u32>,
        minutes: Option<u32>,
    },
}

impl Wish {
    /// On the button.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Policy(_) => "Change policy",
            Self::Schedule(_) => "Change schedule",
            Self::Prediction(_) => "Change prediction",
            Self::Hold { verb, .. } => verb.label(),
        }
    }

    pub async fn send(&self, workload: WorkloadId, version: u64) -> Result<Changed, Problem> {
        match self {
            Self::Policy(fields) => api::change_scaling_policy(workload, version, fields.clone()).await,
            Self::Schedule(fields) => api::change_schedule(workload, version, fields.clone()).await,
            Self::Prediction(fields) => api::change_prediction(workload, version, fields.clone()).await,
            Self::Hold { verb, replicas, minutes } => api::hold_scaling(workload, version, verb.to().to_owned(), *replicas, *minutes).await,
        }
    }

    /// The toast: the one field that changed, or how many.
    pub fn done(&self, name: &str, diff: &[FieldDiff]) -> String {
        match (self, diff) {
            (Self::Hold { verb, replicas, minutes }, _) => verb.done(name, *replicas, *minutes),
            (_, [only]) if only.after.is_empty() => format!("{name}: {} is gone.", only.field),
            (_, [only]) => format!("{name}: {} is now {}.", only.field, only.after),
            (_, many) => format!("{name}: {} settings changed.", many.len()),
        }
    }

    /// Where it can be read again: words and address.
    pub fn link(&self, name: &str) -> (String, String) {
        match self {
            Self::Hold { .. } => ("See the history".to_owned(), format!("/scaling/{name}?tab=history")),
            _ => ("See the events".to_owned(), "/events?kind=scaling.changed".to_owned()),
        }
    }

    /// What leads back to `base`; nothing where that is not known, as what is left of an earlier hold.
    pub fn inverse(&self, base: &ScalingIntent) -> Option<Self> {
        match self {
            Self::Policy(_) => Some(Self::Policy(policy::fields_of(&base.plan.policy))),
            Self::Schedule(_) => Some(Self::Schedule(schedule::fields_of(&base.plan.schedule))),
            Self::Prediction(_) => Some(Self::Prediction(prediction::fields_of(&base.plan.prediction))),
            Self::Hold { verb: HoldVerb::LetGo, .. } => None,
            Self::Hold { .. } => base.plan.hold.is_none().then_some(Self::Hold {
                verb: HoldVerb::LetGo,
                replicas: None,
                minutes: None,
            }),
        }
    }

    /// Whether it can leave too little for what is asked: in production the name has to be typed.
    pub const fn is_dangerous(&self) -> bool {
        match self {
            Self::Policy(_) | Self::Schedule(_) | Self::Prediction(_) => true,
            Self::Hold { verb, .. } => words::HoldVerb::is_dangerous(*verb),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::scaling::{Hold, HoldKind, ScalingPlan, ScalingPreset};

    use super::*;

    fn intent() -> ScalingIntent {
        ScalingIntent {
            workload: "web".parse().unwrap(),
            version: 3,
            plan: ScalingPlan::new(ScalingPreset::Balanced.policy()),
            changed_at_ms: 0,
            changed_by: None,
        }
    }

    #[test]
    fn undoing_leads_back_to_what_was() {
        let base = intent();
        let Some(Wish::Policy(back)) = Wish::Policy(Fields::new()).inverse(&base) else {
            panic!("a policy can be undone");
        };
        assert_eq!(policy::policy_of(&back).unwrap(), base.plan.policy);
        let pin = |verb| Wish::Hold {
            verb,
            replicas: Some(5),
            minutes: Some(1),
        };
        assert!(matches!(
            pin(HoldVerb::ScaleTo).inverse(&base),
            Some(Wish::Hold { verb: HoldVerb::LetGo, .. })
        ));
        assert_eq!(pin(HoldVerb::LetGo).inverse(&base), None);
        let mut held = base;
        held.plan.hold = Some(Hold {
            kind: HoldKind::Pause,
            until_ms: 9,
        });
        assert_eq!(pin(HoldVerb::ScaleTo).inverse(&held), None);
    }

    #[test]
    fn the_toast_names_the_one_thing_that_changed() {
        let field = |after: &str| FieldDiff {
            field: "max replicas".to_owned(),
            before: "10".to_owned(),
            after: after.to_owned(),
        };
        let wish = Wish::Policy(Fields::new());
        assert_eq!(wish.done("web", &[field("12")]), "web: max replicas is now 12.");
        assert_eq!(wish.done("web", &[field("")]), "web: max replicas is gone.");
        assert_eq!(wish.done("web", &[field("1"), field("2")]), "web: 2 settings changed.");
    }
}
