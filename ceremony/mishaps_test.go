package ceremony_test

import "slices"

// mishap is a way through a creation that fuzzing begins with, and what must
// have been asked or told on it.
type mishap struct {
	name  string
	world [worldBytes]byte
	slips []slip
	leads []string
}

// Bytes of worlds: plans of one root key and one backup are the quickest.
var (
	smallest  = [worldBytes]byte{0, 0}
	largest   = [worldBytes]byte{2 + 3 + 6, 0} // three root keys, two backups, consistent snapshots
	dayOff    = [worldBytes]byte{0, 1}
	monthsOff = [worldBytes]byte{0, 2} // 20 days between starts
	yearsOff  = [worldBytes]byte{0, 3}
	nasty     = [worldBytes]byte{0, 8} // pulled drives keep nothing but their manifest
	further   = [worldBytes]byte{0, 4} // plays on after a good end
)

const (
	finished = "finish.record"
	manifest = "signer-drive.json"
)

func mishaps() []mishap {
	return slices.Concat(slipsOfPeople(), slipsWithDrives(), powerCuts())
}

func slipsOfPeople() []mishap {
	return []mishap{
		{"none", smallest, nil, []string{finished}},
		{"none, with all there is", largest, nil, []string{"root-backup-2.again", finished}},
		{"back and back", smallest, []slip{asked("review", "words", back, 0), asked("review", "digest", back, 0).then(1),
			asked("", "again", back, 0).then(3), asked("root-1", "make", back, 0), asked("root-1", "holder", back, 0)}, []string{finished}},
		{"made by the device, typed wrong, with dice", smallest, []slip{asked("", "computer", pick, 2), asked("root-1", "make", pick, 1),
			asked("", "dice", garbage, 5), asked("root-1", ".passphrase", forgot, 0), asked("root-1", ".passphrase", back, 0)},
			[]string{"Only the digits 1 to 6", "dice stirred in", "That is not what was shown", finished}},
		{"the clock set, and the plan changed", smallest, []slip{asked("", "computer", pick, 1), asked("", "date", pick, 3),
			asked("", "plan", pick, 5), asked("", "plan", pick, 6), asked("", "expires.root", pick, 1), asked("", "plan", pick, 9),
			asked("", "plan", pick, 10)}, []string{"plan.releaser", "is too soon", "plan.expires.timestamp", "plan.consistent", finished}},
		{"forgotten on a backup", smallest, []slip{asked("root-backup-1", ".passphrase", forgot, 0), asked("root-backup-1", ".passphrase", garbage, 0),
			asked("root-backup-1", "wrong", pick, 1)},
			[]string{"given up", finished}},
		{"forgotten on the signing drive", largest, []slip{asked("signing", ".passphrase", forgot, 0).then(1), asked("signing", ".passphrase", garbage, 0).then(1),
			asked("signing", "wrong", pick, 1)},
			[]string{"snapshot key (Releaser) is given up", finished}},
		{"stopped, and not", smallest, []slip{asked("root-1", "holder", stay, 0), asked("signing", "writing", stay, 0),
			asked("repository", "again", leave, 0)}, []string{"stopped by the operator", "unfinished", finished}},
		{"nonsense", smallest, []slip{asked("", "computer", garbage, 16), asked("", "plan", garbage, 3), asked("root-1", "holder", garbage, 2),
			asked("root-1", "make", garbage, 17), asked("root-1", ".passphrase", garbage, 0), asked("review", "words", garbage, 13)},
			[]string{"is not one of the choices", "cannot be shown", "Nothing was typed", finished}},
	}
}

func slipsWithDrives() []mishap {
	return []mishap{
		{"the wrong stick", smallest, []slip{asked("root-backup-1", "insert", swap, 3), asked("root-backup-1", "again", swap, 2),
			asked("signing", "insert", swap, 0)}, []string{"The sticker on this drive says repository", "another drive was inserted", finished}},
		{"two sticks", smallest, []slip{asked("", "need", plug, 2), asked("", "computer", plug, 3)}, []string{"root-backup-1.insert", finished}},
		{"pulled, full, faulty", smallest, []slip{at(atProgress, "root-backup-1", "", pullBusy, 0).then(2), at(atWrite, "signing", "root.json", full, 0),
			at(atWrite, "repository", "sync ", faulty, 0), at(atRead, "", "list ", faulty, 0).then(2)}, []string{"taken out", "is full", finished}},
		{"lying about a key", smallest, []slip{at(atKeep, "root-backup-1", "root1.json", 0, 0)}, []string{"not what its manifest says", finished}},
		{"lying about metadata", smallest, []slip{at(atKeep, "repository", "root.json", 0, 0)}, []string{"not what its manifest says", finished}},
		{"cut at the last moment", nasty, []slip{at(atWrite, "root-backup-1", manifest, crashed, 0).then(1)}, []string{"unfinished", finished}},
		{"cut while it is written again", nasty, []slip{at(atRead, "root-backup-1", "list ", faulty, 0).then(1), at(atWrite, "root-backup-1", "holders.json", crashed, 0).then(2)},
			[]string{finished}},
		{"abandoned", smallest, []slip{at(atWrite, "signing", "sync ", faulty, 0), asked("signing", "trouble", pick, 1)},
			[]string{"signing.abandon", "unfinished", finished}},
		{"played on after the end", further, []slip{asked("", "unfinished", pick, 0)}, []string{"unfinished", finished}},
	}
}

func powerCuts() []mishap {
	return []mishap{
		{"on a backup", smallest, []slip{at(atWrite, "root-backup-1", manifest, crashed, 0)}, []string{"root-backup-1.erase", finished}},
		{"after the backups", monthsOff, []slip{at(atWrite, "signing", manifest, crashed, 0)}, []string{"unfinished", "taken up", finished}},
		{"after the signing drive", smallest, []slip{at(atWrite, "repository", manifest, crashed, 0)},
			[]string{"unfinished", "root 1 was signed already", finished}},
		{"found again after years", yearsOff, []slip{at(atWrite, "repository", manifest, crashed, 0)}, []string{"unfinished", finished}},
		{"twice, with an older backup about", smallest, []slip{asked("root-backup-1", "insert", swap, 4), at(atRead, "spare", "list ", faulty, 0).then(1),
			at(atWrite, "signing", manifest, crashed, 0), at(atWrite, "repository", manifest, crashed, 0)},
			[]string{"taken up", "root 1 was signed already", finished}},
		{"and started over", dayOff, []slip{at(atWrite, "repository", manifest, crashed, 0), asked("", "unfinished", pick, 1)},
			[]string{"is not used", "signing.erase", finished}},
		{"while a forgotten key is made anew", smallest, []slip{asked("signing", ".passphrase", forgot, 0), asked("signing", ".passphrase", garbage, 0),
			asked("signing", "wrong", pick, 1), asked("root-backup-1", "format", powered, 0).then(1)}, []string{"given up", "unfinished", finished}},
		{"nonsense about what is unfinished", smallest, []slip{at(atWrite, "signing", manifest, crashed, 0), asked("", "unfinished", garbage, 3),
			asked("", "unfinished", linger, 0)}, []string{"is not one of the choices", "taken up", finished}},
		{"a drive goes while it is asked for", smallest, []slip{at(atWrite, "signing", manifest, crashed, 0), asked("", "unfinished", unplug, 0)},
			[]string{"unfinished", finished}},
	}
}
