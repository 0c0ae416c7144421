package persist_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/querykey"
)

// record is what a client with one order would have saved at the given time.
func record(at time.Time) *persist.Record {
	return &persist.Record{Version: persist.RecordVersion, Timestamp: at, ClientState: &query.Snapshot{
		Version: query.SnapshotVersion,
		Queries: []query.QuerySnapshot{{
			Key: querykey.Of("order", 1), Status: query.StatusSuccess, FetchStatus: query.FetchIdle,
			Data: json.RawMessage(`"packed"`), DataUpdatedAt: at, DataUpdateCount: 1,
		}},
	}}
}

func encoded(t testing.TB, r *persist.Record) []byte {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	return text
}

func TestParseRecord_readsWhatWasWritten(t *testing.T) {
	t.Parallel()
	r := record(time.Unix(100, 5).UTC())
	r.Buster = "v7"
	got, err := persist.ParseRecord(encoded(t, r))
	require.NoError(t, err)
	require.Equal(t, "v7", got.Buster)
	require.True(t, r.Timestamp.Equal(got.Timestamp))
	require.Equal(t, r.ClientState.Queries[0].Key, got.ClientState.Queries[0].Key)
	require.JSONEq(t, `"packed"`, string(got.ClientState.Queries[0].Data))
}

func TestParseRecord_refusesWhatIsNone(t *testing.T) {
	t.Parallel()
	sound := string(encoded(t, record(time.Unix(100, 0).UTC())))
	for name, text := range map[string]string{
		"nothing":             "",
		"null":                "null",
		"not JSON":            "PK\x03\x04",
		"cut short":           sound[:len(sound)/2],
		"followed by more":    sound + "{}",
		"a list":              "[]",
		"a foreign version":   strings.Replace(sound, `{"version":1`, `{"version":2`, 1),
		"no version":          strings.Replace(sound, `{"version":1,`, `{`, 1),
		"no timestamp":        `{"version":1,"clientState":{"version":1}}`,
		"no client state":     `{"version":1,"timestamp":"2026-01-02T03:04:05Z"}`,
		"a time that is none": `{"version":1,"timestamp":"yesterday","clientState":{}}`,
		"a key that is none":  `{"version":1,"timestamp":"2026-01-02T03:04:05Z","clientState":{"queries":[{"key":{}}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := persist.ParseRecord([]byte(text))
			require.ErrorIs(t, err, persist.ErrMalformed)
		})
	}
}

func TestParseRecord_errorTellsNothingOfTheRecord(t *testing.T) {
	t.Parallel()
	_, err := persist.ParseRecord([]byte(`{"version":"hunter2"}`))
	require.ErrorIs(t, err, persist.ErrMalformed)
	require.NotContains(t, err.Error(), "hunter2")
	var cause *json.UnmarshalTypeError
	require.ErrorAs(t, err, &cause)

	_, err = persist.ParseRecord([]byte(`{"version":1,"timestamp":"hunter2"}`))
	require.ErrorIs(t, err, persist.ErrMalformed)
	require.NotContains(t, err.Error(), "hunter2")
}
