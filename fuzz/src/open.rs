//! A session of the original's format out of a `Cookie` header, where there is no other format, against finding, signing, comparing and decoding one after the other.

use std::ops::Range;

use arbitrary::Unstructured;
use cookie_session_native::codec::{Codec, Opened, Refusal, Settings};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange};

use crate::keyring::{algorithm, encoding};
use crate::oracle::{decode_payload, encode_base64, find, sign, signer};
use crate::{below, bytes, changed};

const NAMES: [&str; 4] = ["session", "s", "sig.sig", "__Host-a-name-of-more-than-24-bytes"];

/// A codec of the original's format alone.
pub(crate) fn codec_of(algorithm: Algorithm, encoding: Encoding, name: &str, keys: &[Vec<u8>]) -> Codec {
    let settings = Settings { timed: None, current: &[algorithm], legacy: &[], encoding };
    let mut codec = Codec::new(CookieName::new(name).expect("an ordinary name"), settings);
    codec.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
    codec
}

/// What a session is, in a form that two of them can be compared in.
#[derive(Debug, PartialEq)]
enum Outcome {
    Absent,
    Refused(Refusal),
    Verified { value: Range<usize>, canonical: bool, key_index: usize, renewed: Option<Vec<u8>> },
}

/// The input: hash function, encoding, name, bytes that are there before, the number of keys and the keys, and what the
/// header is made of.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let (algorithm, encoding) = (algorithm(input), encoding(input));
    let name = NAMES[below(input, NAMES.len())];
    let before = bytes(input);
    let keys: Vec<Vec<u8>> = (0..1 + below(input, 4)).map(|_| bytes(input).to_vec()).collect();
    let mut header = Vec::new();
    for _ in 0..16 {
        if input.is_empty() {
            break;
        }
        header.extend(piece(input, algorithm, encoding, name, &keys));
    }

    let codec = codec_of(algorithm, encoding, name, &keys);
    let mut out = before.to_vec();
    let opened = match codec.open(&header, false, &mut out) {
        Opened::Absent => Outcome::Absent,
        Opened::Refused(refusal) => Outcome::Refused(refusal),
        Opened::Original { value, canonical, key_index, renewed, is_legacy: false } => {
            let renewed = renewed.map(|signature| signature.as_bytes().to_vec());
            Outcome::Verified { value, canonical, key_index, renewed }
        }
        _ => panic!("another format"),
    };
    let (expected, text) = expected(algorithm, encoding, name, &keys, &header);
    assert_eq!(opened, expected);
    assert_eq!(out, [before, &text].concat());
}

/// A part of a header: anything, or cookies that are right, or nearly.
fn piece(
    input: &mut Unstructured,
    algorithm: Algorithm,
    encoding: Encoding,
    name: &str,
    keys: &[Vec<u8>],
) -> Vec<u8> {
    let kind = below(input, 8);
    if kind < 2 {
        return bytes(input).to_vec();
    }
    if kind == 2 {
        return [&b"; "[..], name.as_bytes(), b"="].concat();
    }
    // A key of the keyring, or another one.
    let key = keys.get(below(input, 5)).map_or(&b"another key"[..], Vec::as_slice);
    let text = bytes(input);
    let value = if kind == 3 { text.to_vec() } else { encode_base64(text, false) };
    let digest = sign(algorithm, encoding, key, &[name.as_bytes(), b"=", &value].concat());
    let (value, digest) = match kind {
        4 => (changed(input, value), digest),
        5 => (value, changed(input, digest)),
        6 => ([b"\"", &value[..], b"\""].concat(), [b"\"", &digest[..], b"\""].concat()),
        _ => (value, digest),
    };
    [&b"; "[..], name.as_bytes(), b"=", &value, b"; ", name.as_bytes(), b".sig=", &digest, b";"].concat()
}

fn expected(
    algorithm: Algorithm,
    encoding: Encoding,
    name: &str,
    keys: &[Vec<u8>],
    header: &[u8],
) -> (Outcome, Vec<u8>) {
    let Some(value) = find(header, format!("{name}=").as_bytes()) else {
        return (Outcome::Absent, Vec::new());
    };
    let digest = find(header, format!("{name}.sig=").as_bytes()).filter(|digest| !digest.is_empty());
    let Some(digest) = digest else { return (Outcome::Refused(Refusal::Unsigned), Vec::new()) };
    let message = [name.as_bytes(), b"=", &header[value.clone()]].concat();
    let Some(key_index) = signer(algorithm, encoding, keys, &message, &header[digest]) else {
        return (Outcome::Refused(Refusal::Signature), Vec::new());
    };
    let text = decode_payload(&header[value.clone()]);
    let renewed = (key_index > 0).then(|| sign(algorithm, encoding, &keys[0], &message));
    (Outcome::Verified { value, canonical: text.is_some(), key_index, renewed }, text.unwrap_or_default())
}
