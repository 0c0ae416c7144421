package shrink_test

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/internal/conformance/shrink"
)

func program(t require.TestingT, text string) shrink.Program {
	var p shrink.Program
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	return p
}

func text(t require.TestingT, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// each makes a judge of a predicate.
func each(fails func(shrink.Program) bool) shrink.Judge {
	return func(_ context.Context, programs []shrink.Program) ([]bool, error) {
		verdicts := make([]bool, len(programs))
		for i, p := range programs {
			verdicts[i] = fails(p)
		}
		return verdicts, nil
	}
}

func steps(p shrink.Program) []map[string]any {
	list, _ := p["steps"].([]any)
	var out []map[string]any
	for _, step := range list {
		members, _ := step.(map[string]any)
		out = append(out, members)
	}
	return out
}

func count(p shrink.Program, do string) (n int) {
	for _, step := range steps(p) {
		if step["do"] == do {
			n++
		}
	}
	return n
}

func member(v any, name string) (any, bool) {
	members, _ := v.(map[string]any)
	got, ok := members[name]
	return got, ok
}

func TestSmallest_keepsOnlyWhatTheFaultNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, program string
		fails         func(shrink.Program) bool
		want          string
	}{
		{
			"steps and members",
			`{"fns": {"f": 1, "g": 2}, "steps": [{"do": "a", "x": [1, 2], "y": {"z": 3}}, {"do": "b"}, {"do": "c"}, {"do": "a"}]}`,
			func(p shrink.Program) bool { return count(p, "b") == 1 },
			`{"steps":[{"do":"b"}]}`,
		},
		{
			"advances are joined and shortened",
			`{"steps": [{"do": "advance", "ms": 250}, {"do": "x"}, {"do": "advance", "ms": 601}, {"do": "advance", "ms": 1500}]}`,
			func(p shrink.Program) bool {
				var sum float64
				for _, step := range steps(p) {
					ms, _ := step["ms"].(float64)
					sum += ms
				}
				return sum >= 1000 && count(p, "advance") == len(steps(p))
			},
			`{"steps":[{"do":"advance","ms":1000}]}`,
		},
		{
			"steps that need each other go together",
			`{"steps": [{"do": "off"}, {"do": "x"}, {"do": "on"}, {"do": "off"}, {"do": "on"}]}`,
			func(p shrink.Program) bool {
				return count(p, "x") == 1 && count(p, "on") == count(p, "off")
			},
			`{"steps":[{"do":"x"}]}`,
		},
		{
			"all steps of an observer go together",
			`{"steps": [{"do": "observe", "id": "o"}, {"do": "refetch", "id": "o"}, {"do": "observe", "id": "p"}, {"do": "stop", "id": "o"}]}`,
			func(p shrink.Program) bool {
				ids := map[any]int{}
				for _, step := range steps(p) {
					ids[step["id"]]++
				}
				return ids["p"] == 1 && (ids["o"] == 0 || ids["o"] == 3)
			},
			`{"steps":[{"id":"p"}]}`,
		},
		{
			"an operator gives way to what is in it, a key becomes shorter everywhere",
			`{"steps": [{"retry": {"$until": 3}, "queryKey": ["a", 1]}, {"key": ["a", 1]}]}`,
			func(p shrink.Program) bool {
				all := steps(p)
				if len(all) != 2 {
					return false
				}
				_, operator := member(all[0]["retry"], "$until")
				_, number := all[0]["retry"].(float64)
				if !operator && !number {
					return false
				}
				key, ok := all[0]["queryKey"].([]any)
				other, also := all[1]["key"].([]any)
				return ok && also && slices.Equal(key, other) && len(key) > 0
			},
			`{"steps":[{"queryKey":["a"],"retry":0},{"key":["a"]}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			original := program(t, c.program)
			got, err := shrink.Smallest(t.Context(), original, each(c.fails))
			require.NoError(t, err)
			require.Equal(t, c.want, text(t, got))
			require.Equal(t, program(t, c.program), original, "the original is not changed")
		})
	}
}

func TestSmallest_leavesAloneWhatCannotBeSmaller(t *testing.T) {
	t.Parallel()
	const whole = `{"steps":[{"do":"a"},{"do":"b"}]}`
	got, err := shrink.Smallest(t.Context(), program(t, whole), each(func(shrink.Program) bool { return false }))
	require.NoError(t, err)
	require.Equal(t, whole, text(t, got))
}

func TestSmallest_endsWithTheBestSoFarWhenTheJudgeFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no oracle")
	calls := 0
	got, err := shrink.Smallest(t.Context(), program(t, `{"steps": [1, 2, 3, 4]}`),
		func(_ context.Context, programs []shrink.Program) ([]bool, error) {
			if calls++; calls == 2 {
				return nil, broken
			}
			verdicts := make([]bool, len(programs))
			verdicts[0] = true
			return verdicts, nil
		})
	require.ErrorIs(t, err, broken)
	require.Less(t, len(text(t, got)), len(`{"steps":[1,2,3,4]}`))
}

func TestSmallest_needsAVerdictOnEachProgram(t *testing.T) {
	t.Parallel()
	_, err := shrink.Smallest(t.Context(), program(t, `{"steps": [1, 2]}`),
		func(context.Context, []shrink.Program) ([]bool, error) { return []bool{true}, nil })
	require.ErrorContains(t, err, "1 verdicts on")
}

// TestSmallest_endsWhateverTheJudgeSays gives arbitrary verdicts on arbitrary
// programs: the search must end, ask about nothing twice, and return a program
// that was accepted.
func TestSmallest_endsWhateverTheJudgeSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := shrink.Program{
			"client": value(2).Draw(t, "client"),
			"steps":  rapid.SliceOfN(value(2), 0, 6).Draw(t, "steps"),
		}
		salt, one := rapid.Byte().Draw(t, "salt"), rapid.IntRange(1, 4).Draw(t, "one in")
		accepts := func(p shrink.Program) bool {
			h := fnv.New32a()
			h.Write(append([]byte(text(t, p)), salt))
			return int(h.Sum32()>>8)%one == 0
		}
		asked := map[string]bool{text(t, whole): true}
		got, err := shrink.Smallest(t.Context(), whole, each(func(p shrink.Program) bool {
			require.NotContains(t, asked, text(t, p))
			asked[text(t, p)] = true
			return accepts(p)
		}))
		require.NoError(t, err)
		require.True(t, accepts(got) || text(t, got) == text(t, whole))
	})
}

// value generates JSON of a depth, with what the search looks for in it.
func value(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(
		rapid.Map(rapid.IntRange(-2000, 2000), func(n int) any { return float64(n) }),
		rapid.SampledFrom([]any{nil, true, "advance", "a"}),
	)
	if depth == 0 {
		return scalar
	}
	name := rapid.SampledFrom([]string{"do", "ms", "id", "queryKey", "refetchInterval", "$op"})
	return rapid.OneOf(
		scalar,
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(name, value(depth-1), 0, 3), func(m map[string]any) any { return m }),
	)
}
