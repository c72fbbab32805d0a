package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// longestSpan is what nobody means to exceed: a root's ten years, ten times over.
const longestSpan = 100 * 366 * day

// parseSpan reads 14d and 2w beside what Go has: 36h, 1h30m.
func parseSpan(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no span of time: write it as 14d, 2w or 36h", s)
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		number, ok := strings.CutSuffix(s, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || time.Duration(n) > longestSpan/length {
			return 0, wrong
		}
		return time.Duration(n) * length, nil
	}
	span, err := time.ParseDuration(s)
	if err != nil || span < 0 || span > longestSpan {
		return 0, wrong
	}
	return span, nil
}

// spanText writes a span as people say it: 14d, 36h, 1m30s.
func spanText(span time.Duration) string {
	if span >= day && span%day == 0 {
		return fmt.Sprintf("%dd", span/day)
	}
	text := span.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
