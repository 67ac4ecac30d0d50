//! Formulas: the LaTeX of models and activations, typeset. What it does not know is shown by its name, never dropped.

use super::canvas::{Canvas, Ink};
use super::text::{self, Font};

/// A formula laid out on one line, its baseline's left end at the origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Formula {
    pieces: Vec<Piece>,
    pub(super) width: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Piece {
    font: Font,
    text: String,
    size: f64,
    x: f64,
    /// Downwards.
    y: f64,
}

impl Formula {
    /// Lays out LaTeX at a size.
    pub(super) fn new(latex: &str, size: f64) -> Self {
        let tokens = tokens(latex);
        let mut layout = Layout { pieces: Vec::new(), x: 0.0, last: Class::Opening };
        layout.row(&tokens, Setting { size, baseline: 0.0, upright: false }, 0);
        Self { pieces: layout.pieces, width: layout.x }
    }

    /// Draws it with its baseline's left end at a place.
    pub(super) fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64), ink: Ink) {
        for piece in &self.pieces {
            text::draw(canvas, piece.font, &piece.text, piece.size, (x + piece.x, y + piece.y), ink);
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Character(char),
    Command(String),
    Group(Vec<Token>),
    Subscript,
    Superscript,
}

/// Deeper groups are read as if they were flat.
const MAX_DEPTH: usize = 32;

fn tokens(latex: &str) -> Vec<Token> {
    let mut stack: Vec<Vec<Token>> = vec![Vec::new()];
    let mut characters = latex.chars().peekable();
    while let Some(character) = characters.next() {
        let token = match character {
            '{' if stack.len() < MAX_DEPTH => {
                stack.push(Vec::new());
                continue;
            }
            '}' if stack.len() > 1 => Token::Group(stack.pop().unwrap_or_default()),
            '{' | '}' => continue,
            '_' => Token::Subscript,
            '^' => Token::Superscript,
            '\\' => {
                let mut name = String::new();
                while let Some(letter) = characters.next_if(char::is_ascii_alphabetic) {
                    name.push(letter);
                }
                if name.is_empty() {
                    name.extend(characters.next());
                }
                Token::Command(name)
            }
            other => Token::Character(other),
        };
        if let Some(top) = stack.last_mut() {
            top.push(token);
        }
    }
    while stack.len() > 1 {
        let group = Token::Group(stack.pop().unwrap_or_default());
        if let Some(top) = stack.last_mut() {
            top.push(group);
        }
    }
    stack.pop().unwrap_or_default()
}

/// What decides the space between neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Ordinary,
    /// The name of a function, such as tanh.
    Operator,
    Opening,
    /// `+` and the like, and relations.
    Binary,
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    size: f64,
    baseline: f64,
    upright: bool,
}

struct Layout {
    pieces: Vec<Piece>,
    x: f64,
    last: Class,
}

const GREEK: [(&str, char); 24] = [
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("pi", 'π'),
    ("rho", 'ρ'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("phi", 'φ'),
    ("varphi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("Phi", 'Φ'),
    ("Omega", 'Ω'),
];

impl Layout {
    fn row(&mut self, tokens: &[Token], setting: Setting, depth: usize) {
        let mut at = 0;
        while at < tokens.len() {
            at += self.token(tokens, at, setting, depth);
        }
    }

    /// Lays out the token at `at` with what it takes; returns how many tokens that were.
    fn token(&mut self, tokens: &[Token], at: usize, setting: Setting, depth: usize) -> usize {
        if depth > MAX_DEPTH {
            return tokens.len();
        }
        let em = setting.size;
        match &tokens[at] {
            Token::Character(' ') if !setting.upright => 1,
            Token::Character(character) => {
                self.character(*character, setting);
                1
            }
            Token::Group(inner) => {
                self.row(inner, setting, depth + 1);
                1
            }
            Token::Subscript | Token::Superscript => {
                let shift = if tokens[at] == Token::Subscript { 0.18 } else { -0.38 };
                let script = Setting {
                    size: em * 0.7,
                    baseline: setting.baseline + shift * em,
                    upright: setting.upright,
                };
                let class = self.last;
                self.last = Class::Opening;
                let taken = match tokens.get(at + 1) {
                    Some(_) => self.token(tokens, at + 1, script, depth + 1),
                    None => 0,
                };
                self.last = class;
                1 + taken
            }
            Token::Command(name) => 1 + self.command(name, tokens, at + 1, setting, depth),
        }
    }

    /// Lays out a command; returns how many tokens it takes as arguments.
    fn command(
        &mut self,
        name: &str,
        tokens: &[Token],
        next: usize,
        setting: Setting,
        depth: usize,
    ) -> usize {
        let em = setting.size;
        let argument = usize::from(next < tokens.len());
        match name {
            "," => self.x += 0.17 * em,
            ":" | ";" | " " | "quad" => self.x += 0.28 * em,
            "!" | "left" | "right" => {}
            "_" | "%" | "#" | "&" | "$" | "{" | "}" => self.word(name, Setting { upright: true, ..setting }),
            "mathrm" | "operatorname" | "text" | "mathit" => {
                let is_operator = name == "operatorname" || name == "mathrm";
                if is_operator {
                    self.separate(setting);
                }
                let upright = name != "mathit";
                if argument == 1 {
                    self.token(tokens, next, Setting { upright, ..setting }, depth + 1);
                }
                self.last = if is_operator { Class::Operator } else { Class::Ordinary };
                return argument;
            }
            "hat" => {
                let start = self.x;
                if argument == 1 {
                    self.token(tokens, next, setting, depth + 1);
                }
                // The circumflex leans with the letter below it.
                let slant = if setting.upright { 0.0 } else { 0.06 * em };
                let width = text::width(Font::Upright, "ˆ", em);
                let x = f64::midpoint(start, self.x) - width / 2.0 + slant;
                self.pieces.push(Piece {
                    font: Font::Upright,
                    text: "ˆ".into(),
                    size: em,
                    x,
                    y: setting.baseline + 0.02 * em,
                });
                return argument;
            }
            "cdot" => self.character('·', setting),
            "le" => self.character('≤', setting),
            "ge" => self.character('≥', setting),
            "in" => self.character('∈', setting),
            "prime" => self.word("′", setting),
            _ => match GREEK.iter().find(|(greek, _)| *greek == name) {
                Some((_, letter)) => self.character(*letter, setting),
                None => {
                    self.separate(setting);
                    self.word(name, Setting { upright: true, ..setting });
                    self.last = Class::Operator;
                }
            },
        }
        0
    }

    /// A thin space between the name of a function and what comes before or after it, but for a parenthesis.
    fn separate(&mut self, setting: Setting) {
        if matches!(self.last, Class::Ordinary | Class::Operator) && !self.pieces.is_empty() {
            self.x += 0.1 * setting.size;
        }
    }

    fn character(&mut self, character: char, setting: Setting) {
        let em = setting.size;
        let is_sign = matches!(character, '+' | '-' | '·');
        let is_relation = matches!(character, '=' | '<' | '>' | '≤' | '≥' | '∈');
        if is_relation
            || is_sign && matches!(self.last, Class::Ordinary | Class::Operator) && !setting.upright
        {
            let space = if is_relation { 0.28 } else { 0.22 } * em;
            self.x += space;
            let shown = if character == '-' { '−' } else { character };
            self.word(shown.encode_utf8(&mut [0; 4]), Setting { upright: true, ..setting });
            self.x += space;
            self.last = Class::Binary;
            return;
        }
        let is_letter = character.is_alphabetic();
        if is_letter && self.last == Class::Operator && !setting.upright {
            self.x += 0.17 * em;
        }
        let shown = if character == '-' { '−' } else { character };
        self.word(
            shown.encode_utf8(&mut [0; 4]),
            Setting { upright: setting.upright || !is_letter, ..setting },
        );
        if character == ',' {
            self.x += 0.17 * em;
        }
        self.last = if matches!(character, '(' | '[' | '|') { Class::Opening } else { Class::Ordinary };
    }

    fn word(&mut self, word: &str, setting: Setting) {
        let font = if setting.upright { Font::Upright } else { Font::Oblique };
        self.pieces.push(Piece {
            font,
            text: word.to_owned(),
            size: setting.size,
            x: self.x,
            y: setting.baseline,
        });
        self.x += text::width(font, word, setting.size);
        self.last = Class::Ordinary;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(latex: &str) -> String {
        Formula::new(latex, 20.0).pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn every_sign_is_shown_once() {
        assert_eq!(plain(r"\hat{y}(x) = v\,\mathrm{LReLU}_{\alpha}(wx + b) + c"), "yˆ(x)=vLReLUα(wx+b)+c");
        assert_eq!(plain(r"-\sigma(wx)\tanh(z)"), "−σ(wx)tanh(z)");
        assert_eq!(plain(r"\mathrm{swish\_beta}"), "swish_beta");
        assert_eq!(plain(r"\unknown{a}"), "unknowna");
    }

    #[test]
    fn scripts_are_small_and_shifted() {
        let formula = Formula::new("W_{1}^{2}x", 20.0);
        let y: Vec<f64> = formula.pieces.iter().map(|piece| piece.y).collect();
        assert!(y[1] > 0.0 && y[2] < 0.0 && y[3] == 0.0, "{formula:?}");
        assert!(formula.pieces[1].size < 20.0 && formula.pieces[3].size == 20.0);
        assert!(formula.pieces.windows(2).all(|pair| pair[0].x < pair[1].x));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(latex in r"[\\{}_^a-z()+ ,hat=é-]{0,60}") {
            proptest::prop_assert!(Formula::new(&latex, 10.0).width.is_finite());
        }
    }

    #[test]
    fn deep_nesting_ends() {
        let _ = Formula::new(&"{".repeat(100_000), 10.0);
        let _ = Formula::new(&"_".repeat(100_000), 10.0);
        let _ = Formula::new(&r"\hat".repeat(10_000), 10.0);
    }
}
