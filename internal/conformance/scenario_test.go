package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

// program returns a scenario with the given steps.
func program(steps string) string {
	return `{"name": "x/y", "about": "z", "fns": {"f": {"counter": true, "after": 5}}, "steps": [` + steps + `]}`
}

func TestParse_readsEveryScenarioOfTheCorpus(t *testing.T) {
	t.Parallel()
	files, err := conformance.Load(os.DirFS(corpus), ".")
	require.NoError(t, err)
	require.Greater(t, len(files), 600)
	for _, f := range files {
		require.NoError(t, f.Err)
		require.Equal(t, strings.TrimSuffix(f.Path, ".json"), f.Scenario.Name)
		require.NotEmpty(t, f.Scenario.Expect, f.Path)
	}
}

func TestParse_refusesWhatTheFormatDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, complaint string }{
		{"not JSON", `{`, "unexpected"},
		{"two values", program("") + "1", "more follows"},
		{"no object", `[]`, "a scenario is an object"},
		{"no name", `{"about": "z", "steps": []}`, "name is missing"},
		{"no steps", `{"name": "x/y", "about": "z"}`, "steps is missing"},
		{"unknown member", `{"name": "x/y", "about": "z", "steps": [], "step": []}`, "unknown member step"},
		{"unknown step", program(`{"do": "advance", "ms": 1}, {"do": "advanse", "ms": 1}`), "steps[1] advanse: unknown step"},
		{"step without name", program(`{"ms": 1}`), "steps[0] : unknown step"},
		{"missing member", program(`{"do": "advance"}`), "steps[0] advance: ms is missing"},
		{"surplus member", program(`{"do": "clear", "key": []}`), "steps[0] clear: unknown member key"},
		{"time that is none", program(`{"do": "advance", "ms": -1}`), "must be a number of milliseconds"},
		{"fraction", program(`{"do": "advance", "ms": 1.5}`), "must be a number of milliseconds"},
		{"misspelt option", program(`{"do": "observe", "id": "o", "options": {"queryKey": [], "staleTme": 1}}`), "observe.options: unknown member staleTme"},
		{"no key", program(`{"do": "observe", "id": "o", "options": {"staleTime": 1}}`), "queryKey is missing"},
		{"wrong kind of option", program(`{"do": "fetchQuery", "options": {"queryKey": [], "staleTime": "later"}}`), "options.staleTime"},
		{"wrong outcome of an operator", program(`{"do": "fetchQuery", "options": {"queryKey": [], "staleTime": {"$byStatus": {"else": "never"}}}}`), "options.staleTime"},
		{"unknown operator", program(`{"do": "fetchQuery", "options": {"queryKey": [], "retry": {"$sometimes": 1}}}`), "has no operator $sometimes"},
		{"operator of another option", program(`{"do": "fetchQuery", "options": {"queryKey": [], "gcTime": {"$byData": {}}}}`), "has no operator $byData"},
		{"surplus in an operator", program(`{"do": "fetchQuery", "options": {"queryKey": [], "select": {"$pick": "x", "$map": "y"}}}`), "must be an operator"},
		{"select without operator", program(`{"do": "fetchQuery", "options": {"queryKey": [], "select": "x"}}`), "must be an operator"},
		{"unknown field", program(`{"do": "setOptions", "id": "o", "options": {"notifyOnChangeProps": ["dat"]}}`), "there is no field"},
		{"unknown predicate", program(`{"do": "findQueries", "filters": {"predicate": {"$odd": true}}}`), "has no operator $odd"},
		{"unknown filter", program(`{"do": "refetchQueries", "filters": {"refetchType": "all"}}`), "unknown member refetchType"},
		{"unknown updater", program(`{"do": "setQueryData", "key": [], "update": {"$double": 1}}`), "unknown updater"},
		{"value and update", program(`{"do": "setQueryData", "key": [], "value": 1, "update": {"$inc": 1}}`), "either value or update"},
		{"neither of them", program(`{"do": "setQueryData", "key": []}`), "either value or update"},
		{"unknown operation", program(`{"do": "mutate", "id": "m", "onError": {"ops": [{"do": "panic"}]}}`), "ops[0]: unknown op panic"},
		{"surplus in an operation", program(`{"do": "mutate", "id": "m", "onError": {"ops": [{"do": "wait", "ms": 1, "await": true}]}}`), "unknown member await"},
		{"unknown callback", `{"name": "x/y", "about": "z", "steps": [], "client": {"mutationCache": {"onFail": {}}}}`, "unknown member onFail"},
		{"callback of the query cache with operations", `{"name": "x/y", "about": "z", "steps": [], "client": {"queryCache": {"onError": {"ops": []}}}}`, "unknown member ops"},
		{"function without responses", `{"name": "x/y", "about": "z", "steps": [], "fns": {"f": {"responses": []}}}`, "has no responses"},
		{"response without outcome", `{"name": "x/y", "about": "z", "steps": [], "fns": {"f": {"responses": [{"after": 1}]}}}`, "needs value, error or never"},
		{"promise twice", program(`{"do": "resumePausedMutations", "as": "p"}, {"do": "resumePausedMutations", "as": "p"}`), "promise p is used twice"},
		{"observer twice", program(`{"do": "observeMutation", "id": "o", "options": {}}, {"do": "observeMutation", "id": "o", "options": {}}`), "observer o exists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := conformance.Parse([]byte(c.text))
			require.ErrorContains(t, err, c.complaint)
			require.ErrorContains(t, err, "conformance: ")
		})
	}
}

func TestLoad_namesTheFileThatIsWrong(t *testing.T) {
	t.Parallel()
	good := program(`{"do": "clear"}`)
	files, err := conformance.Load(fstest.MapFS{
		"a/bad.json":  {Data: []byte(program(`{"do": "nothing"}`))},
		"a/good.json": {Data: []byte(good)},
		"b/same.json": {Data: []byte(good)},
		"b/note.txt":  {Data: []byte("no scenario")},
	}, ".")
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.ErrorContains(t, files[0].Err, "a/bad.json: ")
	require.NoError(t, files[1].Err)
	require.ErrorContains(t, files[2].Err, "two scenarios have the name x/y")
}

func TestPlay_namesTheStepThatCannotBePlayed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ steps, complaint string }{
		{`{"do": "clear"}, {"do": "unobserve", "id": "o"}`, "x/y: steps[1] unobserve (t=0): no observer named o"},
		{`{"do": "clear", "client": "c"}`, "steps[0] clear (t=0): no client named c"},
		{`{"do": "observe", "id": "o", "options": {"queryKey": [], "queryFn": "g"}}`, "there is no function g"},
		{`{"do": "observeMutation", "id": "o", "options": {}}, {"do": "refetch", "id": "o"}`, "observer o is of another kind"},
		{`{"do": "hydrate", "from": "s"}`, "never dehydrated"},
	} {
		s, err := conformance.Parse([]byte(program(c.steps)))
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) { _, err = s.Play() })
		require.ErrorContains(t, err, c.complaint)
	}
}

func TestFailedPins_namesClaimsThatDoNotHold(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(corpus, "seller/confirm-order-optimistic.json"))
	require.NoError(t, err)
	s, err := conformance.Parse(text)
	require.NoError(t, err)
	require.Empty(t, s.FailedPins(s.Expect))
	for _, c := range []struct{ old, next string }{
		{`{"aborts": "order", "at": [3100]}`, `{"aborts": "order", "at": [3101]}`},
		{`"changesAt": [90, 3100]`, `"changesAt": [90]`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"observer": "d", "at": 200, "is": {"isStale": true}}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"query": ["orders", 7], "is": "absent"}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"mutation": 1, "at": 3200, "is": {"status": "success"}}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"promise": "p", "is": "done"}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"pending": ["p"]}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"callbacks": ["option.onSettled"]}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"returned": [1]}`},
		{`{"calls": "order", "at": [0, 3090, 3400]}`, `{"has": {"isFetching": 2}}`},
	} {
		altered := strings.Replace(string(text), c.old, c.next, 1)
		require.NotEqual(t, string(text), altered)
		s, err := conformance.Parse([]byte(altered))
		require.NoError(t, err)
		require.Len(t, s.FailedPins(s.Expect), 1, c.next)
	}
}

func FuzzScenario(f *testing.F) {
	for _, steps := range []string{
		`{"do": "mutate", "id": "m", "onError": {"ops": [{"do": "wait", "ms": 1}, {"do": "setQueryData", "key": ["$variables.id"], "update": {"$set": {"path": "x", "value": 1}}}], "throw": "x"}}`,
		`{"do": "observe", "id": "o", "options": {"queryKey": ["a", {"x": 1}], "queryFn": "f", "refetchInterval": {"$byPresence": {"path": "", "field": "s", "rules": [{"is": "x", "every": 5}], "else": false}}}, "watch": ["x"]}`,
		`{"do": "fetchQuery", "options": {"queryKey": [], "select": {"$throwWhen": {"path": "x", "equals": 1, "message": "m"}}, "staleTime": {"$byData": {"path": "x", "map": {"a": "static"}, "else": 3}}}}`,
		`{"do": "newClient", "id": "c", "config": {"defaultOptions": {"queries": {"retry": {"$errorIs": "x", "max": 1}, "retryDelay": {"$exp": {"base": 1, "max": 2}}}}, "queryCache": {"onError": {}}}}`,
		`{"do": "dehydrate", "as": "s", "options": {"queries": ["success"], "mutations": "all"}}, {"do": "findMutations", "filters": {"predicate": {"$variables": {"path": "x", "equals": 1}}}}`,
	} {
		f.Add([]byte(program(steps)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := conformance.Parse(text)
		if err != nil {
			require.Nil(t, s)
			return
		}
		again, err := conformance.Parse(text)
		require.NoError(t, err)
		require.Nil(t, conformance.Compare(s.Expect, again.Expect))
	})
}
