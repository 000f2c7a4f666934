package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/metrics/pkg/apis/custom_metrics/v1beta1"
	"k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"
)

// Looks up how the object stands in paths, as the autoscaler does.
func (v *values) resolve(value *customValue) error {
	if value.Object == nil {
		value.resource = "pods"
		return nil
	}
	if value.Pod != "" || value.Selector != "" {
		return errors.New("object: not together with pod or selector")
	}
	version, err := schema.ParseGroupVersion(value.Object.APIVersion)
	if err != nil {
		return fmt.Errorf("object.api_version: %w", err)
	}
	kind := version.WithKind(value.Object.Kind).GroupKind()
	mapping, err := v.mapper.RESTMapping(kind, version.Version)
	if err != nil {
		v.mapper.Reset()
		mapping, err = v.mapper.RESTMapping(kind, version.Version)
	}
	if err != nil {
		return fmt.Errorf("object: %w", err)
	}
	value.resource = mapping.Resource.GroupResource().String()
	return nil
}

// custom.metrics.k8s.io: of pods (`*` for all that the selector matches), of other objects, of a namespace, and of things outside of
// namespaces.
func (v *values) serveCustom(r *request) {
	switch {
	case r.is("namespaces", "*", "metrics", "*"):
		v.customOf(r, r.path[1], "namespaces", r.path[1], r.path[3])
	case r.is("namespaces", "*", "*", "*", "*"):
		v.customOf(r, r.path[1], r.path[2], r.path[3], r.path[4])
	case r.is("*", "*", "*"):
		v.customOf(r, "", r.path[0], r.path[1], r.path[2])
	default:
		r.fail(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	}
}

func (v *values) customOf(r *request, namespace, resource, name, metric string) {
	selector, err := labels.Parse(r.query.Get("labelSelector"))
	metricSelector, metricErr := labels.Parse(r.query.Get("metricLabelSelector"))
	if err := errors.Join(err, metricErr); err != nil {
		r.fail(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	asked := func(value customValue) bool {
		return value.resource == resource && value.Metric == metric && metricSelector.Matches(labels.Set(value.Labels))
	}
	var found []v1beta2.MetricValue
	if resource == "pods" {
		found = v.customOfPods(namespace, name, selector, asked)
	} else {
		found = v.customOfObject(namespace, name, asked)
	}
	if len(found) == 0 {
		r.fail(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("the server could not find the metric %s for %s %s", metric, resource, name))
		return
	}
	slices.SortFunc(found, func(a, b v1beta2.MetricValue) int { return cmp.Compare(a.DescribedObject.Name, b.DescribedObject.Name) })
	if r.version == "v1beta1" {
		r.answer(asOldList(found))
		return
	}
	r.answer(&v1beta2.MetricValueList{
		TypeMeta: metav1.TypeMeta{Kind: "MetricValueList", APIVersion: v1beta2.SchemeGroupVersion.String()},
		Items:    found,
	})
}

func (v *values) customOfPods(namespace, name string, selector labels.Selector, asked func(customValue) bool) []v1beta2.MetricValue {
	pods, err := v.pods.Pods(namespace).List(selector)
	if err != nil {
		return nil
	}
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	var found []v1beta2.MetricValue
	for _, pod := range pods {
		if name != v1beta2.AllObjects && name != pod.Name {
			continue
		}
		for _, value := range slices.Backward(v.custom) {
			if asked(value) && value.matches(pod) {
				found = append(found, value.of(object{APIVersion: "v1", Kind: "Pod", Name: pod.Name}, namespace))
				break
			}
		}
	}
	return found
}

func (v *values) customOfObject(namespace, name string, asked func(customValue) bool) []v1beta2.MetricValue {
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	found := map[string]v1beta2.MetricValue{}
	for _, value := range v.custom {
		named := value.Object != nil && (name == v1beta2.AllObjects || name == value.Object.Name)
		if named && (namespace == "" || value.Namespace == namespace) && asked(value) {
			found[value.Object.Name] = value.of(*value.Object, namespace)
		}
	}
	var list []v1beta2.MetricValue
	for _, value := range found {
		list = append(list, value)
	}
	return list
}

func (v customValue) of(o object, namespace string) v1beta2.MetricValue {
	identifier := v1beta2.MetricIdentifier{Name: v.Metric}
	if len(v.Labels) > 0 {
		identifier.Selector = &metav1.LabelSelector{MatchLabels: v.Labels}
	}
	return v1beta2.MetricValue{
		DescribedObject: corev1.ObjectReference{Kind: o.Kind, APIVersion: o.APIVersion, Name: o.Name, Namespace: namespace},
		Metric:          identifier,
		Timestamp:       v.at(time.Now()),
		WindowSeconds:   v.windowSeconds(),
		Value:           v.Value,
	}
}

func asOldList(values []v1beta2.MetricValue) *v1beta1.MetricValueList {
	list := &v1beta1.MetricValueList{TypeMeta: metav1.TypeMeta{Kind: "MetricValueList", APIVersion: v1beta1.SchemeGroupVersion.String()}}
	for _, value := range values {
		list.Items = append(list.Items, v1beta1.MetricValue{
			DescribedObject: value.DescribedObject,
			MetricName:      value.Metric.Name,
			Timestamp:       value.Timestamp,
			WindowSeconds:   value.WindowSeconds,
			Value:           value.Value,
			Selector:        value.Metric.Selector,
		})
	}
	return list
}

// What may be asked for now.
func (v *values) customResources() []metav1.APIResource {
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	var list []metav1.APIResource
	for _, value := range v.custom {
		list = append(list, metav1.APIResource{
			Name: value.resource + "/" + value.Metric, Namespaced: true, Kind: "MetricValueList", Verbs: metav1.Verbs{"get"},
		})
	}
	return distinct(list)
}

func distinct(list []metav1.APIResource) []metav1.APIResource {
	slices.SortFunc(list, func(a, b metav1.APIResource) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b metav1.APIResource) bool { return a.Name == b.Name })
}
