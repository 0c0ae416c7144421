package trpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

func streaming(items int) trpc.Batch {
	return trpc.Batch{Mode: trpc.BatchStream, MaxItems: items, Window: time.Hour}
}

func TestInterop_streamAnswersTheFastCallFirst(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"plain": nil, "kept alive": {"--jsonl-ping-ms", "10"}, "another content type": {"--jsonl-content-type", "application/x-ndjson"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.Start(t, flags...)
			c := realClient(t, s, trpc.Config{Batch: streaming(3)})
			ended := make(chan string, 3)
			calls := [][2]string{{"wire.delay", `{"ms":1000,"tag":"slow"}`}, {"wire.ping", ""}, {"wire.fail", `{"code":"CONFLICT"}`}}
			together(len(calls), func(i int) {
				_, err := queryRaw(t, c, calls[i][0], calls[i][1])
				if (err != nil) != (calls[i][0] == "wire.fail") {
					t.Errorf("%s: %v", calls[i][0], err)
				}
				ended <- calls[i][0]
			})
			first, second := <-ended, <-ended
			require.ElementsMatch(t, []string{"wire.ping", "wire.fail"}, []string{first, second})
			require.Equal(t, "wire.delay", <-ended)
			require.Equal(t, 1, s.Counters().HTTP.Requests)
		})
	}
}

func TestInterop_streamBringsPromisesAndGenerators(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]trpc.Config{"none": {}, "superjson": {Transformer: trpc.SuperJSON()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.Start(t, "--transformer", name)
			cfg.Batch = streaming(1)
			c := realClient(t, s, cfg)
			out, err := queryRaw(t, c, "wire.stream", `{"to":3,"gapMs":5}`)
			require.NoError(t, err)
			require.JSONEq(t, `[{"n":1},{"n":2},{"n":3}]`, out)
			_, err = queryRaw(t, c, "wire.stream", `{"to":3,"failAt":2,"failCode":"CONFLICT"}`)
			require.ErrorIs(t, err, trpc.CodeConflict)
			_, err = queryRaw(t, c, "wire.deferred", `{"ms":5}`)
			require.ErrorIs(t, err, trpc.CodeConflict)
			require.ErrorContains(t, err, "late failure")
		})
	}
}

func TestInterop_streamCutByTheServer(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{Batch: streaming(2)})
	// The head and the three lines of the first call, then the end.
	s.Control("inject", map[string]any{"kind": "cut_stream", "afterLines": 4}, nil)
	errs := make([]error, 2)
	calls := [][2]string{{"wire.ping", ""}, {"wire.delay", `{"ms":300}`}}
	together(2, func(i int) { _, errs[i] = queryRaw(t, c, calls[i][0], calls[i][1]) })
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], trpc.ErrStreamCut)
}

func TestInterop_streamOfOlderServers(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"v10", "v11.0"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := trpctest.StartOld(t, line)
			c := realClient(t, s, trpc.Config{Batch: streaming(2)})
			together(2, func(int) {
				out, err := queryRaw(t, c, "wire.echo", `{"a":1}`)
				if err != nil || out == "" {
					t.Errorf("%s, %v", out, err)
				}
			})
		})
	}
}
