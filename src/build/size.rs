//! How large the site is, and what that means for publishing it.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::publish::Content;

/// What GitHub Pages publishes at the most (docs.github.com, "GitHub Pages limits").
const SITE: u64 = 1_000_000_000;
/// What GitHub takes in one file of a repository (docs.github.com, "About large files on GitHub").
const FILE: u64 = 100 * 1024 * 1024;

/// In bytes.
pub(super) fn total(files: &BTreeMap<String, Content>) -> u64 {
    files.values().map(|content| content.length).sum()
}

/// What will be in the way of publishing.
pub(super) fn warnings(files: &BTreeMap<String, Content>) -> Vec<Diagnostic> {
    of_sizes(files.iter().map(|(name, content)| (name.as_str(), content.length)))
}

fn of_sizes<'f>(files: impl Iterator<Item = (&'f str, u64)> + Clone) -> Vec<Diagnostic> {
    let megabytes = |bytes: u64| format!("{} MB", bytes.div_ceil(1_000_000));
    let mut found = Vec::new();
    let total: u64 = files.clone().map(|(_, bytes)| bytes).sum();
    if total > SITE {
        let message =
            format!("the site has {}, and GitHub Pages publishes 1 GB at the most", megabytes(total));
        let help = "animations are the largest files: fewer `figures`, a smaller `size`, or a larger `snapshot_every` help";
        found.push(Diagnostic::warning(message, None).help(help));
    }
    for (name, bytes) in files.filter(|(_, bytes)| *bytes > FILE) {
        let message = format!("{name} has {}, and GitHub takes no file above 100 MiB", megabytes(bytes));
        found.push(Diagnostic::warning(message, None));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_where_they_are_passed() {
        let messages = |sizes: &[(&'static str, u64)]| {
            let found = of_sizes(sizes.iter().copied());
            found.into_iter().map(|diagnostic| diagnostic.message).collect::<Vec<_>>()
        };
        let part = SITE / 10;
        assert_eq!(messages(&[("a", part); 10]), Vec::<String>::new());
        let found = messages(&[("a.gif", FILE), ("b.gif", FILE + 1), ("c", SITE)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("1 GB") && found[1].contains("b.gif has 105 MB"), "{found:?}");
    }
}
