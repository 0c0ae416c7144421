package seller

import "github.com/freshet-go/freshet/query"

// clock returns a result of this moment. Results count their age by the client's
// clock, which is how a policy can tell the age of any other data.
func (s *Seller) clock() query.Result[struct{}] {
	return query.Observe(s.client, query.Query[struct{}]{
		Key:         s.keys.Root().With("clock"),
		InitialData: query.Initial(struct{}{}),
		Skip:        true,
		Policy:      query.Policy{GCTime: query.GCAfter(0)},
	}).Current()
}
