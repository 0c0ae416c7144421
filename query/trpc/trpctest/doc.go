// Package trpctest starts real tRPC servers for tests: a seller's marketplace
// on the current release, and small peers of older ones. It needs Node 20; a
// test that cannot have it is skipped with the reason, or fails where the
// environment variable FRESHET_REQUIRE_NODE is 1.
//
//	server := trpctest.Start(t, "--max-batch-size", "2")
//	client, err := trpc.New(trpc.Config{URL: server.URL, Auth: trpc.BearerToken("tok-1")})
//	server.Inject(trpctest.Fault{Kind: "html_502"})
//
// The server's flags, procedures, control operations and kinds of faults are
// described in testdata/server/README.md of package trpc. Servers of this
// package listen on the loopback interface and end with the test.
package trpctest
