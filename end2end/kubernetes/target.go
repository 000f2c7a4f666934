package main

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Which pods something is said about: one by name, those with some labels, or all of a namespace.
type target struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod,omitempty"`
	// As in `kubectl -l`: app=web,tier!=back
	Selector string `json:"selector,omitempty"`
}

func (t target) check() error {
	if t.Namespace == "" {
		return errors.New("namespace: name one")
	}
	if t.Pod != "" && t.Selector != "" {
		return errors.New("pod, selector: name one of them")
	}
	if _, err := labels.Parse(t.Selector); err != nil {
		return fmt.Errorf("selector: %w", err)
	}
	return nil
}

func (t target) matches(pod *corev1.Pod) bool {
	if t.Namespace != pod.Namespace || (t.Pod != "" && t.Pod != pod.Name) {
		return false
	}
	selector, err := labels.Parse(t.Selector)
	return err == nil && selector.Matches(labels.Set(pod.Labels))
}

// What one name says counts more than what labels say, and that more than what a namespace says.
func (t target) weight() int {
	switch {
	case t.Pod != "":
		return 2
	case t.Selector != "":
		return 1
	default:
		return 0
	}
}

// Whether this is among what the other names; what the other leaves empty stands for everything.
func (t target) within(other target) bool {
	same := func(mine, theirs string) bool { return theirs == "" || mine == theirs }
	return same(t.Namespace, other.Namespace) && same(t.Pod, other.Pod) && same(t.Selector, other.Selector)
}

type targeted interface{ about() target }

// Puts a rule after all that weigh the same, so that the last one of them counts; a rule about the same target is replaced.
func put[R targeted](rules []R, rule R, same func(R) bool) []R {
	rules = slices.DeleteFunc(rules, same)
	at := slices.IndexFunc(rules, func(other R) bool { return other.about().weight() > rule.about().weight() })
	if at < 0 {
		at = len(rules)
	}
	return slices.Insert(rules, at, rule)
}
