//go:build integration

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestBinary builds ledgerd with the race detector and drives real processes.
func TestBinary(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "ledgerd")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	// A group, so that the binary is there until the last subtest has ended.
	t.Run("group", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, string){
			"story":           testStory,
			"same id at once": testSameIDAtOnce,
			"SIGTERM":         func(t *testing.T, binary string) { testSignalUnderLoad(t, binary, syscall.SIGTERM) },
			"SIGINT":          func(t *testing.T, binary string) { testSignalUnderLoad(t, binary, syscall.SIGINT) },
			"second signal":   testSecondSignal,
			"taken port":      testTakenPort,
			"bad settings":    testBadSettings,
			"flags win":       testFlagsWin,
			"drain waits":     testDrainWaits,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, binary)
			})
		}
	})
}

// daemon is a running ledgerd.
type daemon struct {
	*exec.Cmd
	stderr  *output
	address string
}

// command returns a command with no LEDGERD_ variables but those given.
func command(binary string, environment []string, args ...string) (*exec.Cmd, *output) {
	cmd := exec.Command(binary, args...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LEDGERD_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, environment...)
	stderr := &output{}
	cmd.Stderr = stderr
	return cmd, stderr
}

func startDaemon(t testing.TB, binary string, environment []string, args ...string) daemon {
	t.Helper()
	cmd, stderr := command(binary, environment, append([]string{"--log-format=json"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return daemon{cmd, stderr, stderr.address(t)}
}

func (d daemon) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := d.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// expectExit waits for the process, which may take a while but not for ever.
func (d daemon) expectExit(t *testing.T, code int) {
	t.Helper()
	timer := time.AfterFunc(60*time.Second, func() { _ = d.Process.Kill() })
	defer timer.Stop()
	err := d.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	if got := d.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d: %s", got, code, d.stderr)
	}
	for _, alarm := range []string{"DATA RACE", "goroutine ", "panic"} {
		if strings.Contains(d.stderr.String(), alarm) {
			t.Errorf("%q in its log: %s", alarm, d.stderr)
		}
	}
}

func testStory(t *testing.T, binary string) {
	d := startDaemon(t, binary, nil, "--listen=127.0.0.1:0")
	for i := range 3 {
		if got := add(t, d.address, fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, i)); !strings.Contains(got, `"status_code":202`) {
			t.Error(got)
		}
	}
	if got, want := get(t, d.address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, "160"); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	first := get(t, d.address, "/users/"+demoUser+"/history?page_size=2")
	if !strings.Contains(first, `"data":{"total":3,"page_size":2,"next_page":"Mg==","has_more":true,"histories":[{"created_at":"`) ||
		strings.Index(first, "tx_2") > strings.Index(first, "tx_1") || strings.Contains(first, "tx_0") {
		t.Error(first)
	}
	second := get(t, d.address, "/users/"+demoUser+"/history?page_size=2&page=Mg==")
	if !strings.Contains(second, `"next_page":"MQ==","has_more":false`) || !strings.Contains(second, "tx_0") {
		t.Error(second)
	}
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

func testSameIDAtOnce(t *testing.T, binary string) {
	d := startDaemon(t, binary, nil, "--listen=127.0.0.1:0")
	const requests = 1000
	var statuses [600]atomic.Int64
	var clients sync.WaitGroup
	for range requests {
		clients.Go(func() {
			response, err := http.Post("http://"+d.address+"/users/"+demoUser+"/add", "application/json",
				strings.NewReader(`{"amount":20,"transaction_id":"tx_1"}`))
			if err != nil {
				t.Error(err)
				return
			}
			readAll(t, response)
			statuses[response.StatusCode].Add(1)
		})
	}
	clients.Wait()
	if accepted, processed := statuses[202].Load(), statuses[422].Load(); accepted != 1 || processed != requests-1 {
		t.Errorf("%d times 202, %d times 422", accepted, processed)
	}
	if got, want := get(t, d.address, "/users/"+demoUser+"/balance"), fmt.Sprintf(balanceFormat, "120"); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

// testSignalUnderLoad stops a process under load. Its clients are answered 202
// with balances that name each deposit once, without a gap, or refused: with
// 503, or by a connection that is closed or not made.
func testSignalUnderLoad(t *testing.T, binary string, signal os.Signal) {
	d := startDaemon(t, binary, nil, "--listen=127.0.0.1:0")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, MaxConnsPerHost: 32}}
	var mu sync.Mutex
	balances := make(map[string]bool)
	var refused, cut atomic.Int64
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for worker := range 32 {
		clients.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"amount":1,"transaction_id":"tx_%d_%d"}`, worker, i)
				response, err := client.Post("http://"+d.address+"/users/"+demoUser+"/add", "application/json", strings.NewReader(body))
				if err != nil {
					cut.Add(1)
					return
				}
				answer := readAll(t, response)
				switch response.StatusCode {
				case http.StatusAccepted:
					mu.Lock()
					balances[answer] = true
					if len(balances) == 500 {
						close(enough)
					}
					mu.Unlock()
				case http.StatusServiceUnavailable:
					refused.Add(1)
					if response.Header.Get("Retry-After") == "" {
						t.Error("no Retry-After")
					}
					return
				default:
					t.Errorf("%d %s", response.StatusCode, answer)
					return
				}
			}
		})
	}
	<-enough
	d.signal(t, signal)
	clients.Wait()
	client.CloseIdleConnections()
	d.expectExit(t, 0)
	if refused.Load() == 0 || refused.Load()+cut.Load() != 32 {
		t.Errorf("%d refused and %d cut off, of 32 clients", refused.Load(), cut.Load())
	}
	for i := range len(balances) {
		want := fmt.Sprintf(`{"success":true,"message":"transaction successful!","status_code":202,"data":{"current_balance":%d}}`+"\n", 101+i)
		if !balances[want] {
			t.Errorf("of %d deposits, none was answered with %s", len(balances), want)
		}
	}
}

// unfinished opens a connection and begins a request on it.
func unfinished(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, "POST /users/"+demoUser+"/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 37\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	// The server asks for the body once the request is under way.
	if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	return c
}

func awaitLog(t *testing.T, d daemon, text string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(d.stderr.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q in its log: %s", text, d.stderr)
}

func testDrainWaits(t *testing.T, binary string) {
	d := startDaemon(t, binary, nil, "--listen=127.0.0.1:0")
	c := unfinished(t, d.address)
	d.signal(t, syscall.SIGTERM)
	awaitLog(t, d, "draining")
	time.Sleep(300 * time.Millisecond) // past the moment in which it refuses and goes on listening
	if other, err := net.Dial("tcp", d.address); err == nil {
		other.Close()
		t.Error("it still accepts connections")
	}
	if _, err := io.WriteString(c, `{"amount":20,"transaction_id":"tx_1"}`); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.Contains(string(answer), `"current_balance":120`) {
		t.Errorf("%q, %v", answer, err)
	}
	d.expectExit(t, 0)
}

func testSecondSignal(t *testing.T, binary string) {
	d := startDaemon(t, binary, nil, "--listen=127.0.0.1:0")
	unfinished(t, d.address)
	d.signal(t, syscall.SIGTERM)
	awaitLog(t, d, "draining")
	start := time.Now()
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, -1)
	if status, ok := d.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v", d.ProcessState)
	}
	if elapsed := time.Since(start); elapsed > 5*time.Second {
		t.Errorf("it went on for %v", elapsed)
	}
}

func testTakenPort(t *testing.T, binary string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	expectRefusal(t, binary, nil, []string{"--listen=" + taken.Addr().String()}, 1,
		"ledgerd: listen tcp "+taken.Addr().String()+": bind: address already in use\n")
}

func testBadSettings(t *testing.T, binary string) {
	expectRefusal(t, binary, nil, []string{"--nope"}, 2, "ledgerd: unknown flag: --nope\n")
	expectRefusal(t, binary, nil, []string{"--listen=x"}, 2,
		"ledgerd: invalid argument \"x\" for \"--listen\" flag: should be a host and a port, such as 127.0.0.1:8080\n")
	expectRefusal(t, binary, []string{"LEDGERD_LOG_LEVEL=loud"}, nil, 2,
		"ledgerd: invalid value \"loud\" of LEDGERD_LOG_LEVEL: should be debug, info, warn or error\n")
	expectRefusal(t, binary, []string{"LEDGERD_DSN=postgres://user:hunter2@host:port"}, nil, 2,
		"ledgerd: invalid --dsn or LEDGERD_DSN: the DSN is not a PostgreSQL connection string, such as postgres://user@host:5432/database\n")
}

func expectRefusal(t *testing.T, binary string, environment, args []string, code int, want string) {
	t.Helper()
	cmd, stderr := command(binary, environment, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	daemon{cmd, stderr, ""}.expectExit(t, code)
	if stderr.String() != want {
		t.Errorf("%v %q: %swant %s", environment, args, stderr, want)
	}
}

func testFlagsWin(t *testing.T, binary string) {
	environment := []string{"LEDGERD_LISTEN=256.256.256.256:1", "LEDGERD_DEMO=false", "LEDGERD_LEDGER=books"}
	d := startDaemon(t, binary, environment, "--listen=127.0.0.1:0")
	if got := get(t, d.address, "/users/"+demoUser+"/balance"); !strings.Contains(got, "user not found") {
		t.Error(got)
	}
	awaitLog(t, d, `"ledger":"books"`)
	d.signal(t, os.Interrupt)
	d.expectExit(t, 0)
}
