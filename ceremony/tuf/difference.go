package tuf

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// difference is one place where two signed parts differ.
type difference struct {
	path     []string // roles, root, threshold
	old, new any      // nil where there is nothing
}

// differences compares the signed parts of two files name by name, knowing
// nothing of what they mean: what the parser passes over in history, it finds.
func differences(old, new []byte) ([]difference, error) {
	var a, b struct{ Signed any }
	if err := json.Unmarshal(old, &a); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	if err := json.Unmarshal(new, &b); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return differ(nil, nil, a.Signed, b.Signed), nil
}

// differencesOf compares two JSON texts that scan has accepted.
func differencesOf(old, new []byte) ([]difference, error) {
	var a, b any
	if err := errors.Join(json.Unmarshal(old, &a), json.Unmarshal(new, &b)); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return differ(nil, nil, a, b), nil
}

func differ(found []difference, path []string, old, new any) []difference {
	a, isObject := old.(map[string]any)
	b, alsoObject := new.(map[string]any)
	if !isObject || !alsoObject {
		if !reflect.DeepEqual(asSet(path, old), asSet(path, new)) {
			found = append(found, difference{path, old, new})
		}
		return found
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		found = differ(found, append(slices.Clone(path), name), a[name], b[name])
	}
	return found
}

// asSet sorts a list of key ids: it is a set (TUF 1.0.34 §4.3), and an older
// root may have it in any order, or an id twice.
func asSet(path []string, v any) any {
	list, ok := v.([]any)
	if !ok || len(path) == 0 || path[len(path)-1] != "keyids" {
		return v
	}
	ids := make([]string, 0, len(list))
	for _, id := range list {
		ids = append(ids, fmt.Sprint(id))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// nothing is what a creation is compared with: a root without keys.
const nothing = `{"signed":{"keys":{},"roles":{"root":{},"targets":{},"snapshot":{},"timestamp":{}}}}`
