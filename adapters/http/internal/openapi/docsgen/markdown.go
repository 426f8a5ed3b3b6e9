package main

import (
	"html/template"
	"regexp"
	"strings"
)

// markdown returns text of the description as HTML: paragraphs, and in them what line
// knows.
func markdown(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph != "" {
			b.WriteString("<p>" + string(line(paragraph)) + "</p>\n")
		}
	}
	return template.HTML(b.String()) // #nosec G203 -- line has escaped it
}

var (
	codeMark = regexp.MustCompile("`([^`]+)`")
	boldMark = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emMark   = regexp.MustCompile(`\*([^*]+)\*`)
	linkMark = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)
)

// line returns a paragraph as HTML, with `code`, **bold**, *emphasis* and links.
func line(text string) template.HTML {
	text = template.HTMLEscapeString(strings.TrimSpace(text))
	text = codeMark.ReplaceAllString(text, "<code>$1</code>")
	text = boldMark.ReplaceAllString(text, "<strong>$1</strong>")
	text = emMark.ReplaceAllString(text, "<em>$1</em>")
	text = linkMark.ReplaceAllString(text, `<a href="$2">$1</a>`)
	return template.HTML(text) // #nosec G203 -- it is escaped, and the rest is of this file
}
