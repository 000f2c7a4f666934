package main

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const unschedulable = "0/3 nodes are available: 3 Insufficient cpu."

// What the kubelet and the scheduler know about a pod beside the pod.
type circumstances struct {
	order   order
	hasRoom bool
	ip      string
	hostIP  string
	now     time.Time
	// Since when it has a node; since when it is deleted.
	boundAt, deletedAt time.Time
	// What an order leaves out.
	readyAfter, stopAfter time.Duration
}

type act int

const (
	actNone act = iota
	actBind
	actStatus
	actDelete
)

// What to do now with a pod, and when to look again (0: when something changes).
type step struct {
	act    act
	status corev1.PodStatus
	again  time.Duration
}

// Decides; the kubelet acts.
func next(pod *corev1.Pod, c circumstances) step {
	switch {
	case pod.DeletionTimestamp != nil:
		return remove(pod, c)
	case len(pod.Spec.SchedulingGates) > 0 || over(pod):
		return step{}
	case pod.Spec.NodeName == "" && c.hasRoom:
		return step{act: actBind}
	case pod.Spec.NodeName == "":
		return settle(pod, noRoom(pod.Status, c.now), 0)
	}
	status, again := running(pod, c)
	return settle(pod, status, again)
}

func remove(pod *corev1.Pod, c circumstances) step {
	if said(c.order.HoldDeletion, false) {
		return step{}
	}
	left := c.deletedAt.Add(millis(c.order.StopAfterMs, c.stopAfter)).Sub(c.now)
	if left > 0 {
		return step{again: left}
	}
	return step{act: actDelete}
}

func noRoom(status corev1.PodStatus, now time.Time) corev1.PodStatus {
	status = *status.DeepCopy()
	status.Phase = corev1.PodPending
	set(&status, now, corev1.PodScheduled, false, corev1.PodReasonUnschedulable, unschedulable)
	return status
}

// The status of a pod that has a node.
func running(pod *corev1.Pod, c circumstances) (corev1.PodStatus, time.Duration) {
	status := *pod.Status.DeepCopy()
	if status.StartTime == nil {
		start := metav1.NewTime(c.boundAt)
		status.StartTime = &start
	}
	status.HostIP, status.HostIPs = c.hostIP, []corev1.HostIP{{IP: c.hostIP}}

	left := c.boundAt.Add(millis(c.order.ReadyAfterMs, c.readyAfter)).Sub(c.now)
	waiting := said(c.order.Waiting, "")
	phase := corev1.PodRunning
	switch {
	case c.order.Phase != nil:
		phase = corev1.PodPhase(*c.order.Phase)
	case waiting == "CrashLoopBackOff":
	case waiting != "":
		phase = corev1.PodPending
	case said(c.order.Hold, false):
		phase, waiting = corev1.PodPending, "ContainerCreating"
	case left > 0:
		phase, waiting = corev1.PodPending, "ContainerCreating"
	}
	status.Phase = phase
	if phase != corev1.PodPending {
		status.PodIP, status.PodIPs = c.ip, []corev1.PodIP{{IP: c.ip}}
	}
	status.Reason, status.Message = "", ""
	if phase == corev1.PodFailed {
		status.Reason = said(c.order.Reason, "Error")
	}

	containersReady := phase == corev1.PodRunning && waiting == "" && said(c.order.Ready, true)
	ready := containersReady && gatesOpen(pod)
	reason := ""
	switch {
	case phase == corev1.PodSucceeded:
		reason = "PodCompleted"
	case phase == corev1.PodFailed:
		reason = "PodFailed"
	case !containersReady:
		reason = "ContainersNotReady"
	case !ready:
		reason = "ReadinessGatesNotReady"
	}
	set(&status, c.now, corev1.PodScheduled, true, "", "")
	set(&status, c.now, corev1.PodReadyToStartContainers, true, "", "")
	set(&status, c.now, corev1.PodInitialized, true, "", "")
	set(&status, c.now, corev1.ContainersReady, containersReady, reason, "")
	set(&status, c.now, corev1.PodReady, ready, reason, "")
	status.ContainerStatuses = containers(pod, c, phase, waiting, containersReady)
	if phase == corev1.PodPending && left > 0 && c.order.Waiting == nil && !said(c.order.Hold, false) {
		return status, left
	}
	return status, 0
}

func containers(pod *corev1.Pod, c circumstances, phase corev1.PodPhase, waiting string, ready bool) []corev1.ContainerStatus {
	started := phase == corev1.PodRunning && waiting == ""
	var statuses []corev1.ContainerStatus
	for _, container := range pod.Spec.Containers {
		status := corev1.ContainerStatus{
			Name:         container.Name,
			Image:        container.Image,
			Ready:        ready,
			Started:      &started,
			RestartCount: said(c.order.Restarts, 0),
		}
		at := at(pod, container.Name, c.now)
		switch {
		case phase == corev1.PodSucceeded:
			status.State.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: at, FinishedAt: at}
		case phase == corev1.PodFailed:
			status.State.Terminated = &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 1, StartedAt: at, FinishedAt: at}
		case waiting != "":
			status.State.Waiting = &corev1.ContainerStateWaiting{Reason: waiting, Message: said(c.order.WaitingMessage, "")}
		default:
			status.State.Running = &corev1.ContainerStateRunning{StartedAt: at}
		}
		if status.RestartCount > 0 {
			status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 1, StartedAt: at, FinishedAt: at}
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// Since when the container is as it is; a time once told is not told anew.
func at(pod *corev1.Pod, container string, now time.Time) metav1.Time {
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name != container {
			continue
		}
		switch {
		case status.State.Running != nil:
			return status.State.Running.StartedAt
		case status.State.Terminated != nil:
			return status.State.Terminated.StartedAt
		case status.LastTerminationState.Terminated != nil:
			return status.LastTerminationState.Terminated.StartedAt
		}
	}
	return metav1.NewTime(now).Rfc3339Copy()
}

func gatesOpen(pod *corev1.Pod) bool {
	return !slices.ContainsFunc(pod.Spec.ReadinessGates, func(gate corev1.PodReadinessGate) bool {
		return !isTrue(pod, gate.ConditionType)
	})
}

func isTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}

// A pod that ended stays as it is.
func over(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

func set(status *corev1.PodStatus, now time.Time, kind corev1.PodConditionType, holds bool, reason, message string) {
	condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message}
	if holds {
		condition.Status, condition.Reason, condition.Message = corev1.ConditionTrue, "", ""
	}
	condition.LastTransitionTime = metav1.NewTime(now).Rfc3339Copy()
	for i := range status.Conditions {
		if old := &status.Conditions[i]; old.Type == kind {
			if old.Status == condition.Status {
				condition.LastTransitionTime = old.LastTransitionTime
			}
			condition.ObservedGeneration = old.ObservedGeneration
			*old = condition
			return
		}
	}
	status.Conditions = append(status.Conditions, condition)
}

func millis(ms *int64, otherwise time.Duration) time.Duration {
	if ms == nil {
		return otherwise
	}
	return time.Duration(*ms) * time.Millisecond
}
