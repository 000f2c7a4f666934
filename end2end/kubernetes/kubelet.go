package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

// More than any test needs; a test that writes more has lost its way.
const mostRules = 10_000

// Plays the scheduler and the kubelets. One worker, so that room is counted right.
type kubelet struct {
	client   client
	settings settings
	pods     listers.PodLister
	informer cache.SharedIndexInformer
	queue    workqueue.TypedRateLimitingInterface[cache.ObjectName]
	events   record.EventRecorder

	mutex  sync.Mutex
	orders []order

	// The worker's own: what it remembers of each pod that is there.
	known map[types.UID]*memory
	// Bound by us, and not yet told by the API server.
	bound   map[types.UID]bool
	nextIP  int
	nextPod int
}

type memory struct {
	ip                 string
	boundAt, deletedAt time.Time
}

func newKubelet(c client, s settings) *kubelet {
	informer := informers.NewSharedInformerFactory(c.kube, 0).Core().V1().Pods()
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: c.kube.CoreV1().Events("")})
	return &kubelet{
		client:   c,
		settings: s,
		pods:     informer.Lister(),
		informer: informer.Informer(),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](5*time.Millisecond, time.Second)),
		events: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "test-cluster"}),
		known:  map[types.UID]*memory{},
		bound:  map[types.UID]bool{},
	}
}

func (k *kubelet) start(ctx context.Context) error {
	look := func(object any) {
		if key, err := cache.DeletionHandlingObjectToName(object); err == nil {
			k.queue.Add(key)
		}
	}
	_, err := k.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    look,
		UpdateFunc: func(_, now any) { look(now) },
		DeleteFunc: func(object any) {
			if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = gone.Obj
			}
			// What it took of the room is free now, and somebody may wait for it.
			if pod, ok := object.(*corev1.Pod); ok {
				k.lookAgain(target{Namespace: pod.Namespace})
			}
		},
	})
	if err != nil {
		return err
	}
	go k.informer.Run(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), k.informer.HasSynced) {
		return context.Cause(ctx)
	}
	go func() {
		<-ctx.Done()
		k.queue.ShutDown()
	}()
	go func() {
		for k.work(ctx) {
		}
	}()
	return nil
}

// Takes an order; the order that stood for the same target is forgotten.
func (k *kubelet) tell(o order) error {
	k.mutex.Lock()
	orders := put(k.orders, o, func(other order) bool { return other.target == o.target })
	if len(orders) > mostRules {
		k.mutex.Unlock()
		return fmt.Errorf("more than %d orders", mostRules)
	}
	k.orders = orders
	k.mutex.Unlock()
	k.lookAgain(target{Namespace: o.Namespace})
	return nil
}

func (k *kubelet) forget(t target) {
	k.mutex.Lock()
	k.orders = slices.DeleteFunc(k.orders, func(o order) bool { return o.within(t) })
	k.mutex.Unlock()
	k.lookAgain(target{Namespace: t.Namespace})
}

func (k *kubelet) standing() []order {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return slices.Clone(k.orders)
}

func (k *kubelet) lookAgain(t target) {
	pods, err := k.pods.List(labels.Everything())
	if err != nil {
		return
	}
	for _, pod := range pods {
		if t.Namespace == "" || t.Namespace == pod.Namespace {
			k.queue.Add(cache.ObjectName{Namespace: pod.Namespace, Name: pod.Name})
		}
	}
}

func (k *kubelet) orderFor(pod *corev1.Pod) order {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var sum order
	for _, order := range k.orders {
		if order.matches(pod) {
			sum = sum.then(order)
		}
	}
	return sum
}

func (k *kubelet) work(ctx context.Context) bool {
	key, stopped := k.queue.Get()
	if stopped {
		return false
	}
	defer k.queue.Done(key)
	again, err := k.look(ctx, key)
	if err != nil {
		// A conflict or a pod just gone: the next look sees what is.
		k.queue.AddRateLimited(key)
		return true
	}
	k.queue.Forget(key)
	if again > 0 {
		k.queue.AddAfter(key, again)
	}
	return true
}

func (k *kubelet) look(ctx context.Context, key cache.ObjectName) (time.Duration, error) {
	pod, err := k.pods.Pods(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	c := k.circumstances(pod)
	step := next(pod, c)
	pods := k.client.kube.CoreV1().Pods(pod.Namespace)
	switch step.act {
	case actBind:
		if k.bound[pod.UID] {
			return 0, nil
		}
		err = pods.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID},
			Target:     corev1.ObjectReference{Kind: "Node", Name: nodeNames[k.nextPod%len(nodeNames)]},
		}, metav1.CreateOptions{})
		if err == nil {
			k.bound[pod.UID] = true
			k.nextPod++
		}
	case actStatus:
		told := pod.DeepCopy()
		told.Status = step.status
		if _, err = pods.UpdateStatus(ctx, told, metav1.UpdateOptions{}); err == nil {
			k.tellWhy(pod, step.status, c.order)
		}
	case actDelete:
		now := int64(0)
		err = pods.Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID},
		})
	case actNone:
	}
	if apierrors.IsNotFound(err) {
		return 0, nil
	}
	return step.again, err
}

func (k *kubelet) circumstances(pod *corev1.Pod) circumstances {
	now := time.Now()
	memory := k.remember(pod, now)
	o := k.orderFor(pod)
	return circumstances{
		order:      o,
		hasRoom:    pod.Spec.NodeName != "" || o.Room == nil || k.taken(o.target) < *o.Room,
		ip:         said(o.IP, memory.ip),
		hostIP:     nodeIP(max(slices.Index(nodeNames, pod.Spec.NodeName), 0)),
		now:        now,
		boundAt:    memory.boundAt,
		deletedAt:  memory.deletedAt,
		readyAfter: k.settings.readyAfter,
		stopAfter:  k.settings.stopAfter,
	}
}

func (k *kubelet) remember(pod *corev1.Pod, now time.Time) *memory {
	m := k.known[pod.UID]
	if m == nil {
		k.forgetGone()
		k.nextIP++
		m = &memory{ip: fmt.Sprintf("10.244.%d.%d", k.nextIP/250%250, k.nextIP%250+1)}
		k.known[pod.UID] = m
	}
	if pod.Spec.NodeName != "" {
		delete(k.bound, pod.UID)
		if m.boundAt.IsZero() {
			m.boundAt = now
		}
	}
	if pod.DeletionTimestamp != nil && m.deletedAt.IsZero() {
		m.deletedAt = now
	}
	return m
}

// Keeps the memory as small as the cluster.
func (k *kubelet) forgetGone() {
	pods, err := k.pods.List(labels.Everything())
	if err != nil || len(k.known) < 2*len(pods)+100 {
		return
	}
	there := map[types.UID]bool{}
	for _, pod := range pods {
		there[pod.UID] = true
	}
	for uid := range k.known {
		if !there[uid] {
			delete(k.known, uid)
			delete(k.bound, uid)
		}
	}
}

// How many of the target have a node and have not ended.
func (k *kubelet) taken(t target) int {
	pods, err := k.pods.Pods(t.Namespace).List(labels.Everything())
	if err != nil {
		return 0
	}
	count := 0
	for _, pod := range pods {
		if t.matches(pod) && !over(pod) && (pod.Spec.NodeName != "" || k.bound[pod.UID]) {
			count++
		}
	}
	return count
}

// The events by which people find out why a pod does not start.
func (k *kubelet) tellWhy(pod *corev1.Pod, now corev1.PodStatus, o order) {
	switch waiting := said(o.Waiting, ""); {
	case pod.Spec.NodeName == "":
		k.events.Event(pod, corev1.EventTypeWarning, "FailedScheduling", unschedulable)
	case waiting != "" && now.Phase != corev1.PodFailed:
		k.events.Eventf(pod, corev1.EventTypeWarning, "BackOff", "%s: %s", waiting, said(o.WaitingMessage, "the container does not start"))
	}
}

func settle(pod *corev1.Pod, status corev1.PodStatus, again time.Duration) step {
	if equality.Semantic.DeepEqual(pod.Status, status) {
		return step{again: again}
	}
	return step{act: actStatus, status: status, again: again}
}
