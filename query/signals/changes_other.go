//go:build !linux

package signals

// changes has nothing to tell: the network is polled.
func changes() (c <-chan struct{}, end func()) { return nil, func() {} }
