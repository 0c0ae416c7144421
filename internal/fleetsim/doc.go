// Package fleetsim plays a fleet of sellers, each with all pages of package seller
// open, against a model server: how many requests a second it has to bear, how many
// at once after an outage, and how old the data are that are shown. It uses no
// sockets and no clock; a run depends on its Config alone.
//
// A seller is a state machine of about a kilobyte that makes the same requests at the
// same nanosecond as a query.Client with package seller would. A test holds it to
// that, beside real clients in a bubble.
//
// Sellers meet in the server alone, and the server's answers take a slice of time at
// least. So a slice is played seller by seller, on all cores, and what the server
// makes of its requests is computed between two slices; see server.
package fleetsim
