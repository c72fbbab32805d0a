// Package tuf has all this program knows of The Update Framework (TUF
// specification 1.0.34), and is the only package that imports go-tuf.
//
// What comes in is bytes from elsewhere; a strict parser of our own reads them
// before any library does. What goes out is bytes that every client accepts.
// In between, data flows one way:
//
//	bytes → Parse… → Chain → Change → Derive → Draft → Review → Sign → Layout
//
// Between ceremonies, what is published is opened and goes on from there:
//
//	Published → OpenRelease → AddTargets, SignTimestamp, SignAgain → Published
//
// A root that several people sign in several places comes back by Resume, which
// derives it again; what a releaser's tuf command staged is read by ReadWish, and
// never signed.
//
// Rules it keeps:
//
//   - nothing is signed that was handed in: root N+1 is derived from the chain
//     and a named Change;
//   - no root is signed that was not reviewed: Sign takes what only a Review
//     makes, and it holds the very bytes;
//   - online files go on from what the keys of a root have signed, and say what
//     they said before and what was added, and nothing else;
//   - signatures are verified over the canonical form of the original bytes,
//     and counted by unique public key;
//   - what go-tuf accepts and this package refuses, or the other way round, is
//     an error.
package tuf
