//! What the fuzzers run: for each target one function, `run`, that takes any bytes, makes an input of them, and panics
//! where the crate does not do what a slow and obvious implementation ([`oracle`]) does.
//!
//! They need no fuzzer: `tests/stable.rs` calls them as well.

use arbitrary::Unstructured;

pub mod codec;
pub mod cookie_header;
pub mod encryption;
pub mod keyring;
pub mod open;
pub mod oracle;
pub mod payload;
pub mod round_trip;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 7] = [
    ("codec", codec::run),
    ("cookie_header", cookie_header::run),
    ("encryption", encryption::run),
    ("keyring", keyring::run),
    ("open", open::run),
    ("payload", payload::run),
    ("round_trip", round_trip::run),
];

/// The next byte of the input, 0 behind its end.
fn byte(input: &mut Unstructured) -> u8 {
    input.arbitrary().unwrap_or(0)
}

/// A number below `end`, which is at most 256.
fn below(input: &mut Unstructured, end: usize) -> usize {
    usize::from(byte(input)) % end
}

/// Bytes with their number before them.
fn bytes<'a>(input: &mut Unstructured<'a>) -> &'a [u8] {
    let length = usize::from(byte(input)).min(input.len());
    input.bytes(length).unwrap_or_default()
}

/// A value as something on the way might change it.
fn changed(input: &mut Unstructured, mut value: Vec<u8>) -> Vec<u8> {
    let place = usize::from(byte(input)) << 4 | below(input, 16);
    let place = if value.is_empty() { 0 } else { place % value.len() };
    match below(input, 6) {
        0 if !value.is_empty() => value[place] ^= byte(input),
        1 if !value.is_empty() => drop(value.remove(place)),
        2 => value.truncate(place),
        3 => value.insert(place, byte(input)),
        4 => value.extend_from_slice(bytes(input)),
        _ => drop(value.splice(..0, bytes(input).iter().copied())),
    }
    value
}
