package postgres

import (
	"strings"
	"testing"
)

func TestParseMigration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, text     string
		compatibleFrom int
		record         string
	}{
		"says nothing": {"0007_x.sql", "SELECT 1;\n", 7, "(version, name) VALUES (7, '0007_x');"},
		"compatible":   {"0007_x.sql", "-- Compatible from version 6\nSELECT 1;\n", 6, "(version, name, compatible_from) VALUES (7, '0007_x', 6);"},
		"its own":      {"0007_x.sql", "-- Compatible from version 7\nSELECT 1;\n", 7, "(version, name) VALUES (7, '0007_x');"},
		"later":        {"0007_x.sql", "-- Compatible from version 8\n", 0, ""},
		"none":         {"0007_x.sql", "-- Compatible from version 0\n", 0, ""},
		"no number":    {"0007_x.sql", "-- Compatible from version six\n", 0, ""},
		"no version":   {"x_0007.sql", "SELECT 1;\n", 0, ""},
	} {
		step, err := parseMigration("migrations/"+test.file, test.text)
		if (err != nil) != (test.compatibleFrom == 0) || step.compatibleFrom != test.compatibleFrom {
			t.Errorf("%s: %+v, %v", name, step, err)
		}
		if err == nil && !strings.HasSuffix(step.status().SQL, test.record+"\n") {
			t.Errorf("%s: %s", name, step.status().SQL)
		}
	}
}
