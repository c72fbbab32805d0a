package oracle

import "testing"

// Fleetctl runs a command of `fleetctl updates` in the folder dir: init, add,
// timestamp, roots or rotate with their flags. It is a program that drives
// go-tuf v0.5.2 as fleetctl does. Passphrases are given as
// FLEET_<ROLE>_PASSPHRASE=… in env; nobody is there to be asked for others.
func Fleetctl(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	return FleetctlTool().Run(t, dir, env, args...)
}

// FleetctlTool is the program behind Fleetctl, for a test that runs it many
// times: it can be made Ready.
func FleetctlTool() TufTool {
	return TufTool{"fleetctl updates", goProgram{Module: "v0", Package: "./fleetctl"}.command}
}
