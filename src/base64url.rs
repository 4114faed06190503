//! base64url (RFC 4648 section 5) as this crate writes it: without padding. Nothing else is read: each text of bytes has
//! exactly one form.

use std::sync::LazyLock;

use base64::Engine as _;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::simd::Simd;

use crate::payload::grow;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static URL_SAFE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static URL_SAFE: LazyLock<GeneralPurpose> =
    LazyLock::new(|| GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

/// Appends `bytes` to `out` as text. `None`, and `out` as it was, where there is no memory for it.
#[must_use]
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    grow(out, base64::encoded_len(bytes.len(), false)?)?;
    let written = URL_SAFE.encode_slice(bytes, out.get_mut(start..)?).ok();
    out.truncate(start.saturating_add(written.unwrap_or(0)));
    written.map(drop)
}

/// Appends the bytes of `text` to `out`. `None`, and `out` as it was, where `text` is not what [`encode`] writes, or
/// there is no memory for it.
#[must_use]
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    grow(out, base64::decoded_len_estimate(text.len()))?;
    let written = out.get_mut(start..).and_then(|room| URL_SAFE.decode_slice(text, room).ok());
    out.truncate(start.saturating_add(written.unwrap_or(0)));
    written.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|byte| (byte * 37 % 256) as u8).collect();
            let (mut text, mut read) = (b"a".to_vec(), b"b".to_vec());
            encode(&bytes, &mut text).unwrap();
            decode(&text[1..], &mut read).unwrap();
            assert_eq!(read, [b"b", &*bytes].concat());
        }
        for other in ["Zg==", "Zg=", "Zh", "Z", "Zm8+", "Zm8/", "Zg\n", " Zg", "Zm9v.", "\u{e9}"] {
            let mut read = b"b".to_vec();
            assert_eq!(decode(other.as_bytes(), &mut read), None, "{other}");
            assert_eq!(read, b"b");
        }
    }
}
