package query

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/freshet-go/freshet/internal/share"
	"github.com/freshet-go/freshet/querykey"
)

// Streamed is a query whose data come bit by bit: C is a chunk, T what the
// chunks add up to. Turn it into a Query to fetch or observe it. What has come so
// far are its data, as fresh as the last chunk, while the fetch still runs; Fetch
// and its relatives wait for the end of the stream.
type Streamed[T, C any] struct {
	// Key names what the chunks add up to.
	Key querykey.Key
	// Source opens the stream. An error that it yields fails the attempt; chunks
	// that came before stay. The context ends with the attempt, and like that of
	// Query.Fetch with the fetch. See Chunks for a source that is a channel.
	Source func(ctx context.Context) iter.Seq2[C, error]
	// Reduce adds a chunk to what came before, which it must not change. It runs
	// once for each chunk, and again only if somebody else writes data at the same
	// moment. Nil appends to a list, which is possible only if T is []C.
	Reduce func(acc T, chunk C) T
	// InitialValue is what the first chunk is added to, and the outcome of a stream
	// without chunks.
	InitialValue T
	// Mode says what a refetch does with the data there are.
	Mode StreamMode

	// The rest is as in Query.
	Policy          Policy
	InitialData     InitialData[T]
	PlaceholderData PlaceholderData[T]
	Share           func(old, next T) T
	Skip            bool
	Meta            map[string]any
}

// StreamMode says what becomes of data when a streamed query is fetched again.
// A retry of a stream that broke off is a fetch again, too.
type StreamMode uint8

// The modes of streamed queries.
const (
	StreamReset   StreamMode = iota // back to the initial data, then chunk by chunk
	StreamAppend                    // chunks are added to the data; a retry takes those of the failed attempt back
	StreamReplace                   // the data stay until the stream ends, and are replaced as a whole
)

// Query returns the streamed query as a query, to be used wherever one is.
// Without Source it has no fetch function.
func (q Streamed[T, C]) Query() Query[T] {
	plain := Query[T]{
		Key: q.Key, Skip: q.Skip, Policy: q.Policy, InitialData: q.InitialData,
		PlaceholderData: q.PlaceholderData, Share: q.Share, Meta: q.Meta,
	}
	if q.Source != nil {
		plain.stream = q.run
	}
	return plain
}

// Chunks iterates over what comes out of ch until it is closed, or until ctx is
// done, whose cause is then the last error: a Source for Streamed. Whoever sends
// must watch ctx, too.
func Chunks[C any](ctx context.Context, ch <-chan C) iter.Seq2[C, error] {
	return func(yield func(C, error) bool) {
		for {
			select {
			case chunk, ok := <-ch:
				if !ok || !yield(chunk, nil) {
					return
				}
			case <-ctx.Done():
				var none C
				yield(none, context.Cause(ctx))
				return
			}
		}
	}
}

// run is one attempt.
func (q Streamed[T, C]) run(f *flight) (any, error) {
	add, err := q.reducer()
	if err != nil {
		return nil, err
	}
	apart := false
	if f.e.state.Load().fetched() {
		apart = q.Mode == StreamReplace
		if q.Mode == StreamReset {
			f.backToInitial()
		}
	}
	life, end := context.WithCancel(&f.ctx)
	defer end() // lets those go who still send
	if f.feed == nil {
		f.feed = new(feed)
	}
	f.feed.again = f.feed.written
	all := q.InitialValue
	call := f.context(life, f.opts)
	call.info.call = nil // chunks are nobody's answer
	for chunk, err := range q.Source(call) {
		if err == nil && f.ctx.Err() != nil {
			err = context.Cause(&f.ctx)
		}
		switch {
		case err != nil:
		case apart:
			all = add(all, chunk)
		default:
			err = q.put(f, func(acc T) T { return add(acc, chunk) })
		}
		if err != nil {
			return nil, err
		}
	}
	if apart {
		if err := q.put(f, func(T) T { return all }); err != nil {
			return nil, err
		}
	}
	return q.sum(f, f.e.state.Load()), nil
}

// reducer returns Reduce or what stands in for it.
func (q Streamed[T, C]) reducer() (func(T, C) T, error) {
	if q.Reduce != nil {
		return q.Reduce, nil
	}
	if reflect.TypeFor[T]() != reflect.TypeFor[[]C]() {
		return nil, ErrNilCallback
	}
	return func(acc T, chunk C) T {
		list := cast[[]C](acc)
		return cast[T](append(slices.Clip(list), chunk)) // those who were shown the list keep it
	}, nil
}

// sum is what the next chunk is added to.
func (q Streamed[T, C]) sum(f *flight, st *state) T {
	if data, ok := f.feed.below(st); ok {
		if acc, fits := decoded[T](data); fits {
			return acc
		}
	}
	return q.InitialValue
}

// put writes what step makes of the data, unless the fetch is over.
func (q Streamed[T, C]) put(f *flight, step func(T) T) error {
	var (
		memo     struct{ in, out any }
		computed bool
		over     error
	)
	next := func(st *state) (any, bool, error) {
		acc := q.sum(f, st)
		if !computed || !share.Same(memo.in, acc) {
			memo.in, memo.out, computed = acc, step(acc), true
		}
		return memo.out, true, nil
	}
	err := f.e.client().write(f.e, next, func(tx *txn, w written) {
		if f.settled {
			over = ErrCancelled
			return
		}
		f.feed.note(f.e.state.Load())
		tx.writeByHand(f.e, w, time.Time{})
		f.feed.last, _ = f.e.state.Load().base()
	})
	if err != nil {
		return err
	}
	return over
}

// feed is what a fetch of a streamed query has written so far. It survives failed
// attempts, so that the next one can take the chunks of the failed one back.
type feed struct {
	before    any // the data without the chunks of this fetch
	hadBefore bool
	last      any  // the data as of the last chunk
	written   bool // there was a chunk
	again     bool // the next chunk is the first of a retry
}

// below returns the data that the next chunk is added to: those there are, but
// in a retry those from before the attempt that failed. Data that somebody else
// has written since are never taken back.
func (s *feed) below(st *state) (any, bool) {
	data, ok := st.base()
	if s.again && s.wrote(data, ok) {
		return s.before, s.hadBefore
	}
	return data, ok
}

// wrote reports whether data are those of the last chunk.
func (s *feed) wrote(data any, ok bool) bool {
	return s.written && ok && share.Same(s.last, data)
}

// note remembers the data that a chunk is about to go on top of.
func (s *feed) note(st *state) {
	if data, ok := st.base(); !s.wrote(data, ok) {
		s.before, s.hadBefore = data, ok
	}
	s.written, s.again = true, false
}

// backToInitial resets the entry, which goes on fetching.
func (f *flight) backToInitial() {
	f.e.client().update(func(tx *txn) {
		if f.settled {
			return
		}
		to := *f.e.initial()
		to.fetchStatus = isFetching
		tx.restore(f.e, to)
	})
}
