package boot

import (
	"strings"
	"unicode/utf8"

	"signer/ceremony"
)

const columns = 78

// paragraph sets a text in lines that fit a console, each with an indent.
func paragraph(text, indent string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(ceremony.Foreign(text)) {
		width := utf8.RuneCountInString(word)
		if column > 0 && column+1+width > columns {
			b.WriteString("\r\n")
			column = 0
		}
		if column == 0 {
			b.WriteString(indent)
			column = len(indent)
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String() + "\r\n"
}
