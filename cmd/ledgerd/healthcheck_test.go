package main

import (
	"net"
	"strings"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
	_, port, err := net.SplitHostPort(p.stderr.address(t))
	if err != nil {
		t.Fatal(err)
	}
	check := func(listen string, args ...string) (int, string) {
		var stdout, stderr output
		code := run(t.Context(), append([]string{"healthcheck"}, args...), func(name string) string {
			return map[string]string{"LEDGERD_LISTEN": listen}[name]
		}, &stdout, &stderr)
		return code, stderr.String() + stdout.String()
	}
	for _, listen := range []string{"127.0.0.1:" + port, "localhost:" + port} {
		if code, said := check(listen); code != 0 || said != "" {
			t.Errorf("%s: exit code %d: %s", listen, code, said)
		}
	}
	for _, listen := range []string{":" + port, "0.0.0.0:" + port, "[::]:" + port} {
		if address, err := localAddress(listen); err != nil || address != "localhost:"+port {
			t.Errorf("%s is %s, %v", listen, address, err)
		}
	}
	if code, said := check("nonsense"); code != exitUsage || !strings.Contains(said, `invalid value "nonsense" of LEDGERD_LISTEN`) {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, said := check("127.0.0.1:"+port, "more"); code != exitUsage || !strings.Contains(said, "takes no arguments") {
		t.Errorf("exit code %d: %s", code, said)
	}
	p.stop()
	<-p.exit
	if code, said := check("127.0.0.1:" + port); code != exitFailed || !strings.Contains(said, "refused") {
		t.Errorf("after its end: exit code %d: %s", code, said)
	}
}
