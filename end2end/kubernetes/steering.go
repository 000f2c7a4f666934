package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"
)

const longestCall = 64 << 10

// What tests tell the cluster, on loopback. A call that is not understood changes nothing.
func serveSteering(k *kubelet, v *values, a *apis) (string, error) {
	calls := http.NewServeMux()
	calls.HandleFunc("PUT /pods", steer(func(_ *http.Request, o order) error {
		if err := o.check(); err != nil {
			return err
		}
		return k.tell(o)
	}))
	calls.HandleFunc("DELETE /pods", steer(func(_ *http.Request, t target) error {
		k.forget(t)
		return nil
	}))
	calls.HandleFunc("PUT /metrics/pods", steer(func(_ *http.Request, u podUsage) error {
		if err := u.check(); err != nil {
			return err
		}
		if !u.Missing && u.CPU == nil && u.Memory == nil && len(u.Containers) == 0 {
			return errors.New("cpu, memory, containers, missing: name one")
		}
		return v.setUsage(u)
	}))
	calls.HandleFunc("DELETE /metrics/pods", steer(func(_ *http.Request, t target) error {
		v.forgetUsage(t)
		return nil
	}))
	calls.HandleFunc("PUT /metrics/custom", steer(func(_ *http.Request, value customValue) error {
		if value.Metric == "" {
			return errors.New("metric: name one")
		}
		if err := v.resolve(&value); err != nil {
			return err
		}
		// Things outside of namespaces have metrics too.
		if err := value.check(); err != nil && (value.Object == nil || value.Namespace != "") {
			return err
		}
		return v.setCustom(value)
	}))
	calls.HandleFunc("DELETE /metrics/custom", steer(func(_ *http.Request, value customValue) error {
		v.forgetCustom(value)
		return nil
	}))
	calls.HandleFunc("PUT /metrics/external", steer(func(_ *http.Request, value externalValue) error {
		if value.Metric == "" {
			return errors.New("metric: name one")
		}
		return v.setExternal(value)
	}))
	calls.HandleFunc("DELETE /metrics/external", steer(func(_ *http.Request, value externalValue) error {
		v.forgetExternal(value)
		return nil
	}))
	calls.HandleFunc("PUT /apis/{group}", steer(func(r *http.Request, asked struct {
		State apiState `json:"state"`
	}) error {
		return a.become(r.Context(), r.PathValue("group"), asked.State)
	}))
	calls.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, state(k, v, a))
	})

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: calls, ReadTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

// Reads a body, does it, and answers 204, or 400 with a sentence.
func steer[B any](do func(*http.Request, B) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body B
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestCall))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&body)
		if err == nil {
			err = do(r, body)
		}
		if err != nil {
			answerJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// Everything that was told and still stands.
func state(k *kubelet, v *values, a *apis) map[string]any {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	return map[string]any{
		"apis":     a.states,
		"pods":     k.standing(),
		"usages":   v.usages,
		"custom":   v.custom,
		"external": v.external,
	}
}
