// Package anyorder reads a command line whose words and flags stand in any order, as
// people type them: the commands below image take "signer.img --arch arm64" and
// "--arch arm64 signer.img" alike.
//
//	names, err := anyorder.Parse(flags, args)
//
// In: a flag set and arguments. Out: the words between the flags, in their order;
// the flag set has the rest. An error is the flag set's, flag.ErrHelp among them.
package anyorder

import "flag"

// Parse reads flags until there are no more, and gathers what stands between them.
func Parse(flags *flag.FlagSet, args []string) (words []string, err error) {
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return words, err
		}
		if flags.NArg() == 0 {
			return words, nil
		}
		words, rest = append(words, flags.Arg(0)), flags.Args()[1:]
	}
}
