package main

import (
	"context"
	"fmt"
	"io"
)

// printLines writes a line for everything that happens until ctx is done.
func printLines(ctx context.Context, s *session, o options, out io.Writer) error {
	_, err := fmt.Fprintf(out, "watching %s\n", s.backend.name)
	for err == nil {
		select {
		case <-s.journal.news:
			err = printNews(s.journal, o, out)
		case <-ctx.Done():
			return printNews(s.journal, o, out)
		}
	}
	return err
}

func printNews(j *journal, o options, out io.Writer) error {
	news, lost := j.take()
	if lost > 0 {
		if _, err := fmt.Fprintf(out, "(%d lines were dropped because nobody read them)\n", lost); err != nil {
			return err
		}
	}
	for _, e := range news {
		if o.paged && e.page != o.page {
			continue
		}
		if _, err := fmt.Fprintln(out, e); err != nil {
			return err
		}
	}
	return nil
}

// String is the entry as a line.
func (e entry) String() string {
	line := fmt.Sprintf("%s  %-9s  %s", e.at.Format("15:04:05.0"), e.page, e.text)
	if e.replaced > 0 {
		line += fmt.Sprintf("  (was %s old)", tenths(e.replaced))
	}
	return line
}
