package main

import "strconv"

// counted returns a number with its thousands apart, and what it counts.
func counted[N int | uint64](n N, one string) string {
	digits := strconv.FormatUint(uint64(n), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	switch {
	case n == 1:
		return digits + " " + one
	case one == "entry":
		return digits + " entries"
	}
	return digits + " " + one + "s"
}
