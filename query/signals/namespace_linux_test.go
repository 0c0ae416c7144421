package signals_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/signals"
)

// inNamespace has a process of this test play in a network of its own.
const inNamespace = "FRESHET_SIGNALS_NAMESPACE"

// The test starts itself in a user and a network namespace, where it may change
// the network, and where nothing of it stays. No poll helps: the kernel has to tell.
func TestOnline_followsTheNetworkOfTheKernel(t *testing.T) {
	if os.Getenv(inNamespace) != "" {
		followNetwork(t)
		return
	}
	t.Parallel()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), inNamespace+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	output, err := child.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		// Cloning fails where the system has no namespaces, or keeps them from users.
		for _, refusal := range []error{syscall.EPERM, syscall.EACCES, syscall.ENOSYS, syscall.EINVAL, syscall.ENOSPC} {
			if errors.Is(err, refusal) {
				t.Skipf("needs a user namespace and a network namespace, which the system refuses to user %d: %v", os.Getuid(), err)
			}
		}
	}
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "--- PASS: "+t.Name())
}

func followNetwork(t *testing.T) {
	said := make(chan bool, 1000)
	until := func(v bool) {
		t.Helper()
		for v != <-said {
		}
	}
	o := signals.Online{Settle: time.Millisecond, Poll: 24 * time.Hour}
	stop := o.Source(func(v bool) { said <- v })
	until(false)

	k := openKernel(t)
	k.addCable("near", "far")
	near, far := k.index("near"), k.index("far")
	k.setUp(near, true)
	k.setUp(far, true)
	k.address(syscall.RTM_NEWADDR, near)
	until(true)
	k.setUp(far, false) // the carrier is lost
	until(false)
	k.setUp(far, true)
	until(true)
	k.address(syscall.RTM_DELADDR, near)
	until(false)
	k.address(syscall.RTM_NEWADDR, near)
	until(true)
	k.setUp(near, false)
	until(false)
	k.setUp(near, true)
	until(true)
	k.removeLink(near)
	until(false)
	stop()
}

// kernel changes the network of the namespace by rtnetlink, so that the test needs
// no programs for it.
type kernel struct {
	t  *testing.T
	fd int
}

func openKernel(t *testing.T) *kernel {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Close(fd)) })
	return &kernel{t, fd}
}

func (k *kernel) index(name string) int32 {
	k.t.Helper()
	i, err := net.InterfaceByName(name)
	require.NoError(k.t, err)
	return int32(i.Index)
}

// addCable makes two interfaces that are the ends of one cable.
func (k *kernel) addCable(name, peer string) {
	k.t.Helper()
	const infoKind, infoData, vethPeer = 1, 2, 1 // IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER
	other := append(link(0, 0, 0), attribute(syscall.IFLA_IFNAME, []byte(peer+"\x00"))...)
	info := append(
		attribute(infoKind, []byte("veth")),
		attribute(infoData, attribute(vethPeer, other))...,
	)
	message := link(0, 0, 0)
	message = append(message, attribute(syscall.IFLA_IFNAME, []byte(name+"\x00"))...)
	message = append(message, attribute(syscall.IFLA_LINKINFO, info)...)
	k.request(syscall.RTM_NEWLINK, message)
}

func (k *kernel) removeLink(index int32) {
	k.t.Helper()
	k.request(syscall.RTM_DELLINK, link(index, 0, 0))
}

func (k *kernel) setUp(index int32, up bool) {
	k.t.Helper()
	var flags uint32
	if up {
		flags = syscall.IFF_UP
	}
	k.request(syscall.RTM_NEWLINK, link(index, flags, syscall.IFF_UP))
}

// address adds an address of TEST-NET-1 to an interface, or removes it.
func (k *kernel) address(what uint16, index int32) {
	k.t.Helper()
	message := []byte{syscall.AF_INET, 24, 0, 0}
	message = binary.NativeEndian.AppendUint32(message, uint32(index))
	message = append(message, attribute(syscall.IFA_LOCAL, []byte{192, 0, 2, 1})...)
	k.request(what, message)
}

// request has the kernel do something and waits until it has.
func (k *kernel) request(what uint16, body []byte) {
	k.t.Helper()
	message := binary.NativeEndian.AppendUint32(nil, uint32(syscall.NLMSG_HDRLEN+len(body)))
	message = binary.NativeEndian.AppendUint16(message, what)
	message = binary.NativeEndian.AppendUint16(message, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK|syscall.NLM_F_CREATE)
	message = append(message, make([]byte, 8)...) // sequence number and sender
	message = append(message, body...)
	require.NoError(k.t, syscall.Sendto(k.fd, message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}))

	answer := make([]byte, 1<<12)
	n, _, err := syscall.Recvfrom(k.fd, answer, 0)
	require.NoError(k.t, err)
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	require.NoError(k.t, err)
	require.Len(k.t, messages, 1)
	require.EqualValues(k.t, syscall.NLMSG_ERROR, messages[0].Header.Type)
	code := int32(binary.NativeEndian.Uint32(messages[0].Data))
	require.Zero(k.t, code, "%v", syscall.Errno(-code))
}

// link is the fixed part of a message about an interface.
func link(index int32, flags, mask uint32) []byte {
	message := make([]byte, 4, syscall.SizeofIfInfomsg)
	message = binary.NativeEndian.AppendUint32(message, uint32(index))
	message = binary.NativeEndian.AppendUint32(message, flags)
	return binary.NativeEndian.AppendUint32(message, mask)
}

// attribute is the variable part.
func attribute(kind uint16, value []byte) []byte {
	text := binary.NativeEndian.AppendUint16(nil, uint16(syscall.SizeofRtAttr+len(value)))
	text = binary.NativeEndian.AppendUint16(text, kind)
	text = append(text, value...)
	for len(text)%syscall.RTA_ALIGNTO != 0 {
		text = append(text, 0)
	}
	return text
}
