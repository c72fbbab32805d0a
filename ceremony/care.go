package ceremony

// Care is what a ceremony decided that signs nothing: the check of drives, their
// copies, new passphrases, notes. It is a plain value.
type Care struct {
	keeper  *foundDrive // the repository drive whose ledger keeps the record; never changed
	checkup checkup
	copying copying
	rekey   rekey
	quiet   bool // nothing is signed: the ledgers of backups are left alone
}

func (c Care) clone() Care {
	c.checkup, c.rekey = c.checkup.clone(), c.rekey.clone()
	return c
}
