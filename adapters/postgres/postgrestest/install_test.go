package postgrestest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall runs what "make test" installs the server with on machines that
// are made up: programs that say that they were called, and some files.
func TestInstall(t *testing.T) {
	t.Parallel()
	const (
		debian  = "etc/debian_version"
		works   = `case $* in *-common) mkdir -p "$ROOT/etc/postgresql-common";; esac`
		offline = `echo "no network"; exit 100`
		stale   = `case $* in update*) : >"$ROOT/updated";; *) [ -e "$ROOT/updated" ] || exit 100; ` + works + `; esac`
	)
	const installing = "Installing PostgreSQL's server for the tests.\n"
	const options = "apt-get install -qq --yes --no-install-recommends "
	const installed = options + "postgresql-common\n" + options + "postgresql\n"
	for name, test := range map[string]struct {
		files       []string
		environment string
		uid, apt    string
		calls, says string
	}{
		"bare Debian":          {[]string{debian}, "", "0", works, installed, installing},
		"stale package lists":  {[]string{debian}, "", "0", stale, options + "postgresql-common\napt-get update -qq\n" + installed, installing},
		"installed":            {[]string{debian, "usr/lib/postgresql/15/bin/postgres"}, "", "0", works, "", ""},
		"on PATH":              {[]string{debian, "bin/postgres"}, "", "0", works, "", ""},
		"server given":         {[]string{debian}, "LEDGER_TEST_DSN=postgres://x", "0", works, installed, installing},
		"binaries given":       {[]string{debian}, "LEDGER_PG_BIN=/x", "0", works, "", ""},
		"not root":             {[]string{debian}, "", "1000", works, "", ""},
		"not Debian":           {nil, "", "0", works, "", ""},
		"Debian without apt":   {[]string{debian}, "", "0", "", "", ""},
		"Debian with no route": {[]string{debian}, "", "0", offline, options + "postgresql-common\napt-get update -qq\n", installing + "no network\nno network\nPostgreSQL could not be installed; the tests go on without.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			write := func(name, text string) {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, tool := range []string{"cat", "mktemp", "rm", "mkdir"} {
				path, err := exec.LookPath(tool)
				if err != nil {
					t.Fatal(err)
				}
				write("bin/"+tool, "#!/bin/sh\nexec "+path+" \"$@\"\n")
			}
			write("bin/id", "#!/bin/sh\necho "+test.uid+"\n")
			if test.apt != "" {
				write("bin/apt-get", "#!/bin/sh\necho \"apt-get $*\" >>\"$ROOT/calls\"\n"+test.apt+"\n")
			}
			for _, file := range test.files {
				write(file, "#!/bin/sh\n")
			}
			command := exec.Command("/bin/sh", "../../../.ci/postgres", root)
			command.Env = []string{"PATH=" + filepath.Join(root, "bin"), "ROOT=" + root, test.environment}
			says, err := command.CombinedOutput()
			if err != nil || string(says) != test.says {
				t.Errorf("%v\n%swant %s", err, says, test.says)
			}
			calls, _ := os.ReadFile(filepath.Join(root, "calls"))
			if string(calls) != test.calls {
				t.Errorf("calls:\n%swant:\n%s", calls, test.calls)
			}
			cluster, _ := os.ReadFile(filepath.Join(root, "etc", "postgresql-common", "createcluster.conf"))
			if made := strings.HasSuffix(test.calls, installed); made != strings.Contains(string(cluster), "create_main_cluster = false\n") {
				t.Errorf("createcluster.conf: %q", cluster)
			}
		})
	}
}
