//! A session's text to base64 and back, against base64 bit by bit and the UTF-8 of the standard library.

use arbitrary::Unstructured;
use cookie_session_native::payload::{decode, encode};

use crate::oracle::{decode_payload, encode_base64};
use crate::{byte, bytes, changed};

/// The input: a number and so many bytes that are there before; a digit that says what the rest is: `0` for a value to
/// decode, `1` for bytes to encode, `2` for bytes to encode, how often to repeat the value, and a change to it.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let before = bytes(input);
    match byte(input) % 3 {
        0 => check_decode(before, input.bytes(input.len()).unwrap_or_default()),
        1 => check_encode(before, input.bytes(input.len()).unwrap_or_default()),
        _ => {
            let text = bytes(input);
            let mut value = encode_base64(text, false);
            // More than a vector's width of it, whatever is changed.
            value = value.repeat(1 + usize::from(byte(input) % 4));
            let value = changed(input, value);
            check_decode(before, &value);
        }
    }
}

fn check_decode(before: &[u8], value: &[u8]) {
    let mut out = before.to_vec();
    let decoded = decode(value, &mut out);
    match decode_payload(value) {
        Some(text) => {
            assert!(decoded, "not decoded");
            assert_eq!(out, [before, &text].concat());
        }
        None => {
            assert!(!decoded, "decoded");
            assert_eq!(out, before);
        }
    }
}

fn check_encode(before: &[u8], text: &[u8]) {
    let mut out = before.to_vec();
    assert_eq!(encode(text, &mut out), Some(()));
    let value = encode_base64(text, false);
    assert_eq!(out, [before, &value].concat());
    check_decode(before, &value);
}
