use std::collections::BTreeSet;

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, FixKind, ObjectKind},
    scaling::FlapStep,
};
use serde_json::json;

use super::{findings, fixtures::PAIRS};
use crate::decide::cluster::{
    Case, Memory, Round, evaluate,
    fixtures::{NOW_MS, SHOP, Scene},
};

/// Those that only documents can have, by whoever examines documents.
const OF_DOCUMENTS: [&str; 7] = [
    "unknown_field",
    "outdated_api",
    "memory_target",
    "selector_missing",
    "target_out_of_reach",
    "replicas_set",
    "not_checked",
];

fn found(scene: &Scene, looks: i64, steps: &[FlapStep]) -> Vec<Finding> {
    let look = scene.look();
    let round = Round::new(&look);
    let space = round.space(SHOP).unwrap();
    let hpa = &space.objects.hpas["web"];
    let mut memory = Memory::default();
    let mut evaluation = None;
    for n in (0..looks).rev() {
        evaluation = Some(evaluate(space, hpa, &mut memory, NOW_MS - n * 15_000));
    }
    findings(&Case::of_hpa(space, hpa, evaluation.as_ref(), &memory, steps, NOW_MS))
}

fn one(change: impl FnOnce(&mut Scene), code: FindingCode) -> Finding {
    let mut scene = Scene::web();
    change(&mut scene);
    let all = found(&scene, 1, &[]);
    let finding = all.iter().find(|finding| finding.code == code);
    finding.unwrap_or_else(|| panic!("{code:?} in {all:#?}")).clone()
}

#[test]
fn each_finding_is_found_where_it_is_and_only_there() {
    let mut wrong = Vec::new();
    for (n, pair) in PAIRS.iter().enumerate() {
        let (mut shows, mut not) = (Scene::web(), Scene::web());
        (pair.shows)(&mut shows);
        (pair.not)(&mut not);
        let in_shows = found(&shows, pair.looks, &[]);
        if !in_shows.iter().any(|f| f.code == pair.code) {
            wrong.push(format!("pair {n} should show {:?}: {in_shows:#?}", pair.code));
        }
        let in_not = found(&not, pair.looks, &[]);
        if in_not.iter().any(|f| f.code == pair.code) {
            wrong.push(format!("pair {n} should not show {:?}: {in_not:#?}", pair.code));
        }
        assert!(in_shows.windows(2).all(|two| two[0].severity >= two[1].severity), "worst first");
        for finding in in_shows.iter().chain(&in_not) {
            let texts = [&finding.title, &finding.why];
            assert!(
                texts.iter().all(|text| !text.is_empty() && !text.contains(['\n', '\u{1b}'])),
                "{finding:?}"
            );
            let commands = finding.fixes.iter().filter(|fix| fix.kind == FixKind::Command);
            assert!(commands.into_iter().all(|fix| fix.text.starts_with("kubectl ")), "{finding:?}");
            if finding.severity == Severity::Critical {
                assert!(!finding.fixes.is_empty(), "no way out of {finding:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_pair() {
    let shown: BTreeSet<_> = PAIRS.iter().map(|pair| pair.code.id()).collect();
    let open: Vec<_> = FindingCode::ALL
        .iter()
        .map(|code| code.id())
        .filter(|id| !shown.contains(id) && !OF_DOCUMENTS.contains(id))
        .collect();
    assert_eq!(open, [""; 0], "each finding needs a scene that shows it and one that must not");
}

#[test]
fn findings_are_said_in_plain_words_with_figures() {
    let bare = json!({"spec": {"containers": [{"name": "app"}, {"name": "side car", "resources": {"requests": {"cpu": "1"}}}]}});
    let request = one(|s| s.change_pods("web", &bare), FindingCode::RequestMissing);
    assert_eq!(request.title, "Not scaling: container app has no cpu request");
    assert_eq!(
        request.fixes[0].text, "kubectl -n shop set resources deployment/web -c app --requests=cpu=170m",
        "a fifth more than the 140 it uses"
    );

    let at_max = |s: &mut Scene| {
        s.change("hpa", "web", json!({"spec": {"maxReplicas": 3}}));
        (0..3).for_each(|n| s.uses(&format!("web-{n}"), 300));
    };
    let max = one(at_max, FindingCode::AtMax);
    assert_eq!(max.title, "Not scaling out: at its maximum of 3");
    assert_eq!(max.why, "Cpu 150 % of 70 %: 7 replicas would be right.");
    assert_eq!(
        max.fixes[0].text,
        r#"kubectl -n shop patch hpa web --type=merge -p '{"spec":{"maxReplicas":7}}'"#
    );
    assert_eq!(max.certainty, Certainty::Estimated, "the controller has not said so yet");

    let healthy = one(|s| (0..3).for_each(|n| s.uses(&format!("web-{n}"), 120)), FindingCode::Healthy);
    assert_eq!(healthy.why, "Cpu 60 % of 70 %: 3 replicas are right.");
}

#[test]
fn a_minimum_is_no_alarm() {
    let mut scene = Scene::web();
    scene.change(
        "deployment",
        "web",
        json!({"spec": {"replicas": 2}, "status": {"replicas": 2, "readyReplicas": 2}}),
    );
    scene.change("hpa", "web", json!({"status": {"currentReplicas": 2, "desiredReplicas": 2}}));
    scene.remove("pod", "web-2");
    (0..2).for_each(|n| scene.uses(&format!("web-{n}"), 5));
    scene.condition(
        "ScalingLimited",
        "True",
        "TooFewReplicas",
        "the desired replica count is less than the minimum replica count",
    );
    let all = found(&scene, 1, &[]);
    assert!(all.iter().all(|finding| finding.severity == Severity::Info), "{all:#?}");
    assert!(all.iter().any(|finding| finding.code == FindingCode::Healthy));
}

#[test]
fn what_the_cluster_said_last_is_not_certain() {
    let mut scene = Scene::web();
    scene.change("hpa", "web", json!({"spec": {"minReplicas": 3, "maxReplicas": 3}}));
    scene.state = model::SourceState::Down {
        since_ms: NOW_MS - 60_000,
        why: "connection refused".to_owned(),
    };
    let all = found(&scene, 1, &[]);
    assert!(
        all.len() > 1 && all.iter().all(|finding| finding.certainty == Certainty::Unknown),
        "{all:#?}"
    );
}

#[test]
fn flapping_is_told_with_its_wave() {
    let step = |(n, (from, to)): (i64, (u32, u32))| FlapStep {
        at_ms: NOW_MS - 600_000 + n * 100_000,
        from,
        to,
        leading: Some("cpu".to_owned()),
    };
    let steps: Vec<_> = (0..).zip([(3, 5), (5, 3), (3, 5), (5, 3)]).map(step).collect();
    let all = found(&Scene::web(), 1, &steps);
    let flaps = all.iter().find(|finding| finding.code == FindingCode::Flaps).unwrap();
    assert_eq!(flaps.title, "Flapping between 3 and 5 replicas");
    assert_eq!(flaps.certainty, Certainty::Observed);
}

#[test]
fn a_workload_without_an_hpa_has_findings_of_its_own() {
    let mut scene = Scene::web();
    scene.remove("hpa", "web");
    let of = |scene: &Scene| {
        let look = scene.look();
        let round = Round::new(&look);
        let space = round.space(SHOP).unwrap();
        let workload = &space.objects.workloads[&(ObjectKind::Deployment, "web".into())];
        findings(&Case::of_workload(space, ObjectKind::Deployment, workload, NOW_MS))
    };
    let all = of(&scene);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].why, "3 of 3 replicas are ready. No HPA scales them.");
    let crash = json!({"status": {"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}});
    scene.change_pods("web", &crash);
    assert_eq!(of(&scene)[0].code, FindingCode::PodsFailing);
}
