//! Encrypted values, against XAES-256-GCM step by step.

use arbitrary::Unstructured;
use cookie_session_native::encryption::EncryptionKeyring;
use cookie_session_native::keyring::KeyChange;

use crate::oracle::{decode_base64, decrypt, encode_base64, encrypt};
use crate::{below, byte, bytes, changed};

/// The input: bytes that are there before, two changes of keys, a text, a nonce, and the changes to its value.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let before = bytes(input);
    let mut keyring = EncryptionKeyring::default();
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for _ in 0..2 {
        let changes: Vec<_> = (0..below(input, 5)).map(|_| (below(input, 4), key(input))).collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(kind, key)| if *kind == 0 { KeyChange::Kept(key.len() % 5) } else { KeyChange::New(key) })
            .collect();
        keyring.change(&changes);
        keys = changes
            .iter()
            .filter_map(|change| match change {
                KeyChange::Kept(place) => keys.get(*place).cloned(),
                KeyChange::New(key) => Some(key.to_vec()),
            })
            .collect();
    }
    let text = bytes(input);

    check_seal(&keyring, &keys, text, before);

    // The key at a place, or one that the keyring does not have.
    let sealing = keys.get(below(input, 5)).and_then(|key| key.as_slice().try_into().ok()).unwrap_or([9; 32]);
    let mut nonce = [0; 24];
    nonce.iter_mut().for_each(|to| *to = byte(input));
    let bytes = encrypt(&sealing, &nonce, text);
    let value = encode_base64(&bytes, true);
    check_open(&keyring, &keys, &value, before);

    // Changed as text, and as bytes that are written as they ought to be.
    let other = changed(input, value.clone());
    check_open(&keyring, &keys, &other, before);
    assert!(other == value || keyring.open(&other, &mut Vec::new()).is_none(), "a changed value is opened");
    let other = changed(input, bytes.clone());
    check_open(&keyring, &keys, &encode_base64(&other, true), before);
    let opened = keyring.open(&encode_base64(&other, true), &mut Vec::new());
    assert!(other == bytes || opened.is_none(), "a changed value is opened");

    check_open(&keyring, &keys, input.bytes(input.len()).unwrap_or_default(), before);
}

/// Of the length that is needed, most of the time: as it stands in the input, or of one byte that is repeated but for the
/// first, since few keys are to differ: the same one has to come twice.
fn key(input: &mut Unstructured) -> Vec<u8> {
    let length = match byte(input) {
        length @ 0..64 => usize::from(length),
        64..128 => return (0..32).map(|_| byte(input)).collect(),
        128.. => 32,
    };
    let mut key = vec![byte(input); length];
    let other = byte(input);
    if let Some(first) = key.first_mut() {
        *first ^= other;
    }
    key
}

fn check_open(keyring: &EncryptionKeyring, keys: &[Vec<u8>], value: &[u8], before: &[u8]) {
    let mut out = before.to_vec();
    let place = keyring.open(value, &mut out);
    let (expected, text) = decrypt(keys, value).unzip();
    assert_eq!(place, expected);
    assert_eq!(out, [before, &text.unwrap_or_default()].concat());
}

fn check_seal(keyring: &EncryptionKeyring, keys: &[Vec<u8>], text: &[u8], before: &[u8]) {
    let mut value = before.to_vec();
    // In two parts, as times and a session are.
    let (first, second) = text.split_at(text.len() / 3);
    let sealed = keyring.seal(&[first, second], &mut value);
    assert_eq!(value[..before.len()], *before);
    let value = &value[before.len()..];
    match keys.first().and_then(|key| key.as_slice().try_into().ok()) {
        Some(key) => {
            assert_eq!(sealed, Some(()));
            let bytes = decode_base64(value, true).expect("base64url");
            let nonce = bytes.first_chunk().expect("a nonce");
            assert_eq!(bytes, encrypt(key, nonce, text));
            check_open(keyring, keys, value, before);
        }
        None => assert!(sealed.is_none() && value.is_empty()),
    }
}
