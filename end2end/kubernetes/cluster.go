package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/version"
)

// Between asking for a free port and taking it somebody else may take it.
const portTries = 5

const logTail = 4 << 10

// Everything that runs.
type cluster struct {
	settings settings
	dir      string
	ended    context.Context
	fail     context.CancelCauseFunc

	etcd      *embed.Etcd
	processes []*process
}

// In order: who is who, the store, the API server; then, beside each other, the controllers, the nodes and the metrics.
func (c *cluster) start(ctx context.Context) (ready, error) {
	identities, err := issue(c.dir)
	if err != nil {
		return ready{}, err
	}
	if c.etcd, err = startEtcd(c.dir); err != nil {
		return ready{}, fmt.Errorf("etcd: %w", err)
	}
	server, err := c.startAPIServer(ctx, identities)
	if err != nil {
		return ready{}, err
	}
	access, err := writeAccess(c.dir, server, identities)
	if err != nil {
		return ready{}, err
	}
	if err := c.run("kube-controller-manager", controllerArgs(c.settings, access)); err != nil {
		return ready{}, err
	}
	client, err := connect(server, identities)
	if err != nil {
		return ready{}, err
	}
	if err := registerNodes(ctx, client); err != nil {
		return ready{}, fmt.Errorf("nodes: %w", err)
	}
	kubelet := newKubelet(client, c.settings)
	if err := kubelet.start(c.ended); err != nil {
		return ready{}, fmt.Errorf("pods: %w", err)
	}
	values := newValues(kubelet.pods, client.mapper)
	apis := newAPIs(client, identities, values)
	if err := apis.start(ctx); err != nil {
		return ready{}, fmt.Errorf("metrics: %w", err)
	}
	steering, err := serveSteering(kubelet, values, apis)
	if err != nil {
		return ready{}, err
	}
	if err := controllersWork(ctx, client); err != nil {
		return ready{}, err
	}
	return ready{
		Kubeconfig: access.admin,
		Server:     server,
		CA:         identities.caFile,
		Token:      identities.adminToken,
		Steering:   steering,
		AuditLog:   auditLog(c.dir),
		Version:    version.Get().GitVersion,
	}, nil
}

// Starts a role whose end is the end of the cluster.
func (c *cluster) run(name string, args []string) error {
	p, err := startRole(c.dir, name, args)
	if err != nil {
		return err
	}
	c.watch(p)
	return nil
}

func (c *cluster) watch(p *process) {
	c.processes = append(c.processes, p)
	go func() {
		if err := p.died(c.ended); c.ended.Err() == nil {
			c.fail(err)
		}
	}()
}

func (c *cluster) stop() {
	c.fail(nil)
	for _, p := range c.processes {
		p.stop()
	}
	if c.etcd != nil {
		c.etcd.Close()
	}
}

// The end of each log, for a test that has only our standard error.
func (c *cluster) lastWords() string {
	var words strings.Builder
	for _, p := range c.processes {
		log, err := os.ReadFile(logFile(c.dir, p.name))
		if err != nil || len(log) == 0 {
			continue
		}
		if len(log) > logTail {
			log = log[len(log)-logTail:]
		}
		fmt.Fprintf(&words, "\n--- %s says:\n%s", p.name, log)
	}
	return words.String()
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// Looks until it holds, or the context ends.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	var last error
	for {
		ok, err := holds()
		if ok {
			return nil
		}
		last = err
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s (%v): %w", what, last, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
