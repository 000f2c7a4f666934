package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// How a metrics API is doing.
type apiState string

const (
	apiOn apiState = "on"
	// Registered, and answers 503.
	apiFailing apiState = "failing"
	// Not registered: 404.
	apiAbsent apiState = "absent"
)

// The aggregator looks by itself only every half minute; we make it look.
const lookedAt = "evenkeel.test/looked-at"

const aggregatorWithin = 20 * time.Second

// One of the groups we serve.
type metricsAPI struct {
	group string
	// The preferred version first.
	versions  []string
	serve     func(*request)
	resources func() []metav1.APIResource
}

// The metrics APIs: served here, registered with the API server, each of them on or off.
type apis struct {
	client     client
	identities identities
	list       []metricsAPI
	port       int32

	mutex  sync.RWMutex
	states map[string]apiState
}

func newAPIs(c client, i identities, v *values) *apis {
	a := &apis{client: c, identities: i, states: map[string]apiState{}}
	a.list = []metricsAPI{
		{"metrics.k8s.io", []string{"v1beta1"}, v.serveUsages, usageResources},
		{"custom.metrics.k8s.io", []string{"v1beta2", "v1beta1"}, v.serveCustom, v.customResources},
		{"external.metrics.k8s.io", []string{"v1beta1"}, v.serveExternal, v.externalResources},
	}
	for _, api := range a.list {
		a.states[api.group] = apiOn
	}
	return a
}

func usageResources() []metav1.APIResource {
	verbs := metav1.Verbs{"get", "list"}
	return []metav1.APIResource{
		{Name: "nodes", Kind: "NodeMetrics", Verbs: verbs},
		{Name: "pods", Kind: "PodMetrics", Namespaced: true, Verbs: verbs},
	}
}

func (a *apis) start(ctx context.Context) error {
	if err := a.listen(); err != nil {
		return err
	}
	// Endpoints may not be loopback; a name may lead there.
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: metricsService, Namespace: metricsNamespace},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}
	_, err := a.client.kube.CoreV1().Services(metricsNamespace).Create(ctx, service, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	for _, api := range a.list {
		if err := a.register(ctx, api); err != nil {
			return err
		}
	}
	for _, api := range a.list {
		if err := a.await(ctx, api, apiOn); err != nil {
			return err
		}
	}
	return nil
}

// Only the aggregator comes in: it has said who calls, and whether they may.
func (a *apis) listen() error {
	front, err := os.ReadFile(a.identities.frontCAFile)
	if err != nil {
		return err
	}
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(front)
	certificate, err := tls.LoadX509KeyPair(a.identities.certFile, a.identities.keyFile)
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientCAs:    authority,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		NextProtos:   []string{"http/1.1"},
	})
	if err != nil {
		return err
	}
	a.port = int32(listener.Addr().(*net.TCPAddr).Port)
	// The aggregator opens connections that it then does not need; that is nobody's error.
	quiet := log.New(io.Discard, "", 0)
	server := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet}
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (a *apis) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	call := &request{writer: w, query: r.URL.Query()}
	if parts[0] != "apis" || len(parts) < 2 {
		call.fail(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	api := a.find(parts[1])
	if api == nil || a.state(api.group) == apiAbsent {
		call.fail(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	if a.state(api.group) == apiFailing {
		call.fail(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "the server is currently unable to handle the request")
		return
	}
	if r.Method != http.MethodGet {
		call.fail(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, "the server does not allow this method on the requested resource")
		return
	}
	if len(parts) == 2 {
		call.answer(api.discovery())
		return
	}
	call.group, call.version, call.path = parts[1], parts[2], parts[3:]
	if len(call.path) > 0 {
		api.serve(call)
		return
	}
	resources := api.resources()
	if resources == nil {
		resources = []metav1.APIResource{}
	}
	call.answer(&metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: api.group + "/" + call.version,
		APIResources: resources,
	})
}

func (api metricsAPI) discovery() *metav1.APIGroup {
	group := &metav1.APIGroup{TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: api.group}
	for _, version := range api.versions {
		group.Versions = append(group.Versions, metav1.GroupVersionForDiscovery{
			GroupVersion: schema.GroupVersion{Group: api.group, Version: version}.String(), Version: version,
		})
	}
	group.PreferredVersion = group.Versions[0]
	return group
}

func (a *apis) find(group string) *metricsAPI {
	for i := range a.list {
		if a.list[i].group == group {
			return &a.list[i]
		}
	}
	return nil
}

func (a *apis) state(group string) apiState {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	return a.states[group]
}

// Returns when the API server has seen it, so that the test's next call meets the new state.
func (a *apis) become(ctx context.Context, group string, state apiState) error {
	api := a.find(group)
	if api == nil {
		return fmt.Errorf("group: metrics.k8s.io, custom.metrics.k8s.io or external.metrics.k8s.io, not %q", group)
	}
	if state != apiOn && state != apiFailing && state != apiAbsent {
		return fmt.Errorf("state: on, failing or absent, not %q", state)
	}
	a.mutex.Lock()
	a.states[group] = state
	a.mutex.Unlock()
	ctx, cancel := context.WithTimeout(ctx, aggregatorWithin)
	defer cancel()
	var err error
	if state == apiAbsent {
		err = a.unregister(ctx, *api)
	} else {
		err = a.register(ctx, *api)
	}
	if err != nil {
		return err
	}
	return a.await(ctx, *api, state)
}

func (a *apis) register(ctx context.Context, api metricsAPI) error {
	services := a.client.aggregator.ApiregistrationV1().APIServices()
	for i, version := range api.versions {
		service := &apiregistration.APIService{
			ObjectMeta: metav1.ObjectMeta{Name: version + "." + api.group},
			Spec: apiregistration.APIServiceSpec{
				Group:                api.group,
				Version:              version,
				Service:              &apiregistration.ServiceReference{Namespace: metricsNamespace, Name: metricsService, Port: &a.port},
				CABundle:             a.identities.ca,
				GroupPriorityMinimum: 100,
				VersionPriority:      int32(100 - i),
			},
		}
		_, err := services.Create(ctx, service, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, lookedAt, time.Now().Format(time.RFC3339Nano))
			_, err = services.Patch(ctx, service.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *apis) unregister(ctx context.Context, api metricsAPI) error {
	for _, version := range api.versions {
		err := a.client.aggregator.ApiregistrationV1().APIServices().Delete(ctx, version+"."+api.group, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// The condition first, then an answer through the front door: the proxy behind it hears of the condition a moment later.
func (a *apis) await(ctx context.Context, api metricsAPI, state apiState) error {
	for _, version := range api.versions {
		name := version + "." + api.group
		err := until(ctx, fmt.Sprintf("%s is %s", name, state), func() (bool, error) {
			if state != apiAbsent {
				available, err := a.available(ctx, name)
				if err != nil || available != (state == apiOn) {
					return false, errors.Join(err, errors.New("the APIService does not say so"))
				}
			}
			err := a.client.kube.Discovery().RESTClient().Get().AbsPath("/apis/" + api.group + "/" + version).Do(ctx).Error()
			switch state {
			case apiOn:
				return err == nil, err
			case apiFailing:
				return apierrors.IsServiceUnavailable(err), err
			default:
				return apierrors.IsNotFound(err), err
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *apis) available(ctx context.Context, name string) (bool, error) {
	service, err := a.client.aggregator.ApiregistrationV1().APIServices().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false, err
	}
	for _, condition := range service.Status.Conditions {
		if condition.Type == apiregistration.Available {
			return condition.Status == apiregistration.ConditionTrue, nil
		}
	}
	return false, errors.New("not looked at yet")
}
