package persist_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/persist"
)

// listed is a storage that can be searched.
type listed interface {
	persist.Storage
	persist.Lister
}

func storages(t *testing.T) map[string]listed {
	t.Helper()
	return map[string]listed{
		"Memory": new(persist.Memory),
		"Dir":    persist.Dir{Path: filepath.Join(t.TempDir(), "made", "if needed")},
	}
}

func stores(t *testing.T) map[string]persist.Store {
	t.Helper()
	return map[string]persist.Store{
		"File":   persist.File{Path: filepath.Join(t.TempDir(), "made", "client.json")},
		"Memory": persist.Slot{Storage: new(persist.Memory)},
		"Dir":    persist.Slot{Storage: persist.Dir{Path: t.TempDir()}, Key: "any/../key"},
	}
}

func TestStore_keepsOneRecord(t *testing.T) {
	t.Parallel()
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			_, err := store.Load(ctx)
			require.ErrorIs(t, err, persist.ErrAbsent)
			require.NoError(t, store.Remove(ctx))

			require.NoError(t, store.Save(ctx, record(time.Unix(1, 0))))
			require.NoError(t, store.Save(ctx, record(time.Unix(2, 0))))
			got, err := store.Load(ctx)
			require.NoError(t, err)
			require.True(t, got.Timestamp.Equal(time.Unix(2, 0)))
			require.Len(t, got.ClientState.Queries, 1)

			require.NoError(t, store.Remove(ctx))
			_, err = store.Load(ctx)
			require.ErrorIs(t, err, persist.ErrAbsent)
		})
	}
}

func TestStore_heedsItsContext(t *testing.T) {
	t.Parallel()
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, store.Save(t.Context(), record(time.Unix(1, 0))))
			enough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(enough)
			_, err := store.Load(ctx)
			require.ErrorIs(t, err, enough)
			require.ErrorIs(t, store.Save(ctx, record(time.Unix(2, 0))), enough)
			require.ErrorIs(t, store.Remove(ctx), enough)
			got, err := store.Load(t.Context())
			require.NoError(t, err)
			require.True(t, got.Timestamp.Equal(time.Unix(1, 0)))
		})
	}
}

func TestStorage_keepsValuesUnderAnyKey(t *testing.T) {
	t.Parallel()
	keys := []string{"", "a", "A", "../../etc/passwd", "line\nbreak", `["order",{"id":1}]`, "nul\x00", "\xff"}
	for name, storage := range storages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			for _, key := range keys {
				_, err := storage.Get(ctx, key)
				require.ErrorIs(t, err, persist.ErrAbsent)
				require.NoError(t, storage.Set(ctx, key, []byte("old")))
				require.NoError(t, storage.Set(ctx, key, []byte("value\nof "+key)))
			}
			seen := map[string]string{}
			for item, err := range storage.Entries(ctx) {
				require.NoError(t, err)
				seen[item.Key] = string(item.Value)
				require.NoError(t, storage.Remove(ctx, item.Key))
			}
			require.Len(t, seen, len(keys))
			for _, key := range keys {
				require.Equal(t, "value\nof "+key, seen[key])
				_, err := storage.Get(ctx, key)
				require.ErrorIs(t, err, persist.ErrAbsent)
				require.NoError(t, storage.Remove(ctx, key))
			}
		})
	}
}

func TestStorage_entriesCanBeLeftAndCancelled(t *testing.T) {
	t.Parallel()
	for name, storage := range storages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range storage.Entries(t.Context()) {
				require.Fail(t, "an empty storage has no entries")
			}
			for i := range 3 {
				require.NoError(t, storage.Set(t.Context(), strconv.Itoa(i), []byte("x")))
			}
			n := 0
			for range storage.Entries(t.Context()) {
				n++
				break
			}
			require.Equal(t, 1, n)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var errs []error
			for _, err := range storage.Entries(ctx) {
				cancel()
				errs = append(errs, err)
			}
			require.Len(t, errs, 2)
			require.NoError(t, errs[0])
			require.ErrorIs(t, errs[1], context.Canceled)
		})
	}
}

func TestMemory_sharesNoBytes(t *testing.T) {
	t.Parallel()
	var m persist.Memory
	value := []byte("abc")
	require.NoError(t, m.Set(t.Context(), "k", value))
	value[0] = 'X'
	got, err := m.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, "abc", string(got))
	got[0] = 'Y'
	for item, err := range m.Entries(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "abc", string(item.Value))
	}
}

func TestFile_onlyItsUserReadsIt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes")
	}
	dir := t.TempDir()
	f := persist.File{Path: filepath.Join(dir, "own", "client.json")}
	require.NoError(t, f.Save(t.Context(), record(time.Unix(1, 0))))
	info, err := os.Stat(f.Path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(filepath.Dir(f.Path))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

func TestFile_leavesNothingElseBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := persist.File{Path: filepath.Join(dir, "client.json"), MaxSize: 1000}
	var saves sync.WaitGroup
	for i := range 20 {
		saves.Go(func() {
			r := record(time.Unix(int64(i+1), 0))
			if i%2 == 0 {
				r.Buster = string(bytes.Repeat([]byte("x"), 2000)) // is refused
			}
			err := f.Save(t.Context(), r)
			if i%2 == 0 && !errors.Is(err, persist.ErrTooLarge) || i%2 != 0 && err != nil {
				t.Errorf("save %d: %v", i, err)
			}
		})
	}
	saves.Wait()
	got, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, got.Timestamp.Unix()%2)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestFile_failedSaveKeepsTheOldContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := persist.File{Path: filepath.Join(dir, "client.json")}
	require.NoError(t, os.MkdirAll(filepath.Join(f.Path, "in the way"), 0o700))
	err := f.Save(t.Context(), record(time.Unix(1, 0)))
	require.ErrorContains(t, err, "persist: ")
	require.DirExists(t, filepath.Join(f.Path, "in the way"))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.ErrorContains(t, f.Remove(t.Context()), "persist: ")
	_, err = f.Load(t.Context())
	require.ErrorContains(t, err, "persist: ")
	require.NotErrorIs(t, err, persist.ErrMalformed)

	f.Path = filepath.Join(dir, "client.json", "in the way", "file")
	require.NoError(t, f.Save(t.Context(), record(time.Unix(1, 0))))
	f.Path = filepath.Join(f.Path, "below a file")
	require.ErrorContains(t, f.Save(t.Context(), record(time.Unix(1, 0))), "persist: ")
}

func TestFile_isNotReadBeyondItsLimit(t *testing.T) {
	t.Parallel()
	f := persist.File{Path: filepath.Join(t.TempDir(), "client.json")}
	require.NoError(t, f.Save(t.Context(), record(time.Unix(1, 0))))
	f.MaxSize = 10
	_, err := f.Load(t.Context())
	require.ErrorIs(t, err, persist.ErrTooLarge)
}

func TestDir_damagedFilesAreNoValues(t *testing.T) {
	t.Parallel()
	d := persist.Dir{Path: t.TempDir(), MaxSize: 100}
	require.NoError(t, d.Set(t.Context(), "a", []byte("1")))
	require.NoError(t, d.Set(t.Context(), "b", []byte("2")))
	require.ErrorIs(t, d.Set(t.Context(), "c", make([]byte, 101)), persist.ErrTooLarge)
	require.NoError(t, os.WriteFile(filepath.Join(d.Path, "README"), []byte("hello"), 0o600))
	files, err := filepath.Glob(filepath.Join(d.Path, "*.entry"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	other, err := os.ReadFile(files[1])
	require.NoError(t, err)

	for name, content := range map[string][]byte{
		"no key":      []byte("garbage"),
		"empty":       nil,
		"another key": other,
		"too large":   bytes.Repeat([]byte("x"), 101),
	} {
		require.NoError(t, os.WriteFile(files[0], content, 0o600), name)
		bad := 0
		for _, key := range []string{"a", "b"} {
			if _, err := d.Get(t.Context(), key); err != nil {
				bad++
				if !errors.Is(err, persist.ErrTooLarge) {
					require.ErrorIs(t, err, persist.ErrMalformed, name)
				}
			}
		}
		require.Equal(t, 1, bad, name)

		var sound int
		var errs []error
		for _, err := range d.Entries(t.Context()) {
			if err != nil {
				errs = append(errs, err)
			} else {
				sound++
			}
		}
		require.Equal(t, 1, sound, name)
		require.Len(t, errs, 1, name)
		require.NoFileExists(t, files[0], name)
	}
	require.FileExists(t, filepath.Join(d.Path, "README"))
}

func TestDir_thatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	d := persist.Dir{Path: path}
	n := 0
	for _, err := range d.Entries(t.Context()) {
		n++
		require.ErrorContains(t, err, "persist: ")
	}
	require.Equal(t, 1, n)
}

func TestCodec_changesWhatIsStored(t *testing.T) {
	t.Parallel()
	var storage persist.Memory
	flip := func(b []byte) ([]byte, error) {
		b = bytes.Clone(b)
		for i := range b {
			b[i] ^= 0xff
		}
		return b, nil
	}
	store := persist.Slot{Storage: &storage, Key: "k", Codec: persist.Codec{Encode: flip, Decode: flip}}
	require.NoError(t, store.Save(t.Context(), record(time.Unix(1, 0))))
	raw, err := storage.Get(t.Context(), "k")
	require.NoError(t, err)
	require.NotContains(t, string(raw), "packed")
	got, err := store.Load(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `"packed"`, string(got.ClientState.Queries[0].Data))
}

func TestCodec_failureToDecodeIsAMalformedRecord(t *testing.T) {
	t.Parallel()
	wrongKey := errors.New("hunter2 is the wrong key")
	store := persist.Slot{Storage: new(persist.Memory)}
	require.NoError(t, store.Save(t.Context(), record(time.Unix(1, 0))))
	store.Codec.Decode = func([]byte) ([]byte, error) { return nil, wrongKey }
	_, err := store.Load(t.Context())
	require.ErrorIs(t, err, persist.ErrMalformed)
	require.ErrorIs(t, err, wrongKey)
	require.NotContains(t, err.Error(), "hunter2")

	store.Codec.Decode = func([]byte) ([]byte, error) { panic(wrongKey) }
	_, err = store.Load(t.Context())
	require.ErrorIs(t, err, persist.ErrMalformed)

	store.Codec.Encode = func([]byte) ([]byte, error) { return nil, wrongKey }
	require.ErrorIs(t, store.Save(t.Context(), record(time.Unix(1, 0))), wrongKey)
}
