//! Panics on purpose, for the test that none leaves the boundary (feature `panics`, which no release has).
//!
//! A step is any answer of Node's to a callback; by then the callback may hold what it borrowed. [`after`] says how many
//! steps from now the panic comes, so that a test can go through all of them.
#![allow(clippy::panic, reason = "its purpose")]

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many steps are left, one more than that; 0 where no panic is to come.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Has the step after so many others panic, once.
pub fn after(steps: usize) {
    LEFT.store(steps.saturating_add(1), Ordering::Relaxed);
}

/// One step.
pub fn step() {
    if LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) == Ok(1) {
        panic!("provoked");
    }
}
