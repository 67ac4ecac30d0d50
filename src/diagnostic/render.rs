//! Diagnostics as text for a terminal.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Place, Severity};

/// Lines longer than this are not shown: nobody could find the underline in them.
const MAX_LINE: usize = 400;

/// Of longer texts the renderer gets only the part that it shows, since it keeps a note of every line.
const MAX_TEXT: usize = 1 << 15;

/// The diagnostic with its source lines, each place underlined; ANSI styles only if `styled`.
pub fn render(diagnostic: &Diagnostic, styled: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let message = printable(&diagnostic.message);
    let labels: Vec<String> = places(diagnostic).map(|place| printable(&place.label)).collect();
    let paths: Vec<String> = places(diagnostic).map(|place| printable(&place.file.path)).collect();
    let helps: Vec<String> = diagnostic.help.iter().map(|help| printable(help)).collect();
    let mut elements: Vec<Element<'_>> = Vec::new();
    let mut shown = Vec::new();
    for (index, place) in places(diagnostic).enumerate() {
        if shown.contains(&index) {
            continue;
        }
        // Places in one file share a snippet.
        let together: Vec<usize> = places(diagnostic)
            .enumerate()
            .filter(|(other, place_too)| *other >= index && is_near(place, place_too))
            .map(|(other, _)| other)
            .collect();
        shown.extend(&together);
        let spans: Vec<Range<usize>> = places(diagnostic).map(span).collect();
        if together.iter().any(|&at| line_length(&place.file.text, spans[at].start) > MAX_LINE) {
            let (line, column) = place.line_and_column();
            elements.push(Origin::path(&paths[index]).line(line).char_column(column).into());
            continue;
        }
        let text = &place.file.text;
        let part = excerpt(text, together.iter().map(|&at| &spans[at]));
        let annotations = together.iter().map(|&at| {
            let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(spans[at].start - part.start..spans[at].end - part.start);
            if labels[at].is_empty() { annotation } else { annotation.label(&labels[at]) }
        });
        let line = 1 + text[..part.start].matches('\n').count();
        let snippet = Snippet::source(&text[part.clone()]).line_start(line).path(&paths[index]);
        elements.push(snippet.annotations(annotations).into());
    }
    elements.extend(helps.iter().map(|help| Level::HELP.message(help).into()));
    let report = [if elements.is_empty() {
        Group::with_title(level.primary_title(&message))
    } else {
        level.primary_title(&message).elements(elements)
    }];
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&report)
}

fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = &Place> {
    diagnostic.place.iter().chain(&diagnostic.related)
}

/// Whether two places can share a snippet.
fn is_near(one: &Place, other: &Place) -> bool {
    one.file == other.file
        && (one.file.text.len() <= MAX_TEXT || one.span.start.abs_diff(other.span.start) <= MAX_TEXT)
}

/// The whole lines that some places of a text are on, and what lies between them; all of a short text.
fn excerpt<'s>(text: &str, spans: impl Iterator<Item = &'s Range<usize>> + Clone) -> Range<usize> {
    if text.len() <= MAX_TEXT {
        return 0..text.len();
    }
    let first = spans.clone().map(|span| span.start).min().unwrap_or(0);
    let last = spans.map(|span| span.end).max().unwrap_or(0);
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let start = match line_start(first) {
        // After the last line there is nothing to show.
        start if start == text.len() => line_start(start.saturating_sub(1)),
        start => start,
    };
    start..text[last..].find('\n').map_or(text.len(), |length| last + length + 1)
}

/// The span within its first line, on character boundaries and not empty: what the renderer can underline.
fn span(place: &Place) -> Range<usize> {
    let text = &place.file.text;
    let start = text.floor_char_boundary(place.span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let end = text.ceil_char_boundary(place.span.end.clamp(start, line_end));
    if end > start || end == text.len() {
        return start..end;
    }
    let next = text[start..].chars().next().map_or(0, char::len_utf8);
    start..start + next
}

fn line_length(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].find('\n').unwrap_or(text.len() - start)
}

/// Control characters, which could repaint the terminal, as escapes.
fn printable(text: &str) -> String {
    let is_control = |c: char| c.is_control() && c != '\n';
    text.chars().flat_map(|c| if is_control(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;

    proptest::proptest! {
        #[test]
        fn no_span_makes_it_panic(text in "[a é\n\t😀]{0,40}", start in 0_usize..60, length in 0_usize..60) {
            let file = Arc::new(SourceFile { path: "specs/\u{1b}[2J.yaml".into(), text });
            let place = Place { file, span: start..start + length, label: "here".into() };
            let rendered = render(&Diagnostic::error("wrong", place.clone()).related(place), false);
            let has_escape = rendered.contains('\u{1b}');
            proptest::prop_assert!(!has_escape);
        }
    }

    #[test]
    fn a_place_in_a_long_text_looks_as_in_a_short_one() {
        let place = |text: &str, at: usize, label: &str| {
            let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text: text.into() });
            Place { file, span: at..at + 1, label: label.into() }
        };
        let blank = "\n".repeat(MAX_TEXT);
        for (text, one, other) in
            [("a: x\nb: y\n", 3, 8), ("a: x\nb: y\n", 8, 3), ("a: x\n", 0, 5), ("a", 1, 0)]
        {
            let of = |before: &str, after: &str| {
                let text = format!("{before}{text}{after}");
                let at = |place_at: usize| before.len() + place_at;
                let diagnostic = Diagnostic::error("wrong", place(&text, at(one), "here"));
                render(&diagnostic.related(place(&text, at(other), "and here")), false)
            };
            let short = of("", "");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            // The end of a text is another place where more follows.
            if one.max(other) < text.len() {
                assert_eq!(words(&of("", &blank)), words(&short), "{text:?} {one}");
            }
            let shifted = words(&of(&blank, "")).join(" ");
            let shifted = shifted.replace("32769", "1").replace("32770", "2");
            assert_eq!(shifted, words(&short).join(" "), "{text:?} {one}");
        }
        // Places that are far from each other have a snippet each.
        let text = format!("a: x\n{blank}b: y\n");
        let diagnostic = Diagnostic::error("wrong", place(&text, 3, "here"));
        let rendered = render(&diagnostic.related(place(&text, 5 + blank.len() + 3, "and here")), false);
        assert!(rendered.contains("1 | a: x") && rendered.contains("32770 | b: y"), "{rendered}");
    }

    #[test]
    fn a_very_long_line_is_named_and_not_shown() {
        let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text: "x".repeat(10_000) });
        let rendered =
            render(&Diagnostic::error("wrong", Place { file, span: 5_000..5_001, label: "".into() }), false);
        assert!(rendered.contains("specs/a.yaml:1:5001") && rendered.len() < 200, "{rendered}");
    }
}
