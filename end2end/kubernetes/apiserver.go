package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Every call, without its body: a test compares who did what with the rules granted.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

func auditLog(dir string) string {
	return filepath.Join(dir, "audit.log")
}

func (c *cluster) startAPIServer(ctx context.Context, i identities) (string, error) {
	policy := filepath.Join(c.dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return "", err
	}
	// It exists before the first call, so that a test can open it at once.
	if err := os.WriteFile(auditLog(c.dir), nil, 0o600); err != nil {
		return "", err
	}
	var err error
	for range portTries {
		var port int
		if port, err = freePort(); err != nil {
			return "", err
		}
		var p *process
		if p, err = startRole(c.dir, "kube-apiserver", c.apiServerArgs(i, policy, port)); err != nil {
			return "", err
		}
		server := fmt.Sprintf("https://127.0.0.1:%d", port)
		if err = answers(ctx, p, server, i); err == nil {
			c.watch(p)
			return server, nil
		}
		said, _ := os.ReadFile(logFile(c.dir, p.name))
		if !strings.Contains(string(said), "address already in use") {
			c.processes = append(c.processes, p)
			return "", err
		}
	}
	return "", err
}

func (c *cluster) apiServerArgs(i identities, policy string, port int) []string {
	args := []string{
		"--etcd-servers=" + etcdURL(c.etcd),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		// Written nowhere, but it may not be loopback.
		"--advertise-address=192.0.2.1",
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file=" + i.certFile,
		"--tls-private-key-file=" + i.keyFile,
		"--cert-dir=" + filepath.Join(c.dir, "certificates"),
		"--token-auth-file=" + i.tokenFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + i.serviceAccountKey,
		"--service-account-key-file=" + i.serviceAccountKey,
		"--requestheader-client-ca-file=" + i.frontCAFile,
		"--requestheader-allowed-names=aggregator",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + i.frontCert,
		"--proxy-client-key-file=" + i.frontKey,
		// Our nodes are ready from the first moment, and no node controller would take the taint away.
		"--disable-admission-plugins=TaintNodesByCondition",
		"--audit-policy-file=" + policy,
		"--audit-log-path=" + auditLog(c.dir),
		"--profiling=false",
	}
	if c.settings.featureGates != "" {
		args = append(args, "--feature-gates="+c.settings.featureGates)
	}
	return args
}

// Waits until the server says that it is ready, or dies.
func answers(ctx context.Context, p *process, server string, i identities) error {
	ca := x509.NewCertPool()
	ca.AppendCertsFromPEM(i.ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 5 * time.Second}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(p.died(ctx)) }()
	return until(ctx, "the API server is ready", func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/readyz", nil)
		if err != nil {
			return false, err
		}
		request.Header.Set("Authorization", "Bearer "+i.adminToken)
		response, err := client.Do(request)
		if err != nil {
			return false, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return false, errors.New(response.Status)
		}
		return true, nil
	})
}
