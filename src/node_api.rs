//! The boundary to JavaScript: strings in, strings out, errors thrown, panics caught. The only
//! file with `unsafe`.
//!
//! The addon exports `createKeyring(algorithm, encoding)`, whose answer holds `change(changes)`,
//! `sign(data)`, `index(data, digest)` and `codec(name)`; a codec holds `open(cookieHeader)` and
//! `seal(json)`. Beside it, `createVault()` gives what encrypts. All are plain Node-API callbacks
//! with their state as their data pointer, since each request calls two of them and the wrappers
//! that napi-rs makes cost several times what these do.
//!
//! # Why the `unsafe` here is sound
//!
//! - `env` and each `napi_value` come from Node for the duration of one callback, and are used in
//!   that callback alone, on the thread that it runs on.
//! - A data pointer comes from [`Box::into_raw`] in [`Call::function`] and is given back by
//!   [`finalize`], which Node calls once, on the same thread, when the function is gone. A function
//!   that runs is not gone.
//! - Buffers passed to Node are passed with their true lengths.
//! - No panic leaves a callback: [`catch`] turns it into a JavaScript error. The feature `panics` lets a test
//!   provoke one wherever a callback talks to Node.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;
use zeroize::Zeroizing;

use crate::codec::{Codec, Opened};
use crate::cookie_header::CookieName;
use crate::encryption::Vault;
use crate::keyring::{Algorithm, Encoding, KeyChange, Keyring};

/// Scratch memory over this size (bytes) is given back after the call that needed it.
const SCRATCH_KEPT: usize = 1 << 16;

/// As many keys as `open` of a vault has digits to tell apart.
const MOST_KEYS: u32 = 1 << 14;

/// A keyring and the memory its calls work in, shared by the functions made for it.
struct Ring {
    keyring: RefCell<Keyring>,
    scratch: RefCell<Scratch>,
}

/// Memory for one call's input and output. It holds session texts, never keys.
#[derive(Default)]
struct Scratch {
    input: Vec<u8>,
    second: Vec<u8>,
    output: Vec<u8>,
}

impl Scratch {
    fn trim(&mut self) {
        for memory in [&mut self.input, &mut self.second, &mut self.output] {
            if memory.capacity() > SCRATCH_KEPT {
                *memory = Vec::new();
            }
        }
    }
}

/// A vault, and the memory its calls work in.
struct VaultCell {
    vault: RefCell<Vault>,
    scratch: RefCell<Scratch>,
}

/// The cookie of one name under one keyring.
struct Cookie {
    codec: Codec,
    ring: Rc<Ring>,
}

/// Why a callback has no answer.
enum Failure {
    /// Node has an exception of its own to throw, or can run no JavaScript any more.
    Node,
    /// An argument is not what it should be.
    Argument(&'static str),
    /// Something that does not happen, such as memory running out.
    Internal(&'static str),
}

type Answer<T = sys::napi_value> = Result<T, Failure>;

/// What Node asks for first: the version of Node-API that this is written for.
#[unsafe(no_mangle)]
extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}

/// Windows has no symbols to link against before the process that loads the addon is known.
#[cfg(windows)]
fn link() {
    static LINKED: std::sync::Once = std::sync::Once::new();
    // SAFETY: no function of Node-API has been called yet, and the library, being forgotten, stays.
    LINKED.call_once(|| std::mem::forget(unsafe { sys::setup() }));
}

/// What Node calls when the addon is loaded, once for each thread that loads it: makes its exports.
#[unsafe(no_mangle)]
unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    catch(env, || {
        #[cfg(windows)]
        link();
        let call = Call { env, arguments: [ptr::null_mut(); 2], data: ptr::null_mut() };
        call.set(
            exports,
            &[
                (c"createKeyring", call.function(c"createKeyring", create_keyring, ())?),
                (c"createVault", call.function(c"createVault", create_vault, ())?),
                #[cfg(feature = "panics")]
                (c"panicAfter", call.function(c"panicAfter", panic_after, ())?),
            ],
        )
    })
}

/// `panicAfter(steps: number)`: the call of this addon that comes to that step panics. See [`crate::panics`].
#[cfg(feature = "panics")]
unsafe extern "C" fn panic_after(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    crate::panics::after(usize::MAX);
    guard(env, info, |call, (): &()| {
        let steps = call.number(call.argument(0))?.ok_or(Failure::Argument("steps must be a number"))?;
        let answer = call.undefined();
        crate::panics::after(steps);
        answer
    })
}

/// `createKeyring(algorithm: string, encoding: string)`: the functions of a new keyring, or
/// undefined where this crate has no states for that algorithm or encoding.
unsafe extern "C" fn create_keyring(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, (): &()| {
        let algorithm = call.name(0, "algorithm must be a string", Algorithm::from_name)?;
        let encoding = call.name(1, "encoding must be a string", Encoding::from_name)?;
        let (Some(algorithm), Some(encoding)) = (algorithm, encoding) else {
            return call.undefined();
        };
        let ring = Rc::new(Ring {
            keyring: RefCell::new(Keyring::new(algorithm, encoding)),
            scratch: RefCell::default(),
        });
        call.object(&[
            (c"change", call.function(c"change", change, Rc::clone(&ring))?),
            (c"sign", call.function(c"sign", sign, Rc::clone(&ring))?),
            (c"index", call.function(c"index", index, Rc::clone(&ring))?),
            (c"codec", call.function(c"codec", codec, Rc::clone(&ring))?),
        ])
    })
}

/// `change(changes: Array<number | Uint8Array>)`: replaces the keys. A number is the place that
/// a key which stays had before, an array the bytes of a new one.
unsafe extern "C" fn change(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, ring: &Rc<Ring>| {
        let owned = call.changes(0)?;
        let changes: Vec<KeyChange<'_>> = owned.iter().map(OwnedChange::borrow).collect();
        ring.keyring.try_borrow_mut().map_err(|_| BUSY)?.change(&changes);
        call.undefined()
    })
}

/// `createVault()`: the functions of a new vault: `change`, as a keyring's, of keys of 32 bytes, `seal` and `open`.
unsafe extern "C" fn create_vault(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, (): &()| {
        let vault = Rc::new(VaultCell { vault: RefCell::default(), scratch: RefCell::default() });
        call.object(&[
            (c"change", call.function(c"change", vault_change, Rc::clone(&vault))?),
            (c"seal", call.function(c"seal", vault_seal, Rc::clone(&vault))?),
            (c"open", call.function(c"open", vault_open, Rc::clone(&vault))?),
        ])
    })
}

/// `change(changes: Array<number | Uint8Array>)`: as [`change`] does it.
unsafe extern "C" fn vault_change(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, cell: &Rc<VaultCell>| {
        let owned = call.changes(0)?;
        let changes: Vec<KeyChange<'_>> = owned.iter().map(OwnedChange::borrow).collect();
        cell.vault.try_borrow_mut().map_err(|_| BUSY)?.change(&changes);
        call.undefined()
    })
}

/// `seal(text: string)`: nonce, ciphertext and tag in base64url.
unsafe extern "C" fn vault_seal(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, cell: &Rc<VaultCell>| {
        let mut scratch = cell.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        let Scratch { input, output, .. } = &mut *scratch;
        call.string(0, input, "text must be a string")?;
        output.clear();
        if cell.vault.try_borrow().map_err(|_| BUSY)?.seal(input, output).is_none() {
            return Err(Failure::Internal("no key, no memory, or no randomness, to seal a session"));
        }
        let answer = call.ascii(output);
        scratch.trim();
        answer
    })
}

/// `open(value: string)`: undefined where no key opens it, else a string: two characters, the place of the key in
/// base-128 digits, lowest first, and the text.
unsafe extern "C" fn vault_open(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, cell: &Rc<VaultCell>| {
        let mut scratch = cell.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        let Scratch { input, output, .. } = &mut *scratch;
        call.string(0, input, "value must be a string")?;
        output.clear();
        output.extend([0, 0]);
        let place = cell.vault.try_borrow().map_err(|_| BUSY)?.open(input, output);
        let answer = match (place, output.as_mut_slice()) {
            (Some(place), [low, high, ..]) => {
                *low = (place & 127) as u8;
                *high = (place >> 7 & 127) as u8;
                call.text(output)
            }
            _ => call.undefined(),
        };
        scratch.trim();
        answer
    })
}

/// `sign(data: string)`: the signature, or undefined where there is no key.
unsafe extern "C" fn sign(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, ring: &Rc<Ring>| {
        let mut scratch = ring.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        call.string(0, &mut scratch.input, "data must be a string")?;
        let signature = ring.keyring.try_borrow().map_err(|_| BUSY)?.sign(&[&scratch.input]);
        scratch.trim();
        match signature {
            Some(signature) => call.ascii(signature.as_bytes()),
            None => call.undefined(),
        }
    })
}

/// `index(data: string, digest: string)`: the place of the key that signed, or -1.
unsafe extern "C" fn index(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, ring: &Rc<Ring>| {
        let mut scratch = ring.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        let Scratch { input, second, .. } = &mut *scratch;
        call.string(0, input, "data must be a string")?;
        call.string(1, second, "digest must be a string")?;
        let place = ring.keyring.try_borrow().map_err(|_| BUSY)?.index(&[input], second);
        scratch.trim();
        call.int(place.and_then(|place| i32::try_from(place).ok()).unwrap_or(-1))
    })
}

/// `codec(name: string)`: the functions for the cookie of that name, or undefined where only a
/// regular expression finds a cookie so named.
unsafe extern "C" fn codec(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, ring: &Rc<Ring>| {
        let Some(name) = call.name(0, "name must be a string", CookieName::new)? else {
            return call.undefined();
        };
        let cookie = Rc::new(Cookie { codec: Codec::new(name), ring: Rc::clone(ring) });
        call.object(&[
            (c"open", call.function(c"open", open, Rc::clone(&cookie))?),
            (c"seal", call.function(c"seal", seal, Rc::clone(&cookie))?),
        ])
    })
}

/// `open(cookieHeader: string)`: undefined where the header has no session, false where no key
/// signed it, null where the header is not ASCII or over 2 MiB and needs the exact way, else a
/// string. One string, because an array of several costs five times as much to make:
///
/// | characters | what they say |
/// | --- | --- |
/// | 0 | bit 0: a text follows; bit 1: a signature by the newest key stands before it |
/// | 1 to 3, 4 to 6 | where the cookie's value starts in the header and how long it is, in characters, as base-128 digits, lowest first |
/// | then | the signature, if any, and the text, if any |
unsafe extern "C" fn open(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, cookie: &Rc<Cookie>| {
        let mut scratch = cookie.ring.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        let Scratch { input, second, output } = &mut *scratch;
        call.string(0, input, "cookieHeader must be a string")?;
        if !input.is_ascii() || input.len() >= 1 << 21 {
            return call.null();
        }
        let keyring = cookie.ring.keyring.try_borrow().map_err(|_| BUSY)?;
        second.clear();
        let answer = match cookie.codec.open(&keyring, input, second) {
            Opened::Absent => call.undefined(),
            Opened::Refused => call.boolean(false),
            Opened::Verified { value, canonical, renewed } => {
                output.clear();
                output.push(u8::from(canonical) | u8::from(renewed.is_some()) << 1);
                for number in [value.start, value.len()] {
                    output.extend([0, 7, 14].map(|shift| (number >> shift & 127) as u8));
                }
                output.extend(renewed.iter().flat_map(|signature| signature.as_bytes()));
                output.extend_from_slice(second);
                call.text(output)
            }
        };
        scratch.trim();
        answer
    })
}

/// `seal(json: string)`: the cookie's value, and after it its signature.
unsafe extern "C" fn seal(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    guard(env, info, |call, cookie: &Rc<Cookie>| {
        let mut scratch = cookie.ring.scratch.try_borrow_mut().map_err(|_| BUSY)?;
        let Scratch { input, output, .. } = &mut *scratch;
        call.string(0, input, "json must be a string")?;
        output.clear();
        let keyring = cookie.ring.keyring.try_borrow().map_err(|_| BUSY)?;
        let Some(signature) = cookie.codec.seal(&keyring, input, output) else {
            return Err(Failure::Internal("no key, or no memory, to seal a session"));
        };
        output.extend_from_slice(signature.as_bytes());
        let answer = call.ascii(output);
        scratch.trim();
        answer
    })
}

const BUSY: Failure = Failure::Internal("a keyring was used while in use");
const NO_MEMORY: Failure = Failure::Internal("no memory for an argument");

/// Runs a callback's body with the data of its function, and throws what it has no answer for.
fn guard<T>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&Call, &T) -> Answer,
) -> sys::napi_value {
    catch(env, || {
        let call = Call::new(env, info)?;
        // SAFETY: `data` is what `Call::function` made of a `T` for this callback; the
        // function that runs keeps it.
        let data = unsafe { &*call.data.cast::<T>() };
        body(&call, data)
    })
}

/// Runs what Node called, and throws where it has no answer.
fn catch(env: sys::napi_env, run: impl FnOnce() -> Answer) -> sys::napi_value {
    let failure = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => return value,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Internal("a panic in native code"),
    };
    let message = match failure {
        Failure::Argument(message) | Failure::Internal(message) => message,
        Failure::Node if is_thrown(env) => return ptr::null_mut(),
        Failure::Node => "Node refused, as it does a string that is too long",
    };
    let message = format!("cookie-session-native: {message}\0");
    let (message, code) = (message.as_ptr().cast(), ptr::null());
    // Throwing fails only where there is something to throw already, or nothing can be thrown any
    // more; either way there is nothing left to do.
    let _ = match failure {
        // SAFETY: the message ends with NUL.
        Failure::Argument(_) => unsafe { sys::napi_throw_type_error(env, code, message) },
        // SAFETY: the message ends with NUL.
        _ => unsafe { sys::napi_throw_error(env, code, message) },
    };
    ptr::null_mut()
}

/// Whether there is an exception for JavaScript to see.
fn is_thrown(env: sys::napi_env) -> bool {
    let mut is_pending = false;
    // SAFETY: see the module's comment.
    let status = unsafe { sys::napi_is_exception_pending(env, &raw mut is_pending) };
    status != sys::Status::napi_ok || is_pending
}

/// Shows in the addon that it was built to panic.
#[cfg(feature = "panics")]
#[used]
#[unsafe(no_mangle)]
static COOKIE_SESSION_NATIVE_PANICS: u8 = 1;

/// Where the feature `panics` can have a panic provoked.
fn step() {
    #[cfg(feature = "panics")]
    crate::panics::step();
}

/// A [`KeyChange`] that owns its key, which is wiped when dropped.
enum OwnedChange {
    Kept(usize),
    New(Zeroizing<Vec<u8>>),
}

impl OwnedChange {
    fn borrow(&self) -> KeyChange<'_> {
        match self {
            Self::Kept(place) => KeyChange::Kept(*place),
            Self::New(key) => KeyChange::New(key),
        }
    }
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Gives back what [`Call::function`] took.
unsafe extern "C" fn finalize<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // Nobody is there to be told of a panic.
    let _ = catch_unwind(|| {
        // SAFETY: `data` comes from `Box::into_raw` of a `Box<T>`, and Node calls this once.
        let data = unsafe { Box::from_raw(data.cast::<T>()) };
        step();
        drop(data);
    });
}

/// One call from JavaScript: its arguments, and what can be made for its answer.
struct Call {
    env: sys::napi_env,
    arguments: [sys::napi_value; 2],
    data: *mut c_void,
}

/// What Node says when all went well; anything else leaves it to Node to throw.
fn check(status: sys::napi_status) -> Answer<()> {
    step();
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Failure::Node) }
}

impl Call {
    fn new(env: sys::napi_env, info: sys::napi_callback_info) -> Answer<Self> {
        let mut call = Self { env, arguments: [ptr::null_mut(); 2], data: ptr::null_mut() };
        let mut count = call.arguments.len();
        // SAFETY: `count` is the true length of `arguments`; Node fills missing ones with undefined.
        check(unsafe {
            sys::napi_get_cb_info(
                env,
                info,
                &raw mut count,
                call.arguments.as_mut_ptr(),
                ptr::null_mut(),
                &raw mut call.data,
            )
        })?;
        Ok(call)
    }

    fn argument(&self, place: usize) -> sys::napi_value {
        self.arguments.get(place).copied().unwrap_or(ptr::null_mut())
    }

    /// Reads an argument as UTF-8 into `memory`. Lone surrogates become U+FFFD, as they do in
    /// `Buffer.from` and in `Hmac.update`.
    fn string(&self, place: usize, memory: &mut Vec<u8>, expected: &'static str) -> Answer<()> {
        let value = self.argument(place);
        memory.clear();
        if memory.capacity() == 0 {
            memory.try_reserve(1 << 10).map_err(|_| NO_MEMORY)?;
        }
        let mut length = self.read_string(value, memory, expected)?;
        // Node stops at the last whole character that fits, with a NUL behind it.
        if length.saturating_add(4) >= memory.capacity() {
            let mut whole = 0;
            // SAFETY: without a buffer, Node writes nothing but the length.
            check(unsafe {
                sys::napi_get_value_string_utf8(self.env, value, ptr::null_mut(), 0, &raw mut whole)
            })?;
            memory.try_reserve(whole.saturating_add(5)).map_err(|_| NO_MEMORY)?;
            length = self.read_string(value, memory, expected)?;
        }
        // SAFETY: Node has written `length` bytes, less than the capacity.
        unsafe { memory.set_len(length) };
        Ok(())
    }

    fn read_string(
        &self,
        value: sys::napi_value,
        memory: &mut Vec<u8>,
        expected: &'static str,
    ) -> Answer<usize> {
        let mut length = 0;
        // SAFETY: the buffer's capacity is its true length, and Node writes no more than that.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                value,
                memory.as_mut_ptr().cast(),
                memory.capacity(),
                &raw mut length,
            )
        };
        if status == sys::Status::napi_string_expected {
            return Err(Failure::Argument(expected));
        }
        check(status)?;
        Ok(length)
    }

    /// Reads an argument as one of a set of names.
    fn name<T>(
        &self,
        place: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Answer<Option<T>> {
        let mut text = Vec::new();
        self.string(place, &mut text, expected)?;
        Ok(std::str::from_utf8(&text).ok().and_then(parse))
    }

    /// Reads an argument as changes of keys.
    fn changes(&self, place: usize) -> Answer<Vec<OwnedChange>> {
        const EXPECTED: &str = "changes must be an array of at most 16384 numbers and Uint8Arrays";
        let array = self.argument(place);
        let mut is_array = false;
        // SAFETY: see the module's comment.
        check(unsafe { sys::napi_is_array(self.env, array, &raw mut is_array) })?;
        if !is_array {
            return Err(Failure::Argument(EXPECTED));
        }
        let mut length = 0;
        // SAFETY: see the module's comment.
        check(unsafe { sys::napi_get_array_length(self.env, array, &raw mut length) })?;
        if length > MOST_KEYS {
            return Err(Failure::Argument(EXPECTED));
        }
        (0..length)
            .map(|place| {
                let mut element = ptr::null_mut();
                // SAFETY: see the module's comment.
                check(unsafe { sys::napi_get_element(self.env, array, place, &raw mut element) })?;
                Ok(match self.number(element)? {
                    Some(place) => OwnedChange::Kept(place),
                    None => OwnedChange::New(self.bytes(element, EXPECTED)?),
                })
            })
            .collect()
    }

    /// A value that is a number, as a place in an array. Asked for its type first, since not every runtime refuses to
    /// read a number from what is none.
    fn number(&self, value: sys::napi_value) -> Answer<Option<usize>> {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: see the module's comment.
        check(unsafe { sys::napi_typeof(self.env, value, &raw mut kind) })?;
        if kind != sys::ValueType::napi_number {
            return Ok(None);
        }
        let mut number = 0;
        // SAFETY: see the module's comment.
        check(unsafe { sys::napi_get_value_uint32(self.env, value, &raw mut number) })?;
        Ok(usize::try_from(number).ok())
    }

    /// A copy of the bytes of a value that is a Uint8Array, wiped when dropped.
    fn bytes(&self, value: sys::napi_value, expected: &'static str) -> Answer<Zeroizing<Vec<u8>>> {
        let mut is_buffer = false;
        // SAFETY: see the module's comment.
        check(unsafe { sys::napi_is_buffer(self.env, value, &raw mut is_buffer) })?;
        if !is_buffer {
            return Err(Failure::Argument(expected));
        }
        let (mut data, mut length) = (ptr::null_mut(), 0);
        // SAFETY: `value` is a Buffer or another view of an ArrayBuffer.
        check(unsafe { sys::napi_get_buffer_info(self.env, value, &raw mut data, &raw mut length) })?;
        let mut copy = Zeroizing::new(Vec::new());
        if data.is_null() || length == 0 {
            return Ok(copy);
        }
        copy.try_reserve_exact(length).map_err(|_| NO_MEMORY)?;
        // SAFETY: Node says that `length` bytes are there; no JavaScript runs before they are copied.
        copy.extend_from_slice(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) });
        Ok(copy)
    }

    fn undefined(&self) -> Answer {
        // SAFETY: see the module's comment.
        self.make(|env, value| unsafe { sys::napi_get_undefined(env, value) })
    }

    fn null(&self) -> Answer {
        // SAFETY: see the module's comment.
        self.make(|env, value| unsafe { sys::napi_get_null(env, value) })
    }

    fn boolean(&self, boolean: bool) -> Answer {
        // SAFETY: see the module's comment.
        self.make(|env, value| unsafe { sys::napi_get_boolean(env, boolean, value) })
    }

    fn int(&self, number: i32) -> Answer {
        // SAFETY: see the module's comment.
        self.make(|env, value| unsafe { sys::napi_create_int32(env, number, value) })
    }

    /// A string of ASCII bytes.
    fn ascii(&self, text: &[u8]) -> Answer {
        self.make(|env, value| {
            // SAFETY: the text is passed with its true length.
            unsafe { sys::napi_create_string_latin1(env, text.as_ptr().cast(), length_of(text), value) }
        })
    }

    /// A string of UTF-8 bytes.
    fn text(&self, text: &[u8]) -> Answer {
        if text.is_ascii() {
            return self.ascii(text);
        }
        self.make(|env, value| {
            // SAFETY: the text is passed with its true length.
            unsafe { sys::napi_create_string_utf8(env, text.as_ptr().cast(), length_of(text), value) }
        })
    }

    /// A function that owns `data` and finds it again in each call.
    fn function<T: 'static>(&self, name: &CStr, callback: Callback, data: T) -> Answer {
        let data = Box::into_raw(Box::new(data)).cast::<c_void>();
        let function = self.make(|env, value| {
            // SAFETY: the name ends with NUL; `data` is what `callback` expects, see `guard`.
            unsafe {
                let length = length_of(name.to_bytes());
                sys::napi_create_function(env, name.as_ptr(), length, Some(callback), data, value)
            }
        });
        let finalized = function.and_then(|function| {
            let (none, hint) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: `finalize::<T>` takes back the `Box<T>` made above.
            let status =
                unsafe { sys::napi_add_finalizer(self.env, function, data, Some(finalize::<T>), hint, none) };
            check(status).map(|()| function)
        });
        if finalized.is_err() {
            // SAFETY: Node has no finalizer that would do this, and nobody can call the function.
            drop(unsafe { Box::from_raw(data.cast::<T>()) });
        }
        finalized
    }

    fn object(&self, properties: &[(&CStr, sys::napi_value)]) -> Answer {
        // SAFETY: see the module's comment.
        let object = self.make(|env, value| unsafe { sys::napi_create_object(env, value) })?;
        self.set(object, properties)
    }

    fn set(&self, object: sys::napi_value, properties: &[(&CStr, sys::napi_value)]) -> Answer {
        for (name, value) in properties {
            // SAFETY: the name ends with NUL; object and value come from this very call.
            check(unsafe { sys::napi_set_named_property(self.env, object, name.as_ptr(), *value) })?;
        }
        Ok(object)
    }

    fn make(&self, make: impl FnOnce(sys::napi_env, *mut sys::napi_value) -> sys::napi_status) -> Answer {
        let mut value = ptr::null_mut();
        check(make(self.env, &raw mut value))?;
        Ok(value)
    }
}

/// Node-API takes lengths as signed numbers. No slice is longer than that.
fn length_of(text: &[u8]) -> isize {
    isize::try_from(text.len()).unwrap_or(0)
}
