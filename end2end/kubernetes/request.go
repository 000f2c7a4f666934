package main

import (
	"encoding/json"
	"net/http"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// One call of a metrics API, which the aggregator has authenticated and authorized.
type request struct {
	writer  http.ResponseWriter
	group   string
	version string
	// Below the version.
	path  []string
	query url.Values
}

// Whether the path has these parts; * is any one.
func (r *request) is(parts ...string) bool {
	if len(parts) != len(r.path) {
		return false
	}
	for i, part := range parts {
		if part != "*" && part != r.path[i] {
			return false
		}
	}
	return true
}

func (r *request) answer(body any) {
	answerJSON(r.writer, http.StatusOK, body)
}

func (r *request) notFound(kind, name string) {
	r.fail(http.StatusNotFound, metav1.StatusReasonNotFound, kind+".metrics.k8s.io \""+name+"\" not found")
}

func (r *request) fail(code int, reason metav1.StatusReason, message string) {
	answerJSON(r.writer, code, &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure,
		Message:  message,
		Reason:   reason,
		Code:     int32(code),
	})
}

func answerJSON(w http.ResponseWriter, code int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		code, text = http.StatusInternalServerError, []byte(`{"error":"cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(text)
}
