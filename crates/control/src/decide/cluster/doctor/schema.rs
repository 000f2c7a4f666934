//! The fields that Kubernetes knows, of the kinds that are examined (<https://kubernetes.io/docs/reference/generated/kubernetes-api/>).
//! What is not looked at is [`Shape::Any`]: its name is known, what is in it is not checked.

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Any,
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// From, to.
    Whole(i64, i64),
    Flag,
    Quantity,
    List(&'static Shape),
    /// Any names, each with this.
    Named(&'static Shape),
    Map(&'static [Field]),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_needed: bool,
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        is_needed: false,
    }
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        is_needed: true,
    }
}

/// An `int32` that counts something.
const WHOLE: Shape = Shape::Whole(0, i32::MAX as i64);
const NAMES: Shape = Shape::List(&Shape::Text);
const LABELS: Shape = Shape::Named(&Shape::Text);
const QUANTITIES: Shape = Shape::Named(&Shape::Quantity);

const SELECTOR: Shape = Shape::Map(&[
    may("matchLabels", LABELS),
    may(
        "matchExpressions",
        Shape::List(&Shape::Map(&[
            must("key", Shape::Text),
            must("operator", Shape::Word(&["In", "NotIn", "Exists", "DoesNotExist"])),
            may("values", NAMES),
        ])),
    ),
]);

const META: Shape = Shape::Map(&[
    may("name", Shape::Text),
    may("generateName", Shape::Text),
    may("namespace", Shape::Text),
    may("labels", LABELS),
    may("annotations", LABELS),
    may("finalizers", Shape::Any),
    may("ownerReferences", Shape::Any),
    may("managedFields", Shape::Any),
    may("creationTimestamp", Shape::Any),
    may("deletionTimestamp", Shape::Any),
    may("deletionGracePeriodSeconds", Shape::Any),
    may("generation", Shape::Any),
    may("resourceVersion", Shape::Any),
    may("selfLink", Shape::Any),
    may("uid", Shape::Any),
]);

const REFERENCE: Shape = Shape::Map(&[may("apiVersion", Shape::Text), must("kind", Shape::Text), must("name", Shape::Text)]);

const TARGET: Shape = Shape::Map(&[
    must("type", Shape::Word(&["Utilization", "AverageValue", "Value"])),
    may("averageUtilization", WHOLE),
    may("averageValue", Shape::Quantity),
    may("value", Shape::Quantity),
]);

const IDENTIFIER: Shape = Shape::Map(&[must("name", Shape::Text), may("selector", SELECTOR)]);

const METRIC: Shape = Shape::Map(&[
    must(
        "type",
        Shape::Word(&["Resource", "ContainerResource", "Pods", "Object", "External"]),
    ),
    may("resource", Shape::Map(&[must("name", Shape::Text), must("target", TARGET)])),
    may(
        "containerResource",
        Shape::Map(&[must("name", Shape::Text), must("container", Shape::Text), must("target", TARGET)]),
    ),
    may("pods", Shape::Map(&[must("metric", IDENTIFIER), must("target", TARGET)])),
    may(
        "object",
        Shape::Map(&[
            must("describedObject", REFERENCE),
            must("metric", IDENTIFIER),
            must("target", TARGET),
        ]),
    ),
    may("external", Shape::Map(&[must("metric", IDENTIFIER), must("target", TARGET)])),
]);

const RULES: Shape = Shape::Map(&[
    may("stabilizationWindowSeconds", WHOLE),
    may("selectPolicy", Shape::Word(&["Max", "Min", "Disabled"])),
    may(
        "policies",
        Shape::List(&Shape::Map(&[
            must("type", Shape::Word(&["Pods", "Percent"])),
            must("value", WHOLE),
            must("periodSeconds", WHOLE),
        ])),
    ),
    may("tolerance", Shape::Quantity),
]);

const fn object(spec: Shape) -> [Field; 5] {
    [
        must("apiVersion", Shape::Text),
        must("kind", Shape::Text),
        must("metadata", META),
        must("spec", spec),
        may("status", Shape::Any),
    ]
}

const HPA_SPEC: Shape = Shape::Map(&[
    must("scaleTargetRef", REFERENCE),
    may("minReplicas", WHOLE),
    must("maxReplicas", WHOLE),
    may("metrics", Shape::List(&METRIC)),
    may("behavior", Shape::Map(&[may("scaleUp", RULES), may("scaleDown", RULES)])),
]);

const HPA_V1_SPEC: Shape = Shape::Map(&[
    must("scaleTargetRef", REFERENCE),
    may("minReplicas", WHOLE),
    must("maxReplicas", WHOLE),
    may("targetCPUUtilizationPercentage", WHOLE),
]);

/// Of `v2beta1` only what is the same in `v2`.
const HPA_V2BETA1_SPEC: Shape = Shape::Map(&[
    must("scaleTargetRef", REFERENCE),
    may("minReplicas", WHOLE),
    must("maxReplicas", WHOLE),
    may("metrics", Shape::Any),
]);

const RESOURCES: Shape = Shape::Map(&[may("requests", QUANTITIES), may("limits", QUANTITIES), may("claims", Shape::Any)]);

const CONTAINER: Shape = Shape::Map(&[
    must("name", Shape::Text),
    may("image", Shape::Text),
    may("command", NAMES),
    may("args", NAMES),
    may("workingDir", Shape::Any),
    may("ports", Shape::Any),
    may("env", Shape::Any),
    may("envFrom", Shape::Any),
    may("resources", RESOURCES),
    may("resizePolicy", Shape::Any),
    may("restartPolicy", Shape::Text),
    may("restartPolicyRules", Shape::Any),
    may("volumeMounts", Shape::Any),
    may("volumeDevices", Shape::Any),
    may("livenessProbe", Shape::Any),
    may("readinessProbe", Shape::Any),
    may("startupProbe", Shape::Any),
    may("lifecycle", Shape::Any),
    may("terminationMessagePath", Shape::Any),
    may("terminationMessagePolicy", Shape::Any),
    may("imagePullPolicy", Shape::Any),
    may("securityContext", Shape::Any),
    may("stdin", Shape::Any),
    may("stdinOnce", Shape::Any),
    may("tty", Shape::Any),
]);

const POD_SPEC: Shape = Shape::Map(&[
    must("containers", Shape::List(&CONTAINER)),
    may("initContainers", Shape::List(&CONTAINER)),
    may("ephemeralContainers", Shape::Any),
    may("resources", RESOURCES),
    may("volumes", Shape::Any),
    may("restartPolicy", Shape::Any),
    may("terminationGracePeriodSeconds", Shape::Any),
    may("activeDeadlineSeconds", Shape::Any),
    may("dnsPolicy", Shape::Any),
    may("dnsConfig", Shape::Any),
    may("nodeSelector", Shape::Any),
    may("serviceAccountName", Shape::Any),
    may("serviceAccount", Shape::Any),
    may("automountServiceAccountToken", Shape::Any),
    may("nodeName", Shape::Any),
    may("hostNetwork", Shape::Any),
    may("hostPID", Shape::Any),
    may("hostIPC", Shape::Any),
    may("hostUsers", Shape::Any),
    may("hostname", Shape::Any),
    may("hostnameOverride", Shape::Any),
    may("setHostnameAsFQDN", Shape::Any),
    may("subdomain", Shape::Any),
    may("shareProcessNamespace", Shape::Any),
    may("securityContext", Shape::Any),
    may("imagePullSecrets", Shape::Any),
    may("affinity", Shape::Any),
    may("schedulerName", Shape::Any),
    may("schedulingGates", Shape::Any),
    may("tolerations", Shape::Any),
    may("hostAliases", Shape::Any),
    may("priorityClassName", Shape::Any),
    may("priority", Shape::Any),
    may("preemptionPolicy", Shape::Any),
    may("readinessGates", Shape::Any),
    may("runtimeClassName", Shape::Any),
    may("enableServiceLinks", Shape::Any),
    may("overhead", Shape::Any),
    may("topologySpreadConstraints", Shape::Any),
    may("os", Shape::Any),
    may("resourceClaims", Shape::Any),
    may("workloadRef", Shape::Any),
]);

const TEMPLATE: Shape = Shape::Map(&[may("metadata", META), must("spec", POD_SPEC)]);

const DEPLOYMENT_SPEC: Shape = Shape::Map(&[
    may("replicas", WHOLE),
    must("selector", SELECTOR),
    must("template", TEMPLATE),
    may("strategy", Shape::Any),
    may("minReadySeconds", Shape::Any),
    may("revisionHistoryLimit", Shape::Any),
    may("paused", Shape::Flag),
    may("progressDeadlineSeconds", Shape::Any),
]);

const STATEFUL_SET_SPEC: Shape = Shape::Map(&[
    may("replicas", WHOLE),
    must("selector", SELECTOR),
    must("template", TEMPLATE),
    may("serviceName", Shape::Text),
    may("volumeClaimTemplates", Shape::Any),
    may("podManagementPolicy", Shape::Any),
    may("updateStrategy", Shape::Any),
    may("minReadySeconds", Shape::Any),
    may("revisionHistoryLimit", Shape::Any),
    may("persistentVolumeClaimRetentionPolicy", Shape::Any),
    may("ordinals", Shape::Any),
]);

const VPA_SPEC: Shape = Shape::Map(&[
    must("targetRef", REFERENCE),
    may(
        "updatePolicy",
        Shape::Map(&[
            may(
                "updateMode",
                Shape::Word(&["Auto", "Off", "Initial", "Recreate", "InPlaceOrRecreate", "InPlace"]),
            ),
            may("minReplicas", WHOLE),
            may("evictionRequirements", Shape::Any),
            may("evictAfterOOMSeconds", Shape::Any),
        ]),
    ),
    may(
        "resourcePolicy",
        Shape::Map(&[may(
            "containerPolicies",
            Shape::List(&Shape::Map(&[
                may("containerName", Shape::Text),
                may("mode", Shape::Word(&["Auto", "Off"])),
                may("minAllowed", QUANTITIES),
                may("maxAllowed", QUANTITIES),
                may("controlledResources", NAMES),
                may("controlledValues", Shape::Text),
                may("oomBumpUpRatio", Shape::Any),
                may("oomMinBumpUp", Shape::Any),
                may("startupBoost", Shape::Any),
            ])),
        )]),
    ),
    may("recommenders", Shape::Any),
    may("startupBoost", Shape::Any),
]);

pub(super) const HPA: Shape = Shape::Map(&object(HPA_SPEC));
pub(super) const HPA_V1: Shape = Shape::Map(&object(HPA_V1_SPEC));
pub(super) const HPA_V2BETA1: Shape = Shape::Map(&object(HPA_V2BETA1_SPEC));
pub(super) const DEPLOYMENT: Shape = Shape::Map(&object(DEPLOYMENT_SPEC));
pub(super) const STATEFUL_SET: Shape = Shape::Map(&object(STATEFUL_SET_SPEC));
pub(super) const VPA: Shape = Shape::Map(&object(VPA_SPEC));
