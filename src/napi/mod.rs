//! The boundary to JavaScript: strings in, strings out, errors thrown, panics caught.
//!
//! The addon exports `createKeyring(algorithm, encoding)`, for the npm class Keygrip, and `createCodec(…)`, for a cookie;
//! both give an object of functions. `#[napi]` declares what is exported; the functions that are given are made by
//! [`raw::function`], since each request calls two of them, and one that `#[napi]` declares costs three to ten times as
//! much. All else is napi's: arguments, values, errors.
//!
//! What crosses is one string each way where that can be, since an array or an object costs five times as much to make.
//!
//! No panic leaves a function: [`call`] turns it into a JavaScript error, and so would napi. The feature `panics` lets a
//! test provoke one wherever a function talks to Node.

mod codec;
mod keyring;
mod raw;

use std::cell::{Ref, RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use napi::bindgen_prelude::{
    Array, BufferSlice, Either, FromNapiValue, JsObjectValue as _, JsValue as _, Object,
};
use napi::{Env, JsString, Status, Unknown, ValueType};
use zeroize::Zeroizing;

use crate::keyring::KeyChange;
use raw::{Arguments, Value};

/// Scratch memory over this size (bytes) is given back after the call that needed it.
const SCRATCH_KEPT: usize = 1 << 16;

/// As many keys as `open` has digits to tell apart.
const MOST_KEYS: u32 = 1 << 14;

/// Why a function has no answer.
enum Failure {
    /// Node has an exception of its own to throw, or can run no JavaScript any more.
    Node,
    /// An argument is not what it should be.
    Argument(&'static str),
    /// Something that does not happen, such as memory running out.
    Internal(&'static str),
}

impl Failure {
    const BUSY: Self = Self::Internal("a keyring was used while in use");
    const NO_MEMORY: Self = Self::Internal("no memory for an argument");
}

impl From<napi::Error> for Failure {
    fn from(_: napi::Error) -> Self {
        Self::Node
    }
}

type Answer<T = Value> = Result<T, Failure>;

/// Where the feature `panics` can have a panic provoked.
fn step() {
    #[cfg(feature = "panics")]
    crate::panics::step();
}

/// Shows in the addon that it was built to panic.
#[cfg(feature = "panics")]
#[used]
static PANICS: &str = "COOKIE_SESSION_NATIVE_PANICS";

/// `panicAfter(steps: number)`: the call of this addon that comes to that step panics. See [`crate::panics`].
#[cfg(feature = "panics")]
#[napi_derive::napi(catch_unwind)]
pub fn panic_after(steps: u32) {
    crate::panics::after(usize::try_from(steps).unwrap_or(usize::MAX));
}

/// Runs what JavaScript called, and throws what it has no answer for.
fn call(env: Env, run: impl FnOnce() -> Answer) -> Value {
    let failure = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => return value,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Internal("a panic in native code"),
    };
    throw(env, &failure);
    Value::UNDEFINED
}

/// Apart from calls that have an answer, whose code is found cold.
#[cold]
#[inline(never)]
fn throw(env: Env, failure: &Failure) {
    // Throwing fails only where there is something to throw already, or nothing can be thrown any more; either way there
    // is nothing left to do.
    let _ = match failure {
        Failure::Argument(message) => env.throw_type_error(&message_of(message), None),
        Failure::Internal(message) => env.throw_error(&message_of(message), None),
        Failure::Node => {
            env.throw_error(&message_of("Node refused, as it does a string that is too long"), None)
        }
    };
}

fn message_of(message: &str) -> String {
    format!("cookie-session-native: {message}")
}

/// What the functions of one object share: what they are for, and the memory they work in.
struct Shared<T>(Rc<Parts<T>>);

struct Parts<T> {
    of: RefCell<T>,
    scratch: RefCell<Scratch>,
}

impl<T> Shared<T> {
    fn new(of: T) -> Self {
        Self(Rc::new(Parts { of: RefCell::new(of), scratch: RefCell::default() }))
    }

    fn borrow(&self) -> Answer<Ref<'_, T>> {
        self.0.of.try_borrow().map_err(|_| Failure::BUSY)
    }

    fn borrow_mut(&self) -> Answer<RefMut<'_, T>> {
        self.0.of.try_borrow_mut().map_err(|_| Failure::BUSY)
    }

    fn scratch(&self) -> Answer<Work<'_>> {
        self.0.scratch.try_borrow_mut().map(Work).map_err(|_| Failure::BUSY)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

#[cfg(feature = "panics")]
impl<T> Drop for Parts<T> {
    /// Node drops what it collects, and nobody is there to be told of a panic.
    fn drop(&mut self) {
        step();
    }
}

/// Memory for one call's input and output. It holds session texts, never keys.
#[derive(Default)]
struct Scratch {
    input: Vec<u8>,
    second: Vec<u8>,
    output: Vec<u8>,
}

/// That memory while a call works in it; what is large is given back behind it.
struct Work<'a>(RefMut<'a, Scratch>);

impl Deref for Work<'_> {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl DerefMut for Work<'_> {
    fn deref_mut(&mut self) -> &mut Scratch {
        &mut self.0
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let Scratch { input, second, output } = &mut *self.0;
        for memory in [input, second, output] {
            if memory.capacity() > SCRATCH_KEPT {
                *memory = Vec::new();
            }
        }
    }
}

/// A function's body: what it does in a call with what it shares with others.
type Body<T> = fn(&Call<'_>, &Shared<T>) -> Answer;

/// An object of functions by their names.
fn functions<T: 'static>(
    env: &Env,
    shared: &Shared<T>,
    bodies: &[(&str, Body<T>)],
) -> Answer<Object<'static>> {
    let mut object = Object::new(env)?;
    step();
    for &(name, body) in bodies {
        object.set_named_property(name, raw::function(env, name, run::<T>, (shared.clone(), body))?)?;
        step();
    }
    Ok(object)
}

fn run<T>(env: Env, arguments: &Arguments, (shared, body): &(Shared<T>, Body<T>)) -> Value {
    call(env, || body(&Call { env, arguments }, shared))
}

/// One call from JavaScript: its arguments, and what can be made for its answer.
struct Call<'a> {
    env: Env,
    arguments: &'a Arguments,
}

impl Call<'_> {
    /// An argument, as napi reads it.
    fn get<T: FromNapiValue>(&self, place: usize, expected: &'static str) -> Answer<T> {
        let value = self.arguments.get(place).map_err(|_| Failure::Argument(expected));
        step();
        value
    }

    /// Reads an argument that is a string into `memory`.
    fn string(&self, place: usize, memory: &mut Vec<u8>, expected: &'static str) -> Answer<()> {
        raw::read(&self.get(place, expected)?, memory, expected)
    }

    /// What type an argument is of. Asked before a number is read, since not every runtime refuses to read one from what
    /// is none.
    fn type_of(&self, place: usize) -> ValueType {
        let value: Option<Unknown<'_>> = self.arguments.get(place).ok();
        let value_type = value.and_then(|value| value.get_type().ok());
        step();
        value_type.unwrap_or(ValueType::Undefined)
    }

    fn number(&self, place: usize, expected: &'static str) -> Answer<f64> {
        if self.type_of(place) != ValueType::Number {
            return Err(Failure::Argument(expected));
        }
        self.get(place, expected)
    }

    /// Reads an argument as changes of keys.
    fn changes(&self, place: usize) -> Answer<Vec<OwnedChange>> {
        const EXPECTED: &str = "changes must be an array of at most 16384 numbers and Uint8Arrays";
        let array: Array<'_> = self.get(place, EXPECTED)?;
        if array.len() > MOST_KEYS {
            return Err(Failure::Argument(EXPECTED));
        }
        (0..array.len())
            .map(|place| {
                let element = array.get::<Either<u32, BufferSlice<'_>>>(place);
                step();
                match element {
                    Ok(Some(Either::A(place))) => {
                        Ok(OwnedChange::Kept(usize::try_from(place).unwrap_or(usize::MAX)))
                    }
                    Ok(Some(Either::B(key))) => OwnedChange::copy_of(&key),
                    // What the array itself throws when it is read.
                    Err(error) if error.status == Status::PendingException => Err(Failure::Node),
                    _ => Err(Failure::Argument(EXPECTED)),
                }
            })
            .collect()
    }

    fn int(&self, number: i32) -> Answer {
        let value = self.env.create_int32(number)?;
        step();
        Ok(Value(value.raw()))
    }

    /// A string of ASCII bytes.
    fn ascii(&self, text: &[u8]) -> Answer {
        let value = self.env.create_string_latin1(text)?;
        step();
        Ok(Value(value.raw()))
    }

    /// A string of UTF-8 bytes.
    fn text(&self, text: &[u8]) -> Answer {
        if text.is_ascii() {
            return self.ascii(text);
        }
        let value = self.env.create_string(String::from_utf8_lossy(text))?;
        step();
        Ok(Value(value.raw()))
    }
}

/// A [`KeyChange`] that owns its key, which is wiped when dropped.
enum OwnedChange {
    Kept(usize),
    New(Zeroizing<Vec<u8>>),
}

impl OwnedChange {
    /// No JavaScript runs between reading where the bytes are and copying them.
    fn copy_of(key: &[u8]) -> Answer<Self> {
        let mut copy = Zeroizing::new(Vec::new());
        copy.try_reserve_exact(key.len()).map_err(|_| Failure::NO_MEMORY)?;
        copy.extend_from_slice(key);
        Ok(Self::New(copy))
    }

    fn borrow(&self) -> KeyChange<'_> {
        match self {
            Self::Kept(place) => KeyChange::Kept(*place),
            Self::New(key) => KeyChange::New(key),
        }
    }
}

/// Changes keys. Only for as long as that takes are they borrowed: reading the array can run JavaScript.
fn change<T>(call: &Call<'_>, shared: &Shared<T>, change: fn(&mut T, &[KeyChange<'_>])) -> Answer {
    let owned = call.changes(0)?;
    let changes: Vec<KeyChange<'_>> = owned.iter().map(OwnedChange::borrow).collect();
    change(&mut *shared.borrow_mut()?, &changes);
    Ok(Value::UNDEFINED)
}

/// Reads a string as a name of something.
fn named<T>(value: &JsString<'_>, expected: &'static str, parse: impl FnOnce(&str) -> T) -> Answer<T> {
    let mut text = Vec::new();
    raw::read(value, &mut text, expected)?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}
