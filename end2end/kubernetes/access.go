package main

import (
	"path/filepath"

	"k8s.io/apimachinery/pkg/api/meta"
	cached "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
)

// The files by which others reach the API server.
type access struct {
	admin, controllers string
	identities         identities
}

func writeAccess(dir, server string, i identities) (access, error) {
	a := access{admin: filepath.Join(dir, "kubeconfig"), controllers: filepath.Join(dir, "controllers.kubeconfig"), identities: i}
	if err := clientcmd.WriteToFile(kubeconfig(server, i.ca, "admin", i.adminToken), a.admin); err != nil {
		return a, err
	}
	return a, clientcmd.WriteToFile(kubeconfig(server, i.ca, "controllers", i.controllers), a.controllers)
}

func kubeconfig(server string, ca []byte, user, token string) api.Config {
	config := api.NewConfig()
	config.Clusters["test"] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos[user] = &api.AuthInfo{Token: token}
	config.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: user, Namespace: "default"}
	config.CurrentContext = "test"
	return *config
}

// Our own connection, as the user `test-cluster`.
type client struct {
	kube       kubernetes.Interface
	aggregator aggregator.Interface
	mapper     meta.ResettableRESTMapper
}

func connect(server string, i identities) (client, error) {
	config := &rest.Config{
		Host:            server,
		BearerToken:     i.nodeUser,
		TLSClientConfig: rest.TLSClientConfig{CAData: i.ca},
		// No limit: what a test changes shall be seen at once.
		QPS: -1,
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return client{}, err
	}
	aggregator, err := aggregator.NewForConfig(config)
	if err != nil {
		return client{}, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached.NewMemCacheClient(kube.Discovery()))
	return client{kube, aggregator, mapper}, nil
}
