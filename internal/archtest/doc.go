// Package archtest holds the architecture of the repository as rules over its
// source tree: who may import whom, what a shipped package must not link, how
// files are named, and how large files and exported surfaces may grow.
//
// [Load] reads a tree without building it, so files that build constraints
// exclude on the present platform are held to the same rules. [Tree.Check]
// returns every breach. The test of this package applies both to the
// repository itself.
package archtest
