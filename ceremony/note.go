package ceremony

import (
	"context"
	"fmt"
	"strings"
)

// AddNote is the ceremony that keeps what a witness has to say, with the record
// that says when it was said.
func AddNote() Script {
	return Script{
		Name:  "note",
		Title: "Add a witness's note",
		Intro: "Keeps what a witness saw, in the witness's own words, in the ledger of the repository drive. Nothing is signed, and nothing else changes.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: noteNeed,
				Help: "A note is for what the record of a ceremony does not know: who was in the room, what went wrong and was put right, what was agreed."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository drive", Do: knowRepositoryDrive,
				Help:    "The note goes into the ledger of the repository drive, beside the records of all ceremonies. The drive is read whole first.",
				Witness: "Copy the digits of the repository."},
			{ID: "note", Title: "The note", Do: writeNote,
				Help:    "The note is kept with the time and the name of the witness. Later nobody can change it unseen: the digest at the end vouches for it. It is public to whoever has the drive.",
				Witness: "The note is in your own words, and under your own name."},
			{ID: "record", Title: "Record", Commits: true, Do: keepRecord, Help: recordHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRecord, Help: finishHelp, Witness: "Copy the digest of the record: it vouches for the note."},
		},
	}
}

func noteNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive"},
		{"People", "the witness"},
		{"Time", "about 5 minutes"},
	})
}

// knowRepositoryDrive reads the repository drive, which stays plugged in: it is
// written next.
func knowRepositoryDrive(ctx context.Context, s *Session) error {
	return s.Part(ctx, "repository", func(ctx context.Context) error {
		d, _, err := s.visitDrive(ctx, visit{id: "repository", title: "The repository drive", label: repositoryLabel,
			prompt: "Insert the repository drive", text: []Block{Para("Its ledger keeps the note.")},
			wrong: s.keeping()})
		if err == nil {
			s.State.Care.keeper = d
			s.tellKnown(d)
		}
		return err
	})
}

const (
	noteLines  = 20  // of a note at most
	noteLetter = 200 // bytes of a line at most
)

// writeNote asks for the witness's name and the lines of the note, and shows them
// once before they are kept.
func writeNote(ctx context.Context, s *Session) error {
	return s.Part(ctx, "note", func(ctx context.Context) error {
		a, err := s.ask(ctx, Question{ID: "note.witness", Kind: Type, Title: "Whose note is it?", Prompt: "Name of the witness:",
			Text: []Block{Para("The name of a person, with the office if that matters. It stands beside the note.")}}, fitsName)
		if err != nil {
			return err
		}
		lines, err := s.askNote(ctx)
		if err != nil {
			return err
		}
		witness, text := strings.TrimSpace(a.Text), strings.Join(lines, "\n")
		if err := s.read(ctx, Question{ID: "note.read", Title: "The note of " + witness, Prompt: "Is this what is meant? Enter keeps it.",
			Text: list(lines)}); err != nil {
			return err
		}
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("note by %s: %s", witness, strings.Join(lines, " ")),
			Data: map[string]string{"witness": witness, "note": text}})
		return nil
	})
}

// askNote takes lines until an empty one.
func (s *Session) askNote(ctx context.Context) ([]string, error) {
	var lines []string
	q := Question{ID: "note.text", Kind: Type, Title: "The note", Prompt: "Write a line:",
		Text: []Block{Para("What you saw, in your own words. No passphrase belongs here.")}}
	for len(lines) < noteLines {
		a, err := s.ask(ctx, q, func(a Answer) error { return fitsNote(a, len(lines)) })
		if err != nil {
			return nil, err
		}
		line := strings.TrimSpace(a.Text)
		if line == "" {
			break
		}
		lines = append(lines, line)
		delete(s.recall, q.ID) // the next line is another one
		q.Prompt, q.Optional = fmt.Sprintf("Line %d; Enter alone ends the note:", len(lines)+1), true
		q.Text = list(lines)
	}
	return lines, nil
}

// fitsNote takes a line that can be shown as it is; only the first must say
// something.
func fitsNote(a Answer, before int) error {
	switch line := strings.TrimSpace(a.Text); {
	case line == "" && before == 0:
		return remarkf("A note says something. Esc leaves it.")
	case len(line) > noteLetter:
		return remarkf("That is longer than %d letters. Write the rest on the next line.", noteLetter)
	case Foreign(line) != line:
		return remarkf("That has characters that cannot be shown: %s", Foreign(line))
	}
	return nil
}
