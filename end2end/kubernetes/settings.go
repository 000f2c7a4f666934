package main

import (
	"flag"
	"fmt"
	"io"
	"time"
)

type settings struct {
	dir  string
	keep bool

	hpaSync                 time.Duration
	downscaleStabilization  time.Duration
	tolerance               float64
	cpuInitializationPeriod time.Duration
	initialReadinessDelay   time.Duration
	featureGates            string

	readyAfter time.Duration
	stopAfter  time.Duration
}

// The autoscaler's defaults are upstream's, but for what would make every test wait: how often it looks, and how long it distrusts
// the CPU of a new pod.
func parse(args []string, errors io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("test-cluster", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.StringVar(&s.dir, "dir", "", "new or empty `folder` for everything, removed at the end (default: a temporary one)")
	flags.BoolVar(&s.keep, "keep", false, "leave the folder, with its logs")
	flags.DurationVar(&s.hpaSync, "hpa-sync", time.Second, "how often the autoscaler looks")
	flags.DurationVar(&s.downscaleStabilization, "downscale-stabilization", 5*time.Minute, "how long the autoscaler waits to scale down where an HPA does not say")
	flags.Float64Var(&s.tolerance, "tolerance", 0.1, "the autoscaler's tolerance where an HPA does not say")
	flags.DurationVar(&s.cpuInitializationPeriod, "cpu-initialization-period", 0, "for how long the CPU of a new pod may be left out (upstream: 5m)")
	flags.DurationVar(&s.initialReadinessDelay, "initial-readiness-delay", 30*time.Second, "for how long a pod that turned unready counts as starting")
	flags.StringVar(&s.featureGates, "feature-gates", "", "handed to the API server and the controllers, for example HPAScaleToZero=true")
	flags.DurationVar(&s.readyAfter, "ready-after", 0, "how long a pod takes from its node to ready")
	flags.DurationVar(&s.stopAfter, "stop-after", 0, "how long a deleted pod takes to be gone")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unknown argument %q", flags.Arg(0))
		fmt.Fprintln(errors, "test-cluster:", err)
		return s, err
	}
	return s, nil
}
