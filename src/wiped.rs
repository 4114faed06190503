//! A list whose memory is wiped when it is dropped.
//!
//! What it holds wipes itself, but not the bytes between and behind its fields, and those hold what was on the stack
//! when it was moved here: parts of a key, for one that has just been made of it.

use zeroize::Zeroize as _;

/// A list that is made once and never grows, since memory that grows leaves what was in it behind.
pub(crate) struct Wiped<T>(Vec<T>);

impl<T> Wiped<T> {
    /// At most `length` items.
    pub(crate) fn new(length: usize, items: impl Iterator<Item = T>) -> Self {
        let mut list = Vec::with_capacity(length);
        list.extend(items.take(length));
        Self(list)
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> Default for Wiped<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Drop for Wiped<T> {
    fn drop(&mut self) {
        self.0.clear();
        self.0.spare_capacity_mut().zeroize();
    }
}
