package fleetsim

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable_hasALineForEachPlan(t *testing.T) {
	t.Parallel()
	table := Table([]*Result{
		{Plan: "naive", Requests: 2_380_000, Bytes: 8.9e9, Work: 476},
		{Plan: "push", Requests: 1_000, AfterCut: Peak{Requests: 12_345, Work: 48.1}},
	})
	require.Contains(t, table, "| naive | 2 380 000 | 0 | 0 | 8.9 GB/s |")
	require.Contains(t, table, "| 476 | 100 |\n")
	require.Contains(t, table, "| 12 345 | 0 | 0.0 s | 0.0 s | 11 |\n")
}

func TestInsert_replacesTheMarkedPartAlone(t *testing.T) {
	t.Parallel()
	const document = "before\n<!-- fleetsim: begin -->\nold\n<!-- fleetsim: end -->\nafter\n"
	changed, err := Insert(document, "new\n")
	require.NoError(t, err)
	require.Equal(t, strings.Replace(document, "old", "new", 1), changed)
	_, err = Insert("no marks", "new\n")
	require.ErrorContains(t, err, "lacks the marks")
}

func TestPlot_isAnImageWithALineForEachPlan(t *testing.T) {
	t.Parallel()
	cfg := Default(40)
	small, err := Compare(cfg, Plans())
	require.NoError(t, err)
	cfg.Sellers = 400
	large, err := Compare(cfg, Plans())
	require.NoError(t, err)
	plot := Plot(cfg, [][]*Result{small, large})
	require.NotContains(t, plot, "NaN")
	require.NotContains(t, plot, "Inf")
	inside := regexp.MustCompile(`^0 0 (\d+) (\d+)$`)
	var width, height float64
	lines := 0
	for d := xml.NewDecoder(strings.NewReader(plot)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "viewBox":
				size := inside.FindStringSubmatch(a.Value)
				width, height = number(t, size[1]), number(t, size[2])
			case "points":
				lines++
				for point := range strings.FieldsSeq(a.Value) {
					x, y, _ := strings.Cut(point, ",")
					require.True(t, number(t, x) >= 0 && number(t, x) <= width, point)
					require.True(t, number(t, y) >= 0 && number(t, y) <= height, point)
				}
			}
		}
	}
	require.Equal(t, 3*len(Plans()), lines)
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return f
}
