//! Our engine beside the genuine HPA controller: the same cluster, the same moment, the same numbers and reasons.
//!
//! Every scenario has a namespace of its own. Workloads, pods and figures stand before the HPAs are made; our engine decides from that look,
//! with an empty memory, and the controller decides when it comes by for the first time, with an empty memory too. Where a scenario says so,
//! both look again, at what the first decision has left, and with what they remember of it.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod compare;
mod look;
mod scenario;
mod scenarios;
mod stage;

use std::{collections::BTreeMap, time::Duration};

use control::decide::cluster::{Case, Memory, Round, evaluate, findings};
use model::{
    Severity,
    cluster::{Finding, FindingCode},
};
use testkit::{
    Cluster,
    kubernetes::{self, Options},
    wait_until,
};

use compare::{Seen, ours, theirs};
use scenarios::FINDINGS;
use stage::Stage;

/// Long enough that the first decision can be read before the second.
const SYNC: Duration = Duration::from_secs(5);
/// Two busy cores and some hundred pods.
const SOON: Duration = Duration::from_secs(120);

#[tokio::test]
async fn our_engine_decides_as_the_genuine_controller_does() {
    if !kubernetes::can_start() {
        return;
    }
    // Pods stay young for the whole test, as upstream has it, so that readiness matters.
    let cluster = Cluster::start_with(&Options {
        hpa_sync: Some(SYNC),
        cpu_initialization_period: Some(Duration::from_secs(300)),
        feature_gates: Some("HPAScaleToZero=true".to_owned()),
        ..Options::default()
    });
    let client = cluster.client().await;
    let scenarios = scenarios::all();
    assert!(scenarios.len() >= 30);

    let mut stages = Vec::new();
    for scenario in &scenarios {
        stages.push(stage::build(&cluster, scenario).await);
    }
    wait_until("all workloads stand", SOON, async || {
        let objects = look::objects(&client).await;
        stages.iter().all(|stage| stage.stands(&objects))
    })
    .await;

    let twins = || stages.iter().filter(|stage| stage.scenario.twin);
    for stage in twins() {
        stage.twin().await;
    }
    wait_until("the controller knows what the twins select", SOON, async || {
        let seen = look::hpas(&client).await.iter().filter_map(theirs).count();
        seen == twins().count()
    })
    .await;
    let mut objects = look::objects(&client).await;
    for stage in &stages {
        stage.start().await;
    }
    objects.hpas = look::hpas(&client).await;
    let shown = look::look(&client, &objects).await;
    let round = Round::new(&shown);
    let mut memories: BTreeMap<String, Memory> = BTreeMap::new();
    let mut expected: BTreeMap<String, Seen> = BTreeMap::new();
    for stage in &stages {
        let name = stage.namespace.name();
        let space = round.space(name).unwrap();
        let hpa = &space.objects.hpas["web"];
        let memory = memories.entry(name.to_owned()).or_default();
        let evaluation = evaluate(space, hpa, memory, look::now_ms());
        expected.insert(name.to_owned(), ours(&evaluation));
    }

    let mut first: BTreeMap<String, Seen> = BTreeMap::new();
    wait_until("the controller has looked at all of them", SOON, async || {
        for hpa in look::hpas(&client).await {
            let namespace = hpa["metadata"]["namespace"].as_str().unwrap().to_owned();
            if hpa["metadata"]["name"] == "web"
                && !first.contains_key(&namespace)
                && let Some(seen) = theirs(&hpa)
            {
                first.insert(namespace, seen);
            }
        }
        first.len() == stages.len()
    })
    .await;
    let mut apart = Vec::new();
    for stage in &stages {
        let name = stage.namespace.name();
        if let Err(why) = expected[name].agrees(&first[name]) {
            apart.push(format!("{}: {why}", stage.scenario.name));
        }
    }
    println!("{} scenarios, {} apart at the first look", stages.len(), apart.len());

    // What the first decision left, with what both remember of it; and what is said of it.
    let finding_of = |stage: &Stage<'_>| {
        FINDINGS
            .iter()
            .find(|(name, _)| *name == stage.scenario.name)
            .map(|(_, code)| *code)
    };
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let decision = |stage: &Stage<'_>| format!("{}, again", stage.scenario.name);
    let finding = |stage: &Stage<'_>| format!("{}, said", stage.scenario.name);
    for stage in &stages {
        if stage.scenario.again {
            open.insert(decision(stage), String::new());
        }
        if finding_of(stage).is_some() {
            open.insert(finding(stage), String::new());
        }
    }
    let deadline = look::now_ms() + 100_000;
    wait_until("both have looked again", SOON, async || {
        let objects = look::objects(&client).await;
        let shown = look::look(&client, &objects).await;
        let round = Round::new(&shown);
        for stage in &stages {
            if !open.contains_key(&decision(stage)) && !open.contains_key(&finding(stage)) {
                continue;
            }
            let (name, now_ms) = (stage.namespace.name(), look::now_ms());
            let space = round.space(name).unwrap();
            let hpa = &space.objects.hpas["web"];
            let memory = memories.get_mut(name).unwrap();
            let evaluation = evaluate(space, hpa, memory, now_ms);
            let told = objects.hpa(name).and_then(theirs);
            let has_settled = told.as_ref().is_some_and(|told| told.able != "SucceededRescale") && stage.has_settled(&objects);
            let agreed = told.map_or_else(|| Err("no status".to_owned()), |told| ours(&evaluation).agrees(&told));
            settle(&mut open, decision(stage), agreed, has_settled);
            if let Some(code) = finding_of(stage) {
                let case = Case::of_hpa(space, hpa, Some(&evaluation), memory, &[], now_ms);
                settle(&mut open, finding(stage), says(&findings(&case), code), true);
            }
        }
        open.is_empty() || look::now_ms() > deadline
    })
    .await;
    apart.extend(open.into_iter().map(|(name, why)| format!("{name}: {why}")));
    assert!(apart.is_empty(), "our engine and the controller are apart:\n{}", apart.join("\n"));
}

/// What is as it should be is closed; of what is not, the last reason is kept.
fn settle(open: &mut BTreeMap<String, String>, name: String, result: Result<(), String>, counts: bool) {
    match result {
        Ok(()) if counts => {
            open.remove(&name);
        }
        Ok(()) => {}
        Err(why) => {
            open.entry(name).and_modify(|last| *last = why);
        }
    }
}

/// Whether this is said; of what is well, nothing worse.
fn says(findings: &[Finding], code: FindingCode) -> Result<(), String> {
    let finding = findings.iter().find(|finding| finding.code == code);
    let is_well = findings.iter().all(|other| other.severity == Severity::Info);
    match finding {
        Some(Finding {
            severity: Severity::Info, ..
        }) if matches!(code, FindingCode::Healthy | FindingCode::AtMin) && !is_well => Err(format!("{findings:#?}")),
        Some(_) => Ok(()),
        None => Err(format!("no {code:?} in {findings:#?}")),
    }
}
