//! Slow, obvious implementations of what the crate does, each of them written from the document that defines it. They
//! share nothing with the crate but the functions that have no other form: the hash functions and AES of one block.

use std::fmt;
use std::ops::Range;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use cookie_session_native::keyring::{Algorithm, Encoding};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Where the first match of `(?:^|;) *PAIR([^;]*)` has its group, tried at every place; where the group begins with a
/// double quote, without its first and its last character, which is that of UTF-8.
pub fn find(header: &[u8], pair: &[u8]) -> Option<Range<usize>> {
    for at in 0..=header.len() {
        let mut starts = Vec::new();
        if at == 0 {
            starts.push(0);
        }
        if header.get(at) == Some(&b';') {
            starts.push(at + 1);
        }
        for mut start in starts {
            while header.get(start) == Some(&b' ') {
                start += 1;
            }
            if !header[start..].starts_with(pair) {
                continue;
            }
            let start = start + pair.len();
            let mut end = start;
            while end < header.len() && header[end] != b';' {
                end += 1;
            }
            if header[start..end].starts_with(b"\"") {
                let mut last = end - 1;
                while last > start && header[last] & 0xc0 == 0x80 {
                    last -= 1;
                }
                return Some(start + 1..last.max(start + 1));
            }
            return Some(start..end);
        }
    }
    None
}

/// The alphabet of RFC 4648 section 4, or of section 5.
fn digits(url: bool) -> Vec<u8> {
    let end: &[u8] = if url { b"-_" } else { b"+/" };
    (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(end.iter().copied()).collect()
}

/// RFC 4648, bit by bit: section 4 with padding, or section 5 without.
pub fn encode_base64(bytes: &[u8], url: bool) -> Vec<u8> {
    let mut bits = Vec::new();
    for byte in bytes {
        for bit in (0..8).rev() {
            bits.push(byte >> bit & 1);
        }
    }
    while bits.len() % 6 != 0 {
        bits.push(0);
    }
    let digits = digits(url);
    let mut text = Vec::new();
    for six in bits.chunks(6) {
        text.push(digits[six.iter().fold(0, |number, bit| number * 2 + usize::from(*bit))]);
    }
    while !url && text.len() % 4 != 0 {
        text.push(b'=');
    }
    text
}

/// The bytes that [`encode_base64`] makes this text of, if there are any.
pub fn decode_base64(text: &[u8], url: bool) -> Option<Vec<u8>> {
    let digits = digits(url);
    let mut bits = Vec::new();
    for character in text {
        if *character == b'=' {
            continue;
        }
        let number = digits.iter().position(|digit| digit == character)?;
        for bit in (0..6).rev() {
            bits.push((number >> bit & 1) as u8);
        }
    }
    let mut bytes = Vec::new();
    for eight in bits.chunks_exact(8) {
        bytes.push(eight.iter().fold(0, |number, bit| number << 1 | bit));
    }
    (encode_base64(&bytes, url) == text).then_some(bytes)
}

/// The text of a session's cookie, where it is in the form that is written.
pub fn decode_payload(value: &[u8]) -> Option<Vec<u8>> {
    decode_base64(value, false).filter(|text| std::str::from_utf8(text).is_ok())
}

/// RFC 2104 section 2, over any hash function.
fn hmac<D: Digest>(block: usize, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    key.resize(block, 0);
    let padded = |pad: u8, rest: &[u8]| {
        let mut bytes: Vec<u8> = key.iter().map(|byte| byte ^ pad).collect();
        bytes.extend_from_slice(rest);
        D::digest(&bytes).to_vec()
    };
    padded(0x5c, &padded(0x36, message))
}

/// The signature of a message, as text.
pub fn sign(algorithm: Algorithm, encoding: Encoding, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = match algorithm {
        Algorithm::Sha1 => hmac::<Sha1>(64, key, message),
        Algorithm::Sha256 => hmac::<Sha256>(64, key, message),
        Algorithm::Sha384 => hmac::<Sha384>(128, key, message),
        Algorithm::Sha512 => hmac::<Sha512>(128, key, message),
    };
    match encoding {
        Encoding::Base64 => encode_base64(&mac, true),
        Encoding::Hex => mac.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
    }
}

/// The place of the first key that made this signature of the message.
pub fn signer(
    algorithm: Algorithm,
    encoding: Encoding,
    keys: &[Vec<u8>],
    message: &[u8],
    digest: &[u8],
) -> Option<usize> {
    keys.iter().position(|key| sign(algorithm, encoding, key, message) == digest)
}

/// AES-256 of one block.
fn aes(key: &[u8; 32], block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    Aes256::new(key.into()).encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// Up to 16 bytes as a block, with zeros behind them.
fn block_of(bytes: &[u8]) -> u128 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(block)
}

/// CMAC (SP 800-38B section 6.2) of a message of exactly one block.
fn cmac(key: &[u8; 32], block: u128) -> u128 {
    let zero = aes(key, 0);
    let subkey = if zero >> 127 == 0 { zero << 1 } else { (zero << 1) ^ 0x87 };
    aes(key, block ^ subkey)
}

/// SP 800-38D section 6.3: multiplication of blocks.
fn multiply(x: u128, y: u128) -> u128 {
    let (mut product, mut v) = (0, y);
    for bit in (0..128).rev() {
        if x >> bit & 1 == 1 {
            product ^= v;
        }
        v = if v & 1 == 0 { v >> 1 } else { (v >> 1) ^ (0xe1 << 120) };
    }
    product
}

/// SP 800-38D sections 7.1 and 7.2, without additional data: what counter mode makes of a text, and the tag of a
/// ciphertext.
struct Gcm {
    key: [u8; 32],
    first: u128,
}

impl Gcm {
    fn count(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (block, number) in text.chunks(16).zip(1..) {
            let pad = aes(&self.key, self.first + number).to_be_bytes();
            out.extend(block.iter().zip(pad).map(|(byte, pad)| byte ^ pad));
        }
        out
    }

    fn tag(&self, ciphertext: &[u8]) -> [u8; 16] {
        let hash_key = aes(&self.key, 0);
        let mut hash = 0;
        for block in ciphertext.chunks(16) {
            hash = multiply(hash ^ block_of(block), hash_key);
        }
        hash = multiply(hash ^ (ciphertext.len() as u128 * 8), hash_key);
        (hash ^ aes(&self.key, self.first)).to_be_bytes()
    }
}

/// C2SP's XAES-256-GCM: the AES-256-GCM of one message.
fn xaes(key: &[u8; 32], nonce: &[u8; 24]) -> Gcm {
    let message = |counter: u8| {
        let mut block = vec![0, counter, 0x58, 0];
        block.extend_from_slice(&nonce[..12]);
        block_of(&block)
    };
    let mut derived = [0; 32];
    derived[..16].copy_from_slice(&cmac(key, message(1)).to_be_bytes());
    derived[16..].copy_from_slice(&cmac(key, message(2)).to_be_bytes());
    let mut first = nonce[12..].to_vec();
    first.extend_from_slice(&[0, 0, 0, 1]);
    Gcm { key: derived, first: block_of(&first) }
}

/// Nonce, ciphertext and tag, as bytes.
pub fn encrypt(key: &[u8; 32], nonce: &[u8; 24], text: &[u8]) -> Vec<u8> {
    let gcm = xaes(key, nonce);
    let ciphertext = gcm.count(text);
    let tag = gcm.tag(&ciphertext);
    [&nonce[..], &ciphertext, &tag].concat()
}

/// The text of an encrypted value and the place of the key that opens it; keys of other lengths open nothing.
pub fn decrypt(keys: &[Vec<u8>], value: &[u8]) -> Option<(usize, Vec<u8>)> {
    let bytes = decode_base64(value, true)?;
    if bytes.len() < 24 + 16 {
        return None;
    }
    let nonce = bytes[..24].try_into().ok()?;
    let (ciphertext, tag) = bytes[24..].split_at(bytes.len() - 24 - 16);
    for (place, key) in keys.iter().enumerate() {
        let Ok(key) = key.as_slice().try_into() else { continue };
        let gcm = xaes(key, nonce);
        if gcm.tag(ciphertext) == tag {
            return Some((place, gcm.count(ciphertext)));
        }
    }
    None
}

/// docs/format.md, section "Keys of the other formats": HKDF-SHA256 as RFC 5869 section 2 writes it, with one block.
pub fn derive(key: &[u8], purpose: &str, name: &str) -> Option<[u8; 32]> {
    if key.len() < 32 {
        return None;
    }
    let info = format!("cookie-session-native/v1\0{purpose}\0{name}\u{1}");
    let pseudorandom = hmac::<Sha256>(64, &[0; 32], key);
    hmac::<Sha256>(64, &pseudorandom, info.as_bytes()).try_into().ok()
}

/// What is signed of a `v1.` cookie.
pub fn signed_text(name: &str, value: &[u8]) -> Vec<u8> {
    [format!("\0cookie-session-native/v1\0{name}=").as_bytes(), value].concat()
}

/// The members of an object, as they come.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Times: `issued`, `created`, `expires`, `maxAge`.
pub type Times = (u64, u64, Option<u64>, Option<Option<u64>>);

/// The times that a text is, if it is any: whole numbers that JavaScript holds, each member once.
pub fn times(text: &[u8]) -> Option<Times> {
    let Members(members) = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
    let one = |name: &str| {
        let mut values = members.iter().filter(|(member, _)| member == name).map(|(_, value)| value);
        let first = values.next();
        values.next().is_none().then_some(first)
    };
    let time = |value: &Value| value.as_u64().filter(|time| *time < 1 << 53);
    let optional = |value: Option<&Value>| match value {
        Some(value) => time(value).map(Some),
        None => Some(None),
    };
    let expires = optional(one("expires")?)?;
    let max_age = match one("maxAge")? {
        Some(Value::Null) if expires.is_none() => return None,
        Some(Value::Null) => Some(None),
        other => optional(other)?.map(Some),
    };
    Some((time(one("issued")??)?, time(one("created")??)?, expires, max_age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // RFC 2202 section 3 and RFC 4231 section 4, test cases 2 and 6.
    #[test]
    fn hmac_of_the_rfcs() {
        let data = b"what do ya want for nothing?";
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let text = |algorithm, key: &[u8], data: &[u8]| {
            String::from_utf8(sign(algorithm, Encoding::Hex, key, data)).unwrap()
        };
        assert_eq!(text(Algorithm::Sha1, b"Jefe", data), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(text(Algorithm::Sha1, &[0xaa; 80], long), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
        assert_eq!(
            text(Algorithm::Sha256, &[0xaa; 131], long),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert!(text(Algorithm::Sha384, b"Jefe", data).starts_with("af45d2e376484031617f78d2b58a6b1b"));
        assert!(text(Algorithm::Sha512, b"Jefe", data).starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
        assert!(text(Algorithm::Sha512, &[0xaa; 131], long).starts_with("80b24263c7c1a3ebb71493c1dd7be8b4"));
    }

    // RFC 4648 section 10.
    #[test]
    fn base64_of_the_rfc() {
        for (text, base64) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode_base64(text.as_bytes(), false), base64.as_bytes());
            assert_eq!(decode_base64(base64.as_bytes(), false).unwrap(), text.as_bytes());
        }
        for wrong in ["Zg", "Zg=", "Zh==", "Z=g=", "=", "Zm9v====", "Zm-_", "Z"] {
            assert_eq!(decode_base64(wrong.as_bytes(), false), None);
        }
    }

    // C2SP's XAES-256-GCM, section "Test vectors", the first one.
    #[test]
    fn xaes_of_c2sp() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        let sealed = encrypt(&[1; 32], nonce, b"XAES-256-GCM");
        assert_eq!(hex(&sealed[24..]), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
        let value = encode_base64(&sealed, true);
        let keys = [vec![3; 32], vec![], vec![1; 32]];
        assert_eq!(decrypt(&keys, &value), Some((2, b"XAES-256-GCM".to_vec())));
        assert_eq!(decrypt(&keys[..2], &value), None);
    }

    // docs/format.md, section "Vectors".
    #[test]
    fn derived_keys_of_the_document() {
        let key = b"correct horse battery staple, as 32 bytes";
        assert_eq!(
            hex(&derive(key, "encrypt", "session").unwrap()),
            "2c88e2532e2786df83711e0fc6183c04fbd0a8a709bb869792d3836b7c1e8a5e"
        );
        assert_eq!(derive(&key[..31], "sign", "session"), None);
    }

    #[test]
    fn times_and_what_is_none() {
        let max_age = br#"{"issued":2,"created":1,"expires":3,"maxAge":null,"x":[]}"#;
        assert_eq!(times(max_age), Some((2, 1, Some(3), Some(None))));
        for none in
            ["{}", "[2,1]", r#"{"issued":2,"created":1,"created":1}"#, r#"{"issued":2,"created":1.0}"#]
        {
            assert_eq!(times(none.as_bytes()), None);
        }
    }

    #[test]
    fn finding_by_the_rule() {
        let find =
            |header: &str| super::find(header.as_bytes(), b"s=").map(|range| header[range].to_string());
        assert_eq!(find("  s=1;s=2").as_deref(), Some("1"));
        assert_eq!(find("x s=1; s=\"2\"").as_deref(), Some("2"));
        assert_eq!(find("a;;  s=\"").as_deref(), Some(""));
        assert_eq!(find("as=1; s =2; s"), None);
    }
}
