package main

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	external "k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
)

// external.metrics.k8s.io/v1beta1: every series of the name whose labels match. No series is an empty list, as adapters answer.
func (v *values) serveExternal(r *request) {
	if !r.is("namespaces", "*", "*") {
		r.fail(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	namespace, metric := r.path[1], r.path[2]
	selector, err := labels.Parse(r.query.Get("labelSelector"))
	if err != nil {
		r.fail(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	list := &external.ExternalMetricValueList{
		TypeMeta: metav1.TypeMeta{Kind: "ExternalMetricValueList", APIVersion: external.SchemeGroupVersion.String()},
		Items:    []external.ExternalMetricValue{},
	}
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	for _, value := range v.external {
		here := value.Namespace == "" || value.Namespace == namespace
		if here && value.Metric == metric && selector.Matches(labels.Set(value.Labels)) {
			list.Items = append(list.Items, external.ExternalMetricValue{
				MetricName:    value.Metric,
				MetricLabels:  value.Labels,
				Timestamp:     value.at(time.Now()),
				WindowSeconds: value.windowSeconds(),
				Value:         value.Value,
			})
		}
	}
	r.answer(list)
}

func (v *values) externalResources() []metav1.APIResource {
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	var list []metav1.APIResource
	for _, value := range v.external {
		list = append(list, metav1.APIResource{
			Name: value.Metric, Namespaced: true, Kind: "ExternalMetricValueList", Verbs: metav1.Verbs{"get"},
		})
	}
	return distinct(list)
}
