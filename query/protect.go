package query

import "runtime/debug"

// protect calls user code and turns a panic into an error.
func protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// errGoexit stands for a function that ended its goroutine by runtime.Goexit, as
// a test's FailNow does.
func errGoexit() error {
	return &PanicError{Value: "the function ended its goroutine by runtime.Goexit"}
}

// ask calls a policy function. One that panics is reported and counts as if it
// had answered fallback.
func ask[R any](c *Client, what string, fallback R, f func() R) R {
	answer := fallback
	err := protect(func() error {
		answer = f()
		return nil
	})
	if err != nil {
		c.report(what, err)
		return fallback
	}
	return answer
}
