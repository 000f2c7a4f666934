package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	listers "k8s.io/client-go/listers/core/v1"
)

// When a value was measured, as seen by whoever reads it.
type measured struct {
	// It is always this old; a sensor that stopped is given a large age.
	AgeMs int64 `json:"age_ms,omitempty"`
	// Over how long. Without it 15 s for pods, none for the others.
	WindowMs *int64 `json:"window_ms,omitempty"`
}

func (m measured) at(now time.Time) metav1.Time {
	return metav1.NewTime(now.Add(-time.Duration(m.AgeMs) * time.Millisecond))
}

func (m measured) windowSeconds() *int64 {
	if m.WindowMs == nil {
		return nil
	}
	seconds := *m.WindowMs / 1000
	return &seconds
}

// What a container, or each container of a pod, uses.
type usage struct {
	CPU    *resource.Quantity `json:"cpu,omitempty"`
	Memory *resource.Quantity `json:"memory,omitempty"`
}

func (u usage) list() corev1.ResourceList {
	list := corev1.ResourceList{}
	if u.CPU != nil {
		list[corev1.ResourceCPU] = *u.CPU
	}
	if u.Memory != nil {
		list[corev1.ResourceMemory] = *u.Memory
	}
	return list
}

// metrics.k8s.io: what pods use.
type podUsage struct {
	target
	// Each container that is not named in `containers`.
	usage
	Containers map[string]usage `json:"containers,omitempty"`
	// Nothing is known about these pods.
	Missing bool `json:"missing,omitempty"`
	measured
}

func (u podUsage) about() target { return u.target }

// An object of the cluster, as in an HPA's metric source.
type object struct {
	APIVersion string `json:"api_version"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// custom.metrics.k8s.io: a value of each pod of a target, or of one object.
type customValue struct {
	target
	Object *object           `json:"object,omitempty"`
	Metric string            `json:"metric"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  resource.Quantity `json:"value"`
	measured

	// The object's resource with its group, as it stands in the path: deployments.apps.
	resource string
}

func (v customValue) about() target { return v.target }

// external.metrics.k8s.io: a value from outside of the cluster.
type externalValue struct {
	// Empty: in every namespace.
	Namespace string            `json:"namespace,omitempty"`
	Metric    string            `json:"metric"`
	Labels    map[string]string `json:"labels,omitempty"`
	Value     resource.Quantity `json:"value"`
	measured
}

// Everything that a test has set.
type values struct {
	pods   listers.PodLister
	mapper meta.ResettableRESTMapper

	mutex    sync.RWMutex
	usages   []podUsage
	custom   []customValue
	external []externalValue
}

func newValues(pods listers.PodLister, mapper meta.ResettableRESTMapper) *values {
	return &values{pods: pods, mapper: mapper}
}

func (v *values) setUsage(u podUsage) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.usages = put(v.usages, u, func(other podUsage) bool { return other.target == u.target })
	return bounded(len(v.usages))
}

func (v *values) forgetUsage(t target) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.usages = slices.DeleteFunc(v.usages, func(u podUsage) bool { return u.within(t) })
}

func (v *values) setCustom(value customValue) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.custom = put(v.custom, value, func(other customValue) bool {
		return other.target == value.target && other.sameMetric(value)
	})
	return bounded(len(v.custom))
}

func (v customValue) sameMetric(other customValue) bool {
	sameObject := (v.Object == nil) == (other.Object == nil) && (v.Object == nil || *v.Object == *other.Object)
	return v.Metric == other.Metric && sameObject && labels.Equals(v.Labels, other.Labels)
}

func (v *values) forgetCustom(which customValue) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.custom = slices.DeleteFunc(v.custom, func(value customValue) bool {
		return value.within(which.target) &&
			(which.Metric == "" || value.Metric == which.Metric) &&
			(which.Object == nil || (value.Object != nil && *value.Object == *which.Object)) &&
			(which.Labels == nil || labels.Equals(value.Labels, which.Labels))
	})
}

func (v *values) setExternal(value externalValue) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.external = slices.DeleteFunc(v.external, func(other externalValue) bool {
		return other.Namespace == value.Namespace && other.Metric == value.Metric && labels.Equals(other.Labels, value.Labels)
	})
	v.external = append(v.external, value)
	return bounded(len(v.external))
}

func (v *values) forgetExternal(which externalValue) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.external = slices.DeleteFunc(v.external, func(value externalValue) bool {
		return (which.Namespace == "" || value.Namespace == which.Namespace) &&
			(which.Metric == "" || value.Metric == which.Metric) &&
			(which.Labels == nil || labels.Equals(value.Labels, which.Labels))
	})
}

func bounded(count int) error {
	if count > mostRules {
		return fmt.Errorf("more than %d values", mostRules)
	}
	return nil
}
