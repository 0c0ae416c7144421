package signals

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

// groups are what the kernel tells of: links, addresses and routes. Package syscall
// has no names for the groups of rtnetlink.
const groups = 0x1 | // RTMGRP_LINK
	0x10 | 0x40 | // RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE
	0x100 | 0x400 // RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE

// changes listens to rtnetlink, or tells nothing if that is not allowed.
func changes() (c <-chan struct{}, end func()) {
	socket, err := listen()
	if err != nil {
		return nil, func() {}
	}
	news := make(chan struct{}, 1)
	var work sync.WaitGroup
	work.Go(func() { pass(socket, news) })
	return news, func() {
		_ = socket.Close() // wakes who reads
		work.Wait()
	}
}

func listen() (*os.File, error) {
	const kind = syscall.SOCK_RAW | syscall.SOCK_CLOEXEC | syscall.SOCK_NONBLOCK
	fd, err := syscall.Socket(syscall.AF_NETLINK, kind, syscall.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}

// pass says that there are messages, whatever they say: the interfaces know better,
// and messages may be lost, which is one, too. It returns when nothing more comes.
func pass(messages io.Reader, news chan<- struct{}) {
	defer close(news)
	for buffer := make([]byte, 1<<12); ; {
		if _, err := messages.Read(buffer); err != nil && !errors.Is(err, syscall.ENOBUFS) {
			return
		}
		select {
		case news <- struct{}{}:
		default:
		}
	}
}
