// Package docscheck holds documents to the code they speak of. Every Go name in
// backticks must exist in a public package of the module, so that a renamed
// method breaks the build of whoever forgot the documentation.
//
// The rows of the migration table, query/TANSTACK.md, are also held to a list of
// what TanStack Query offers: each feature is there exactly once, and the counts
// at the top are those of the table.
package docscheck
