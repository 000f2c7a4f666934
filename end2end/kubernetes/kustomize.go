package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// What `kubectl kustomize FOLDER` prints: the same library, in the version that kubectl of this Kubernetes has.
func kustomize(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "test-cluster: kustomize takes one folder")
		return 2
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-cluster:", err)
		return 1
	}
	text, err := built.AsYaml()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-cluster:", err)
		return 1
	}
	_, _ = os.Stdout.Write(text)
	return 0
}
