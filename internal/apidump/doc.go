// Apidump prints the exported API of every public package of the root module,
// one declaration, field or method a line, in a form made for diffs.
//
// Its test compares that text with the golden files in .ci/api, so that no
// exported identifier appears, changes or goes unnoticed:
//
//	go run ./internal/apidump                  print the API
//	go test ./internal/apidump -run Golden -update   rewrite the golden files
package main
