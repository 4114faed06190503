//! What a session cookie's value is made of: JSON text in base64, exactly as Node's
//! `Buffer.from(json).toString('base64')` writes it.
//!
//! Only that exact form is decoded here. Node reads far more (missing padding, the URL-safe
//! alphabet, stray characters, invalid UTF-8), and which more depends on its version; such a
//! value is left to the `Buffer` of the Node that runs. Two texts are equal exactly when their
//! base64 in this form is, which is what lets a caller compare the texts.

use std::sync::LazyLock;

use base64::Engine as _;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::general_purpose::PAD;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::simd::Simd;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static STANDARD: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static STANDARD: LazyLock<GeneralPurpose> =
    LazyLock::new(|| GeneralPurpose::new(&base64::alphabet::STANDARD, PAD));

/// Appends `json` to `out` in base64: RFC 4648 section 4, with padding. `None`, and `out` as it
/// was, where there is no memory for it.
#[must_use]
pub fn encode(json: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    grow(out, base64::encoded_len(json.len(), true)?)?;
    let written = STANDARD.encode_slice(json, out.get_mut(start..)?).ok();
    out.truncate(start.saturating_add(written.unwrap_or(0)));
    written.map(drop)
}

/// Makes room for `length` more bytes. Running out of memory must not end the process.
pub(crate) fn grow(out: &mut Vec<u8>, length: usize) -> Option<()> {
    out.try_reserve(length).ok()?;
    out.resize(out.len().saturating_add(length), 0);
    Some(())
}

/// Appends the JSON text that `value` encodes to `out`, and says whether it did.
///
/// It does not, and leaves `out` as it was, where `value` is not what [`encode`] makes of a valid
/// UTF-8 text.
pub fn decode(value: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    if grow(out, base64::decoded_len_estimate(value.len())).is_none() {
        return false;
    }
    let decoded = out.get_mut(start..).and_then(|room| {
        let length = STANDARD.decode_slice(value, room).ok()?;
        std::str::from_utf8(room.get(..length)?).ok()?;
        Some(length)
    });
    out.truncate(start.saturating_add(decoded.unwrap_or(0)));
    decoded.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(json: &str) -> String {
        let mut out = Vec::new();
        encode(json.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn decoded(value: &[u8]) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        let done = decode(value, &mut out);
        assert_eq!(&out[..6], b"before");
        assert!(done || out.len() == 6);
        done.then(|| out[6..].to_vec())
    }

    // RFC 4648 section 10.
    #[test]
    fn writes_the_vectors_of_rfc_4648() {
        for (text, base64) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(text), base64);
            assert_eq!(decoded(base64.as_bytes()).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn round_trips_every_length_across_the_vector_width() {
        for length in 0..300 {
            let text: String = ('!'..='~').cycle().take(length).collect();
            assert_eq!(decoded(encoded(&text).as_bytes()).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn leaves_what_node_would_not_write_to_node() {
        for value in
            ["Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zm9vYg==Zm9v", "Zm-_", "Zm9v====", "=", "Zm9vYm", "Z"]
        {
            assert_eq!(decoded(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn leaves_invalid_utf8_to_node() {
        for bytes in [&b"\"\xff\""[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82"] {
            let mut value = Vec::new();
            encode(bytes, &mut value).unwrap();
            assert_eq!(decoded(&value), None);
        }
    }
}
