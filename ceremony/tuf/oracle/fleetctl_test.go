package oracle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

var passphrases = []string{
	"FLEET_ROOT_PASSPHRASE=cedar", "FLEET_TARGETS_PASSPHRASE=maple",
	"FLEET_SNAPSHOT_PASSPHRASE=alder", "FLEET_TIMESTAMP_PASSPHRASE=birch",
}

// TestFleetctl: the reference makes what orbit follows, and refuses as fleetctl
// refuses.
func TestFleetctl(t *testing.T) {
	dir := t.TempDir()
	fleetctl := oracle.FleetctlTool().Ready(t)
	run := func(command string) string {
		t.Helper()
		said, err := fleetctl.Run(t, dir, passphrases, strings.Fields(command)...)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	file := filepath.Join(t.TempDir(), "osqueryd.exe")
	write(t, file, content)

	if said := run("init"); strings.Count(said, "Generated ") != 4 {
		t.Errorf("init said %q", said)
	}
	at := device(t, dir)
	run("add --target " + file + " --name osqueryd --platform windows --version 1.2.3 --tag stable -t 1,1.2")
	run("timestamp")
	run("rotate targets")
	if said := run("roots"); said != read(t, filepath.Join(dir, "repository", "2.root.json"))+"\n" {
		t.Errorf("roots said %q", said)
	}
	for _, channel := range []string{"1.2.3", "stable", "1", "1.2"} {
		got, err := oracle.Clients()[0].Download(t, at, "osqueryd/windows/"+channel+"/osqueryd.exe")
		if err != nil || string(got) != content {
			t.Errorf("%s: %q, %v", channel, got, err)
		}
	}
	for command, why := range map[string]string{
		"init":             "there is a repository",
		"rotate":           "needs a role",
		"timestamp":        "FLEET_TIMESTAMP_PASSPHRASE is invalid",
		"add --name orbit": "add needs",
	} {
		_, err := oracle.Fleetctl(t, dir, []string{"FLEET_TIMESTAMP_PASSPHRASE=larch"}, strings.Fields(command)...)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", command, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "staged")); err != nil || len(left) != 1 {
		t.Errorf("staged holds %v, %v", left, err)
	}
}
