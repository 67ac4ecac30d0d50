//! The store of finished work, addressed by the content that it was made from.

mod key;

pub use key::{CacheKey, KeyBuilder};
