//! What keys do as they come and go, against a plain list of keys and HMAC as RFC 2104 writes it.

use arbitrary::Unstructured;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};

use crate::oracle::{sign, signer};
use crate::{below, byte, bytes, changed};

/// One of the hash functions, by the input.
pub(crate) fn algorithm(input: &mut Unstructured) -> Algorithm {
    [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512][below(input, 4)]
}

/// One of the encodings, by the input.
pub(crate) fn encoding(input: &mut Unstructured) -> Encoding {
    [Encoding::Base64, Encoding::Hex][below(input, 2)]
}

/// The input: hash function, encoding, and steps until it ends.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let (algorithm, encoding) = (algorithm(input), encoding(input));
    let mut keyring = Keyring::new(algorithm, encoding);
    let mut keys: Vec<Vec<u8>> = Vec::new();
    // More steps find no more, and take longer.
    for _ in 0..32 {
        if input.is_empty() {
            break;
        }
        match below(input, 4) {
            0 => {
                let changes: Vec<_> = (0..below(input, 6))
                    .map(|_| match below(input, 8) {
                        7 => KeyChange::New(bytes(input)),
                        place => KeyChange::Kept(place),
                    })
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
            1 => {
                let message = [bytes(input), bytes(input)];
                let signature = keyring.sign(&message).map(|signature| signature.as_bytes().to_vec());
                let expected = keys.first().map(|key| sign(algorithm, encoding, key, &message.concat()));
                assert_eq!(signature, expected);
            }
            _ => {
                let message = [bytes(input), bytes(input), bytes(input)];
                let digest = match below(input, 8) {
                    7 => bytes(input).to_vec(),
                    // A key that there is, or that there was none of.
                    place => {
                        let key = keys.get(place).cloned().unwrap_or_default();
                        let digest = sign(algorithm, encoding, &key, &message.concat());
                        if byte(input) % 2 == 1 { changed(input, digest) } else { digest }
                    }
                };
                let expected = signer(algorithm, encoding, &keys, &message.concat(), &digest);
                assert_eq!(keyring.index(&message, &digest), expected);
                let verified = keyring.verify(&message, &digest);
                let renewed = expected
                    .filter(|place| *place > 0)
                    .map(|_| sign(algorithm, encoding, &keys[0], &message.concat()));
                assert_eq!(verified.as_ref().map(|verified| verified.key_index), expected);
                let signature = verified.and_then(|verified| verified.renewed);
                assert_eq!(signature.map(|signature| signature.as_bytes().to_vec()), renewed);
            }
        }
    }
}
