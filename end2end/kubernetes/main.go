// Command test-cluster is a Kubernetes control plane for tests: the genuine etcd, kube-apiserver and kube-controller-manager, with
// the kubelets, the scheduler and the metrics played by values that a test sets. README.md has the calls.
//
// One program, three processes: the API server and the controllers are this program again, because each of them owns the global
// registries of its process. It ends when its standard input ends, and takes its processes and its folder with it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Two busy cores can take long; a start that needs more than this hangs.
const startWithin = 2 * time.Minute

// What a test reads from the first line of standard output.
type ready struct {
	Kubeconfig string `json:"kubeconfig"`
	Server     string `json:"server"`
	// Certificate authority of the server, as a file.
	CA string `json:"ca"`
	// Bearer token of the cluster's administrator.
	Token    string `json:"token"`
	Steering string `json:"steering"`
	AuditLog string `json:"audit_log"`
	Version  string `json:"version"`
}

func main() {
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			os.Exit(role.run(os.Args[2:]))
		}
		if os.Args[1] == "kustomize" {
			os.Exit(kustomize(os.Args[2:]))
		}
	}
	settings, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	if err := serve(settings); err != nil {
		fmt.Fprintln(os.Stderr, "test-cluster:", err)
		os.Exit(1)
	}
}

func serve(settings settings) error {
	signalled, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ended, end := context.WithCancelCause(context.Background())
	go func() {
		<-signalled.Done()
		end(nil)
	}()
	go func() {
		// Nobody writes here: whatever the test process dies of, the system closes its end.
		_, _ = io.Copy(io.Discard, os.Stdin)
		end(nil)
	}()

	dir, err := folder(settings.dir)
	if err != nil {
		return err
	}
	if !settings.keep {
		defer os.RemoveAll(dir)
	}
	cluster := &cluster{settings: settings, dir: dir, ended: ended, fail: end}
	defer cluster.stop()
	starting, cancel := context.WithTimeout(ended, startWithin)
	defer cancel()
	said, err := cluster.start(starting)
	if err != nil {
		if context.Cause(ended) == context.Canceled {
			return nil
		}
		return fmt.Errorf("%w%s", err, cluster.lastWords())
	}
	line, err := json.Marshal(said)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	<-ended.Done()
	if cause := context.Cause(ended); cause != context.Canceled {
		return fmt.Errorf("%w%s", cause, cluster.lastWords())
	}
	return nil
}

// A folder that is ours alone, because it is removed at the end.
func folder(asked string) (string, error) {
	if asked == "" {
		return os.MkdirTemp("", "evenkeel-test-cluster-")
	}
	if err := os.MkdirAll(asked, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(asked)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("--dir %s is not empty: it would be removed at the end; name a new folder", asked)
	}
	return asked, nil
}
