package main

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// container is what a manifest of Kubernetes says of one, as far as the tests look at it.
type container struct {
	Name    string
	Command []string
	Args    []string
	Env     []variableOf
	Ports   []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    probe `yaml:"startupProbe"`
	LivenessProbe   probe `yaml:"livenessProbe"`
	ReadinessProbe  probe `yaml:"readinessProbe"`
	SecurityContext struct {
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
}

type probe struct {
	HTTPGet struct{ Path string } `yaml:"httpGet"`
}

// variableOf is a variable of the environment, whose value may be a secret.
type variableOf struct {
	Name, Value string
	ValueFrom   struct {
		SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
	} `yaml:"valueFrom"`
}

// variables returns the environment with the secrets.
func (c container) variables(secrets map[string]string) map[string]string {
	variables := make(map[string]string)
	for _, variable := range c.Env {
		variables[variable.Name] = variable.Value
		if secret := variable.ValueFrom.SecretKeyRef; secret.Name != "" {
			variables[variable.Name] = secrets[secret.Name+"."+secret.Key]
		}
	}
	return variables
}

type podTemplate struct {
	Spec struct {
		Containers      []container
		SecurityContext struct {
			RunAsNonRoot bool `yaml:"runAsNonRoot"`
		} `yaml:"securityContext"`
	}
}

// containerOf returns the container of a manifest, a Deployment, Job or CronJob.
func containerOf(t *testing.T, name string) container {
	t.Helper()
	var manifest struct {
		Spec struct {
			Template    podTemplate
			JobTemplate struct {
				Spec struct{ Template podTemplate }
			} `yaml:"jobTemplate"`
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, deployed("kubernetes", name))), &manifest); err != nil {
		t.Fatal(err)
	}
	pod := manifest.Spec.Template
	if len(pod.Spec.Containers) == 0 {
		pod = manifest.Spec.JobTemplate.Spec.Template
	}
	if len(pod.Spec.Containers) != 1 || !pod.Spec.SecurityContext.RunAsNonRoot {
		t.Fatalf("%s has %d containers, or may run as root", name, len(pod.Spec.Containers))
	}
	return pod.Spec.Containers[0]
}

// expectSettings expects that ledgerd takes the arguments and the environment, and that
// it knows each variable of its own.
func expectSettings(t *testing.T, what string, environment map[string]string, args ...string) settings {
	t.Helper()
	var got settings
	command := newCommand(func(name string) string { return environment[name] }, func(_ context.Context, s settings) error {
		got = s
		return nil
	})
	command.SetArgs(args)
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for name := range environment {
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "LEDGERD_"), "_", "-"))
		if strings.HasPrefix(name, "LEDGERD_") && command.Flags().Lookup(flag) == nil {
			t.Errorf("%s: ledgerd knows no %s", what, name)
		}
	}
	return got
}

// TestDeployments: what deploys ledgerd asks it for what it knows, and lets nobody in who
// was not meant to be.
func TestDeployments(t *testing.T) {
	t.Parallel()
	image := make(map[string]string)
	dockerfile := readFile(t, deployed("Dockerfile"))
	for _, match := range regexp.MustCompile(`(LEDGERD_\w+)=(\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		image[match[1]] = match[2]
	}
	if len(image) < 2 || !strings.Contains(dockerfile, `CMD ["ledgerd", "healthcheck"]`) || !strings.Contains(dockerfile, "USER 65532") {
		t.Errorf("the Dockerfile sets %v", image)
	}

	var compose struct {
		Services map[string]struct {
			Environment map[string]string
			Ports       []string
			ReadOnly    bool `yaml:"read_only"`
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, deployed("compose.yaml"))), &compose); err != nil {
		t.Fatal(err)
	}
	environment := maps.Clone(image)
	maps.Copy(environment, compose.Services["ledgerd"].Environment)
	if s := expectSettings(t, "compose.yaml", environment); !s.demo || !s.migrate || s.dsn == "" || !compose.Services["ledgerd"].ReadOnly {
		t.Errorf("compose.yaml starts %+v", s)
	}
	for name, service := range compose.Services {
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s can be reached from other machines at %s", name, port)
			}
		}
	}

	c := containerOf(t, "deployment.yaml")
	environment = maps.Clone(image)
	maps.Copy(environment, c.variables(map[string]string{"ledgerd.dsn": "postgres:///ledger"}))
	s := expectSettings(t, "deployment.yaml", environment, c.Args...)
	if !s.access.has(authToken) || s.telemetry.metricsListen == "" || s.demo {
		t.Errorf("deployment.yaml starts %+v", s)
	}
	ports := make(map[string]string)
	for _, port := range c.Ports {
		ports[port.Name] = fmt.Sprint(":", port.ContainerPort)
	}
	if ports["http"] != s.listen || ports["metrics"] != s.telemetry.metricsListen {
		t.Errorf("the ports are %v", ports)
	}
	if c.StartupProbe.HTTPGet.Path != "/healthz" || c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Error("the probes ask for something else")
	}
	for _, name := range []string{"deployment.yaml", "migrate.yaml", "verify.yaml"} {
		limits := containerOf(t, name).SecurityContext
		if !limits.ReadOnlyRootFilesystem || limits.AllowPrivilegeEscalation == nil || *limits.AllowPrivilegeEscalation || len(limits.Capabilities.Drop) != 1 {
			t.Errorf("%s: the container may do too much", name)
		}
	}

	environment = map[string]string{"LEDGERD_DSN": "postgres:///ledger"}
	unit := readFile(t, deployed("systemd", "ledgerd.service"))
	for _, match := range regexp.MustCompile(`(?m)^Environment=(LEDGERD_\w+)=(\S+)$`).FindAllStringSubmatch(unit, -1) {
		environment[match[1]] = match[2]
	}
	expectSettings(t, "ledgerd.service", environment)
}
