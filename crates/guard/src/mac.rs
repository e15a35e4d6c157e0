//! HMAC-SHA-256 under a key that is used again and again: by the validated module in the build that asks for it, else on
//! a library's hash of blocks, which takes half as long. Both are run through public vectors: `vectors.rs`.

#[cfg(not(feature = "fips"))]
mod blocks;
#[cfg(feature = "fips")]
mod module;

#[cfg(not(feature = "fips"))]
pub(crate) use blocks::Mac;
#[cfg(feature = "fips")]
pub(crate) use module::Mac;

/// Bytes of a key, and of what it makes.
pub(crate) const LEN: usize = 32;
