package main

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	metrics "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// metrics-server's own window.
const usageWindow = 15 * time.Second

// metrics.k8s.io/v1beta1, as metrics-server serves it: pods, and nodes as the sum of theirs.
func (v *values) serveUsages(r *request) {
	switch {
	case r.is("nodes"):
		r.answer(v.nodeList())
	case r.is("nodes", "*"):
		for _, node := range v.nodeList().Items {
			if node.Name == r.path[1] {
				r.answer(&node)
				return
			}
		}
		r.notFound("nodemetrics", r.path[1])
	case r.is("pods"):
		v.podList(r, "")
	case r.is("namespaces", "*", "pods"):
		v.podList(r, r.path[1])
	case r.is("namespaces", "*", "pods", "*"):
		pod, err := v.pods.Pods(r.path[1]).Get(r.path[3])
		if err == nil {
			if metrics := v.podMetrics(pod, time.Now()); metrics != nil {
				r.answer(metrics)
				return
			}
		}
		r.notFound("podmetrics", r.path[1]+"/"+r.path[3])
	default:
		r.fail(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	}
}

func (v *values) podList(r *request, namespace string) {
	selector, err := labels.Parse(r.query.Get("labelSelector"))
	if err != nil {
		r.fail(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	field, err := fields.ParseSelector(r.query.Get("fieldSelector"))
	if err != nil {
		r.fail(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	pods, err := v.pods.List(selector)
	if err != nil {
		r.fail(http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error())
		return
	}
	list := &metrics.PodMetricsList{TypeMeta: metav1.TypeMeta{Kind: "PodMetricsList", APIVersion: metrics.SchemeGroupVersion.String()}}
	list.Items = []metrics.PodMetrics{}
	now := time.Now()
	for _, pod := range pods {
		names := fields.Set{"metadata.name": pod.Name, "metadata.namespace": pod.Namespace}
		if (namespace == "" || pod.Namespace == namespace) && field.Matches(names) {
			if one := v.podMetrics(pod, now); one != nil {
				list.Items = append(list.Items, *one)
			}
		}
	}
	slices.SortFunc(list.Items, func(a, b metrics.PodMetrics) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	r.answer(list)
}

// Nothing for a pod that does not run, or about which nothing was said.
func (v *values) podMetrics(pod *corev1.Pod, now time.Time) *metrics.PodMetrics {
	if pod.Status.Phase != corev1.PodRunning {
		return nil
	}
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	for _, usage := range slices.Backward(v.usages) {
		if usage.matches(pod) {
			return usage.of(pod, now)
		}
	}
	return nil
}

func (u podUsage) of(pod *corev1.Pod, now time.Time) *metrics.PodMetrics {
	if u.Missing {
		return nil
	}
	window := usageWindow
	if u.WindowMs != nil {
		window = time.Duration(*u.WindowMs) * time.Millisecond
	}
	one := &metrics.PodMetrics{
		TypeMeta: metav1.TypeMeta{Kind: "PodMetrics", APIVersion: metrics.SchemeGroupVersion.String()},
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, Labels: pod.Labels, CreationTimestamp: metav1.NewTime(now),
		},
		Timestamp:  u.measured.at(now),
		Window:     metav1.Duration{Duration: window},
		Containers: []metrics.ContainerMetrics{},
	}
	for _, container := range pod.Spec.Containers {
		used, named := u.Containers[container.Name]
		if !named {
			used = u.usage
		}
		if list := used.list(); len(list) > 0 {
			one.Containers = append(one.Containers, metrics.ContainerMetrics{Name: container.Name, Usage: list})
		}
	}
	return one
}

func (v *values) nodeList() *metrics.NodeMetricsList {
	list := &metrics.NodeMetricsList{TypeMeta: metav1.TypeMeta{Kind: "NodeMetricsList", APIVersion: metrics.SchemeGroupVersion.String()}}
	now := time.Now()
	pods, _ := v.pods.List(labels.Everything())
	for _, name := range nodeNames {
		sum := corev1.ResourceList{corev1.ResourceCPU: {}, corev1.ResourceMemory: {}}
		for _, pod := range pods {
			if pod.Spec.NodeName != name {
				continue
			}
			if one := v.podMetrics(pod, now); one != nil {
				for _, container := range one.Containers {
					for resource, quantity := range container.Usage {
						total := sum[resource]
						total.Add(quantity)
						sum[resource] = total
					}
				}
			}
		}
		list.Items = append(list.Items, metrics.NodeMetrics{
			TypeMeta:   metav1.TypeMeta{Kind: "NodeMetrics", APIVersion: metrics.SchemeGroupVersion.String()},
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now)},
			Timestamp:  metav1.NewTime(now),
			Window:     metav1.Duration{Duration: usageWindow},
			Usage:      sum,
		})
	}
	return list
}
