module github.com/seed-d432d95b/ledger

go 1.26
