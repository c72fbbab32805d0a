// Package leak looks for secrets that are known in what a run has left: files,
// records, screens, errors. It is for tests alone, and a test proves that
// nothing else imports it.
//
// In: secrets by name, and anything that could hold one. Out: the names of those
// that are there, each with the form it has. Rules it keeps:
//
//   - a secret counts as there in every form that a program makes of bytes
//     without meaning harm: as it is, in hex, in base64 of either alphabet and at
//     any place within it, as the list of numbers that Go prints;
//   - white space between the parts of a form hides nothing;
//   - what is locked is opened as a stranger would, who has the passphrase and
//     none of our code.
//
// Whoever finds nothing with it has to show that it finds something:
//
//	known := []leak.Secret{{Name: "passphrase root 1", Bytes: []byte("plover sextant")}}
//	if found := leak.Find(record, known); len(found) > 0 {
//		t.Errorf("the record holds %q", found) // ["passphrase root 1 in base64"]
//	}
package leak
