//! The Traffic tab: what a pool serves, how fast, and how it is shared out.

mod shares;

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{InstanceId, Metric, SeriesKey};

use super::PoolContext;
use crate::charts::{ChartPanel, Kind};

/// As many as can be told apart by colour and line; a reader could not follow more in one picture.
const INSTANCES_MAX: usize = 24;

#[component]
pub(super) fn Traffic(pool: PoolContext) -> impl IntoView {
    let id = pool.id.get_value();
    let of_pool = |kind: Kind| {
        kind.metrics()
            .iter()
            .map(|&metric| SeriesKey::pool(metric, &id))
            .collect::<Vec<_>>()
    };
    // Frames come every second; the keys change only when an instance comes or goes.
    let of_instances = |metric: Metric| {
        let id = id.clone();
        Memo::new(move |_| {
            pool.members
                .with(|all| shown(all).map(|one| SeriesKey::instance(metric, &id, one)).collect::<Vec<_>>())
        })
    };
    let note = Memo::new(move |_| pool.members.with(|all| left_out(all.len())));
    let group = format!("pool-{id}");
    let pool_chart = |kind: Kind| view! { <ChartPanel kind=kind keys=Signal::stored(of_pool(kind)) group=group.clone() /> };
    let instance_chart =
        |kind: Kind, metric: Metric| view! { <ChartPanel kind=kind keys=of_instances(metric) group=group.clone() note=note /> };
    view! {
        <shares::Shares pool=pool />
        <div class="charts">
            {pool_chart(Kind::Requests)}
            {pool_chart(Kind::Errors)}
            {pool_chart(Kind::Latency)}
            {pool_chart(Kind::InFlight)}
            {instance_chart(Kind::Shares, Metric::RequestsPerS)}
            {instance_chart(Kind::Cpu, Metric::CpuPercent)}
        </div>
    }
}

fn shown(all: &BTreeSet<InstanceId>) -> impl Iterator<Item = &InstanceId> {
    all.iter().take(INSTANCES_MAX)
}

fn left_out(count: usize) -> Option<String> {
    (count > INSTANCES_MAX).then(|| format!("The first {INSTANCES_MAX} of {count} instances are drawn; the Instances tab lists all."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(left_out(24), None);
        assert_eq!(
            left_out(100).unwrap(),
            "The first 24 of 100 instances are drawn; the Instances tab lists all."
        );
        let all = (0..30).map(|n| InstanceId::new(format!("i-{n}")).unwrap()).collect();
        assert_eq!(shown(&all).count(), 24);
    }
}
