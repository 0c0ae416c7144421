package main

import (
	"bytes"
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOptions_areReadFromTheCommandLine(t *testing.T) {
	t.Parallel()
	args := []string{"-url", "https://shop.example/trpc", "-token", "t", "-for", "30s", "-page", "3", "-pipe"}
	o, err := parseOptions(args, "other", io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{
		url: "https://shop.example/trpc", token: "t", length: 30 * time.Second, page: pendingPage, paged: true, lines: true,
		switches: switches{batch: true},
	}, o)
}

func TestOptions_tokenComesFromTheEnvironmentToo(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(nil, "secret", io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{token: "secret", switches: switches{batch: true}}, o)
}

func TestOptions_switchesAreFlags(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-push", "-batch=false", "-selective", "-adaptive"}, "", io.Discard)
	require.NoError(t, err)
	require.Equal(t, switches{push: true, selective: true, adaptive: true}, o.switches)
}

func TestOptions_mistakesAreErrors(t *testing.T) {
	t.Parallel()
	for _, mistake := range []struct {
		want string
		args []string
	}{
		{"http or https address", []string{"-url", "shop.example"}},
		{"http or https address", []string{"-url", "http://"}},
		{"http or https address", []string{"-url", "ftp://shop.example"}},
		{`unexpected argument "now"`, []string{"now"}},
		{"-for must not be negative", []string{"-for", "-1s"}},
		{`no page "6"`, []string{"-page", "6"}},
		{"not defined: -nope", []string{"-nope"}},
	} {
		_, err := parseOptions(mistake.args, "", io.Discard)
		require.ErrorContains(t, err, mistake.want)
	}
}

func TestOptions_helpNeverShowsTheToken(t *testing.T) {
	t.Parallel()
	var usage bytes.Buffer
	_, err := parseOptions([]string{"-h"}, "secret", &usage)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, usage.String(), "-token")
	require.NotContains(t, usage.String(), "secret")
}

func TestPage_isFoundByNumberAndByName(t *testing.T) {
	t.Parallel()
	for p := range page(pageCount) {
		byName, err := parsePage(p.String())
		require.NoError(t, err)
		require.Equal(t, p, byName)
	}
	p, err := parsePage("5")
	require.NoError(t, err)
	require.Equal(t, payoutsPage, p)
}
