package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// What a test wants to happen to some pods. What it leaves out happens by itself: a node, running, ready; gone when deleted.
type order struct {
	target
	// At most so many of the target find a node; the others are unschedulable.
	Room *int `json:"room,omitempty"`
	// They have a node and stay Pending.
	Hold *bool `json:"hold,omitempty"`
	// From the node to ready.
	ReadyAfterMs *int64 `json:"ready_after_ms,omitempty"`
	Ready        *bool  `json:"ready,omitempty"`
	// Containers wait for this reason: CrashLoopBackOff, ImagePullBackOff, ErrImagePull, CreateContainerConfigError.
	Waiting        *string `json:"waiting,omitempty"`
	WaitingMessage *string `json:"waiting_message,omitempty"`
	Restarts       *int32  `json:"restarts,omitempty"`
	// Failed or Succeeded; the end of the pod.
	Phase *string `json:"phase,omitempty"`
	// Why it failed, for example Evicted.
	Reason *string `json:"reason,omitempty"`
	// Deleted pods stay.
	HoldDeletion *bool   `json:"hold_deletion,omitempty"`
	StopAfterMs  *int64  `json:"stop_after_ms,omitempty"`
	IP           *string `json:"ip,omitempty"`
}

func (o order) about() target { return o.target }

func (o order) check() error {
	if err := o.target.check(); err != nil {
		return err
	}
	if o.Room != nil && *o.Room < 0 {
		return errors.New("room: not below 0")
	}
	for _, ms := range []*int64{o.ReadyAfterMs, o.StopAfterMs} {
		if ms != nil && (*ms < 0 || time.Duration(*ms)*time.Millisecond > time.Hour) {
			return errors.New("ready_after_ms, stop_after_ms: from 0 to an hour")
		}
	}
	if o.Restarts != nil && *o.Restarts < 0 {
		return errors.New("restarts: not below 0")
	}
	if o.Phase != nil && *o.Phase != string(corev1.PodFailed) && *o.Phase != string(corev1.PodSucceeded) {
		return fmt.Errorf("phase: Failed or Succeeded, not %q; Pending is hold, Running comes by itself", *o.Phase)
	}
	if o.IP != nil && (o.Pod == "" || net.ParseIP(*o.IP) == nil) {
		return errors.New("ip: an address, for one pod")
	}
	return nil
}

// Field by field, the later of two orders counts.
func (o order) then(later order) order {
	take(&o.Room, later.Room)
	take(&o.Hold, later.Hold)
	take(&o.ReadyAfterMs, later.ReadyAfterMs)
	take(&o.Ready, later.Ready)
	take(&o.Waiting, later.Waiting)
	take(&o.WaitingMessage, later.WaitingMessage)
	take(&o.Restarts, later.Restarts)
	take(&o.Phase, later.Phase)
	take(&o.Reason, later.Reason)
	take(&o.HoldDeletion, later.HoldDeletion)
	take(&o.StopAfterMs, later.StopAfterMs)
	take(&o.IP, later.IP)
	if later.Room != nil {
		// Room is counted among those that share it.
		o.target = later.target
	}
	return o
}

func take[T any](field **T, later *T) {
	if later != nil {
		*field = later
	}
}

func said[T any](field *T, otherwise T) T {
	if field == nil {
		return otherwise
	}
	return *field
}
