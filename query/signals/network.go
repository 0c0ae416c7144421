package signals

import "net"

// network is what a monitor looks at.
type network struct {
	// up looks at it.
	up func() bool
	// changes says when to look again, until end is called or it cannot any more, when
	// the channel is closed. It is nil where the system does not tell. end may be called
	// repeatedly.
	changes func() (c <-chan struct{}, end func())
}

// machine is the network of this machine.
func machine() network {
	return network{up: func() bool { return connected(net.Interfaces, (*net.Interface).Addrs) }, changes: changes}
}

// connected reports whether one of the interfaces leads to others, or may do so.
func connected(list func() ([]net.Interface, error), addrs func(*net.Interface) ([]net.Addr, error)) bool {
	interfaces, err := list()
	if err != nil || len(interfaces) == 0 { // there is at least loopback: they are hidden
		return true
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		if list, err := addrs(&i); err != nil || anyGlobal(list) {
			return true
		}
	}
	return false
}

// anyGlobal reports whether an address is good for more than its own link.
func anyGlobal(list []net.Addr) bool {
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}
