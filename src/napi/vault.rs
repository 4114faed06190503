//! Keys that encrypt, for callers that do not use `createCodec` yet.

use napi::{Env, JsValue as _};
use napi_derive::napi;

use super::raw::Value;
use super::{Answer, Call, Failure, Scratch, Shared, call, change, functions};
use crate::encryption::EncryptionKeyring;

/// `createVault()`: the functions of new keys: `change`, as a keyring's, of keys of 32 bytes, `seal` and `open`.
#[napi(catch_unwind)]
pub fn create_vault(env: Env) -> Value {
    call(env, || {
        let vault = Shared::new(EncryptionKeyring::default());
        let object = functions(
            &env,
            &vault,
            &[
                ("change", |call, vault| change(call, vault, EncryptionKeyring::change)),
                ("seal", seal),
                ("open", open),
            ],
        )?;
        Ok(Value(object.raw()))
    })
}

/// `seal(text: string)`: nonce, ciphertext and tag in base64url.
fn seal(call: &Call<'_>, vault: &Shared<EncryptionKeyring>) -> Answer {
    let mut scratch = vault.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "text must be a string")?;
    output.clear();
    if vault.borrow()?.seal(&[input], output).is_none() {
        return Err(Failure::Internal("no key, no memory, or no randomness, to seal a session"));
    }
    call.ascii(output)
}

/// `open(value: string)`: undefined where no key opens it, else a string: two characters, the place of the key in
/// base-128 digits, lowest first, and the text.
fn open(call: &Call<'_>, vault: &Shared<EncryptionKeyring>) -> Answer {
    let mut scratch = vault.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "value must be a string")?;
    output.clear();
    output.extend([0, 0]);
    let place = vault.borrow()?.open(input, output);
    match (place, output.as_mut_slice()) {
        (Some(place), [low, high, ..]) => {
            *low = (place & 127) as u8;
            *high = (place >> 7 & 127) as u8;
            call.text(output)
        }
        _ => Ok(Value::UNDEFINED),
    }
}
