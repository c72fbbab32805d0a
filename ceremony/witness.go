package ceremony

// What a witness looks at in steps that several ceremonies have.
const (
	computerWitness        = "The date is that of your own watch, and the screen says that there is no network."
	repositoryWitness      = "The root version is the one that the last ceremony's sheet has. Copy the digits of the repository."
	unlockWitness          = "Each holder types alone, unseen. Copy the digits of each key."
	reviewWitness          = "The sentences are read aloud, and are what was decided. Copy the digest before the two words are typed."
	signWitness            = "The screen says how many root keys signed, and that clients accept the result."
	ledgerWitness          = "Every root backup that is here is taken out and put in again."
	repositoryDriveWitness = "The drive is taken out, put in again and read back."
	finishWitness          = "The drives and the dates are those on this sheet. Copy the digest of the record."
)
