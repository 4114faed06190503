//! The times in a cookie of the formats `v1.` and `e1.`: a JSON object, see docs/format.md. The only JSON that is parsed
//! here; a session's own is an opaque text.

use serde::{Deserialize, Deserializer, Serialize};

/// Bytes of the longest text that [`Times::write`] writes, rounded up.
const LONGEST: usize = 128;

/// A time, or a span of it, in whole milliseconds: an integer that JavaScript's numbers hold exactly, at most 2^53 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Millis(u64);

impl Millis {
    /// The latest time.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// `None` for a number that JavaScript does not hold exactly.
    pub fn new(milliseconds: u64) -> Option<Self> {
        (milliseconds <= Self::MAX.0).then_some(Self(milliseconds))
    }

    /// The number of milliseconds.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Millis {
    type Error = &'static str;

    fn try_from(milliseconds: u64) -> Result<Self, Self::Error> {
        Self::new(milliseconds).ok_or("a number over 2^53 - 1")
    }
}

/// When a cookie was written and its session created, since 1970, and how long it is to last.
///
/// ```
/// use cookie_session_native::times::Times;
///
/// let times = Times::parse(br#"{"issued":2,"created":1,"expires":3,"maxAge":null}"#).unwrap();
/// assert_eq!(times.issued.get(), 2);
/// assert_eq!(times.max_age, Some(None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When the cookie was written.
    pub issued: Millis,
    /// When its session was.
    pub created: Millis,
    /// When the cookie ends, where it has an end of its own.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Millis>,
    /// What the request that wrote it said of its lifetime, if anything: so long from each write, 0 for a cookie without
    /// Expires, or `None` for the date in `expires`, which then is there.
    #[serde(
        default,
        deserialize_with = "present",
        rename = "maxAge",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_age: Option<Option<Millis>>,
}

/// What is there is no absent member, not even where it is null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Times {
    /// Reads the text that [`write`](Self::write) writes, or one like it: members in any order, and others beside them.
    ///
    /// `None` for all else. That is less than `JSON.parse` would let pass, since no server writes the rest: numbers are
    /// digits alone, neither `1.0` nor `1e3` nor `-0`, and no member comes twice.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        // Members by their places in an array are what serde reads as well.
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let times: Self = serde_json::from_str(text).ok()?;
        (times.max_age != Some(None) || times.expires.is_some()).then_some(times)
    }

    /// Appends the times to `out` as `JSON.stringify({ issued, created, expires, maxAge })` writes them. `None`, and
    /// `out` as it was, where there is no memory for it.
    #[must_use]
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        out.try_reserve(LONGEST).ok()?;
        let start = out.len();
        let written = serde_json::to_writer(&mut *out, self).ok();
        if written.is_none() {
            out.truncate(start);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(issued: u64, created: u64, expires: Option<u64>, max_age: Option<Option<u64>>) -> Times {
        let millis = |number| Millis::new(number).unwrap();
        Times {
            issued: millis(issued),
            created: millis(created),
            expires: expires.map(millis),
            max_age: max_age.map(|max_age| max_age.map(millis)),
        }
    }

    #[test]
    fn are_written_as_javascript_writes_them() {
        for (times, text) in [
            (times(2, 1, None, None), r#"{"issued":2,"created":1}"#),
            (times(2, 1, Some(3), None), r#"{"issued":2,"created":1,"expires":3}"#),
            (times(2, 1, None, Some(Some(0))), r#"{"issued":2,"created":1,"maxAge":0}"#),
            (times(2, 1, Some(3), Some(None)), r#"{"issued":2,"created":1,"expires":3,"maxAge":null}"#),
        ] {
            let mut out = b"before".to_vec();
            times.write(&mut out).unwrap();
            assert_eq!(out, ["before", text].concat().as_bytes());
            assert_eq!(Times::parse(text.as_bytes()), Some(times));
        }
        let longest = (1 << 53) - 1;
        let mut out = Vec::new();
        times(longest, longest, Some(longest), Some(Some(longest))).write(&mut out).unwrap();
        assert!(out.len() <= LONGEST);
    }

    #[test]
    fn members_may_come_in_any_order_beside_others() {
        for text in [
            r#" { "created" : 1 , "other" : [ { "issued" : "x" } , 1e3 , null ] , "issued" : 2 } "#,
            r#"{"__proto__":{"expires":7},"is\u0073ued":2,"created":1,"":-1.5}"#,
        ] {
            assert_eq!(Times::parse(text.as_bytes()), Some(times(2, 1, None, None)), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_read() {
        for text in [
            "",
            "{",
            "null",
            "[2,1]",
            "[2,1,3,4]",
            "{}",
            r#"{"issued":2}"#,
            r#"{"created":1}"#,
            r#"{"issued":-2,"created":1}"#,
            r#"{"issued":2.5,"created":1}"#,
            r#"{"issued":2.0,"created":1}"#,
            r#"{"issued":2e3,"created":1}"#,
            r#"{"issued":-0,"created":1}"#,
            r#"{"issued":02,"created":1}"#,
            r#"{"issued":"2","created":1}"#,
            r#"{"issued":null,"created":1}"#,
            r#"{"issued":9007199254740992,"created":1}"#,
            r#"{"issued":18446744073709551616,"created":1}"#,
            r#"{"issued":2,"issued":2,"created":1}"#,
            r#"{"issued":2,"created":1,"expires":null}"#,
            r#"{"issued":2,"created":1,"expires":-1}"#,
            r#"{"issued":2,"created":1,"expires":3,"expires":3}"#,
            r#"{"issued":2,"created":1,"maxAge":null}"#,
            r#"{"issued":2,"created":1,"maxAge":"1"}"#,
            r#"{"issued":2,"created":1,"maxAge":9007199254740992}"#,
            r#"{"issued":2,"created":1,}"#,
            r#"{"issued":2,"created":1}{}"#,
            "{\"issued\":2,\"created\":1}\0",
            "\u{feff}{\"issued\":2,\"created\":1}",
        ] {
            assert_eq!(Times::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Times::parse(b"{\"issued\":2,\"created\":1,\"\xff\":1}"), None);
        assert_eq!(Times::parse("{\"a\":".repeat(1000).as_bytes()), None);
    }
}
