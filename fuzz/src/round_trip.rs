//! A session that is sealed, sent among other cookies, and opened again, before and after its key is replaced.

use arbitrary::Unstructured;
use cookie_session_native::codec::{Codec, Opened};
use cookie_session_native::keyring::Signature;

use crate::keyring::{algorithm, encoding};
use crate::open::codec_of;
use crate::oracle::{encode_base64, find, sign};
use crate::{below, bytes};

/// The input: hash function, encoding, name, the new and the old key, the cookies before, between and behind, and the text.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let (algorithm, encoding) = (algorithm(input), encoding(input));
    let name: String = (0..1 + below(input, 80)).map(|_| visible(input)).collect();
    let keys = [bytes(input).to_vec(), bytes(input).to_vec()];
    let others = [bytes(input), bytes(input), bytes(input)];
    let text = String::from_utf8_lossy(input.bytes(input.len()).unwrap_or_default()).into_owned();

    let new = codec_of(algorithm, encoding, &name, &keys);
    let old = codec_of(algorithm, encoding, &name, &keys[1..]);
    let (value, signature) = seal(&old, &text);
    assert_eq!(value, encode_base64(text.as_bytes(), false));
    let message = [name.as_bytes(), b"=", &value].concat();
    let by_oracle = |key: &[u8]| sign(algorithm, encoding, key, &message);
    assert_eq!(signature.as_bytes(), by_oracle(&keys[1]));

    // A cookie of the same name before it would be another session.
    let innocent = |other: &&[u8]| {
        let has = |end: &str| find(other, format!("{name}{end}").as_bytes()).is_some();
        !has("=") && !has(".sig=")
    };
    let [before, between, behind] = others.map(|other| Some(other).filter(innocent).unwrap_or_default());
    let pair = [name.as_bytes(), b"=", &value].concat();
    let signed = [name.as_bytes(), b".sig=", signature.as_bytes()].concat();
    for [first, second] in [[&pair, &signed], [&signed, &pair]] {
        let header = [before, first, between, second, behind].join(&b"; "[..]);
        // The same state as was sealed with: nothing to renew.
        assert!(opened(&old, &header, &text, &value).is_none(), "renewed");

        let renewed = opened(&new, &header, &text, &value);
        let renewed = renewed.as_ref().map(Signature::as_bytes);
        if by_oracle(&keys[0]) == by_oracle(&keys[1]) {
            assert_eq!(renewed, None);
        } else {
            let (same, fresh) = seal(&new, &text);
            assert_eq!(same, value);
            assert_eq!(renewed, Some(fresh.as_bytes()));
            assert_eq!(fresh.as_bytes(), by_oracle(&keys[0]));
        }
    }
}

/// A character that a name may have.
fn visible(input: &mut Unstructured) -> char {
    match char::from(b'!' + below(input, 94) as u8) {
        ';' | '=' => '.',
        character => character,
    }
}

fn seal(codec: &Codec, text: &str) -> (Vec<u8>, Signature) {
    let mut value = b"before".to_vec();
    let signature = codec.seal_original(text.as_bytes(), &mut value).expect("a key and memory");
    assert_eq!(&value[..6], b"before");
    (value.split_off(6), signature)
}

/// What [`Opened::Original`] says of a renewal.
fn opened(codec: &Codec, header: &[u8], text: &str, sealed: &[u8]) -> Option<Signature> {
    let mut out = b"before".to_vec();
    let Opened::Original { value, canonical, key_index, renewed, is_legacy: false } =
        codec.open(header, false, &mut out)
    else {
        panic!("not opened")
    };
    assert!(canonical, "not canonical");
    assert_eq!(key_index > 0, renewed.is_some());
    assert_eq!(&header[value], sealed);
    assert_eq!(out, format!("before{text}").as_bytes());
    renewed
}
