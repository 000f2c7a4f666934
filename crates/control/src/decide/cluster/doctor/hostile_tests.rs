//! What somebody sends who wants to see it fall.

use model::cluster::DoctorAnswer;
use proptest::prelude::*;

use super::{examine, read::read};

fn refused(text: &str) -> String {
    let answer = examine(text);
    let last = answer.documents.last().expect("it is refused");
    last.findings.first().map(|f| f.why.clone()).expect("with a reason")
}

#[test]
fn what_is_too_much_is_refused_with_a_sentence() {
    let laughs: Vec<_> = (0..10)
        .map(|n| {
            format!(
                "l{n}: &l{n} [{}]\n",
                vec![if n == 0 { "lol".to_owned() } else { format!("*l{}", n - 1) }; 10].join(", ")
            )
        })
        .collect();
    let laughs = laughs.concat();
    for (text, says) in [
        ("x".repeat(DoctorAnswer::INPUT_MAX_BYTES + 1), "bytes; at most"),
        (laughs, "with those that aliases repeat"),
        ("[".repeat(100_000), "not YAML"),
        (
            "a:\n".to_owned() + &(1..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<Vec<_>>().concat(),
            "Line ",
        ),
        ("- ".repeat(10_000), "not YAML"),
        ("{a: ".repeat(5_000), "not YAML"),
        ("a: b\u{0}c\n".to_owned(), "U+0000"),
        ("a: \u{1b}[2J\n".to_owned(), "U+001B"),
        ("a:\n\tb: 1\n".to_owned(), "tab"),
        ("a: *nobody\n".to_owned(), "not YAML"),
        ("a: &a [*a]\n".to_owned(), "Line "),
        ("? [a]\n: b\n".to_owned(), "name of a field"),
        ("- 1\n".repeat(250_000), "values"),
    ] {
        let said = refused(&text);
        assert!(said.contains(says), "{:?}…: {said}", text.chars().take(20).collect::<String>());
    }
    let many = "---\na: 1\n".repeat(DoctorAnswer::DOCUMENTS_MAX + 5);
    assert!(refused(&many).contains("more than 500 documents"));
    assert_eq!(read(&many).len(), DoctorAnswer::DOCUMENTS_MAX + 1);
    let list = format!("kind: List\nitems:\n{}", "- {kind: A}\n".repeat(DoctorAnswer::DOCUMENTS_MAX + 5));
    assert!(refused(&list).contains("more than 500 objects"));
}

#[test]
fn thousands_of_findings_are_counted_not_listed() {
    let fields: Vec<_> = (0..20_000).map(|n| format!("  minReplica{n}: 1\n")).collect();
    let fields = fields.concat();
    let text = format!("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: \"a\\nb\"}}\nspec:\n{fields}");
    let answer = examine(&text);
    assert!(answer.documents[0].findings.len() <= 60, "{}", answer.documents[0].findings.len());
    assert!(answer.documents[0].findings.iter().any(|f| f.title.starts_with("And ")));
    assert!(!answer.documents[0].what.contains('\n'));
}

/// Everything that is compared with everything else, as often as fits in.
#[test]
fn what_multiplies_is_bounded() {
    let hpa = |metrics: &str| {
        format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: a}}\nspec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: a}}\n  maxReplicas: 9\n{metrics}---\n"
        )
    };
    let metric = "  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 7}}}\n";
    let policy = "    - {type: Pods, value: 1, periodSeconds: 60}\n";
    let metrics = hpa(&format!(
        "  metrics:\n{}  behavior:\n   scaleUp:\n    policies:\n{}",
        metric.repeat(3_000),
        policy.repeat(3_000)
    ));
    let containers = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  selector: {{}}\n  template:\n    spec:\n      containers:\n{}---\n",
        "      - {name: a}\n".repeat(10_000)
    );
    let vpas = "kind: VerticalPodAutoscaler\napiVersion: autoscaling.k8s.io/v1\nmetadata: {name: a}\nspec: {targetRef: {kind: Deployment, name: a}}\n---\n".repeat(200);
    let text = metrics + &containers + &hpa("").repeat(200) + &vpas;
    assert!(text.len() < DoctorAnswer::INPUT_MAX_BYTES, "{}", text.len());
    let answer = examine(&text);
    assert!(answer.documents.iter().all(|d| d.findings.len() <= 60));
    assert_eq!(answer.documents.len(), 402);
}

/// Pieces that YAML and manifests are made of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "\n",
            "\r\n",
            "  ",
            "    ",
            "- ",
            ": ",
            ":",
            "---\n",
            "...\n",
            "? ",
            "& a",
            "&a ",
            "*a",
            "<<: *a\n",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "# c\n",
            "\"",
            "'",
            "|\n",
            ">-\n",
            "!!str ",
            "%YAML 1.2\n",
            "\t",
            "\u{feff}",
            "ü",
            "spec:\n",
            "metrics:\n",
            "kind: HorizontalPodAutoscaler\n",
            "apiVersion: autoscaling/v1\n",
            "apiVersion: autoscaling/v2\n",
            "minReplicas: 9\n",
            "maxReplicas: 4\n",
            "targetCPUUtilizationPercentage: 60\n",
            "kind: Deployment\n",
            "replicas: 3\n",
            "resources: {}\n",
            "containers:\n",
            "- name: app\n",
            "items:\n",
            "kind: List\n",
            "0x",
            "010",
            "1e9",
            "~",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,8}".prop_map(|s| s),
        any::<char>().prop_map(|c| c.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_makes_it_fall_and_mending_settles(pieces in prop::collection::vec(piece(), 0..60)) {
        let text = pieces.concat();
        let answer = examine(&text);
        for document in &answer.documents {
            prop_assert!(document.line >= 1);
        }
        if let Some(fixed) = answer.fixed {
            prop_assert_eq!(examine(&fixed).fixed, None, "mended again: {:?}", fixed);
        }
    }

    /// Whatever the indent, the quotes and the comments of a manifest.
    #[test]
    fn a_faulty_manifest_is_mended_however_it_is_written(
        indent in 1_usize..7,
        dashes in any::<bool>(),
        quoted in any::<bool>(),
        crlf in any::<bool>(),
        comment in prop::option::of("[a-z :{}\\[\\]&*'\"]{0,20}"),
        (min, max) in (2_u32..50, 1_u32..50),
    ) {
        let pad = |n: usize| " ".repeat(indent * n);
        let q = |s: &str| if quoted { format!("\"{s}\"") } else { s.to_owned() };
        let comment = comment.map_or_else(String::new, |c| format!(" # {c}"));
        let item = if dashes { pad(2) } else { pad(1) };
        let deep = format!("{item}  ");
        let mut text = format!(
            "apiVersion: {v2}\nkind: {kind}{comment}\nmetadata:\n{p1}name: web\nspec:{comment}\n{p1}scaleTargetRef:\n{p2}kind: Deployment{comment}\n{p2}name: web\n\
             {p1}minReplicas: {min}{comment}\n{p1}maxReplicas: {max}\n{p1}metrics:\n{item}- type: Pods{comment}\n{deep}pods:\n{deep}  metric:\n{deep}    name: {success}\n\
             {deep}  target:\n{deep}    type: AverageValue\n{deep}    averageValue: \"1\"\n{item}- type: Resource\n{deep}resource:\n{deep}  name: cpu\n\
             {deep}  target:\n{deep}    type: Utilization\n{deep}    averageUtilization: {cpu}\n",
            v2 = q("autoscaling/v2"), kind = q("HorizontalPodAutoscaler"), success = q("success_rate"), cpu = q("70"), p1 = pad(1), p2 = pad(2),
        );
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let answer = examine(&text);
        let fixed = answer.fixed.expect("it is mended");
        let again = examine(&fixed);
        prop_assert_eq!(again.fixed, None);
        let node = read(&fixed).pop().unwrap().unwrap();
        prop_assert_eq!(node.find("spec.scaleTargetRef.apiVersion").and_then(super::Node::text), Some("apps/v1"));
        prop_assert_eq!(node.find("spec.metrics").map(|m| m.items().len()), Some(1), "{}", fixed);
        let whole = |path: &str| node.find(path).and_then(super::given::whole);
        prop_assert_eq!((whole("spec.minReplicas"), whole("spec.maxReplicas")), (Some(min.min(max)), Some(min.max(max))));
        prop_assert_eq!(fixed.matches('\n').count(), fixed.matches(if crlf { "\r\n" } else { "\n" }).count());
    }
}
