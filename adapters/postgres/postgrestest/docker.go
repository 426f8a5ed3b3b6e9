package postgrestest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// image is what a server in a container is made of.
const image = "postgres:18"

// dockerScript runs a server in a container until its standard input ends, then
// removes the container and its data.
const dockerScript = `
docker=$1 container=$2; shift 2
"$docker" run --detach --name "$container" "$@" >/dev/null
while read -r _; do :; done
"$docker" rm --force --volumes "$container" >/dev/null
`

// findDocker returns the program to run containers with, or "".
func findDocker() string {
	docker, err := exec.LookPath("docker")
	if err != nil || exec.Command(docker, "info").Run() != nil {
		return ""
	}
	return docker
}

// startDocker starts a server in a container.
func startDocker(docker string, settings Settings) (*Server, error) {
	// Pulled first, for that may take longer than a server may to start.
	if exec.Command(docker, "image", "inspect", image).Run() != nil {
		if output, err := exec.Command(docker, "pull", "--quiet", image).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("docker pull %s: %w\n%s", image, err, output)
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{
		DSN:       fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		docker:    docker,
		container: "ledger-postgres-" + strings.ToLower(rand.Text()[:16]),
	}
	arguments := []string{
		"-c", dockerScript, "postgrestest", docker, s.container,
		"--publish", fmt.Sprintf("127.0.0.1:%d:5432", port), "--env", "POSTGRES_HOST_AUTH_METHOD=trust", image,
	}
	for name, value := range settings {
		arguments = append(arguments, "-c", name+"="+value)
	}
	s.watchdog = exec.Command("/bin/sh", arguments...)
	s.watchdog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var says bytes.Buffer
	s.watchdog.Stderr = &says
	if s.leash, err = s.watchdog.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.watchdog.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		log, _ := exec.Command(docker, "logs", s.container).CombinedOutput()
		s.stop()
		return nil, fmt.Errorf("%w\n%s%s", err, &says, log)
	}
	return s, nil
}

// command runs a command on the server's container.
func (s *Server) command(t testing.TB, command string) {
	t.Helper()
	if output, err := exec.Command(s.docker, command, s.container).CombinedOutput(); err != nil {
		t.Fatalf("docker %s: %v\n%s", command, err, output)
	}
}
