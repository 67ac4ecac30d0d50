//! Addresses within the site. Every link is relative and names a file, so that the site works at any prefix and from disk.

/// The address of `to` as seen from the file `from`, both relative to the site's root with `/` between their parts.
pub(super) fn relative(from: &str, to: &str) -> String {
    let folders = |path: &str| -> Vec<String> {
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        parts.pop();
        parts
    };
    let (from, target) = (folders(from), folders(to));
    let shared = from.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - shared);
    let down: String = target[shared..].iter().map(|folder| format!("{}/", encoded(folder))).collect();
    let name = to.rsplit('/').next().unwrap_or(to);
    let (name, fragment) = name.split_once('#').map_or((name, None), |(name, part)| (name, Some(part)));
    let fragment =
        fragment.map_or_else(String::new, |part| format!("#{}", encoded(part).replace("%3A", ":")));
    format!("{up}{down}{}{fragment}", encoded(name))
}

/// One part of a path as it stands in an address.
fn encoded(part: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+@".contains(byte);
    let byte = |byte: u8| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    part.bytes().map(byte).collect()
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
