//! Cache keys: BLAKE3 of a length-prefixed encoding of resolved values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifies a result by everything that it depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CacheKey([u8; 32]);

impl From<CacheKey> for String {
    fn from(key: CacheKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for CacheKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a key is 64 hexadecimal digits")
    }
}

impl CacheKey {
    /// The key that [`fmt::Display`] writes as this text.
    pub fn parse(text: &str) -> Option<Self> {
        // One key has one name.
        if text.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return None;
        }
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// Collects the fields that a result depends on. Each value goes in with its name, its type and its length, so that no
/// two different lists of fields encode alike; floats go in by their bits, so that −0, NaN and the last digit count.
pub struct KeyBuilder {
    hasher: blake3::Hasher,
    /// What went in, if it is to be remembered.
    fields: Option<Vec<KeyField>>,
}

/// One value that went into a key, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyField {
    pub name: String,
    pub value: String,
}

impl KeyBuilder {
    /// `domain` says what is keyed (`"run"`, `"figure"`); `version` is that of the code that makes it.
    pub fn new(domain: &str, version: u32) -> Self {
        Self { hasher: blake3::Hasher::new(), fields: None }.begun(domain, version)
    }

    /// A builder that remembers what goes in, to explain a key.
    pub fn remembering(domain: &str, version: u32) -> Self {
        Self { hasher: blake3::Hasher::new(), fields: Some(Vec::new()) }.begun(domain, version)
    }

    fn begun(mut self, domain: &str, version: u32) -> Self {
        self.text("domain", domain).integer("version", u64::from(version));
        self
    }

    fn field(&mut self, name: &str, tag: u8, value: &[u8], shown: impl FnOnce() -> String) -> &mut Self {
        for part in [name.as_bytes(), value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
            self.hasher.update(&[tag]);
        }
        if let Some(fields) = &mut self.fields {
            fields.push(KeyField { name: name.to_owned(), value: shown() });
        }
        self
    }

    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.field(name, b't', value.as_bytes(), || value.to_owned())
    }

    pub fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.field(name, b'b', value, || format!("{} bytes", value.len()))
    }

    pub fn integer(&mut self, name: &str, value: u64) -> &mut Self {
        self.field(name, b'i', &value.to_le_bytes(), || value.to_string())
    }

    pub fn number(&mut self, name: &str, value: f64) -> &mut Self {
        self.field(name, b'n', &value.to_bits().to_le_bytes(), || value.to_string())
    }

    pub fn numbers(&mut self, name: &str, values: &[f64]) -> &mut Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
        self.field(name, b'N', &bytes, || {
            let shown: Vec<String> = values.iter().map(f64::to_string).collect();
            format!("[{}]", shown.join(", "))
        })
    }

    pub fn key(&mut self, name: &str, value: CacheKey) -> &mut Self {
        self.field(name, b'k', value.as_bytes(), || value.to_string())
    }

    pub fn finish(&self) -> CacheKey {
        CacheKey(*self.hasher.finalize().as_bytes())
    }

    /// What went in, in order; nothing unless it was to be remembered.
    pub fn into_fields(self) -> Vec<KeyField> {
        self.fields.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_run_into_one_another() {
        let key = |fields: &[(&str, &str)]| {
            let mut builder = KeyBuilder::new("test", 1);
            for (name, value) in fields {
                builder.text(name, value);
            }
            builder.finish()
        };
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("a", "bcd")]));
        assert_ne!(KeyBuilder::new("test", 1).finish(), KeyBuilder::new("test", 2).finish());
        assert_ne!(
            KeyBuilder::new("test", 1).number("x", 0.0).finish(),
            KeyBuilder::new("test", 1).number("x", -0.0).finish()
        );
    }

    #[test]
    fn keys_are_written_and_read_alike() {
        let key = KeyBuilder::new("test", 1).finish();
        assert_eq!(CacheKey::parse(&key.to_string()), Some(key));
        assert_eq!(CacheKey::parse(&key.to_string().to_uppercase()), None);
        assert_eq!(CacheKey::parse("é"), None);
    }
}
