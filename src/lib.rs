//! The core of the npm package `cookie-session-native`: it opens and seals the cookies that the
//! npm package `cookie-session` 2.1.1 reads and writes, byte for byte.
//!
//! A session travels in two cookies. `NAME` holds the session's JSON text in base64; `NAME.sig`
//! holds the HMAC of `NAME=VALUE` under the newest key. Who holds the cookie can read it, and cannot
//! change it. Beside that format there are two with times, of which one is encrypted: docs/format.md.
//!
//! The session's JSON is an opaque text here. It is parsed and written by V8 alone.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`codec`] | [`open`](codec::Codec::open) and [`seal`](codec::Codec::seal_original), made of the others |
//! | [`cookie_header`] | a cookie's value out of a `Cookie` header |
//! | [`keyring`] | keys as ready HMAC states; signs, and finds the key that signed |
//! | [`encryption`] | keys that encrypt with XAES-256-GCM |
//! | [`payload`] | JSON text to base64 and back |
//! | [`times`] | the times in a cookie to JSON and back |
//! | `formats` | one file a format |
//! | `derived_key` | keys for one purpose and one cookie, made of an app's |
//! | `base64url` | base64 for the formats with times |
//! | `wiped` | a list whose memory is wiped when it is dropped |
//! | `panics` | panics on purpose, for the test that none crosses (feature `panics`) |
//! | `napi` | the same as functions that JavaScript can call (feature `addon`) |

mod base64url;
pub mod codec;
pub mod cookie_header;
mod derived_key;
pub mod encryption;
mod formats;
pub mod keyring;
#[cfg(all(feature = "addon", not(test)))]
mod napi;
#[cfg(all(feature = "panics", not(test)))]
mod panics;
pub mod payload;
pub mod times;
mod wiped;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must become a JavaScript error, which needs a profile with panic = \"unwind\"");
