// Package release is the releaser's daily work on a repository folder, as
// go-tuf v0 lays it out: keys/, repository/ and staged/. It signs with the
// releaser's keys, and with root's where that is at hand.
//
// In: a folder, what is to happen, and passphrases from whoever runs the
// program. Out: the folder with all of it done, or as it was, and a Result that
// says what was written. There is no network here.
//
// Rules it keeps:
//
//   - one command at a time: Open takes a lock that the kernel releases when the
//     process ends, however it ends;
//   - a command happened or it did not, also when the power fails: content is
//     written durably below .signer/new, a journal that names it all is the one
//     commit point, and whoever opens the folder next finishes what is in the
//     journal and drops what is not (journal.go has the order and why);
//   - nothing is published that was not signed by this command: staged/ is
//     never read for its content, changed or deleted;
//   - a root is never replaced by other bytes of the same version;
//   - nothing below the folder is reached through a link;
//   - private keys and passphrases are wiped when they were used.
//
// An example, the file that is due every two weeks:
//
//	r, err := release.Open(ctx, ".", release.Options{Command: "updates timestamp", Now: time.Now(), Rand: rand.Reader, Cost: tuf.ProductCost})
//	if err != nil {
//		return err
//	}
//	defer r.Close()
//	result, err := r.Timestamp(ctx, time.Time{}, passphrases)
package release
