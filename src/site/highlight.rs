//! Code as HTML with its parts marked, at build time: YAML as specs are written in, and what few other languages pages show.
//!
//! A lexer is enough for a picture that helps the eye; what it does not know it leaves as it is. Larger libraries bring grammars
//! of hundreds of languages, which are larger than this program.

use super::math::escape;

/// What a language is made of.
struct Language {
    names: &'static [&'static str],
    comment: &'static str,
    /// Whether what stands before a colon is a key.
    has_keys: bool,
    words: &'static [&'static str],
}

const LANGUAGES: [Language; 5] = [
    Language { names: &["yaml", "yml"], comment: "#", has_keys: true, words: &["true", "false", "null"] },
    Language { names: &["json"], comment: "", has_keys: true, words: &["true", "false", "null"] },
    Language {
        names: &["sh", "bash", "shell", "console"],
        comment: "#",
        has_keys: false,
        words: &["cd", "do", "done", "else", "export", "fi", "for", "if", "in", "then", "while"],
    },
    Language {
        names: &["python", "py"],
        comment: "#",
        has_keys: false,
        words: &[
            "and", "as", "class", "def", "elif", "else", "False", "for", "from", "if", "import", "in", "is",
            "lambda", "None", "not", "or", "return", "True", "while", "with", "yield",
        ],
    },
    Language {
        names: &["rust", "rs"],
        comment: "//",
        has_keys: false,
        words: &[
            "as", "const", "else", "enum", "false", "fn", "for", "if", "impl", "in", "let", "loop", "match",
            "mod", "mut", "pub", "return", "self", "Self", "struct", "trait", "true", "type", "use", "while",
        ],
    },
];

/// HTML of a text in a language; of one that is not known, the text alone.
pub(super) fn html(text: &str, language: &str) -> String {
    let mut output = String::new();
    let Some(language) = LANGUAGES.iter().find(|known| known.names.contains(&language)) else {
        escape(&mut output, text);
        return output;
    };
    // The indentation of the line that began a text of several lines in YAML, while it lasts.
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_blank = line.trim().is_empty();
        if block.is_some_and(|outer| is_blank || indent > outer) {
            mark(&mut output, "string", line);
            continue;
        }
        block = None;
        highlight_line(&mut output, line, language);
        let is_yaml = language.has_keys && !language.comment.is_empty();
        let head = line.split(" #").next().unwrap_or_default().trim_end();
        let head = head.trim_end_matches(['-', '+']);
        if is_yaml && (head.ends_with(": |") || head.ends_with(": >")) {
            block = Some(indent);
        }
    }
    output
}

fn mark(output: &mut String, class: &str, text: &str) {
    output.push_str("<span class=\"code-");
    output.push_str(class);
    output.push_str("\">");
    escape(output, text);
    output.push_str("</span>");
}

fn highlight_line(output: &mut String, line: &str, language: &Language) {
    let mut rest = line;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let starts_word = !before.is_alphanumeric() && before != '_';
        let is_comment =
            !language.comment.is_empty() && rest.starts_with(language.comment) && before.is_whitespace();
        let (length, class) = if is_comment {
            (rest.trim_end_matches('\n').len(), Some("comment"))
        } else if first == '"' || first == '\'' && (starts_word || !language.has_keys) {
            let length = quoted(rest, first);
            let is_key = language.has_keys && rest[length..].trim_start().starts_with(':');
            (length, Some(if is_key { "key" } else { "string" }))
        } else if starts_word && (first.is_alphabetic() || first == '_') {
            let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let after = &rest[length..];
            let is_key = language.has_keys && (after.starts_with(": ") || after.trim_end() == ":");
            let is_word = language.words.contains(&&rest[..length]);
            (length, if is_key { Some("key") } else { is_word.then_some("word") })
        } else if starts_word
            && (first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let is_number = rest[..length].replace('_', "").parse::<f64>().is_ok();
            (length, is_number.then_some("number"))
        } else {
            (first.len_utf8(), None)
        };
        let (token, after) = rest.split_at(length);
        match class {
            Some(class) => mark(output, class, token),
            None => escape(output, token),
        }
        before = token.chars().next_back().unwrap_or(' ');
        rest = after;
    }
}

/// The length of what stands between quotes, with them; to the end of the line if they are not closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if quote == '"' => is_escaped = true,
            other if other == quote => return at + 1,
            _ => {}
        }
    }
    text.trim_end_matches('\n').len()
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn the_parts_of_yaml_are_told_apart() {
        let marked = html(
            "kind: target # one\nx: [1.5e-3, \"a: <b>\", on-2]\ntext: |\n  not: a key\nlast: true\n",
            "yaml",
        );
        insta::assert_snapshot!(marked);
    }

    #[test]
    fn what_is_not_known_is_escaped_and_no_more() {
        assert_eq!(html("a < b & \"c\"", "brainfuck"), "a &lt; b &amp; &quot;c&quot;");
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(text in "[ -~\nä'\"#:|0-9]{0,80}") {
            for language in ["yaml", "json", "bash", "python", "rust"] {
                let marked = html(&text, language);
                let mut plain = String::new();
                let mut is_tag = false;
                for character in marked.chars() {
                    match character {
                        '<' => is_tag = true,
                        '>' => is_tag = false,
                        other if !is_tag => plain.push(other),
                        _ => {}
                    }
                }
                let mut escaped = String::new();
                super::escape(&mut escaped, &text);
                proptest::prop_assert_eq!(plain, escaped);
            }
        }
    }
}
