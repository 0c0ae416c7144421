package docs_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
)

// [snippet keep]

// Keep restores the client and saves it from now on.
func Keep(ctx context.Context, client *query.Client, path string) (*persist.Session, error) {
	return persist.Start(ctx, client, persist.File{Path: path}, persist.Options{
		Buster: "v2", // changes with the types of the data
		MaxAge: 7 * 24 * time.Hour,
		Retry:  persist.RemoveOldest, // when the snapshot is too large
		OnError: func(err error) {
			log.Print(err)
		},
	})
}

// [end]

func Example_keep() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "freshet")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "client.json")
	for range 2 {
		client, closing := open(query.Config{})
		session, err := Keep(ctx, client, path)
		check(err)
		order, err := query.Ensure(ctx, client, OrderByID("o-17"))
		check(err)
		fmt.Println(session.Restored().Outcome, order.Status)
		check(session.Close(ctx))
		closing()
	}
	// Output:
	// GET order o-17
	// absent open
	// restored open
}

// [snippet once]

func TestPersistence_aQueryIsAskedForOnce(t *testing.T) {
	t.Parallel()
	files := persist.Dir{Path: t.TempDir()}
	for _, asked := range []int{1, 0} { // two runs of a program
		querytest.Run(t, func(h *querytest.Harness) {
			p := persist.NewPersister(h.Context(), h.Client(), files, persist.QueryOptions{})
			server := querytest.Script(h, querytest.Value(Order{Status: "open"}))
			q := OrderByID("o-17")
			q.Fetch = server.Fetch
			q.Policy.StaleTime = query.StaleAfter(time.Hour)

			r := querytest.Watch(h, persist.Wrap(p, q))
			require.Equal(h, "open", r.Last().Data().Status)
			require.Equal(h, asked, server.Calls())
			require.NoError(h, p.Close(h.Context()))
		})
	}
}

// [end]

// [snippet secret]

// Secret is a store whose file nobody can read without the key.
func Secret(path string, key cipher.AEAD) persist.Store {
	return persist.File{Path: path, Codec: persist.Codec{
		Encode: func(plain []byte) ([]byte, error) { return key.Seal(nil, nil, plain, nil), nil },
		Decode: func(stored []byte) ([]byte, error) { return key.Open(nil, nil, stored, nil) },
	}}
}

// [end]

func TestPersistence_aSecretNeedsItsKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "client")
	querytest.Run(t, func(h *querytest.Harness) {
		require.NoError(h, query.Set(h.Client(), OrderByID("o-17"), Order{Status: "open"}))
		require.NoError(h, persist.Save(h.Context(), h.Client(), Secret(path, sealedBy(h, 1)), persist.Options{}))
		stored, err := os.ReadFile(path)
		require.NoError(h, err)
		require.NotContains(h, string(stored), "open")

		got, err := persist.Restore(h.Context(), h.Client(), Secret(path, sealedBy(h, 1)), persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeRestored, got.Outcome)
		got, err = persist.Restore(h.Context(), h.Client(), Secret(path, sealedBy(h, 2)), persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeMalformed, got.Outcome)
	})
}

func sealedBy(t testing.TB, secret byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(append(make([]byte, 31), secret))
	require.NoError(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	return aead
}
