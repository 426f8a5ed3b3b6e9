// Command deploycheck holds what is under deploy to the definitions of those who read it:
// Kubernetes' types, the specification of Compose, and the grammar of Dockerfiles. None
// of their engines is needed. It is built with the tools of .ci/tools.mod.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/loader"
	compose "github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploycheck DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, directory string) error {
	return errors.Join(
		checkKubernetes(filepath.Join(directory, "kubernetes")),
		checkCompose(ctx, filepath.Join(directory, "compose.yaml")),
		checkDockerfile(filepath.Join(directory, "Dockerfile")),
	)
}

// checkKubernetes builds the kustomization, and decodes each of its objects strictly.
func checkKubernetes(directory string) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return fmt.Errorf("%s: %w", directory, err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var wrong []error
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err == nil {
			_, _, err = decoder.Decode(text, nil, nil)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s %s: %w", directory, resource.GetKind(), resource.GetName(), err))
		}
	}
	if built.Size() == 0 {
		wrong = append(wrong, fmt.Errorf("%s: nothing is in it", directory))
	}
	return errors.Join(wrong...)
}

// checkCompose loads a file as Compose does.
func checkCompose(ctx context.Context, path string) error {
	_, err := loader.LoadWithContext(ctx, compose.ConfigDetails{
		WorkingDir:  filepath.Dir(path),
		ConfigFiles: []compose.ConfigFile{{Filename: path}},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// checkDockerfile parses a file as its builder does.
func checkDockerfile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, warning := range parsed.Warnings {
		return fmt.Errorf("%s: %s", path, warning.Short)
	}
	if len(stages) == 0 {
		return fmt.Errorf("%s: there is no stage", path)
	}
	return nil
}
