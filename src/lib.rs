//! The core of the npm package `cookie-session-native`: it opens and seals the cookies that the
//! npm package `cookie-session` 2.1.1 reads and writes, byte for byte.
//!
//! A session travels in two cookies. `NAME` holds the session's JSON text in base64; `NAME.sig`
//! holds the HMAC of `NAME=VALUE` under the newest key. Unless [`encryption`] is asked for, who
//! holds the cookie can read it, and cannot change it.
//!
//! The session's JSON is an opaque text here. It is parsed and written by V8 alone.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`keyring`] | keys as ready HMAC states; signs, and finds the key that signed |
//! | [`cookie_header`] | a cookie's value out of a `Cookie` header |
//! | [`payload`] | JSON text to base64 and back |
//! | [`encryption`] | texts encrypted with XAES-256-GCM, for sessions that are encrypted |
//! | [`codec`] | [`open`](codec::Codec::open) and [`seal`](codec::Codec::seal), made of the three |
//! | `node_api` | the same as functions that JavaScript can call (feature `addon`) |

pub mod codec;
pub mod cookie_header;
pub mod encryption;
pub mod keyring;
#[cfg(all(feature = "addon", not(test)))]
mod node_api;
#[cfg(all(feature = "panics", not(test)))]
mod panics;
pub mod payload;
mod wiped;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must become a JavaScript error, which needs a profile with panic = \"unwind\"");
