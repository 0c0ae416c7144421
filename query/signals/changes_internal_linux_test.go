package signals

import (
	"io"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// script is a reader that gives one answer after the other.
type script struct{ answers chan error }

func (s script) Read(b []byte) (int, error) {
	err := <-s.answers
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

func TestPass_tellsOfMessagesUntilReadingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := script{make(chan error)}
		news := make(chan struct{}, 1)
		go pass(s, news)
		told := func() int {
			synctest.Wait()
			n := len(news)
			for range n {
				<-news
			}
			return n
		}
		require.Zero(t, told())
		for range 3 {
			s.answers <- nil
		}
		require.Equal(t, 1, told())
		s.answers <- syscall.ENOBUFS // messages were lost
		require.Equal(t, 1, told())
		s.answers <- io.EOF
		_, open := <-news
		require.False(t, open)
	})
}
