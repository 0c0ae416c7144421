// Package httpquery fetches what package query caches from a plain HTTP server, and
// asks no more of it than necessary: a request says what the cache has already, by
// ETag or Last-Modified, and a server that has nothing new answers 304 without a
// body. If it answers in full, and with the same bytes, the data count as not
// modified, too; and of a JSON list only the elements are decoded that have changed.
//
//	orders := query.Query[[]Order]{
//		Key:   querykey.Of("orders"),
//		Fetch: httpquery.Resource[[]Order]{URL: "https://host/orders"}.Fetch,
//	}
//
// Errors are [*StatusError], which tells adaptive intervals how busy the server is,
// [*TransportError] and [*DecodeError]. None of them tells the URL, headers or the
// body of an answer, which may be secret, except that encoding/json quotes a number
// that does not fit. Hosts are named.
package httpquery
