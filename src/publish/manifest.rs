//! `.manifest.b3`: the list of what we wrote, with BLAKE3 hashes, as `b3sum` writes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use crate::fs::read_plain;

/// The name of the list, in the output folder.
pub const MANIFEST: &str = ".manifest.b3";

/// What an earlier build wrote.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) hashes: BTreeMap<String, blake3::Hash>,
    /// Whether it is nothing that a build has written, or cannot be read.
    pub(super) is_damaged: bool,
}

/// No list is longer: that of a million files has some 150 MB.
const LONGEST: u64 = 1 << 30;

impl Manifest {
    /// That of a folder; an empty one where there is none. Lines that name anything but a plain path inside the folder count
    /// for nothing: the file may have been edited by anyone.
    pub(super) fn read(folder: &Path) -> Self {
        let bytes = match read_plain(&folder.join(MANIFEST), LONGEST) {
            Ok(bytes) => bytes,
            Err(error) => {
                let is_damaged =
                    !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
                return Self { is_damaged, ..Self::default() };
            }
        };
        let lines = bytes.split(|&byte| byte == b'\n');
        let entries = lines.filter_map(|line| std::str::from_utf8(line).ok().and_then(entry));
        let hashes = entries.collect();
        // A site is never empty, and neither is its list.
        let is_damaged = bytes.is_empty() || text(&hashes).as_bytes() != bytes;
        Self { hashes, is_damaged }
    }
}

fn entry(line: &str) -> Option<(String, blake3::Hash)> {
    let (is_escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (hash, name) = line.split_once("  ")?;
    let name = if is_escaped { unescaped(name)? } else { name.to_owned() };
    let is_inside =
        !name.is_empty() && Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then_some((name, blake3::Hash::from_hex(hash).ok()?))
}

/// The list as a text. As `b3sum` does it, a name that would break its line is escaped, and its line begins with `\`.
pub(super) fn text(hashes: &BTreeMap<String, blake3::Hash>) -> String {
    let line = |(name, hash): (&String, &blake3::Hash)| {
        let escaped = escaped(name);
        let mark = if *escaped == **name { "" } else { "\\" };
        format!("{mark}{hash}  {escaped}\n")
    };
    hashes.iter().map(line).collect()
}

const ESCAPES: [(char, char); 3] = [('\\', '\\'), ('\n', 'n'), ('\r', 'r')];

fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(ESCAPES.map(|(c, _)| c)) {
        return name.into();
    }
    let escape = |c| ESCAPES.iter().find(|(own, _)| *own == c);
    name.chars()
        .fold(String::new(), |text, c| match escape(c) {
            Some((_, letter)) => text + "\\" + letter.encode_utf8(&mut [0; 4]),
            None => text + c.encode_utf8(&mut [0; 4]),
        })
        .into()
}

fn unescaped(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let mut name = String::new();
    while let Some(c) = chars.next() {
        name.push(match c {
            '\\' => {
                let letter = chars.next()?;
                ESCAPES.iter().find(|(_, own)| *own == letter)?.0
            }
            c => c,
        });
    }
    Some(name)
}

/// The files that the last build left in a folder, with the hashes of their contents.
pub fn listed(out: &Path) -> BTreeMap<String, blake3::Hash> {
    Manifest::read(out).hashes
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn any_name_comes_back() {
        let names = ["index.html", "a b/c.txt", "a\nb", "a\\b", "\\n", "tail\r", "ünïcode  two spaces"];
        let hashes: BTreeMap<String, blake3::Hash> =
            names.iter().map(|name| ((*name).to_owned(), blake3::hash(name.as_bytes()))).collect();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MANIFEST), text(&hashes)).unwrap();
        let manifest = Manifest::read(folder.path());
        assert!(!manifest.is_damaged);
        assert_eq!(manifest.hashes, hashes);
    }

    #[test]
    fn it_is_written_as_b3sum_writes_it() {
        // `b3sum` of three empty files of these names.
        let hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        let hashes = ["a.txt", "b\\c", "d\ne"].map(|name| (name.to_owned(), blake3::hash(b"")));
        let expected = format!("{hash}  a.txt\n\\{hash}  b\\\\c\n\\{hash}  d\\ne\n");
        assert_eq!(text(&BTreeMap::from(hashes)), expected);
    }

    #[test]
    fn damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let whole = text(&BTreeMap::from([("a.txt".to_owned(), blake3::hash(b"a"))]));
        let is_damaged = |bytes: &[u8]| {
            fs::write(folder.path().join(MANIFEST), bytes).unwrap();
            Manifest::read(folder.path()).is_damaged
        };
        assert!(!is_damaged(whole.as_bytes()));
        for end in 0..whole.len() {
            assert!(is_damaged(&whole.as_bytes()[..end]), "cut at {end}");
        }
        assert!(is_damaged(b"\xff\n") && is_damaged(b"nonsense\n"));
        assert!(is_damaged(whole.replace("a.txt", "../a.txt").as_bytes()));
    }
}
