package bus

import (
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// outbox holds what a client has to tell while the bus is busy: the latest of
// each key, the key that waits longest first. It is guarded by the attachment's
// mutex.
type outbox struct {
	limit int
	news  map[querykey.Key]news
	order []querykey.Key
}

// news is a message before it is encoded.
type news struct {
	kind Kind
	query.Event
}

func (n news) key() querykey.Key { return n.Query.State.Key() }

// put adds n, in place of older news of its key. If there are too many the
// oldest is pushed out.
func (o *outbox) put(n news) (lost news, ok bool) {
	key := n.key()
	if _, waits := o.news[key]; !waits {
		if len(o.order) >= o.limit {
			lost, ok = o.take()
		}
		o.order = append(o.order, key)
	}
	o.news[key] = n
	return lost, ok
}

// take returns the oldest news.
func (o *outbox) take() (n news, ok bool) {
	if len(o.order) == 0 {
		return news{}, false
	}
	key := o.order[0]
	o.order = o.order[1:]
	n = o.news[key]
	delete(o.news, key)
	return n, true
}
