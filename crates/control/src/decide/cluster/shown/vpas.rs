//! What a VPA recommends, in words.

use model::cluster::VpaRow;

use super::super::{
    Case, Target,
    findings::told::{bytes, line},
};
use crate::ports::cluster::{Quantity, Vpa, VpaContainer};

pub fn vpa_rows(case: &Case<'_>) -> Vec<VpaRow> {
    let Target::Found { kind, workload } = case.target else {
        return Vec::new();
    };
    case.space.vpas_of(kind, workload).into_iter().map(row).collect()
}

fn row(vpa: &Vpa) -> VpaRow {
    let recommended = |of: &VpaContainer| {
        let shown = |resource: &str, quantity: Option<&Quantity>| {
            quantity.map_or_else(String::new, |quantity| match resource {
                "cpu" => format!("{}m", quantity.milli()),
                _ => bytes(quantity.units()),
            })
        };
        let each = |resource: &str| {
            (
                line(&of.container_name),
                resource.to_owned(),
                shown(resource, of.lower_bound.get(resource)),
                shown(resource, of.target.get(resource)),
                shown(resource, of.upper_bound.get(resource)),
            )
        };
        ["cpu", "memory"]
            .into_iter()
            .filter(|resource| of.target.contains_key(*resource))
            .map(each)
            .collect::<Vec<_>>()
    };
    VpaRow {
        name: vpa.metadata.name.to_string(),
        mode: line(vpa.spec.update_policy.update_mode.as_deref().unwrap_or("Auto")),
        recommendations: vpa
            .status
            .recommendation
            .container_recommendations
            .iter()
            .flat_map(recommended)
            .collect(),
    }
}
