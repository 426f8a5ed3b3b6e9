// Package clienttest_test uses the API through a client that an ordinary generator
// makes of openapi.yaml: what the description says is then what a program can do.
package clienttest_test

//go:generate go tool -modfile=../../../../.ci/tools.mod oapi-codegen -config config.yaml -o client_generated_test.go ../../openapi.yaml
