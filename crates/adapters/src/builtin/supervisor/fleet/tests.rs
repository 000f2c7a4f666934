use std::path::{Path, PathBuf};

use tokio::time::advance;

use super::*;

const DRAIN_WITHIN: Duration = Duration::from_secs(30);

const A_MOMENT: Duration = Duration::from_millis(1);

fn spec(program: &Path, name: &InstanceId, address: SocketAddr) -> Spec {
    Spec {
        name: name.clone(),
        program: program.to_owned(),
        args: vec![],
        listen: Some(address),
    }
}

/// Two that have answered, by the jobs that run them, and the second one drains.
fn one_stays_and_one_drains() -> (Arc<Fleet>, Job, Job) {
    let recipe = Recipe {
        prefix: "sample".to_owned(),
        spec,
        program: PathBuf::new(),
    };
    let (jobs, mut taken) = mpsc::channel(JOBS_MAX);
    let fleet = Fleet::new(recipe, jobs, CancellationToken::new(), DRAIN_WITHIN);
    fleet.scale(2).unwrap();
    let [stays, drains] = [taken.try_recv().unwrap(), taken.try_recv().unwrap()];
    stays.status.ready();
    drains.status.ready();
    fleet.scale(1).unwrap();
    assert!(!stays.status.is_draining() && drains.status.is_draining());
    (fleet, stays, drains)
}

#[tokio::test(start_paused = true)]
async fn one_that_drains_is_stopped_when_nobody_has_looked_for_the_whole_time() {
    let (fleet, stays, drains) = one_stays_and_one_drains();
    let looks: [(&str, &dyn Fn()); 3] = [
        ("asks how it stands", &|| drop(fleet.observe())),
        ("scales", &|| fleet.scale(1).unwrap()),
        ("retires another one", &|| fleet.retire(&stays.spec.name)),
    ];
    for (what, look) in looks {
        advance(DRAIN_WITHIN.saturating_sub(A_MOMENT)).await;
        look();
        advance(DRAIN_WITHIN.saturating_sub(A_MOMENT)).await;
        fleet.stop_abandoned();
        assert!(!drains.stop.is_cancelled(), "somebody who {what} looks after it");
    }
    advance(A_MOMENT).await;
    fleet.stop_abandoned();
    assert!(drains.stop.is_cancelled());
    assert!(!stays.stop.is_cancelled(), "it does not drain");
}

#[tokio::test(start_paused = true)]
async fn the_time_begins_with_the_drain_and_not_with_the_last_look() {
    let (fleet, _stays, first) = one_stays_and_one_drains();
    advance(DRAIN_WITHIN).await;
    // Not by way of the fleet, which would be a look.
    assert!(first.status.take_back() && first.status.drain());
    fleet.stop_abandoned();
    assert!(!first.stop.is_cancelled(), "it has only just begun");
    advance(DRAIN_WITHIN).await;
    fleet.stop_abandoned();
    assert!(first.stop.is_cancelled());
}
