package trpc

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// headerKey is equal for headers that are sent alike.
func headerKey(header http.Header) string {
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(header)) {
		key.WriteString(strconv.Quote(name))
		for _, value := range header[name] {
			key.WriteString(strconv.Quote(value))
		}
		key.WriteByte('\n')
	}
	return key.String()
}
