package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// A part of the control plane that runs in a process of its own, as upstream's own command.
type role struct {
	name    string
	command func() *cobra.Command
}

var roles = map[string]role{
	"kube-apiserver":          {"kube-apiserver", func() *cobra.Command { return apiserver.NewAPIServerCommand() }},
	"kube-controller-manager": {"kube-controller-manager", func() *cobra.Command { return controllers.NewControllerManagerCommand() }},
}

func (r role) run(args []string) int {
	go func() {
		// Our parent holds the other end and writes nothing: its end, however it came, is ours.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	os.Args = append([]string{r.name}, args...)
	return cli.Run(r.command())
}

// A running role.
type process struct {
	name   string
	input  io.Closer
	exited chan struct{}
	err    error
}

func startRole(dir, name string, args []string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(logFile(dir, name))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(self, append([]string{name}, args...)...)
	command.Stdout, command.Stderr = log, log
	// A collector that runs more often halves the memory, and these processes have little to do.
	command.Env = append(os.Environ(), "GOGC=50")
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{name: name, input: input, exited: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// Waits for the process, and says with what it ended.
func (p *process) died(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.exited:
		return fmt.Errorf("%s ended: %v", p.name, p.err)
	}
}

func (p *process) stop() {
	_ = p.input.Close()
	<-p.exited
}

func logFile(dir, name string) string {
	return filepath.Join(dir, name+".log")
}
