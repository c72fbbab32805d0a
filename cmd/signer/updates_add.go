//go:build !airgap

package main

import (
	"context"

	"signer/ceremony/release"
)

// addText is the description in help and manual page.
const addText = `Adds files as targets. Each is listed under its version and under each of its
tags, which are the channels that clients follow:

  NAME/PLATFORM/TAG/FILE   orbit/linux/1.2.3/orbit, orbit/linux/stable/orbit

FILE is NAME with the ending of the file that was given: .exe, .app.tar.gz, .pkg,
.ext, .ext.exe or none. Fleet Desktop is fleet-desktop.exe on Windows and
desktop.tar.gz on Linux.

Each file is looked at first. An empty one, a program for another platform, and one
that is no archive though its name says so are refused: mix-ups have been published.

Several targets go in one go, so that clients get all of them or none. Each
--target begins the next one, and what follows it is for that one. What stands
before the first --target is for all of them. A --name, --platform or --version
that is given only once is for all too, wherever it stands. More than a few belong
into a file: --manifest.

  {"targets": [
    {"target": "build/orbit.exe", "name": "orbit", "platform": "windows",
     "version": "1.2.3", "tags": ["stable", "1", "1.2"]}
  ]}

Paths in it are relative to the folder of the manifest. At most 500 targets are
added at once.

It needs the keys of targets, snapshot and timestamp, and not root's.`

func updatesAddCommand() command {
	w := newRepositoryWork("updates add")
	var a adding
	return command{name: "add", does: "add targets, and sign targets, snapshot and timestamp",
		text: addText,
		options: w.options(
			a.option("target", "FILE", "The file. Each one begins the next target.").file(),
			a.option("platform", "PLATFORM", "What it is for.").oneOf(platformNames()...),
			a.option("name", "NAME", "What it is called: orbit, osqueryd, desktop, extensions/NAME, …"),
			a.option("version", "VERSION", "Its version, as 1.2.3."),
			a.option("tag", "TAG", "A channel, as stable, edge, 1 or 1.2. Commas separate several.").called("t"),
			textOption(&a.manifest, "manifest", "FILE", "Read what to add from a file of JSON.").file(),
			yesOption(&a.force, "force", "Add files that do not look like what they are said to be."),
		),
		synopsis: []string{
			"[--path" + noBreak + "DIR] --target" + noBreak + "FILE --platform" + noBreak + "PLATFORM --name" + noBreak + "NAME --version" + noBreak + "VERSION [--tag" + noBreak + "TAG]… [OPTION…]",
			"[--path" + noBreak + "DIR] --name" + noBreak + "NAME --version" + noBreak + "VERSION [--tag" + noBreak + "TAG]… {--target" + noBreak + "FILE --platform" + noBreak + "PLATFORM [--name" + noBreak + "NAME] [--version" + noBreak + "VERSION] [--tag" + noBreak + "TAG]…}… [OPTION…]",
			"[--path" + noBreak + "DIR] --manifest" + noBreak + "FILE [OPTION…]",
		},
		environment: passphraseTerms(allRoles()[1:]), files: repositoryFiles(),
		examples: []meaning{
			{"As fleetctl does it", "signer updates add --path updates --target build/orbit --platform linux \\\n  --name orbit --version 1.2.3 -t stable -t 1 -t 1.2"},
			{"One version for three platforms", "signer updates add --path updates --name orbit --version 1.2.3 -t edge \\\n  --target build/orbit --platform linux \\\n  --target build/orbit-arm64 --platform linux-arm64 \\\n  --target build/orbit.exe --platform windows"},
			{"What would happen", "signer updates add --path updates --manifest release.json --dry-run"},
		},
		seeAlso: []string{"updates", "updates timestamp", "publish"},
		run: func(ctx context.Context, _ []string, std stdio) int {
			sources, err := a.sources()
			if err != nil {
				return wrongUsage("signer updates add", err.Error(), std)
			}
			return w.do(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (release.Result, error) {
				if a.manifest != "" {
					if sources, err = release.ReadManifestFile(a.manifest); err != nil {
						return release.Result{}, err
					}
				}
				return r.Add(ctx, sources, release.AddOptions{Force: a.force}, pass)
			})
		}}
}

func platformNames() []string {
	return []string{"macos", "macos-app", "linux", "linux-arm64", "windows", "windows-arm64"}
}
