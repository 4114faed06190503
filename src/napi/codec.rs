//! The cookie of a session, in every format.

use std::ops::Range;

use napi::bindgen_prelude::JsObjectValue as _;
use napi::{Env, JsString, JsValue as _, ValueType};
use napi_derive::napi;

use super::keyring::{Signs, index, sign};
use super::raw::Value;
use super::{Answer, Call, Failure, Scratch, Shared, call, change, functions, named, step};
use crate::codec::{Codec, Opened, Refusal, Settings, TimedFormat};
use crate::cookie_header::CookieName;
use crate::keyring::{Algorithm, Encoding, Signature};
use crate::times::{Millis, Times};

/// `createCodec(name, headerName, timed, current, legacy, encoding)`, all strings: the functions of a new codec and the
/// lengths of its signatures, or undefined where this crate does not do what is asked for: for a `headerName` that only a
/// regular expression finds, and for a format, an algorithm or an encoding that it does not have.
///
/// `timed` is `v1` with the name of an algorithm behind a space, `e1`, or empty. `current` and `legacy` are names of
/// algorithms with commas between them. See [`Settings`].
#[napi(catch_unwind)]
pub fn create_codec(
    env: Env,
    name: JsString<'_>,
    header_name: JsString<'_>,
    timed: JsString<'_>,
    current: JsString<'_>,
    legacy: JsString<'_>,
    encoding: JsString<'_>,
) -> Value {
    call(env, || {
        let name = named(&name, "name must be a string", |name| Some(Box::from(name.as_bytes())))?;
        let header_name = named(&header_name, "headerName must be a string", CookieName::new)?;
        let timed = named(&timed, "timed must be a string", |timed| match timed.split_once(' ') {
            None if timed.is_empty() => Some(None),
            None => (timed == "e1").then_some(Some(TimedFormat::E1)),
            // No value of this format was ever signed by SHA-1.
            Some(("v1", name)) => Algorithm::from_name(name)
                .filter(|one| *one != Algorithm::Sha1)
                .map(|algorithm| Some(TimedFormat::V1(algorithm))),
            Some(_) => None,
        })?;
        let current = named(&current, "current must be a string", algorithms)?;
        let legacy = named(&legacy, "legacy must be a string", algorithms)?;
        let encoding = named(&encoding, "encoding must be a string", Encoding::from_name)?;
        let (Some(name), Some(header_name), Some(timed), Some(current), Some(legacy), Some(encoding)) =
            (name, header_name, timed, current, legacy, encoding)
        else {
            return Ok(Value::UNDEFINED);
        };
        let settings = Settings { timed, current: &current, legacy: &legacy, encoding };
        let codec = Codec::with_header_name(name, header_name, settings);
        let lengths = [
            ("signatureLength", codec.signature_length()),
            ("timedSignatureLength", codec.timed_signature_length()),
        ];
        let mut object = functions(
            &env,
            &Shared::new(codec),
            &[
                // As a keyring's; the keys are those of the app.
                ("change", |call, codec| change(call, codec, Codec::change)),
                ("open", open),
                ("seal", seal),
                ("sealTimed", seal_timed),
                // By the algorithm of the original's format that is written.
                ("sign", sign),
                ("index", index),
            ],
        )?;
        for (name, length) in lengths {
            object.set_named_property(name, u32::try_from(length).unwrap_or_default())?;
            step();
        }
        Ok(Value(object.raw()))
    })
}

fn algorithms(names: &str) -> Option<Vec<Algorithm>> {
    names.split(',').filter(|name| !name.is_empty()).map(Algorithm::from_name).collect()
}

/// `open(cookieHeader: string, readsLegacy: boolean)`: undefined where the header has no cookie of that name; a number
/// where it is refused, by its place in [`Refusal`]; else a string, see [`pack`].
fn open(call: &Call<'_>, codec: &Shared<Codec>) -> Answer {
    let mut scratch = codec.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "cookieHeader must be a string")?;
    let reads_legacy = call.get(1, "readsLegacy must be a boolean")?;
    output.clear();
    let opened = codec.borrow()?.open(input, reads_legacy, output);
    match opened {
        Opened::Absent => Ok(Value::UNDEFINED),
        Opened::Refused(refusal) => call.int(match refusal {
            Refusal::Unsigned => 0,
            Refusal::Signature => 1,
            Refusal::Malformed => 2,
            Refusal::Legacy => 3,
        }),
        Opened::Original { value, canonical, key_index, renewed, is_legacy } => {
            let found = Found::Original { canonical, renewed: renewed.as_ref(), is_legacy };
            pack(output, input, value, key_index, &found);
            call.text(output)
        }
        Opened::Timed { value, key_index, times } => {
            pack(output, input, value, key_index, &Found::Timed(&times));
            call.text(output)
        }
    }
}

/// What stands behind a text in what `open` gives.
pub(super) enum Found<'a> {
    Original { canonical: bool, renewed: Option<&'a Signature>, is_legacy: bool },
    Timed(&'a Times),
}

const IS_TIMED: u8 = 1;
/// Places and lengths have five digits in place of three.
const IS_WIDE: u8 = 2;
/// Of the original's format.
const HAS_TEXT: u8 = 4;
const HAS_SIGNATURE: u8 = 8;
const IS_LEGACY: u8 = 16;
/// Of a format with times.
const HAS_EXPIRES: u8 = 4;
const HAS_MAX_AGE: u8 = 8;
const MAX_AGE_IS_NULL: u8 = 16;

/// Puts behind the session's text, if there is one, what else was found, in ASCII, so that V8 needs one byte a character.
/// Numbers are base-128 digits, lowest first; places and lengths count JavaScript's characters:
///
/// | characters | of the original's format | of a format with times |
/// | --- | --- | --- |
/// | then | the newest key's signature, if [`HAS_SIGNATURE`] | `issued`, `created`, `expires`, `maxAge`: 8 each, 0 for one that is not there |
/// | 3 or 5 | where the value starts in the header | the same |
/// | 3 or 5 | how long it is | the same |
/// | 2 | the place of the key | the same |
/// | 1 | flags | flags |
pub(super) fn pack(
    output: &mut Vec<u8>,
    header: &[u8],
    value: Range<usize>,
    key_index: usize,
    found: &Found<'_>,
) {
    let mut flags = 0;
    match found {
        Found::Original { canonical, renewed, is_legacy } => {
            flags |= if *canonical { HAS_TEXT } else { 0 };
            flags |= if *is_legacy { IS_LEGACY } else { 0 };
            if let Some(signature) = renewed {
                flags |= HAS_SIGNATURE;
                output.extend_from_slice(signature.as_bytes());
            }
        }
        Found::Timed(times) => {
            flags |= IS_TIMED;
            flags |= if times.expires.is_some() { HAS_EXPIRES } else { 0 };
            flags |= match times.max_age {
                Some(Some(_)) => HAS_MAX_AGE,
                Some(None) => MAX_AGE_IS_NULL,
                None => 0,
            };
            for time in [Some(times.issued), Some(times.created), times.expires, times.max_age.flatten()] {
                digits::<8>(output, time.map_or(0, Millis::get));
            }
        }
    }
    let start = characters(header.get(..value.start).unwrap_or_default());
    let length = characters(header.get(value).unwrap_or_default());
    if start | length < 1 << 21 {
        digits::<3>(output, start);
        digits::<3>(output, length);
    } else {
        flags |= IS_WIDE;
        digits::<5>(output, start);
        digits::<5>(output, length);
    }
    digits::<2>(output, key_index as u64);
    output.push(flags);
}

/// Appends a number as so many digits.
fn digits<const COUNT: usize>(output: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    output.extend_from_slice(&[(); COUNT].map(|()| {
        let digit = (rest & 127) as u8;
        rest >>= 7;
        digit
    }));
}

/// How many of JavaScript's characters, which are UTF-16's, a text in UTF-8 has.
fn characters(text: &[u8]) -> u64 {
    if text.is_ascii() {
        return text.len() as u64;
    }
    text.iter().fold(0, |count: u64, byte| {
        count.saturating_add(match byte {
            0x80..0xc0 => 0,
            0xf0.. => 2,
            _ => 1,
        })
    })
}

/// `seal(json: string)`: the cookie's value in the original's format, and after it its signature.
fn seal(call: &Call<'_>, codec: &Shared<Codec>) -> Answer {
    let mut scratch = codec.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "json must be a string")?;
    output.clear();
    let sealed = codec.borrow()?.seal_original(input, output);
    let Some(signature) = sealed else {
        return Err(Failure::Internal("no key, or no memory, to seal a session"));
    };
    output.extend_from_slice(signature.as_bytes());
    call.ascii(output)
}

/// `sealTimed(json: string, issued: number, created: number, expires?: number, maxAge?: number | null)`: the cookie's value
/// in the format with times, and after it its signature, if that format has one.
fn seal_timed(call: &Call<'_>, codec: &Shared<Codec>) -> Answer {
    let mut scratch = codec.scratch()?;
    let Scratch { input, output, .. } = &mut *scratch;
    call.string(0, input, "json must be a string")?;
    let times = Times {
        issued: millis(call, 1, "issued must be a time")?,
        created: millis(call, 2, "created must be a time")?,
        expires: match call.type_of(3) {
            ValueType::Undefined => None,
            _ => Some(millis(call, 3, "expires must be a time")?),
        },
        max_age: match call.type_of(4) {
            ValueType::Undefined => None,
            ValueType::Null => Some(None),
            _ => Some(Some(millis(call, 4, "maxAge must be a time")?)),
        },
    };
    output.clear();
    let sealed = codec.borrow()?.seal_timed(input, &times, output);
    let Some(signature) = sealed else {
        return Err(Failure::Internal("no key, no memory, or no randomness, to seal a session"));
    };
    output.extend(signature.iter().flat_map(|signature| signature.as_bytes()));
    call.ascii(output)
}

/// Reads an argument that is a time, or a span of it, in milliseconds.
fn millis(call: &Call<'_>, place: usize, expected: &'static str) -> Answer<Millis> {
    let number = call.number(place, expected)?;
    // What is no whole number, or too large for one, is another one as an integer.
    Millis::new(number as u64)
        .filter(|millis| millis.get() as f64 == number)
        .ok_or(Failure::Argument(expected))
}

impl Signs for Codec {
    fn sign(&self, text: &[u8]) -> Option<Signature> {
        self.sign(text)
    }

    fn index(&self, text: &[u8], digest: &[u8]) -> Option<usize> {
        self.index(text, digest)
    }
}
