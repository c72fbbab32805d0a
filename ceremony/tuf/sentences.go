package tuf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrUnnamed means a difference between two roots that no sentence tells. The
// root is not derived then.
var ErrUnnamed = errors.New("a difference that cannot be named")

// teller turns differences into sentences.
type teller struct {
	*Draft
	now time.Time
}

// sentence is told in the order of rank, and once: two differences may have one
// sentence. Two keys do not, were their ids alike in the digits that it shows.
type sentence struct {
	rank  rank
	text  string
	key   KeyID
	order int // within the rank
}

type rank int

const (
	toBegin rank = iota
	toGain
	toLose
	toRule
	toExpire
	toNote
	toEnd
)

// tell has a sentence for each difference, or an error.
func (t teller) tell(found []difference) ([]string, error) {
	told := []sentence{t.expiry()}
	for _, d := range found {
		more, err := t.name(d)
		if err != nil {
			return nil, err
		}
		told = append(told, more...)
	}
	told = append(told, t.online()...)
	if t.previous != nil {
		told = append(told, sentence{rank: toEnd, text: "Nothing else changes."})
	}
	slices.SortStableFunc(told, func(a, b sentence) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.order, b.order))
	})
	var texts []string
	for i, s := range told {
		if !slices.Contains(told[:i], s) {
			texts = append(texts, s.text)
		}
	}
	return texts, nil
}

func (t teller) name(d difference) ([]sentence, error) {
	switch {
	case len(d.path) == 1 && d.new != nil:
		return t.field(d)
	case len(d.path) == 2 && d.path[0] == "keys":
		return t.key(d)
	case len(d.path) == 3 && d.path[0] == "roles" && (d.path[2] == "keyids" || d.path[2] == "threshold") && d.new != nil:
		return t.role(d)
	}
	return t.left(d)
}

// left names what an older root had and this program does not write.
func (t teller) left(d difference) ([]sentence, error) {
	if d.new != nil || t.previous == nil {
		return nil, fmt.Errorf("%w: %q was %v and becomes %v", ErrUnnamed, d.path, d.old, d.new)
	}
	return note("%s of root version %d is left out.", place(d.path), t.previous.Version), nil
}

func place(path []string) string {
	quoted := make([]string, len(path))
	for i, name := range path {
		quoted[i] = quote(name)
	}
	return "The field " + strings.Join(quoted, " ")
}

func note(format string, args ...any) []sentence {
	return []sentence{{rank: toNote, text: fmt.Sprintf(format, args...)}}
}

// field names a difference in one of the plain fields of a root.
func (t teller) field(d difference) ([]sentence, error) {
	creation := t.previous == nil
	switch d.path[0] {
	case "_type", "version":
		return t.version(d)
	case "expires":
		return []sentence{t.expiry()}, nil
	case "spec_version":
		if creation {
			return note("The repository follows version %s of the TUF specification.", t.root.SpecVersion), nil
		}
		if d.old == nil {
			return note("Root says from now on that it follows version %s of the TUF specification.", t.root.SpecVersion), nil
		}
	case "consistent_snapshot":
		if creation {
			return note("%s This can never be changed later.", snapshots(t.root.Consistent)), nil
		}
		if d.old == nil && !t.root.Consistent {
			return note("Root says from now on what clients took for granted: no consistent snapshots."), nil
		}
	}
	return t.left(d)
}

func snapshots(consistent bool) string {
	if consistent {
		return "Each version of a file has a name of its own (consistent snapshots)."
	}
	return "Files keep their names from version to version (no consistent snapshots)."
}

func (t teller) version(d difference) ([]sentence, error) {
	switch {
	case t.previous == nil:
		return []sentence{{rank: toBegin, text: "Root version 1 begins a new repository."}}, nil
	case d.path[0] == "_type":
		return note("The type of root version %d was spelled %s; now it is spelled as it should be.", t.previous.Version, quote(fmt.Sprint(d.old))), nil
	case t.root.Version == t.previous.Version+1:
		text := fmt.Sprintf("Root version %d takes the place of root version %d.", t.root.Version, t.previous.Version)
		return []sentence{{rank: toBegin, text: text}}, nil
	}
	return t.left(d)
}

func (t teller) expiry() sentence {
	text := t.expires(fmt.Sprintf("Root version %d", t.root.Version), t.root.Expires)
	switch {
	case t.previous == nil:
	case t.previous.Expires.Equal(t.root.Expires):
		text = fmt.Sprintf("%s, as root version %d does.", strings.TrimSuffix(text, "."), t.previous.Version)
	default:
		text += fmt.Sprintf(" For root version %d it was %s.", t.previous.Version, t.previous.Expires.UTC().Format(longDate))
	}
	return sentence{rank: toExpire, text: text}
}

const longDate = "Monday 2 January 2006 at 15:04 UTC"

func (t teller) expires(what string, at time.Time) string {
	return fmt.Sprintf("%s expires on %s, %s.", what, at.UTC().Format(longDate), fromNow(t.now, at))
}

// fromNow counts days as a calendar does, in UTC: the hour does not matter to
// somebody who looks for a day to come back on.
func fromNow(now, at time.Time) string {
	switch days := int(at.UTC().Truncate(24*time.Hour).Sub(now.UTC().Truncate(24*time.Hour)).Hours()) / 24; days {
	case 0:
		return "today"
	case 1:
		return "1 day from now"
	default:
		return fmt.Sprintf("%d days from now", days)
	}
}
