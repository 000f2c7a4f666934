//! Which series exist, and which of them a view's charts follow.

use model::{InstanceSnapshot, Metric, PoolSnapshot, SeriesKey, Snapshot, Totals, ViewKey};

/// More instances than this are not drawn one by one: nobody can tell the lines apart, and each would travel every second.
const LINES_MAX: usize = 24;

#[expect(clippy::cast_possible_truncation, reason = "a chart needs no more than 24 bits")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

fn common(totals: &Totals) -> [(Metric, Option<f32>); 4] {
    [
        (Metric::RequestsPerS, Some(narrow(totals.requests_per_s))),
        (Metric::ErrorsPercent, totals.errors_percent.map(narrow)),
        (Metric::P95Ms, totals.latency.map(|l| l.p95_ms)),
        (Metric::InFlight, Some(totals.in_flight as f32)),
    ]
}

fn of_total(snapshot: &Snapshot) -> impl Iterator<Item = (Metric, Option<f32>)> {
    let latency = snapshot.totals.latency;
    let up: u32 = snapshot.pools.iter().map(PoolSnapshot::instances_up).sum();
    let all: usize = snapshot.pools.iter().map(|p| p.instances.len()).sum();
    common(&snapshot.totals).into_iter().chain([
        (Metric::P50Ms, latency.map(|l| l.p50_ms)),
        (Metric::P99Ms, latency.map(|l| l.p99_ms)),
        (Metric::InstancesUp, Some(up as f32)),
        (Metric::InstancesTotal, Some(all as f32)),
    ])
}

fn of_pool(pool: &PoolSnapshot) -> impl Iterator<Item = (Metric, Option<f32>)> {
    let latency = pool.totals.latency;
    common(&pool.totals).into_iter().chain([
        (Metric::P50Ms, latency.map(|l| l.p50_ms)),
        (Metric::P99Ms, latency.map(|l| l.p99_ms)),
        (Metric::InstancesUp, Some(pool.instances_up() as f32)),
        (Metric::InstancesTotal, Some(pool.instances.len() as f32)),
    ])
}

fn of_instance(instance: &InstanceSnapshot) -> impl Iterator<Item = (Metric, Option<f32>)> {
    let percent = |v: Option<f32>| v.map(|v| v * 100.0);
    let load = instance.load;
    common(&instance.totals).into_iter().chain([
        (Metric::CpuPercent, percent(load.and_then(|l| l.cpu))),
        (Metric::MemoryPercent, percent(load.and_then(|l| l.memory))),
        (Metric::GpuPercent, percent(load.and_then(|l| l.gpu))),
        (Metric::Sessions, load.and_then(|l| l.sessions).map(|n| n as f32)),
    ])
}

/// Every value of a snapshot that history keeps. What a source that is down last said is not measured again.
pub fn values(snapshot: &Snapshot) -> Vec<(SeriesKey, Option<f32>)> {
    let mut out: Vec<_> = of_total(snapshot).map(|(m, v)| (SeriesKey::total(m), v)).collect();
    for pool in snapshot.pools.iter().filter(|p| measured(p)) {
        out.extend(of_pool(pool).map(|(m, v)| (SeriesKey::pool(m, &pool.id), v)));
        for instance in &pool.instances {
            out.extend(of_instance(instance).map(|(m, v)| (SeriesKey::instance(m, &pool.id, &instance.id), v)));
        }
    }
    out
}

fn measured(pool: &PoolSnapshot) -> bool {
    pool.instances.is_empty() || pool.instances.iter().any(|i| i.state != model::InstanceState::Unknown)
}

/// The series that travel with each frame of a view.
pub fn series_of(view: &ViewKey, snapshot: &Snapshot) -> Vec<SeriesKey> {
    use Metric::{
        CpuPercent, ErrorsPercent, GpuPercent, InFlight, InstancesTotal, InstancesUp, MemoryPercent, P50Ms, P95Ms, P99Ms, Replicas,
        ReplicasDesired, ReplicasMax, ReplicasMin, ReplicasReady, RequestsPerS, Sessions,
    };
    match view {
        ViewKey::Overview => [
            RequestsPerS,
            ErrorsPercent,
            P50Ms,
            P95Ms,
            P99Ms,
            InFlight,
            InstancesUp,
            InstancesTotal,
        ]
        .map(SeriesKey::total)
        .into(),
        ViewKey::Workload(id) => [
            ReplicasDesired,
            Replicas,
            ReplicasReady,
            ReplicasMin,
            ReplicasMax,
            CpuPercent,
            MemoryPercent,
            GpuPercent,
            Sessions,
            RequestsPerS,
            P95Ms,
            InFlight,
        ]
        .map(|metric| SeriesKey::workload(metric, id))
        .into(),
        ViewKey::Object(object) => {
            let id = object.workload();
            [
                ReplicasDesired,
                Replicas,
                ReplicasReady,
                ReplicasMin,
                ReplicasMax,
                CpuPercent,
                MemoryPercent,
            ]
            .map(|metric| SeriesKey::workload(metric, &id))
            .into()
        }
        ViewKey::Pools | ViewKey::Scaling | ViewKey::Clusters(_) | ViewKey::Breakers | ViewKey::Events => Vec::new(),
        ViewKey::Pool(id) => {
            let mut keys: Vec<SeriesKey> = [
                RequestsPerS,
                ErrorsPercent,
                P50Ms,
                P95Ms,
                P99Ms,
                InFlight,
                InstancesUp,
                InstancesTotal,
            ]
            .map(|m| SeriesKey::pool(m, id))
            .into();
            let pool = snapshot.pools.iter().find(|p| &p.id == id);
            for instance in pool
                .map(|p| p.instances.as_slice())
                .unwrap_or_default()
                .iter()
                .filter(|_| drawn(pool))
            {
                keys.extend([RequestsPerS, CpuPercent, MemoryPercent].map(|m| SeriesKey::instance(m, id, &instance.id)));
            }
            keys
        }
    }
}

fn drawn(pool: Option<&PoolSnapshot>) -> bool {
    pool.is_some_and(|p| p.instances.len() <= LINES_MAX)
}
