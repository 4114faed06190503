//! The only file with `unsafe`: what napi's safe functions do not do, or do at several times the cost for each request.
#![allow(unsafe_code)]

use napi::bindgen_prelude::ToNapiValue;
use napi::{JsString, JsValue as _, sys};

use super::{Failure, step};

/// Bytes that memory for strings starts with.
const FIRST: usize = 1 << 10;

/// What a function of this addon gives back: a value of the call that it answers.
pub(crate) struct Value(pub(crate) sys::napi_value);

impl Value {
    /// Node takes no value for undefined.
    pub(crate) const UNDEFINED: Self = Self(std::ptr::null_mut());
}

impl ToNapiValue for Value {
    // SAFETY: nothing unsafe is done; the trait has it so, as others use `env`.
    unsafe fn to_napi_value(_env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        Ok(value.0)
    }
}

/// Reads a string into `memory` as UTF-8, in place of what is there. Lone surrogates become U+FFFD, as they do in
/// `Buffer.from` and in `Hmac.update`.
///
/// napi's own reading measures the string first, then makes memory for it and clears that: with a `Cookie` header, 250 ns
/// more than the 190 ns of a whole call.
pub(crate) fn read(
    value: &JsString<'_>,
    memory: &mut Vec<u8>,
    expected: &'static str,
) -> Result<(), Failure> {
    memory.clear();
    if memory.capacity() == 0 {
        memory.try_reserve(FIRST).map_err(|_| Failure::NO_MEMORY)?;
    }
    let mut length = fill(value, memory, expected)?;
    // Node stops at the last whole character that fits, with a NUL behind it.
    if length.saturating_add(4) >= memory.capacity() {
        let whole = value.utf8_len()?;
        memory.try_reserve(whole.saturating_add(5)).map_err(|_| Failure::NO_MEMORY)?;
        length = fill(value, memory, expected)?;
    }
    // SAFETY: Node has written `length` bytes, less than the capacity.
    unsafe { memory.set_len(length) };
    Ok(())
}

/// Has Node write a string to the memory that `memory` has, and says how many bytes it wrote.
fn fill(value: &JsString<'_>, memory: &mut Vec<u8>, expected: &'static str) -> Result<usize, Failure> {
    let value = value.value();
    let mut length = 0;
    // SAFETY: `env` and `value` belong to the call that runs, and are not kept; the buffer's capacity is its true length,
    // and Node writes no more than that.
    let status = unsafe {
        sys::napi_get_value_string_utf8(
            value.env,
            value.value,
            memory.as_mut_ptr().cast(),
            memory.capacity(),
            &raw mut length,
        )
    };
    step();
    match status {
        sys::Status::napi_ok => Ok(length),
        sys::Status::napi_string_expected => Err(Failure::Argument(expected)),
        _ => Err(Failure::Node),
    }
}
