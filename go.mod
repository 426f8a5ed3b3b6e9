module github.com/seed-d432d95b/ledger

go 1.26

require pgregory.net/rapid v1.3.0
