//! The formats of a session's cookie, see docs/format.md.

pub(crate) mod encrypted;
pub(crate) mod original;
pub(crate) mod timed;

use crate::codec::Refusal;

/// How a value of the format `v1.` begins.
pub(crate) const V1: &[u8] = b"v1.";
/// How a value of the format `e1.` begins.
pub(crate) const E1: &[u8] = b"e1.";

/// What a format finds in a value, or why it refuses it.
pub(crate) type Opened<T> = Result<T, Refusal>;
