package conformance

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
)

func milliseconds(v any) (time.Duration, error) {
	if err := delay("a time span", v); err != nil {
		return 0, err
	}
	return time.Duration(as[float64](v)) * time.Millisecond, nil
}

func staleTime(v any) (query.StaleTime, error) {
	constant := func(v any) (query.StaleTime, error) {
		switch v {
		case absent:
			return query.StaleAfter(0), nil
		case "infinity":
			return query.StaleNever(), nil
		case "static":
			return query.StaleStatic(), nil
		}
		d, err := milliseconds(v)
		return query.StaleAfter(d), err
	}
	fixed, dynamic, err := policyOf(v, constant)
	if dynamic != nil {
		return query.StaleFunc(dynamic), err
	}
	return fixed, err
}

func gcTime(v any) (query.GCTime, error) {
	if v == "infinity" {
		return query.GCNever(), nil
	}
	d, err := milliseconds(v)
	return query.GCAfter(d), err
}

func refetchInterval(v any) (query.RefetchInterval, error) {
	constant := func(v any) (time.Duration, error) {
		if v == false || v == absent {
			return 0, nil
		}
		return milliseconds(v)
	}
	fixed, dynamic, err := policyOf(v, constant)
	if dynamic != nil {
		return query.EveryFunc(dynamic), err
	}
	return query.Every(fixed), err
}

func refetchOn(v any) (query.RefetchPolicy, error) {
	constant := func(v any) (query.RefetchMode, error) {
		switch v {
		case true, absent:
			return query.IfStale, nil
		case false:
			return query.Never, nil
		case "always":
			return query.Always, nil
		}
		return 0, errors.New(`must be true, false or "always"`)
	}
	fixed, dynamic, err := policyOf(v, constant)
	if dynamic != nil {
		return query.RefetchFunc(dynamic), err
	}
	return fixed, err
}

func toggle(v any) (query.Toggle, error) {
	switch v {
	case true:
		return query.On, nil
	case false:
		return query.Off, nil
	}
	return 0, errors.New("must be true or false")
}

func enabled(v any) (query.EnabledPolicy, error) {
	name, op, ok := operator(v)
	if !ok {
		return toggle(v)
	}
	if name == "$whenDataAbsent" {
		return query.EnabledFunc(func(s query.State[any]) bool { return !s.HasData() }), nil
	}
	spec := as[object](op[name])
	return query.EnabledFunc(func(s query.State[any]) bool {
		return !sameJSON(at(data(s), as[string](spec["path"])), spec["equals"])
	}), nil
}

func retry(v any) (query.Retry, error) {
	name, op, ok := operator(v)
	switch {
	case v == true || v == "infinity":
		return query.RetryForever(), nil
	case v == false:
		return query.NoRetry(), nil
	case !ok:
		if err := smallRetries(v); err != nil {
			return query.Retry{}, err
		}
		return query.Retries(int(as[float64](v))), nil
	case name == "$untilFailureCount":
		limit := as[float64](op[name])
		return query.RetryFunc(func(n int, _ error) bool { return float64(n) < limit }), nil
	default:
		limit, limited := op["max"].(float64)
		return query.RetryFunc(func(n int, err error) bool {
			return errorText(err) == op[name] && (!limited || float64(n) < limit)
		}), nil
	}
}

func smallRetries(v any) error {
	if err := integer("retry", v); err != nil {
		return err
	}
	if n := as[float64](v); n < 0 || n > 1e6 {
		return fmt.Errorf("%v retries are out of range", n)
	}
	return nil
}

func retryDelay(v any) (query.RetryDelay, error) {
	name, op, ok := operator(v)
	if !ok {
		d, err := milliseconds(v)
		return query.ConstantDelay(d), err
	}
	spec := as[object](op[name])
	if name == "$linear" {
		step, err := milliseconds(spec["step"])
		return query.DelayFunc(func(n int, _ error) time.Duration { return step * time.Duration(n+1) }), err
	}
	base, errBase := milliseconds(spec["base"])
	top, errTop := milliseconds(spec["max"])
	return query.Exponential(base, top), errors.Join(errBase, errTop)
}

func networkMode(v any) (query.NetworkMode, error) {
	switch v {
	case "online":
		return query.NetworkOnline, nil
	case "always":
		return query.NetworkAlways, nil
	case "offlineFirst":
		return query.NetworkOfflineFirst, nil
	}
	return 0, errors.New(`must be "online", "always" or "offlineFirst"`)
}

// policyOptions compiles the options of a query that are its policy.
func policyOptions(options object) (query.Policy, error) {
	var p query.Policy
	for _, name := range sortedKeys(options) {
		if err := setPolicy(&p, name, options[name]); err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

func setPolicy(p *query.Policy, name string, v any) (err error) {
	switch name {
	case "staleTime":
		p.StaleTime, err = staleTime(v)
	case "gcTime":
		p.GCTime, err = gcTime(v)
	case "enabled":
		p.Enabled, err = enabled(v)
	case "refetchInterval":
		p.RefetchInterval, err = refetchInterval(v)
	case "refetchIntervalInBackground":
		p.RefetchIntervalInBackground, err = toggle(v)
	case "refetchOnMount":
		p.RefetchOnMount, err = refetchOn(v)
	case "refetchOnWindowFocus":
		p.RefetchOnFocus, err = refetchOn(v)
	case "refetchOnReconnect":
		p.RefetchOnReconnect, err = refetchOn(v)
	case "retryOnMount":
		p.RetryOnMount, err = toggle(v)
	case "retry":
		p.Retry, err = retry(v)
	case "retryDelay":
		p.RetryDelay, err = retryDelay(v)
	case "networkMode":
		p.NetworkMode, err = networkMode(v)
	case "structuralSharing":
		if _, _, ok := operator(v); !ok {
			p.StructuralSharing, err = toggle(v)
		}
	case "notifyOnChangeProps":
		p.NotifyOn, err = fields(v)
	}
	return err
}
