// Package persist keeps what a client of package query knows beyond the end of
// the program.
//
// # The whole client
//
// A [Store] holds one [Record]: a snapshot of the client, and when and by which
// version of the program it was made. [Start] restores it and from then on saves
// it after changes:
//
//	session, err := persist.Start(ctx, client, persist.File{Path: path}, persist.Options{})
//	if err != nil {
//		return err
//	}
//	defer session.Close(ctx) // before the client is closed
//
// Start returns when the client is restored. Let queries be fetched and observed
// only then, and nothing is fetched that was about to be restored.
//
// A snapshot that is too old, of another version or damaged is removed, and the
// program begins with an empty cache: [Session.Restored] tells why. A store that
// fails is an error, and what it holds is left alone.
//
// # Single queries
//
// A [Persister] keeps each query under a key of its own in a [Storage]. [Wrap]
// gives a query to it: the first fetch of an entry without data asks the storage
// before the server, and what is fetched is stored. So only what is used is read,
// and only what changed is written.
//
// # Where it is kept
//
// [File] is a Store, [Dir] a Storage, both of files that only their user can
// read. [Memory] is a Storage for tests and for several clients of one program.
// [Slot] makes a Store of one place in a Storage. [Codec] compresses or encrypts
// what is stored.
//
// Stores, storages and functions of options may panic; that is an error like
// others. They must heed their context: whoever waits for one that hangs waits as
// long as that allows.
package persist
