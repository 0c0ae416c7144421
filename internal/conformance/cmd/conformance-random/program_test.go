package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance/shrink"
)

func TestEncode_putsFirstWhatSaysWhatItIs(t *testing.T) {
	t.Parallel()
	const sorted = `{"about":"<z>","fns":{"f":{"counter":true}},"name":"x/y","steps":[{"as":"p","do":"fetchQuery",` +
		`"options":{"gcTime":1,"queryKey":[],"retry":{"$errorIs":"boom","max":4},"staleTime":null}}]}`
	var p shrink.Program
	require.NoError(t, json.Unmarshal([]byte(sorted), &p))
	got, err := encode(p)
	require.NoError(t, err)
	require.Equal(t, `{"name":"x/y","about":"\u003cz\u003e","fns":{"f":{"counter":true}},"steps":[{"do":"fetchQuery","as":"p",`+
		`"options":{"queryKey":[],"gcTime":1,"retry":{"$errorIs":"boom","max":4},"staleTime":null}}]}`, string(got))
}

func TestEncode_refusesWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	_, err := encode(shrink.Program{"steps": []any{make(chan int)}})
	require.ErrorContains(t, err, "unsupported type")
}
