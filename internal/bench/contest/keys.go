package contest

import (
	"fmt"
	"strconv"

	"github.com/freshet-go/freshet/querykey"
)

// StringKeys returns n keys of 32 bytes that begin with prefix, which may have
// up to 20.
func StringKeys(prefix string, n int) Keys {
	k := Keys{Text: make([]string, n), Key: make([]querykey.Key, n)}
	for i := range n {
		k.Text[i] = fmt.Sprintf("%s%0*d", prefix, 32-len(prefix), i)
		k.Key[i] = querykey.Of(k.Text[i])
	}
	return k
}

// Joined is how users of caches with string keys write ["seller","orders",id].
func Joined(a, b string, id int) string { return a + "/" + b + "/" + strconv.Itoa(id) }

// TreeKey is how they write ["t",tenant,"orders",id].
func TreeKey(tenant, id int) string { return TreePrefix(tenant) + "orders/" + strconv.Itoa(id) }

// TreePrefix is what the keys of a tenant begin with.
func TreePrefix(tenant int) string { return "t/" + strconv.Itoa(tenant) + "/" }
