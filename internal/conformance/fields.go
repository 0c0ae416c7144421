package conformance

import (
	"github.com/freshet-go/freshet/query"
)

func entryBase() object {
	return object{
		"status": "pending", "fetchStatus": "idle", "data": absent, "dataUpdatedAt": nil,
		"dataUpdateCount": 0.0, "error": nil, "errorUpdatedAt": nil, "errorUpdateCount": 0.0,
		"failureCount": 0.0, "failureReason": nil, "isInvalidated": false, "fetchDirection": nil,
		"observers": 0.0,
	}
}

// entryFields returns the state of an entry as the trace has it.
func (r *run) entryFields(s query.State[any]) object {
	var direction any
	if s.Direction() != "" {
		direction = string(s.Direction())
	}
	return object{
		"status": string(s.Status()), "fetchStatus": string(s.FetchStatus()),
		"data": data(s), "dataUpdatedAt": r.relative(s.DataUpdatedAt()),
		"dataUpdateCount": float64(s.DataUpdateCount()),
		"error":           errorText(s.Err()), "errorUpdatedAt": r.relative(s.ErrorUpdatedAt()),
		"errorUpdateCount": float64(s.ErrorUpdateCount()),
		"failureCount":     float64(s.FailureCount()), "failureReason": errorText(s.FailureReason()),
		"isInvalidated": s.IsInvalidated(), "fetchDirection": direction,
	}
}

func resultBase() object {
	return object{
		"status": "pending", "fetchStatus": "idle", "data": absent, "dataUpdatedAt": nil,
		"error": nil, "errorUpdatedAt": nil, "errorUpdateCount": 0.0,
		"failureCount": 0.0, "failureReason": nil,
		"isFetched": false, "isFetchedAfterMount": false, "isPlaceholderData": false,
		"isStale": true, "isEnabled": true, "isLoadingError": false, "isRefetchError": false,
	}
}

// resultFields returns the result of an observer as the trace has it.
func resultFields[R any](r *run, v query.Result[R]) object {
	return object{
		"status": string(v.Status()), "fetchStatus": string(v.FetchStatus()),
		"data": shown(orAbsent(v.Data(), v.HasData())), "dataUpdatedAt": r.relative(v.DataUpdatedAt()),
		"error": errorText(v.Err()), "errorUpdatedAt": r.relative(v.ErrorUpdatedAt()),
		"errorUpdateCount": float64(v.ErrorUpdateCount()),
		"failureCount":     float64(v.FailureCount()), "failureReason": errorText(v.FailureReason()),
		"isFetched": v.IsFetched(), "isFetchedAfterMount": v.IsFetchedAfterMount(),
		"isPlaceholderData": v.IsPlaceholderData(),
		"isStale":           v.IsStale(), "isEnabled": v.IsEnabled(),
		"isLoadingError": v.IsLoadingError(), "isRefetchError": v.IsRefetchError(),
	}
}

// checkFlags verifies that the flags which the trace leaves out follow from
// those it has.
func checkFlags[R any](r *run, v query.Result[R], infinite bool) {
	pending, fetching := v.Status() == query.StatusPending, v.FetchStatus() == query.FetchFetching
	for _, flag := range []struct {
		name      string
		got, want bool
	}{
		{"isPending", v.IsPending(), pending},
		{"isSuccess", v.IsSuccess(), v.Status() == query.StatusSuccess},
		{"isError", v.IsError(), v.Status() == query.StatusError},
		{"isFetching", v.IsFetching(), fetching},
		{"isPaused", v.IsPaused(), v.FetchStatus() == query.FetchPaused},
		{"isLoading", v.IsLoading(), pending && fetching},
		{"isRefetching", v.IsRefetching(), !pending && fetching},
	} {
		if infinite && flag.name == "isRefetching" {
			continue // it is in the trace
		}
		if flag.got != flag.want {
			r.broken("result flag %s is not the derived one", flag.name)
		}
	}
}
