module github.com/seed-d432d95b/ledger

go 1.26

require (
	github.com/gorilla/mux v1.8.1
	pgregory.net/rapid v1.3.0
)
