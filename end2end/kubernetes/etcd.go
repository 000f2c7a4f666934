package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// The store, in this process, on a port of the system's choice.
func startEtcd(dir string) (*embed.Etcd, error) {
	anyPort := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config := embed.NewConfig()
	config.Name = "test"
	config.Dir = filepath.Join(dir, "etcd")
	config.ListenClientUrls = []url.URL{anyPort}
	config.AdvertiseClientUrls = []url.URL{anyPort}
	config.ListenPeerUrls = []url.URL{anyPort}
	config.AdvertisePeerUrls = []url.URL{anyPort}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// It would dial the port that is named, which here is none.
	config.EnableGRPCGateway = false
	config.LogLevel = "warn"
	config.LogOutputs = []string{logFile(dir, "etcd")}
	// The tests kill our process, not the machine: nothing needs to reach the disk.
	config.UnsafeNoFsync = true
	// Alone, it need not wait long for the others' votes.
	config.TickMs = 10
	config.ElectionMs = 100
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		etcd.Close()
		return nil, err
	case <-time.After(startWithin):
		etcd.Close()
		return nil, fmt.Errorf("it was not ready after %s", startWithin)
	}
}

func etcdURL(etcd *embed.Etcd) string {
	return "http://" + etcd.Clients[0].Addr().String()
}
