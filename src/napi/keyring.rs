//! Keys that sign, for the npm class Keygrip.

use napi::{Env, JsString, JsValue as _};
use napi_derive::napi;

use super::raw::Value;
use super::{Answer, Call, Scratch, Shared, call, change, functions, named};
use crate::keyring::{Algorithm, Encoding, Keyring, Signature};

/// `createKeyring(algorithm: string, encoding: string)`: the functions of a new keyring, or undefined where this crate has
/// no states for that algorithm or encoding.
#[napi(catch_unwind)]
pub fn create_keyring(env: Env, algorithm: JsString<'_>, encoding: JsString<'_>) -> Value {
    call(env, || {
        let algorithm = named(&algorithm, "algorithm must be a string", Algorithm::from_name)?;
        let encoding = named(&encoding, "encoding must be a string", Encoding::from_name)?;
        let (Some(algorithm), Some(encoding)) = (algorithm, encoding) else {
            return Ok(Value::UNDEFINED);
        };
        let keyring = Shared::new(Keyring::new(algorithm, encoding));
        let object = functions(
            &env,
            &keyring,
            &[
                // `change(changes: Array<number | Uint8Array>)`: replaces the keys. A number is the place that a key which
                // stays had before, an array the bytes of a new one.
                ("change", |call, keyring| change(call, keyring, Keyring::change)),
                ("sign", sign),
                ("index", index),
            ],
        )?;
        Ok(Value(object.raw()))
    })
}

/// What signs texts.
pub(super) trait Signs {
    fn sign(&self, data: &[u8]) -> Option<Signature>;
    fn index(&self, data: &[u8], digest: &[u8]) -> Option<usize>;
}

impl Signs for Keyring {
    fn sign(&self, data: &[u8]) -> Option<Signature> {
        self.sign(&[data])
    }

    fn index(&self, data: &[u8], digest: &[u8]) -> Option<usize> {
        self.index(&[data], digest)
    }
}

/// `sign(data: string)`: the signature, or undefined where there is no key.
pub(super) fn sign<T: Signs>(call: &Call<'_>, signs: &Shared<T>) -> Answer {
    let mut scratch = signs.scratch()?;
    call.string(0, &mut scratch.input, "data must be a string")?;
    match signs.borrow()?.sign(&scratch.input) {
        Some(signature) => call.ascii(signature.as_bytes()),
        None => Ok(Value::UNDEFINED),
    }
}

/// `index(data: string, digest: string)`: the place of the key that signed, or -1.
pub(super) fn index<T: Signs>(call: &Call<'_>, signs: &Shared<T>) -> Answer {
    let mut scratch = signs.scratch()?;
    let Scratch { input, second, .. } = &mut *scratch;
    call.string(0, input, "data must be a string")?;
    call.string(1, second, "digest must be a string")?;
    let place = signs.borrow()?.index(input, second);
    call.int(place.and_then(|place| i32::try_from(place).ok()).unwrap_or(-1))
}
