use leptos::prelude::*;
use model::scaling::ScalingPlan;

/// More could not be told apart at a glance, and each takes its time.
pub const CANDIDATES_MAX: usize = 3;

type Named = Vec<(String, ScalingPlan)>;

/// Plans to be compared with the one in force, by name; kept while the page is open. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct Candidates(RwSignal<Named>);

impl Candidates {
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Puts a plan beside the others; the oldest leaves when there are too many.
    pub fn add(self, name: &str, plan: ScalingPlan) {
        self.0.update(|all| {
            let name = free_name(all, name);
            all.push((name, plan));
            let surplus = all.len().saturating_sub(CANDIDATES_MAX);
            all.drain(..surplus);
        });
    }

    pub fn remove(self, name: &str) {
        self.0.update(|all| all.retain(|(taken, _)| taken != name));
    }

    pub fn all(self) -> Named {
        self.0.get()
    }

    pub fn all_untracked(self) -> Named {
        self.0.get_untracked()
    }
}

/// `edited`, `edited 2`.
fn free_name(all: &Named, name: &str) -> String {
    let is_free = |name: &String| all.iter().all(|(taken, _)| taken != name);
    let numbered = (2..).map(|n| format!("{name} {n}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model::scaling::ScalingPreset;

    use super::*;

    #[test]
    fn two_candidates_never_have_the_same_name() {
        let plan = ScalingPlan::new(ScalingPreset::Balanced.policy());
        let mut all = Vec::new();
        for expected in ["edited", "edited 2", "edited 3"] {
            let name = free_name(&all, "edited");
            assert_eq!(name, expected);
            all.push((name, plan.clone()));
        }
    }
}
