package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	noSkips := flag.Bool("no-skips", false, "treat a skipped test as a failure")
	totals := flag.String("totals", "", "append a line \"passed failed skipped\" to this `file`")
	flag.Parse()

	s, err := read(os.Stdin)
	if err == nil {
		err = s.print(os.Stdout)
	}
	if err == nil && *totals != "" {
		err = appendLine(*totals, fmt.Sprintln(s.total.passed, s.total.failed, s.total.skipped))
	}
	if err == nil {
		err = s.verdict(*noSkips)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
}

func appendLine(name, line string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(line); err != nil {
		return err
	}
	return file.Close()
}
