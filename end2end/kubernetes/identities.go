package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The metrics' names inside the cluster, as the aggregator calls them.
const (
	metricsNamespace = "kube-system"
	metricsService   = "test-metrics"
)

// Who is who: one authority for the servers, one for the aggregator's certificate, and a token for each user.
type identities struct {
	caFile, certFile, keyFile         string
	frontCAFile, frontCert, frontKey  string
	serviceAccountKey, tokenFile      string
	ca                                []byte
	adminToken, controllers, nodeUser string
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func issue(dir string) (identities, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	i := identities{
		caFile: at("ca.crt"), certFile: at("server.crt"), keyFile: at("server.key"),
		frontCAFile: at("front-ca.crt"), frontCert: at("front.crt"), frontKey: at("front.key"),
		serviceAccountKey: at("service-account.key"), tokenFile: at("tokens.csv"),
	}
	servers, err := newAuthority("test-cluster", i.caFile)
	if err != nil {
		return i, err
	}
	names := []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", metricsService + "." + metricsNamespace + ".svc"}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		DNSNames:    names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if err := servers.sign(server, i.certFile, i.keyFile); err != nil {
		return i, err
	}
	front, err := newAuthority("test-cluster-front", i.frontCAFile)
	if err != nil {
		return i, err
	}
	aggregator := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "aggregator"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if err := front.sign(aggregator, i.frontCert, i.frontKey); err != nil {
		return i, err
	}
	if _, err := newKey(i.serviceAccountKey); err != nil {
		return i, err
	}
	if i.ca, err = os.ReadFile(i.caFile); err != nil {
		return i, err
	}
	return i, i.writeTokens()
}

// Users have names of their own, so that the audit log says who called.
func (i *identities) writeTokens() error {
	var file strings.Builder
	for _, user := range []struct {
		token *string
		name  string
	}{{&i.adminToken, "admin"}, {&i.controllers, "system:kube-controller-manager"}, {&i.nodeUser, "test-cluster"}} {
		bytes := make([]byte, 16)
		if _, err := rand.Read(bytes); err != nil {
			return err
		}
		*user.token = hex.EncodeToString(bytes)
		file.WriteString(*user.token + "," + user.name + "," + user.name + ",system:masters\n")
	}
	return os.WriteFile(i.tokenFile, []byte(file.String()), 0o600)
}

func newAuthority(name, certFile string) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	cert := validity(&x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	})
	a := authority{cert, key}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return a, err
	}
	return a, writePEM(certFile, "CERTIFICATE", der)
}

func (a authority) sign(cert *x509.Certificate, certFile, keyFile string) error {
	key, err := newKey(keyFile)
	if err != nil {
		return err
	}
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, validity(cert), a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return writePEM(certFile, "CERTIFICATE", der)
}

// A day: no test lives longer, and clocks of one machine agree to the hour.
func validity(cert *x509.Certificate) *x509.Certificate {
	cert.SerialNumber = big.NewInt(time.Now().UnixNano())
	cert.NotBefore = time.Now().Add(-time.Hour)
	cert.NotAfter = time.Now().Add(24 * time.Hour)
	return cert
}

func newKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(file, "EC PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
