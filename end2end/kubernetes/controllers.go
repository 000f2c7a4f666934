package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a scaler or a balancer meets in a cluster; the rest would only take memory.
var controllerNames = []string{
	"clusterrole-aggregation-controller",
	"deployment-controller",
	"disruption-controller",
	"endpointslice-controller",
	"garbage-collector-controller",
	"horizontal-pod-autoscaler-controller",
	"namespace-controller",
	"replicaset-controller",
	"resourcequota-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"statefulset-controller",
}

func controllerArgs(s settings, a access) []string {
	args := []string{
		"--kubeconfig=" + a.controllers,
		"--secure-port=0",
		"--leader-elect=false",
		"--controllers=" + strings.Join(controllerNames, ","),
		"--service-account-private-key-file=" + a.identities.serviceAccountKey,
		"--root-ca-file=" + a.identities.caFile,
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--horizontal-pod-autoscaler-sync-period=" + s.hpaSync.String(),
		"--horizontal-pod-autoscaler-downscale-stabilization=" + s.downscaleStabilization.String(),
		"--horizontal-pod-autoscaler-tolerance=" + strconv.FormatFloat(s.tolerance, 'f', -1, 64),
		"--horizontal-pod-autoscaler-cpu-initialization-period=" + s.cpuInitializationPeriod.String(),
		"--horizontal-pod-autoscaler-initial-readiness-delay=" + s.initialReadinessDelay.String(),
		"--profiling=false",
	}
	if s.featureGates != "" {
		args = append(args, "--feature-gates="+s.featureGates)
	}
	return args
}

// The first thing they do in a new cluster: without it no pod may be made in the namespace.
func controllersWork(ctx context.Context, c client) error {
	err := until(ctx, "the controllers work", func() (bool, error) {
		_, err := c.kube.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("kube-controller-manager: %w", err)
	}
	return nil
}
