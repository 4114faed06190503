//! Keys that sign, for the npm class Keygrip.

use napi::{Env, JsString, JsValue as _};
use napi_derive::napi;

use super::codec::{Found, pack};
use super::raw::Value;
use super::{Answer, Call, Failure, Scratch, Shared, call, change, functions, named};
use crate::codec::range_within;
use crate::cookie_header::CookieName;
use crate::keyring::{Algorithm, Encoding, Keyring, Signature, Verified};
use crate::payload;

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
                ("codec", codec),
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

/// A cookie of the original's format under a keyring, for callers that do not use `createCodec` yet.
struct Cookie {
    name: CookieName,
    keyring: Shared<Keyring>,
}

/// `codec(name: string)`: the functions for the cookie of that name, or undefined where only a
/// regular expression finds a cookie so named.
fn codec(call: &Call<'_>, keyring: &Shared<Keyring>) -> Answer {
    let name: JsString<'_> = call.get(0, "name must be a string")?;
    let Some(name) = named(&name, "name must be a string", CookieName::new)? else {
        return Ok(Value::UNDEFINED);
    };
    let cookie = Shared::new(Cookie { name, keyring: keyring.clone() });
    let object = functions(&call.env, &cookie, &[("open", open), ("seal", seal)])?;
    Ok(Value(object.raw()))
}

/// `open(cookieHeader: string)`: undefined where the header has no session, 0 where no key signed it, else a string,
/// see [`pack`].
fn open(call: &Call<'_>, cookie: &Shared<Cookie>) -> Answer {
    let mut scratch = cookie.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "cookieHeader must be a string")?;
    let cookie = cookie.borrow()?;
    let found = cookie.name.find(input);
    let (Some(value), Some(digest @ [_, ..])) = (found.value, found.signature) else {
        return Ok(Value::UNDEFINED);
    };
    let message = [cookie.name.as_bytes(), b"=", value];
    let Some(Verified { key_index, renewed }) = cookie.keyring.borrow()?.verify(&message, digest) else {
        return call.int(0);
    };
    output.clear();
    let canonical = payload::decode(value, output);
    let found = Found::Original { canonical, renewed: renewed.as_ref(), is_legacy: false };
    pack(output, input, range_within(input, value), key_index, &found);
    call.text(output)
}

/// `seal(json: string)`: the cookie's value, and after it its signature.
fn seal(call: &Call<'_>, cookie: &Shared<Cookie>) -> Answer {
    let mut scratch = cookie.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "json must be a string")?;
    output.clear();
    let cookie = cookie.borrow()?;
    let signature = payload::encode(input, output)
        .and_then(|()| cookie.keyring.borrow().ok()?.sign(&[cookie.name.as_bytes(), b"=", output]));
    let Some(signature) = signature else {
        return Err(Failure::Internal("no key, or no memory, to seal a session"));
    };
    output.extend_from_slice(signature.as_bytes());
    call.ascii(output)
}
