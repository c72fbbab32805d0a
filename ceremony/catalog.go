package ceremony

import (
	"context"
	"slices"
)

// Item is a ceremony as the menu, the command line and the handbook know it.
type Item struct {
	Script func() Script
	// Stage makes the drives that a rehearsal of it begins with, in an empty tray.
	// nil: it begins with blank drives.
	Stage func(context.Context, Env, Tray) error
	// Sticks are the labels of the drives in the tray of a rehearsal.
	Sticks []string
}

// Catalog is all ceremonies, in the order of the menu.
func Catalog() []Item {
	return []Item{
		{Script: Create, Sticks: usualSticks()},
		{Script: Adopt, Stage: stageOldStick, Sticks: usualSticks(oldSticker)},
		{Script: Rotate, Stage: stageRepository, Sticks: usualSticks("root-backup-3", "root-backup-4")},
		{Script: Retire, Stage: stageRotated, Sticks: usualSticks("root-backup-3", "root-backup-4")},
		{Script: Releaser, Stage: stageRequest, Sticks: usualSticks("transfer")},
		{Script: RemoveKeys, Stage: stageRepository, Sticks: usualSticks()},
		{Script: Renew, Stage: stageRepository, Sticks: usualSticks()},
		{Script: Continue, Stage: stageInPart, Sticks: usualSticks(transferLabel)},
		{Script: Recover, Stage: stageUnpublished, Sticks: usualSticks(transferLabel)},
		{Script: CheckDrives, Stage: stageRepository, Sticks: usualSticks()},
		{Script: CopyDrive, Stage: stageRepository, Sticks: usualSticks("root-backup-3")},
		{Script: ChangePassphrase, Stage: stageRepository, Sticks: usualSticks()},
		{Script: AddNote, Stage: stageRepository, Sticks: usualSticks()},
		{Script: CheckNextImage, Stage: stageNextImage, Sticks: []string{nextLabel, transferLabel, "spare"}},
	}
}

// usualSticks are the drives of the usual plan, and a spare one for what breaks.
func usualSticks(more ...string) []string {
	return append(append([]string{"root-backup-1", "root-backup-2", "signing", "repository"}, more...), "spare")
}

// Find is the entry of a name.
func Find(name string) (Item, bool) {
	all := Catalog()
	i := slices.IndexFunc(all, func(e Item) bool { return e.Script().Name == name })
	if i < 0 {
		return Item{}, false
	}
	return all[i], true
}
