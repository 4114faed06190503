//! The only file with `unsafe`: functions that own what they work on, and the reading of strings. napi has both, made
//! safe, at a price that each request would pay twice. Measured with what a request in a busy server finds, code that is
//! not in the processor's caches: 240 of 1,800 ns for the functions, which allocate, and 480 for a string, which is
//! measured, allocated and cleared before it is read. And napi leaks a function where Node refuses to make it.
//!
//! # Why the `unsafe` here is sound
//!
//! - `env` and each `napi_value` come from Node for the duration of one call, and are used in that call alone, on the
//!   thread that it runs on.
//! - A data pointer comes from [`Box::into_raw`] in [`function`], and is given back by [`finalize`], which Node calls once,
//!   on the same thread, when the function is gone. A function that runs is not gone.
//! - Buffers passed to Node are passed with their true lengths.
//! - No panic leaves a function: what [`enter`] calls catches them all, and so does [`finalize`].
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::panic::catch_unwind;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue};
use napi::{Env, JsString, JsValue as _, sys};

use super::{Answer, Failure, step};

/// Bytes of memory for strings, at the least.
const FIRST: usize = 1 << 10;

/// As many arguments as a function takes.
const MOST_ARGUMENTS: usize = 5;

/// What a function of this addon gives back: a value of the call that it answers.
pub(crate) struct Value(pub(crate) sys::napi_value);

impl Value {
    /// Node takes no value for undefined.
    pub(crate) const UNDEFINED: Self = Self(ptr::null_mut());
}

impl ToNapiValue for Value {
    // SAFETY: nothing unsafe is done; the trait has it so, as others use `env`.
    unsafe fn to_napi_value(_env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        Ok(value.0)
    }
}

/// The arguments of one call.
pub(crate) struct Arguments {
    env: sys::napi_env,
    values: [sys::napi_value; MOST_ARGUMENTS],
}

impl Arguments {
    /// An argument, as napi reads it. One that was not given is undefined.
    pub(crate) fn get<T: FromNapiValue>(&self, place: usize) -> napi::Result<T> {
        let value = self.values.get(place).copied().unwrap_or(ptr::null_mut());
        // SAFETY: see the module's comment.
        unsafe { T::from_napi_value(self.env, value) }
    }
}

/// What a function does in a call with what it owns. It panics nowhere.
pub(crate) type Run<T> = fn(Env, &Arguments, &T) -> Value;

struct Bound<T> {
    run: Run<T>,
    owned: T,
}

/// A function that owns something, until Node has collected it.
pub(crate) fn function<T: 'static>(env: &Env, name: &str, run: Run<T>, owned: T) -> Answer {
    let bound = Box::into_raw(Box::new(Bound { run, owned })).cast::<c_void>();
    let mut function = ptr::null_mut();
    let length = isize::try_from(name.len()).unwrap_or(0);
    // SAFETY: the name is passed with its true length; `bound` is what `enter::<T>` expects.
    let mut status = unsafe {
        let name = name.as_ptr().cast();
        sys::napi_create_function(env.raw(), name, length, Some(enter::<T>), bound, &raw mut function)
    };
    step();
    if status == sys::Status::napi_ok {
        let (hint, none) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `finalize::<T>` takes back the box made above.
        status = unsafe { sys::napi_wrap(env.raw(), function, bound, Some(finalize::<T>), hint, none) };
    }
    if status == sys::Status::napi_ok {
        return Ok(Value(function));
    }
    // SAFETY: Node has nothing that would do this, and nobody can call the function.
    drop(unsafe { Box::from_raw(bound.cast::<Bound<T>>()) });
    Err(Failure::Node)
}

/// What Node calls when a function is called.
unsafe extern "C" fn enter<T: 'static>(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut arguments = Arguments { env, values: [ptr::null_mut(); MOST_ARGUMENTS] };
    let (mut count, mut bound) = (MOST_ARGUMENTS, ptr::null_mut());
    // SAFETY: `count` is the true length of `values`; Node fills missing ones with undefined.
    let status = unsafe {
        let values = arguments.values.as_mut_ptr();
        sys::napi_get_cb_info(env, info, &raw mut count, values, ptr::null_mut(), &raw mut bound)
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: `bound` is what `function` made for this callback; the function that runs keeps it.
    let bound = unsafe { &*bound.cast::<Bound<T>>() };
    (bound.run)(Env::from_raw(env), &arguments, &bound.owned).0
}

/// What Node calls when a function is gone.
unsafe extern "C" fn finalize<T: 'static>(_env: sys::napi_env, bound: *mut c_void, _hint: *mut c_void) {
    // Nobody is there to be told of a panic.
    let _ = catch_unwind(|| {
        // SAFETY: `bound` comes from `Box::into_raw` of a `Box<Bound<T>>`, and Node calls this once.
        let bound = unsafe { Box::from_raw(bound.cast::<Bound<T>>()) };
        step();
        drop(bound);
    });
}

/// Reads a string into `memory` as UTF-8, in place of what is there. Lone surrogates become U+FFFD, as they do in
/// `Buffer.from` and in `Hmac.update`.
pub(crate) fn read(value: &JsString<'_>, memory: &mut Vec<u8>, expected: &'static str) -> Answer<()> {
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
fn fill(value: &JsString<'_>, memory: &mut Vec<u8>, expected: &'static str) -> Answer<usize> {
    let value = value.value();
    let mut length = 0;
    // SAFETY: the buffer's capacity is its true length, and Node writes no more than that.
    let status = unsafe {
        let buffer = memory.as_mut_ptr().cast();
        sys::napi_get_value_string_utf8(value.env, value.value, buffer, memory.capacity(), &raw mut length)
    };
    step();
    match status {
        sys::Status::napi_ok => Ok(length),
        sys::Status::napi_string_expected => Err(Failure::Argument(expected)),
        _ => Err(Failure::Node),
    }
}
