package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReviewOfACreation(t *testing.T) {
	c := newCrew(t, 3)
	r := derived(t, nil, c.creation(2, false)).Review()
	want := []string{
		"Root version 1 begins a new repository.",
		"CEO gains a root key (" + c.root[0].ID().Short() + "), and with it a say in who holds which key.",
		"CTO gains a root key (" + c.root[1].ID().Short() + "), and with it a say in who holds which key.",
		"CFO gains a root key (" + c.root[2].ID().Short() + "), and with it a say in who holds which key.",
		"Release gains a targets key (" + c.online[0].ID().Short() + "), and with it a say in which files clients install.",
		"Release gains a snapshot key (" + c.online[1].ID().Short() + "), and with it a say in which lists of files belong together.",
		"Release gains a timestamp key (" + c.online[2].ID().Short() + "), and with it a say in which snapshot is the newest.",
		"Any 2 of the 3 root keys together sign each new root version.",
		"The only targets key signs each new targets.json.",
		"The only snapshot key signs each new snapshot.json.",
		"The only timestamp key signs each new timestamp.json.",
		"Root version 1 expires on Monday 22 November 2027 at 14:05 UTC, 365 days from now.",
		"The first targets.json expires on Thursday 22 November 2029 at 14:05 UTC, 1096 days from now.",
		"The first snapshot.json expires on Thursday 22 November 2029 at 14:05 UTC, 1096 days from now.",
		"The first timestamp.json expires on Sunday 6 December 2026 at 14:05 UTC, 14 days from now.",
		"Files keep their names from version to version (no consistent snapshots). This can never be changed later.",
		"The repository follows version 1.0 of the TUF specification.",
	}
	sameSentences(t, r.Sentences, want)
	if r.Version != 1 || r.Digest != r.draft.Digest() {
		t.Errorf("review of version %d, digest %s", r.Version, r.Digest)
	}
	if len(r.Keys) != 6 || r.Keys[0].Roles[0] != RoleRoot || r.Keys[5].Roles[0] != RoleTimestamp {
		t.Errorf("keys are %+v", r.Keys)
	}
	for _, k := range r.Keys {
		if k.Standing != KeyNew || k.Holder == unnamed {
			t.Errorf("key is %+v", k)
		}
	}
}

func sameSentences(t *testing.T, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("sentences are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReviewOfAChange(t *testing.T) {
	c := newCrew(t, 3)
	fresh := newKeys(t, &steady{next: 99}, 1)[0]
	change := renewal()
	change.Grants = []Grant{{RoleRoot, fresh.Key(), "COO"}, {RoleTimestamp, c.online[0].Key(), "Release"}}
	change.Revokes = []Revoke{{RoleRoot, c.root[0].ID()}}
	change.Thresholds = map[Role]int{RoleRoot: 1}
	change.Holders = map[KeyID]string{c.root[0].ID(): "CEO"}
	r := derived(t, created(t, c, 2, false), change).Review()
	sameSentences(t, r.Sentences, []string{
		"Root version 2 takes the place of root version 1.",
		"COO gains a root key (" + fresh.ID().Short() + "), and with it a say in who holds which key.",
		"Release gains a timestamp key (" + c.online[0].ID().Short() + "), and with it a say in which snapshot is the newest.",
		"CEO loses the root key (" + c.root[0].ID().Short() + "), and with it the say in who holds which key.",
		"Any one of the 3 root keys signs each new root version. Before, it was 2 of 3.",
		"Any one of the 2 timestamp keys signs each new timestamp.json. Before, it was 1 of 1.",
		"Root version 2 expires on Monday 22 November 2027 at 14:05 UTC, 365 days from now, as root version 1 does.",
		"Nothing else changes.",
	})
	standings := map[KeyID]Standing{}
	for _, k := range r.Keys {
		standings[k.ID] = k.Standing
		if k.ID == c.online[0].ID() && !slices.Equal(k.Roles, []Role{RoleTargets, RoleTimestamp}) {
			t.Errorf("a key of two roles has %v", k.Roles)
		}
	}
	if len(standings) != 7 || standings[fresh.ID()] != KeyNew || standings[c.root[0].ID()] != KeyLeaves || standings[c.root[1].ID()] != KeyStays {
		t.Errorf("standings are %v", standings)
	}
}

func TestReviewOfARenewalNamesTheDateAndNothingElse(t *testing.T) {
	c := newCrew(t, 1)
	change := renewal()
	change.Expires = ceremonyDay.Add(12 * time.Hour)
	r := derived(t, created(t, c, 1, true), change).Review()
	sameSentences(t, r.Sentences, []string{
		"Root version 2 takes the place of root version 1.",
		"Root version 2 expires on Monday 23 November 2026 at 02:05 UTC, 1 day from now. For root version 1 it was Monday 22 November 2027 at 14:05 UTC.",
		"Nothing else changes.",
	})
}

// Whatever two roots differ in has a sentence, or the root is not derived: here
// the older root is edited under the hands of a renewal.
func TestEveryDifferenceHasASentence(t *testing.T) {
	c := newCrew(t, 2)
	chain := created(t, c, 1, false)
	for name, test := range map[string]struct {
		edit func(signed dict)
		want string // "": no root is derived
	}{
		"an unknown field":       {func(s dict) { s["custom"] = dict{"x": 1} }, `The field "custom" of root version 1 is left out.`},
		"an unknown role":        {func(s dict) { at(s, "roles")["mirrors"] = dict{} }, `The field "roles" "mirrors" of root version 1 is left out.`},
		"a field of a role":      {func(s dict) { at(s, "roles", "root")["name"] = "x" }, `The field "roles" "root" "name" of root version 1 is left out.`},
		"a field of a key":       {func(s dict) { at(s, "keys", c.root[0].ID().String())["owner"] = "x" }, "The field \"keys\" \"" + c.root[0].ID().String()[:8] + "…\" \"owner\" of root version 1 is left out."},
		"a hostile field":        {func(s dict) { s["\x1b[2J"] = 1 }, `The field "\x1b[2J" of root version 1 is left out.`},
		"no consistent_snapshot": {func(s dict) { delete(s, "consistent_snapshot") }, "Root says from now on what clients took for granted: no consistent snapshots."},
		"no spec_version":        {func(s dict) { delete(s, "spec_version") }, "Root says from now on that it follows version 1.0 of the TUF specification."},
		"a type in capitals":     {func(s dict) { s["_type"] = "Root" }, `The type of root version 1 was spelled "Root"; now it is spelled as it should be.`},
		"key ids in disorder": {func(s dict) {
			role := at(s, "roles", "root")
			role["keyids"] = append(slices.Clone(role["keyids"].([]any)), role["keyids"].([]any)[0])
		}, "Nothing else changes."},

		"another version":          {func(s dict) { s["version"] = 5 }, ""},
		"consistent snapshots":     {func(s dict) { s["consistent_snapshot"] = true }, ""},
		"another specification":    {func(s dict) { s["spec_version"] = "1.0.31" }, ""},
		"a key that differs":       {func(s dict) { at(s, "keys", c.root[0].ID().String(), "keyval")["public"] = "00" }, ""},
		"a key without algorithms": {func(s dict) { delete(at(s, "keys", c.root[0].ID().String()), "keyid_hash_algorithms") }, ""},
		"a threshold of no kind":   {func(s dict) { at(s, "roles", "root")["threshold"] = dict{} }, ""},
		"ids the parser passes":    {func(s dict) { at(s, "roles", "root")["keyids"] = []any{} }, ""},
	} {
		d := derived(t, chain, renewal())
		var file dict
		if err := json.Unmarshal(d.previous.Raw, &file); err != nil {
			t.Fatal(err)
		}
		test.edit(at(file, "signed"))
		edited := *d.previous
		var err error
		if edited.Raw, err = json.Marshal(file); err != nil {
			t.Fatal(err)
		}
		d.previous = &edited
		if name == "another version" {
			edited.Version = 5
		}
		r, err := d.describe(ceremonyDay)
		switch {
		case test.want == "" && !errors.Is(err, ErrUnnamed):
			t.Errorf("%s: %v, %q", name, err, r.Sentences)
		case test.want != "" && (err != nil || !slices.Contains(r.Sentences, test.want)):
			t.Errorf("%s: %v, %q", name, err, r.Sentences)
		}
	}
}

// Two keys whose ids begin alike are two gains.
func TestKeysThatLookAlikeAreBothNamed(t *testing.T) {
	a, b := KeyID{1, 2, 3, 4, 5}, KeyID{1, 2, 3, 4, 6}
	d := &Draft{root: &Root{Roles: map[Role]RoleKeys{RoleRoot: {KeyIDs: []KeyID{a, b}, Threshold: 1}}}}
	told, err := teller{d, ceremonyDay}.tell([]difference{{path: []string{"roles", "root", "keyids"}, new: []any{}}})
	if err != nil {
		t.Fatal(err)
	}
	gains := slices.DeleteFunc(told, func(s string) bool { return !strings.Contains(s, "gains") })
	if len(gains) != 2 {
		t.Errorf("two keys, and %q", gains)
	}
}

func TestChallenge(t *testing.T) {
	d := derived(t, nil, newCrew(t, 2).creation(2, false))
	words := d.Digest().Words()
	seen := map[int]bool{}
	for i := range 256 {
		c, err := d.Review().Challenge(&steady{next: byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		a, b := c.Positions[0], c.Positions[1]
		if a < 1 || a >= b || b > 32 || c.Words != [2]string{words[a-1], words[b-1]} {
			t.Fatalf("positions %v, words %v", c.Positions, c.Words)
		}
		seen[a], seen[b] = true, true
		for _, typed := range []string{
			c.Words[0] + " " + c.Words[1], strings.ToUpper(c.Words[0]) + "  \t" + strings.ToLower(c.Words[1]) + " ", c.Words[0] + c.Words[1],
		} {
			if r, err := c.Confirm(typed); err != nil || r.Digest() != d.Digest() {
				t.Errorf("%q: %v", typed, err)
			}
		}
		wrong := []string{"", c.Words[0], c.Words[0] + " " + c.Words[1] + "s", strings.Join(words, " ")}
		if c.Words[0] != c.Words[1] {
			wrong = append(wrong, c.Words[1]+" "+c.Words[0])
		}
		for _, typed := range wrong {
			if r, err := c.Confirm(typed); !errors.Is(err, ErrWords) || r != (Reviewed{}) {
				t.Errorf("%q is taken: %v", typed, err)
			}
		}
	}
	if len(seen) != 32 {
		t.Errorf("only %d of 32 words are ever asked for", len(seen))
	}
}

// What a caller does to the words of a challenge does not change the answer.
func TestChallengeCannotBeForged(t *testing.T) {
	c, err := derived(t, nil, newCrew(t, 1).creation(1, false)).Review().Challenge(&steady{})
	if err != nil {
		t.Fatal(err)
	}
	c.Words = [2]string{"yes", "yes"}
	if _, err := c.Confirm("yes yes"); !errors.Is(err, ErrWords) {
		t.Errorf("forged words are taken: %v", err)
	}
	if _, err := (Challenge{}).Confirm(""); !errors.Is(err, ErrNotReviewed) {
		t.Errorf("an empty challenge is met: %v", err)
	}
	if _, err := (Review{}).Challenge(&steady{}); !errors.Is(err, ErrNotReviewed) {
		t.Errorf("an empty review has a challenge: %v", err)
	}
}

func TestPickIsEven(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	counts := map[int]int{}
	for r := bytes.NewReader(all); ; {
		i, err := pick(r, 31)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		counts[i]++
	}
	for i := range 31 {
		if counts[i] != 8 {
			t.Errorf("%d comes %d times of 256", i, counts[i])
		}
	}
}
