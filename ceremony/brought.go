package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// brought is what somebody brought on a drive that another computer wrote. All of
// it is foreign: it was read with bounds, links were not followed, and nothing of
// it is ever copied.
type brought struct {
	drive    Drive
	manifest *Manifest // of a transfer drive that a ceremony wrote
	layout   *tuf.Layout
	request  []byte // request.json; nil when there is none
}

// staged is staged/root.json; nil when there is none.
func (b *brought) staged() []byte {
	for _, f := range b.layout.Staged {
		if f.Name == "staged/root.json" {
			return f.Data
		}
	}
	return nil
}

// oddities are what people should know of the drive, and what was not read.
func (b *brought) oddities() []string {
	var out []string
	for _, f := range b.layout.Keys {
		if _, err := tuf.InspectKeyFile(f.Data); err == nil {
			out = append(out, Foreign(f.Name)+" is a private key: it does not belong on a drive that travels")
		}
	}
	for _, r := range b.layout.Refused {
		out = append(out, fmt.Sprintf("%s was not read: %s", Foreign(r.Name), Foreign(r.Err.Error())))
	}
	for _, name := range b.layout.Strays {
		out = append(out, Foreign(name)+" is not used")
	}
	if n := len(out); n > mostOddities {
		out = append(out[:mostOddities], fmt.Sprintf("and %d more", n-mostOddities))
	}
	return out
}

// mostOddities is what a page has room for.
const mostOddities = 8

// visitBrought waits for a drive from another computer. wrong says why what is on
// it will not do.
func (s *Session) visitBrought(ctx context.Context, v visit, wrong func(*brought) string) (*brought, string, error) {
	v.foreign = true
	for {
		found, way, err := s.visitDrive(ctx, v)
		if err != nil || way != "" {
			return nil, way, err
		}
		b, problem, err := s.readBrought(ctx, v, found)
		if err != nil {
			return nil, "", err
		}
		if problem == "" {
			problem = wrong(b)
		}
		if problem == "" {
			return b, "", nil
		}
		if way, err := s.turnAway(ctx, v, found.drive, problem); err != nil || way != "" {
			return nil, way, err
		}
	}
}

// readBrought reads a drive by the names that files have on it.
func (s *Session) readBrought(ctx context.Context, v visit, found *foundDrive) (b *brought, problem string, err error) {
	b = &brought{drive: found.drive, manifest: found.manifest}
	switch {
	case found.drive.FileSystem == "":
		return nil, "This drive is blank.", nil
	case found.manifest != nil && found.manifest.Role != Transfer && found.manifest.Role != Signing && found.manifest.Role != Repository:
		return nil, fmt.Sprintf("This is %s, a %s drive.", found.label(), found.manifest.Role), nil
	}
	_, err = s.askBeside(ctx, Question{ID: v.id + ".opening", Kind: Wait, Title: v.title, NoBack: true, Prompt: "Reading what was brought"},
		func(ctx context.Context) error { return s.openBrought(ctx, b) })
	switch {
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return nil, "", err
	case err != nil:
		return nil, "This drive cannot be read: " + Foreign(err.Error()) + ".", nil
	}
	return b, "", nil
}

func (s *Session) openBrought(ctx context.Context, b *brought) (err error) {
	vol, err := s.env.Drives.Open(ctx, b.drive, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	if b.layout, err = tuf.ReadLayout(vol); err != nil {
		return err
	}
	for _, name := range b.layout.Outside {
		if strings.EqualFold(name, RequestName) {
			if b.request, err = vol.ReadFile(name, MaxRequestSize); err != nil {
				return err
			}
		}
	}
	if _, err := vol.ReadFile(RequestName, MaxRequestSize); b.request == nil && errors.Is(err, ErrNotFile) && !b.refused(RequestName) {
		b.layout.Refused = append(b.layout.Refused, tuf.Refusal{Name: RequestName, Err: ErrNotFile}) // a folder
	}
	return nil
}

func (b *brought) refused(name string) bool {
	return slices.ContainsFunc(b.layout.Refused, func(r tuf.Refusal) bool { return r.Name == name })
}
