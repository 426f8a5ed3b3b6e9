package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthLimit is how long the server may take to answer.
const healthLimit = 3 * time.Second

// healthcheckCommand asks the server on this machine whether it is alive, for whoever
// runs it where there is nothing else to ask with, as in a container.
func healthcheckCommand(getenv func(string) string) *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the ledgerd on this machine whether it is alive",
		Long: `Ask the ledgerd that listens where LEDGERD_LISTEN says, on this machine, whether it is
alive, over HTTPS if LEDGERD_TLS_CERT is set. The exit code is 0 if it is, and 1 if it is
not. It is for the health checks of containers, and takes no flags: it runs beside the
server with the same environment.`,
		Example: `  ledgerd healthcheck
  LEDGERD_LISTEN=:9000 ledgerd healthcheck`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{errors.New("ledgerd healthcheck takes no arguments")}
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			listen := getenv(variable("listen"))
			if listen == "" {
				listen = defaultSettings().listen
			}
			address, err := localAddress(listen)
			if err != nil {
				return usageError{fmt.Errorf("invalid value %q of %s: %w", listen, variable("listen"), err)}
			}
			scheme := "http"
			if getenv(variable("tls-cert")) != "" {
				scheme = "https"
			}
			return checkHealth(command.Context(), scheme+"://"+address+"/healthz")
		},
	}
}

// localAddress returns how a program on this machine reaches what listens on an address.
func localAddress(listen string) (string, error) {
	if _, err := parseListen(listen); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

func checkHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{
		// It asks itself, by a name that the certificate need not have, and tells nothing.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // See above.
	}}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, response.StatusCode)
	}
	return nil
}
