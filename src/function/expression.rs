//! The expression language: text → a tree whose parts know their places.
//!
//! Precedence, loosest first: `or`; `and`; `not`; comparisons; `+ -`; `* /`; unary `-`; `^`, which binds to the right.

use std::ops::Range;

use super::elementary::{self, Unary};
use crate::diagnostic::nearest;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// Bytes of the expression's text.
    pub span: Range<usize>,
    pub message: String,
    /// What was expected or the nearest valid name.
    pub help: Option<String>,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    /// `x`.
    Variable,
    /// A parameter's or constant's name and value.
    Named(String, f64),
    Negate(Box<Expression>),
    Not(Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
    Unary(Call, Box<Expression>),
    Clamp(Box<[Expression; 3]>),
    /// `if(condition, a, b)`.
    If(Box<[Expression; 3]>),
}

/// An elementary function; equal when the names are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call(pub(super) &'static Unary);

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

/// What takes two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Minimum,
    Maximum,
}

impl Binary {
    /// The binding strength of an operator; a larger one binds tighter.
    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual
            | Self::Equal
            | Self::NotEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
            Self::Power => 8,
            Self::Minimum | Self::Maximum => 9,
        }
    }

    pub(super) fn is_comparison(self) -> bool {
        self.strength() == 4
    }
}

/// The strength of unary minus: below `^`, so that `-x^2` is −(x²).
const NEGATION: u8 = 7;
const LOGICAL_NOT: u8 = 3;

/// The most parts, and the deepest nesting, that an expression can have: far more than a function that one could read, few
/// enough for any stack.
const MAX_PARTS: usize = 2_000;
const MAX_DEPTH: usize = 100;

/// The constants by name.
const CONSTANTS: [(&str, f64); 2] = [("pi", std::f64::consts::PI), ("e", std::f64::consts::E)];
/// The functions of more than one number: name, arguments, meaning.
const OTHER_FUNCTIONS: [(&str, &[&str], &str); 4] = [
    ("if", &["c", "a", "b"], "a where the comparison c holds, else b"),
    ("clamp", &["x", "low", "high"], "x, but low below it and high above"),
    ("min", &["a", "b"], "the smaller one"),
    ("max", &["a", "b"], "the larger one"),
];
const WORDS: [&str; 3] = ["and", "or", "not"];

/// The functions of the language as they are called, `clamp(x, low, high)`, each with what it means, by name.
pub fn functions() -> Vec<(String, &'static str)> {
    let unary = elementary::UNARY.iter().map(|it| (format!("{}(x)", it.name), it.meaning));
    let others = OTHER_FUNCTIONS.iter();
    let others =
        others.map(|(name, arguments, meaning)| (format!("{name}({})", arguments.join(", ")), *meaning));
    let mut functions: Vec<_> = unary.chain(others).collect();
    functions.sort();
    functions
}

/// Checks that a parameter's name is one and means nothing else.
///
/// # Errors
///
/// Why not, as the end of a sentence.
pub fn check_parameter_name(name: &str) -> Result<(), String> {
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|c| c.is_ascii_alphabetic());
    if !starts_well || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err("a name is a letter followed by letters, digits or `_`".into());
    }
    if name == "x" {
        return Err("`x` is the variable".into());
    }
    if CONSTANTS.iter().any(|(constant, _)| *constant == name) {
        return Err("it is a constant of the language".into());
    }
    let is_function =
        elementary::unary(name).is_some() || OTHER_FUNCTIONS.iter().any(|(other, ..)| *other == name);
    if is_function || WORDS.contains(&name) {
        return Err("it is a function of the language".into());
    }
    Ok(())
}

/// Parses an expression of `x` and the parameters.
pub(super) fn parse(text: &str, parameters: &[(String, f64)]) -> Result<Expression, ExpressionError> {
    let tokens = tokens(text)?;
    if tokens.len() == 1 {
        return Err(error(
            0..text.len(),
            "there is nothing to compute",
            Some("write an expression such as `x^2`".into()),
        ));
    }
    let mut parser = Parser { tokens, next: 0, parameters, parts: 0 };
    let expression = parser.expression(0, 0)?;
    let token = parser.peek().clone();
    match token.kind {
        TokenKind::End => Ok(expression),
        TokenKind::Close => Err(error(token.span, "this `)` closes nothing", None)),
        TokenKind::Comma => Err(error(token.span, "a `,` separates arguments of a function only", None)),
        _ => Err(parser.missing_operator(&token)),
    }
}

fn error(span: Range<usize>, message: impl Into<String>, help: Option<String>) -> ExpressionError {
    ExpressionError { span, message: message.into(), help }
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    kind: TokenKind,
    span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum TokenKind {
    Number(f64),
    Name(String),
    Operator(Binary),
    Not,
    Open,
    Close,
    Comma,
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let two = bytes.get(at..at + 2);
        let kind = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'0'..=b'9' | b'.' => {
                at = number_end(bytes, at);
                if let Some(Token { kind: TokenKind::Name(module), span }) = tokens.last()
                    && span.end == start
                    && at == start + 1
                {
                    let name: String = text[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
                    let help = (!name.is_empty()).then(|| format!("write `{name}` alone"));
                    let message = format!("`{module}.` is nothing: names stand without a module's");
                    return Err(error(span.start..at, message, help));
                }
                match text[start..at].parse::<f64>() {
                    Ok(value) if value.is_finite() => TokenKind::Number(value),
                    _ => {
                        return Err(error(
                            start..at,
                            format!("`{}` is not a number", &text[start..at]),
                            None,
                        ));
                    }
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                match &text[start..at] {
                    "and" => TokenKind::Operator(Binary::And),
                    "or" => TokenKind::Operator(Binary::Or),
                    "not" => TokenKind::Not,
                    name => TokenKind::Name(name.to_owned()),
                }
            }
            _ => {
                let (kind, length) = match two {
                    Some(b"<=") => (TokenKind::Operator(Binary::LessEqual), 2),
                    Some(b">=") => (TokenKind::Operator(Binary::GreaterEqual), 2),
                    Some(b"==") => (TokenKind::Operator(Binary::Equal), 2),
                    Some(b"!=") => (TokenKind::Operator(Binary::NotEqual), 2),
                    Some(b"**") => {
                        let help = Some("a power is written `^`".into());
                        return Err(error(start..start + 2, "`**` is not an operator", help));
                    }
                    _ => match bytes[at] {
                        b'<' => (TokenKind::Operator(Binary::Less), 1),
                        b'>' => (TokenKind::Operator(Binary::Greater), 1),
                        b'+' => (TokenKind::Operator(Binary::Add), 1),
                        b'-' => (TokenKind::Operator(Binary::Subtract), 1),
                        b'*' => (TokenKind::Operator(Binary::Multiply), 1),
                        b'/' => (TokenKind::Operator(Binary::Divide), 1),
                        b'^' => (TokenKind::Operator(Binary::Power), 1),
                        b'(' => (TokenKind::Open, 1),
                        b')' => (TokenKind::Close, 1),
                        b',' => (TokenKind::Comma, 1),
                        b'=' => {
                            let help = Some("equality is written `==`".into());
                            return Err(error(start..start + 1, "`=` is not an operator", help));
                        }
                        _ => {
                            let stray = text[at..].chars().next().unwrap_or_default();
                            let span = start..start + stray.len_utf8();
                            let message = format!("`{}` cannot stand in an expression", stray.escape_debug());
                            return Err(error(span, message, stray_help(stray)));
                        }
                    },
                };
                at += length;
                kind
            }
        };
        tokens.push(Token { kind, span: start..at });
        if tokens.len() > 4 * MAX_PARTS {
            return Err(too_long(start..at));
        }
    }
    tokens.push(Token { kind: TokenKind::End, span: text.trim_end().len()..text.len() });
    Ok(tokens)
}

fn too_long(span: Range<usize>) -> ExpressionError {
    error(span, format!("there are more than {MAX_PARTS} parts"), None)
}

/// What is said to those who know the choice from other languages.
const A_CHOICE: &str = "a choice is written `if(condition, then, otherwise)`";

fn stray_help(stray: char) -> Option<String> {
    let ascii = match stray {
        '−' | '–' => '-',
        '×' | '·' | '⋅' => '*',
        '÷' => '/',
        'π' => return Some("write `pi`".into()),
        '?' => return Some(A_CHOICE.into()),
        '|' => return Some("|x| is written `abs(x)`, and conditions are joined by `or`".into()),
        '&' => return Some("conditions are joined by `and`".into()),
        '²' => return Some("write `^2`".into()),
        '³' => return Some("write `^3`".into()),
        '[' | '{' => '(',
        ']' | '}' => ')',
        _ => return None,
    };
    Some(format!("write `{ascii}`"))
}

/// The end of the number that starts at `at`: digits, one point, an exponent.
fn number_end(bytes: &[u8], mut at: usize) -> usize {
    let digits = |bytes: &[u8], mut at: usize| {
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        at
    };
    at = digits(bytes, at);
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        // Without digits it is the constant e, and a missing operator before it.
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at = digits(bytes, at + 1 + sign);
        }
    }
    at
}

struct Parser<'p> {
    /// Ends with [`TokenKind::End`].
    tokens: Vec<Token>,
    next: usize,
    parameters: &'p [(String, f64)],
    parts: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    /// An expression whose operators all bind tighter than `strength`.
    fn expression(&mut self, strength: u8, depth: usize) -> Result<Expression, ExpressionError> {
        if depth > MAX_DEPTH {
            return Err(error(
                self.peek().span.clone(),
                format!("this is nested more than {MAX_DEPTH} deep"),
                None,
            ));
        }
        let mut left = self.operand(depth)?;
        while let TokenKind::Operator(operator) = self.peek().kind {
            let own = operator.strength();
            if own <= strength {
                break;
            }
            let token = self.take();
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(too_long(token.span));
            }
            // A power binds to the right, and takes a signed exponent: 2^-1.
            let right = self.expression(if operator == Binary::Power { own - 2 } else { own }, depth + 1)?;
            if let (true, TokenKind::Operator(next)) = (operator.is_comparison(), &self.peek().kind)
                && next.is_comparison()
            {
                let help = Some("compare two at a time: `a < x and x < b`".into());
                return Err(error(self.peek().span.clone(), "comparisons cannot be chained", help));
            }
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        let token = self.take();
        match token.kind {
            TokenKind::Number(value) => Ok(Expression::Number(value)),
            TokenKind::Operator(Binary::Subtract) => {
                Ok(Expression::Negate(Box::new(self.expression(NEGATION, depth + 1)?)))
            }
            TokenKind::Operator(Binary::Add) => self.expression(NEGATION, depth + 1),
            TokenKind::Not => Ok(Expression::Not(Box::new(self.expression(LOGICAL_NOT, depth + 1)?))),
            TokenKind::Open => {
                let inner = self.expression(0, depth + 1)?;
                self.close(&token)?;
                Ok(inner)
            }
            TokenKind::Name(ref name) => match self.peek().kind {
                TokenKind::Open => self.call(name, &token, depth),
                _ => self.name(name, &token),
            },
            TokenKind::End => Err(error(token.span, "something is missing at the end", None)),
            TokenKind::Close | TokenKind::Comma | TokenKind::Operator(_) => {
                Err(error(token.span, "a number, a name or `(` was expected here", None))
            }
        }
    }

    fn close(&mut self, open: &Token) -> Result<(), ExpressionError> {
        let token = self.peek().clone();
        match token.kind {
            TokenKind::Close => {
                self.take();
                Ok(())
            }
            TokenKind::End => Err(error(open.span.clone(), "this `(` is never closed", None)),
            TokenKind::Comma => Err(error(token.span, "a `,` separates arguments of a function only", None)),
            _ => Err(self.missing_operator(&token)),
        }
    }

    /// Two operands side by side.
    fn missing_operator(&self, token: &Token) -> ExpressionError {
        let help = match &token.kind {
            TokenKind::Name(name) if matches!(name.as_str(), "if" | "else") => A_CHOICE,
            _ => "a product is written with `*`, as in `2 * x`",
        };
        error(token.span.clone(), "an operator is missing before this", Some(help.into()))
    }

    fn name(&self, name: &str, token: &Token) -> Result<Expression, ExpressionError> {
        if name == "x" {
            return Ok(Expression::Variable);
        }
        if let Some((_, value)) = self.parameters.iter().find(|(parameter, _)| parameter == name) {
            return Ok(Expression::Named(name.to_owned(), *value));
        }
        if let Some((_, value)) = CONSTANTS.iter().find(|(constant, _)| *constant == name) {
            return Ok(Expression::Named(name.to_owned(), *value));
        }
        if arity(name).is_some() {
            let help = Some(format!("write `{name}(x)`"));
            return Err(error(
                token.span.clone(),
                format!("the function `{name}` needs its arguments"),
                help,
            ));
        }
        let parameters = self.parameters.iter().map(|(name, _)| name.as_str());
        let names = parameters.chain(CONSTANTS.map(|(name, _)| name)).chain(["x"]);
        let help = match nearest(name, names) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "the variable is `x`; other names are declared under `parameters`".to_owned(),
        };
        Err(error(token.span.clone(), format!("`{name}` has no meaning"), Some(help)))
    }

    fn call(&mut self, name: &str, token: &Token, depth: usize) -> Result<Expression, ExpressionError> {
        let Some(expected) = arity(name) else {
            let is_value = name == "x" || self.parameters.iter().any(|(parameter, _)| parameter == name);
            if is_value || CONSTANTS.iter().any(|(constant, _)| *constant == name) {
                let help = Some(format!("a product is written with `*`: `{name} * (`"));
                return Err(error(token.span.clone(), format!("`{name}` is not a function"), help));
            }
            let names = elementary::UNARY.iter().map(|function| function.name);
            let help = nearest(name, names.chain(OTHER_FUNCTIONS.map(|(name, ..)| name)));
            let help = match help {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`actfn-site list functions` shows those that there are".to_owned(),
            };
            let help = Some(help);
            return Err(error(token.span.clone(), format!("there is no function `{name}`"), help));
        };
        let open = self.take();
        let mut arguments = Vec::new();
        if self.peek().kind != TokenKind::Close {
            arguments.push(self.expression(0, depth + 1)?);
            while self.peek().kind == TokenKind::Comma {
                self.take();
                arguments.push(self.expression(0, depth + 1)?);
            }
        }
        let end = self.peek().span.end;
        self.close(&open)?;
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(too_long(token.span.clone()));
        }
        if arguments.len() != expected {
            let noun = if expected == 1 { "argument" } else { "arguments" };
            let message = format!("`{name}` takes {expected} {noun}, not {}", arguments.len());
            return Err(error(token.span.start..end, message, None));
        }
        let mut arguments = arguments.into_iter();
        let mut next = || Box::new(arguments.next().unwrap_or(Expression::Variable));
        Ok(match name {
            "min" => Expression::Binary(Binary::Minimum, next(), next()),
            "max" => Expression::Binary(Binary::Maximum, next(), next()),
            "clamp" => Expression::Clamp(Box::new([*next(), *next(), *next()])),
            "if" => Expression::If(Box::new([*next(), *next(), *next()])),
            _ => match elementary::unary(name) {
                Some(function) => Expression::Unary(Call(function), next()),
                None => unreachable!("every name with an arity is handled"),
            },
        })
    }
}

/// How many numbers a function takes.
fn arity(name: &str) -> Option<usize> {
    let other =
        OTHER_FUNCTIONS.iter().find(|(other, ..)| *other == name).map(|(_, arguments, _)| arguments.len());
    other.or_else(|| elementary::unary(name).map(|_| 1))
}
