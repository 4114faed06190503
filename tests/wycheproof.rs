//! Vectors of Project Wycheproof, which are made to catch mistakes: see `tests/wycheproof/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "its files are its own")]

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    #[serde(deserialize_with = "unhex")]
    key: Vec<u8>,
    #[serde(deserialize_with = "unhex", default)]
    iv: Vec<u8>,
    #[serde(deserialize_with = "unhex", default)]
    aad: Vec<u8>,
    #[serde(deserialize_with = "unhex")]
    msg: Vec<u8>,
    #[serde(deserialize_with = "unhex", default)]
    ct: Vec<u8>,
    #[serde(deserialize_with = "unhex")]
    tag: Vec<u8>,
    result: String,
}

fn unhex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn vectors(json: &str) -> Vec<Vector> {
    let vectors: Vec<Vector> = serde_json::from_str(json).unwrap();
    assert!(vectors.iter().any(|vector| vector.result == "valid"));
    assert!(vectors.iter().any(|vector| vector.result == "invalid"));
    vectors
}

#[test]
fn hmac() {
    for (algorithm, json) in [
        (Algorithm::Sha1, include_str!("wycheproof/hmac_sha1.json")),
        (Algorithm::Sha256, include_str!("wycheproof/hmac_sha256.json")),
        (Algorithm::Sha384, include_str!("wycheproof/hmac_sha384.json")),
        (Algorithm::Sha512, include_str!("wycheproof/hmac_sha512.json")),
    ] {
        for vector in vectors(json) {
            let mut keyring = Keyring::new(algorithm, Encoding::Hex);
            keyring.change(&[KeyChange::New(b"another key"), KeyChange::New(&vector.key)]);
            let place = keyring.index(&[&vector.msg], hex(&vector.tag).as_bytes());
            let expected = (vector.result == "valid").then_some(1);
            assert_eq!(place, expected, "{algorithm:?}, test {}", vector.tc_id);
        }
    }
}

#[test]
fn aes_256_gcm() {
    for vector in vectors(include_str!("wycheproof/aes_gcm.json")) {
        let key = Aes256Gcm::new_from_slice(&vector.key).unwrap();
        let nonce: [u8; 12] = vector.iv.try_into().unwrap();
        let tag: [u8; 16] = vector.tag.try_into().unwrap();
        let mut text = vector.ct.clone();
        let opened =
            key.decrypt_inout_detached(&nonce.into(), &vector.aad, text.as_mut_slice().into(), &tag.into());
        assert_eq!(opened.is_ok(), vector.result == "valid", "test {}", vector.tc_id);
        // What does not open is left as it was: the next key is tried on it.
        assert_eq!(text, if opened.is_ok() { vector.msg.clone() } else { vector.ct.clone() });
        if opened.is_ok() {
            let mut text = vector.msg;
            let made =
                key.encrypt_inout_detached(&nonce.into(), &vector.aad, text.as_mut_slice().into()).unwrap();
            assert_eq!((text, made), (vector.ct, tag.into()), "test {}", vector.tc_id);
        }
    }
}
