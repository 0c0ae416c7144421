package main

import (
	"fmt"
	"os"
)

func main() {
	packages, err := load(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, pkg := range packages {
		fmt.Println(describe(pkg.types))
	}
}
