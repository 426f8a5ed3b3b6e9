package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// output keeps what a process writes, which others may read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// address waits until a log in JSON says where the server listens.
func (o *output) address(t testing.TB) string {
	t.Helper()
	for range 1000 {
		for line := range strings.Lines(o.String()) {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
				return entry.Address
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not listen: %s", o)
	return ""
}

// process is a run of ledgerd in this process.
type process struct {
	stdout, stderr output
	stop           context.CancelFunc
	exit           chan int
}

// start runs ledgerd with JSON logs until the test stops it.
func start(t *testing.T, drainLimit time.Duration, environment map[string]string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{stop: cancel, exit: make(chan int, 1)}
	args = append([]string{"--log-format=json"}, args...)
	go func() {
		p.exit <- runWithin(ctx, drainLimit, args, func(name string) string { return environment[name] }, &p.stdout, &p.stderr)
	}()
	return p
}

func get(t *testing.T, address, path string) string {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, response)
}

func add(t *testing.T, address, body string) string {
	t.Helper()
	response, err := http.Post("http://"+address+"/users/"+demoUser+"/add", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, response)
}

func readAll(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const balanceFormat = `{"success":true,"message":"request successful!","status_code":200,"data":{"balance":%s}}` + "\n"

func TestStory(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
	address := p.stderr.address(t)
	if got, want := get(t, address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, "100"); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	for i, balance := range []string{"120", "140", "160"} {
		got := add(t, address, fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, i))
		want := `{"success":true,"message":"transaction successful!","status_code":202,"data":{"current_balance":` + balance + "}}\n"
		if got != want {
			t.Errorf("got %swant %s", got, want)
		}
	}
	if got := get(t, address, "/users/"+demoUser+"/history?page_size=2"); !strings.Contains(got, `"total":3,"page_size":2,"next_page":"Mg==","has_more":true`) {
		t.Error(got)
	}
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
	log := p.stderr.String()
	for _, want := range []string{
		"nothing in it survives a stop", "curl http://" + address + "/users/" + demoUser + "/balance", "draining", `"msg":"stopped"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	if p.stdout.String() != "" {
		t.Errorf("stdout: %s", &p.stdout)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	const user = "/users/" + demoUser + "/balance"
	for name, test := range map[string]struct {
		environment map[string]string
		args        []string
		balance     string
		log         string
	}{
		"defaults":               {nil, nil, "100", `"ledger":"main"`},
		"no demo":                {nil, []string{"--demo=false"}, "", ""},
		"no demo by variable":    {map[string]string{"LEDGERD_DEMO": "false"}, nil, "", ""},
		"a flag wins":            {map[string]string{"LEDGERD_DEMO": "false"}, []string{"--demo"}, "100", ""},
		"a wrong variable loses": {map[string]string{"LEDGERD_DEMO": "maybe"}, []string{"--demo=true"}, "100", ""},
		"an empty variable":      {map[string]string{"LEDGERD_DEMO": "", "LEDGERD_DSN": ""}, nil, "100", ""},
		"an empty dsn wins":      {map[string]string{"LEDGERD_DSN": "postgres://x"}, []string{"--dsn="}, "100", ""},
		"ledger":                 {nil, []string{"--ledger=books"}, "100", `"ledger":"books"`},
		"ledger by variable":     {map[string]string{"LEDGERD_LEDGER": "books"}, nil, "100", `"ledger":"books"`},
		"asset":                  {nil, []string{"--asset=JPY/0"}, "100", ""},
		"asset by variable":      {map[string]string{"LEDGERD_ASSET": "ETH/18"}, nil, "100", ""},
		"log level":              {nil, []string{"--log-level=debug"}, "100", `"level":"DEBUG"`},
		"log level by variable":  {map[string]string{"LEDGERD_LOG_LEVEL": "debug"}, nil, "100", `"level":"DEBUG"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, drainLimit, test.environment, append(test.args, "--listen=127.0.0.1:0")...)
			address := p.stderr.address(t)
			want := fmt.Sprintf(balanceFormat, test.balance)
			if test.balance == "" {
				want = `{"success":false,"message":"user not found","status_code":404}` + "\n"
			}
			if got := get(t, address, user); got != want {
				t.Errorf("got %swant %s", got, want)
			}
			p.stop()
			if code := <-p.exit; code != 0 {
				t.Errorf("exit code %d", code)
			}
			if log := p.stderr.String(); !strings.Contains(log, test.log) || strings.Contains(log, "curl") != (test.balance != "") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestListenAndLogFormatByVariable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	environment := map[string]string{"LEDGERD_LISTEN": "localhost:0", "LEDGERD_LOG_FORMAT": "json"}
	var stderr output
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, nil, func(name string) string { return environment[name] }, io.Discard, &stderr)
	}()
	if got := get(t, stderr.address(t), "/healthz"); !strings.Contains(got, "alive") {
		t.Error(got)
	}
	cancel()
	if code := <-exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestRefusals has what ledgerd refuses to start with: one line, an exit code,
// and no secret.
func TestRefusals(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	const badDSN = "invalid --dsn or LEDGERD_DSN: the DSN is not a PostgreSQL connection string, such as postgres://user@host:5432/database"
	const noArguments = "ledgerd takes no arguments, only flags, such as --demo=false; see --help"
	for name, test := range map[string]struct {
		environment map[string]string
		args        []string
		code        int
		want        string
	}{
		"unknown flag":       {nil, []string{"--nope"}, 2, "unknown flag: --nope"},
		"argument":           {nil, []string{"serve"}, 2, noArguments},
		"dsn as an argument": {nil, []string{"postgres://user:hunter2@host"}, 2, noArguments},
		"help as a command":  {nil, []string{"help"}, 2, noArguments},
		"no value":           {nil, []string{"--listen"}, 2, "flag needs an argument: --listen"},
		"dsn":                {nil, []string{"--dsn=postgres://user:hunter2@host:port/db"}, 2, badDSN},
		"dsn by variable":    {map[string]string{"LEDGERD_DSN": "user=x password='hunter2"}, nil, 2, badDSN},
		"dsn of another":     {nil, []string{"--dsn=mysql://joe:hunter2@host/db?x=y"}, 2, badDSN},
		"migrate what":       {nil, []string{"--migrate"}, 2, "--migrate needs the --dsn of a database; without one the ledger would be in memory"},
		"migrate":            {nil, []string{"--migrate=x"}, 2, `invalid argument "x" for "--migrate" flag: should be true or false`},
		"migrate, variable":  {map[string]string{"LEDGERD_MIGRATE": "x"}, nil, 2, `invalid value "x" of LEDGERD_MIGRATE: should be true or false`},
		"one dash":           {nil, []string{"-dsn=postgres://user:hunter2@host/db"}, 2, "unknown shorthand flag: 'd'; long flags begin with two dashes"},
		"three dashes":       {nil, []string{"---dsn=postgres://user:hunter2@host/db"}, 2, "bad flag syntax; long flags begin with two dashes"},
		"words to listen":    {nil, []string{"--listen=host=h password=hunter2"}, 2, `invalid argument "…" for "--listen" flag: should be a host and a port, such as 127.0.0.1:8080`},
		"spaces to listen":   {nil, []string{"--listen=postgres://u:my hunter2@h/\"db"}, 2, `invalid argument "…" for "--listen" flag: should be a host and a port, such as 127.0.0.1:8080`},
		"words to ledger":    {map[string]string{"LEDGERD_LEDGER": "password=hunter2"}, nil, 2, `invalid value "…" of LEDGERD_LEDGER: ledger name "…" should be a letter or digit and then letters, digits and ._:@-, at most 128 in all`},
		"no such sslmode":    {nil, []string{"--dsn=postgres://u:hunter2@h/db?sslmode=bogus"}, 2, "invalid --dsn or LEDGERD_DSN: the DSN has a setting that cannot be: sslmode is invalid"},
		"no such root":       {nil, []string{"--dsn=postgres://u:hunter2@h/db?sslmode=verify-full&sslrootcert=/none.pem"}, 2, "invalid --dsn or LEDGERD_DSN: the DSN has a setting that cannot be: unable to read CA file: open /none.pem: no such file or directory"},
		"dsn to listen":      {nil, []string{"--listen=postgres://user:hunter2@host"}, 2, `invalid argument "…" for "--listen" flag: should be a host and a port, such as 127.0.0.1:8080`},
		"ledger": {nil, []string{"--ledger=a b"}, 2, `invalid argument "a b" for "--ledger" flag: ` +
			`ledger name "a b" should be a letter or digit and then letters, digits and ._:@-, at most 128 in all`},
		"listen":           {nil, []string{"--listen=8080"}, 2, `invalid argument "8080" for "--listen" flag: should be a host and a port, such as 127.0.0.1:8080`},
		"listen, port":     {nil, []string{"--listen=:65536"}, 2, `invalid argument ":65536" for "--listen" flag: should be a host and a port, such as 127.0.0.1:8080`},
		"demo":             {nil, []string{"--demo=maybe"}, 2, `invalid argument "maybe" for "--demo" flag: should be true or false`},
		"asset":            {nil, []string{"--asset=usd"}, 2, `invalid argument "usd" for "--asset" flag: asset "usd" should be a code and a scale, such as USD/2`},
		"log level":        {nil, []string{"--log-level=INFO"}, 2, `invalid argument "INFO" for "--log-level" flag: should be debug, info, warn or error`},
		"log format":       {nil, []string{"--log-format=xml"}, 2, `invalid argument "xml" for "--log-format" flag: should be text or json`},
		"listen, variable": {map[string]string{"LEDGERD_LISTEN": "a\nb"}, nil, 2, `invalid value "a\nb" of LEDGERD_LISTEN: should be a host and a port, such as 127.0.0.1:8080`},
		"demo, variable":   {map[string]string{"LEDGERD_DEMO": "maybe"}, nil, 2, `invalid value "maybe" of LEDGERD_DEMO: should be true or false`},
		"asset, variable":  {map[string]string{"LEDGERD_ASSET": "USD/39"}, nil, 2, `invalid value "USD/39" of LEDGERD_ASSET: the scale of asset USD/39 should be at most 38`},
		"level, variable":  {map[string]string{"LEDGERD_LOG_LEVEL": "x"}, nil, 2, `invalid value "x" of LEDGERD_LOG_LEVEL: should be debug, info, warn or error`},
		"format, variable": {map[string]string{"LEDGERD_LOG_FORMAT": "x"}, nil, 2, `invalid value "x" of LEDGERD_LOG_FORMAT: should be text or json`},
		"ledger, variable": {map[string]string{"LEDGERD_LEDGER": "-"}, nil, 2, `invalid value "-" of LEDGERD_LEDGER: ` +
			`ledger name "-" should be a letter or digit and then letters, digits and ._:@-, at most 128 in all`},
		"taken port": {
			nil,
			[]string{"--listen=" + taken.Addr().String()},
			1,
			"listen tcp " + taken.Addr().String() + ": bind: address already in use",
		},
		"demo too fine": {
			nil,
			[]string{"--asset=FINE/38"},
			1,
			"open the demo user, which --demo=false leaves out: 100 FINE/38: amount should have at most 38 digits",
		},
		"currency with another scale": {
			nil,
			[]string{"--asset=JPY/2"},
			2,
			"asset JPY has a scale of 0, which never changes; JPY/2 contradicts it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// If it starts after all, it should not go on for ever.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var stdout, stderr output
			code := run(ctx, test.args, func(name string) string { return test.environment[name] }, &stdout, &stderr)
			if want := "ledgerd: " + test.want + "\n"; code != test.code || stderr.String() != want || stdout.String() != "" {
				t.Errorf("exit code %d, want %d\nstderr: %swant:   %sstdout: %s", code, test.code, &stderr, want, &stdout)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	noEnvironment := func(string) string { return "" }
	var help, stderr output
	if code := run(t.Context(), []string{"--help"}, noEnvironment, &help, &stderr); code != 0 || stderr.String() != "" {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	for _, want := range []string{
		"Examples:", "--ledger", "LEDGERD_LEDGER", "(default main)", "--listen", "LEDGERD_LISTEN", "(default 127.0.0.1:8080)", "--dsn", "LEDGERD_DSN",
		"--migrate", "LEDGERD_MIGRATE",
		"--demo", "LEDGERD_DEMO", "(default true)", "--asset", "LEDGERD_ASSET", "(default USD/2)", "--log-level", "LEDGERD_LOG_LEVEL", "(default info)",
		"--log-format", "LEDGERD_LOG_FORMAT", "(default text)", "--version",
	} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, &help)
		}
	}
	var version output
	if code := run(t.Context(), []string{"--version"}, noEnvironment, &version, &stderr); code != 0 || stderr.String() != "" {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	if got := version.String(); !strings.HasPrefix(got, "ledgerd ") || strings.Count(got, "\n") != 1 || !strings.Contains(got, "go1.") {
		t.Errorf("version: %q", got)
	}
}

// TestStopWhileStarting is told to stop before it serves, and has nothing to
// finish.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr output
	code := run(ctx, []string{"--listen=127.0.0.1:0"}, func(string) string { return "" }, &stdout, &stderr)
	if code != 0 || !strings.Contains(stderr.String(), "stopped before it served") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// TestDrainLimit has a request that never arrives whole.
func TestDrainLimit(t *testing.T) {
	t.Parallel()
	p := start(t, 200*time.Millisecond, nil, "--listen=127.0.0.1:0")
	c, err := net.Dial("tcp", p.stderr.address(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST /users/x/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// The server asks for the body once the request is under way.
	if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue"))); err != nil {
		t.Fatal(err)
	}
	p.stop()
	if code := <-p.exit; code != 1 {
		t.Errorf("exit code %d", code)
	}
	const want = "ledgerd: requests under way were cut off, for they did not end within 200ms: shut down: context deadline exceeded\n"
	if log := p.stderr.String(); !strings.HasSuffix(log, want) {
		t.Errorf("stderr: %s", log)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:80": "http://127.0.0.1:80",
		"[::1]:80":     "http://[::1]:80",
		"[::]:80":      "http://localhost:80",
		"0.0.0.0:80":   "http://localhost:80",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := baseURL(tcp); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestDrainDelayTakesNothing waits longer before it closes than requests may then take:
// one that is under way is finished all the same.
func TestDrainDelayTakesNothing(t *testing.T) {
	t.Parallel()
	const delay, limit = 1500 * time.Millisecond, time.Second
	p := start(t, limit, nil, "--listen=127.0.0.1:0", "--drain-delay="+delay.String())
	c, err := net.Dial("tcp", p.stderr.address(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const body = `{"amount":20,"transaction_id":"tx_1"}`
	_, err = fmt.Fprintf(c, "POST /users/%s/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", demoUser, len(body))
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(c)
	// The server reads the body.
	if line, err := answers.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	p.stop()
	time.Sleep((delay + limit) / 2)
	if _, err := io.WriteString(c, body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(answers)
	if !strings.Contains(string(answer), "HTTP/1.1 202 ") {
		t.Errorf("%s, %v", answer, err)
	}
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}
