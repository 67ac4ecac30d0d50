//! Enumerations: the names that a value may have.

use super::{Faults, listed};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::yaml::Node;

/// Declares how the names of an enumeration are written, and what it is.
macro_rules! names {
    ($type:ty, $noun:literal, [$($name:literal => $value:expr),* $(,)?]) => {
        impl crate::spec::decode::Decode for $type {
            fn expected() -> String {
                format!("{}: one of {}", $noun, crate::spec::decode::listed([$($name),*]))
            }

            fn schema() -> crate::spec::decode::Schema {
                serde_json::json!({ "enum": [$($name),*] })
            }

            fn decode(
                node: &crate::spec::yaml::Node,
                faults: &mut crate::spec::decode::Faults<'_>,
            ) -> Option<Self> {
                let crate::spec::yaml::Value::Text(text) = &node.value else {
                    return crate::spec::decode::mismatch(node, faults);
                };
                match text.as_str() {
                    $($name => Some($value),)*
                    _ => crate::spec::decode::unknown_name(text, node, $noun, &[$($name),*], faults),
                }
            }
        }
    };
}
pub(in crate::spec) use names;

/// What other programs call what we call by its second name.
const ELSEWHERE: [(&str, &str); 4] = [
    ("sgd", "gradient_descent"),
    ("gd", "gradient_descent"),
    ("nag", "nesterov"),
    ("lm", "levenberg_marquardt"),
];

/// Reports a name that is none of an enumeration's.
pub(in crate::spec) fn unknown_name<T>(
    typed: &str,
    node: &Node,
    noun: &str,
    names: &[&'static str],
    faults: &mut Faults<'_>,
) -> Option<T> {
    let place = faults.place(&node.span, format!("not {noun}"));
    let diagnostic = Diagnostic::error(format!("`{typed}` is not {noun}"), place);
    let folded = typed.to_lowercase();
    let other = ELSEWHERE.into_iter().find(|(elsewhere, own)| *elsewhere == folded && names.contains(own));
    let meant = other.map(|(_, own)| own);
    faults.push(match meant.or_else(|| nearest(typed, names.iter().copied())) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("expected one of {}", listed(names.iter().copied()))),
    });
    None
}
