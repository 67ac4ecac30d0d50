//! Addresses within the site. Every link is relative and names a file, so that the site works at any prefix and from disk.

use std::fmt::Write as _;

/// The address of `to` as seen from the file `from`, both relative to the site's root with `/` between their parts.
pub(super) fn relative(from: &str, to: &str) -> String {
    // Up to and with the last slash up to which both are the same.
    let alike = from.bytes().zip(to.bytes()).take_while(|(a, b)| a == b).count();
    let shared = from.as_bytes()[..alike].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let up = from.as_bytes()[shared..].iter().filter(|byte| **byte == b'/').count();
    let (path, fragment) = to[shared..].split_once('#').map_or((&to[shared..], None), |(a, b)| (a, Some(b)));
    let mut address = "../".repeat(up);
    encode(path, b"/-_.~+@", &mut address);
    if let Some(fragment) = fragment {
        address.push('#');
        encode(fragment, b":-_.~+@", &mut address);
    }
    address
}

/// Appends a path or fragment as it stands in an address; of what is not alphanumeric, only `plain` stays as it is.
fn encode(text: &str, plain: &[u8], address: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
}

/// The page of a folder.
pub(super) fn index(folder: &str) -> String {
    format!("{folder}/index.html")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn addresses_go_up_as_far_as_they_must() {
        assert_eq!(relative("index.html", "report/index.html"), "report/index.html");
        assert_eq!(relative("report/index.html", "index.html"), "../index.html");
        assert_eq!(relative("a/b/c/index.html", "a/x/fit.png"), "../../x/fit.png");
        assert_eq!(relative("a/b/index.html", "a/b/fit.png"), "fit.png");
        assert_eq!(relative("a/index.html", "b/x y%.png"), "../b/x%20y%25.png");
        assert_eq!(relative("a/index.html", "b/index.html#case:t~a"), "../b/index.html#case:t~a");
    }

    proptest::proptest! {
        #[test]
        fn following_an_address_leads_there(from in "([ab]/){0,4}[xy]\\.html", to in "([ab]/){0,4}[xy]\\.html") {
            let mut place: Vec<&str> = from.split('/').collect();
            place.pop();
            let address = relative(&from, &to);
            for part in address.split('/') {
                if part == ".." {
                    proptest::prop_assert!(place.pop().is_some());
                } else {
                    place.push(part);
                }
            }
            proptest::prop_assert_eq!(place.join("/"), to);
        }
    }
}
