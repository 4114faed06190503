//! Finds a cookie's value in a `Cookie` header the way the npm package `cookies` 0.9.1 does: the
//! first match of the regular expression `(?:^|;) *NAME=([^;]*)`, less the first and the last
//! character where the value begins with a double quote.
//!
//! RFC 6265bis (section "The Cookie Header Field") has user agents send `name=value` pairs
//! separated by `; `. Nothing of that is taken for granted: a header is whatever came.

/// The values of the session's cookie and of its signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// What `NAME` holds; `None` where the header has no such cookie.
    pub value: Option<&'a [u8]>,
    /// What `NAME.sig` holds.
    pub signature: Option<&'a [u8]>,
}

/// The name of a session's cookie. `NAME.sig` goes with it.
///
/// ```
/// use cookie_session_native::cookie_header::CookieName;
///
/// let name = CookieName::new("session").unwrap();
/// let found = name.find(b"a=1; session=e30=; session.sig=mac");
/// assert_eq!(found.value, Some(&b"e30="[..]));
/// assert_eq!(found.signature, Some(&b"mac"[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieName(Box<[u8]>);

impl CookieName {
    /// Takes a name of visible ASCII characters other than `;` and `=`: what every usable cookie
    /// name is made of. For any other name the answer is `None`, since a search by the rules
    /// above would have to be a search by regular expression.
    pub fn new(name: &str) -> Option<Self> {
        let ordinary =
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_graphic() && c != b';' && c != b'=');
        ordinary.then(|| Self(name.as_bytes().into()))
    }

    /// The name's bytes, all of them ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first value of `NAME` and of `NAME.sig`, in one pass whose cost is linear in the
    /// header's length, whatever stands in it.
    pub fn find<'a>(&self, header: &'a [u8]) -> Found<'a> {
        let mut found = Found::default();
        let mut rest = header;
        loop {
            // Each byte is looked at once: spaces and empty pairs here, others where a pair's end is looked for.
            while let [b' ' | b';', after @ ..] = rest {
                rest = after;
            }
            let end = rest.iter().position(|&c| c == b';');
            let pair = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
            self.note(pair, &mut found);
            if found.value.is_some() && found.signature.is_some() {
                break;
            }
            match end.and_then(|end| rest.get(end.saturating_add(1)..)) {
                Some(after) => rest = after,
                None => break,
            }
        }
        found
    }

    /// Takes the value of a pair that is `NAME=value` or `NAME.sig=value`, unless there was one before.
    fn note<'a>(&self, pair: &'a [u8], found: &mut Found<'a>) {
        if pair.first() != self.0.first() {
            return;
        }
        let Some(rest) = pair.strip_prefix(&*self.0) else {
            return;
        };
        let (slot, value) = match rest.strip_prefix(b"=") {
            Some(value) => (&mut found.value, value),
            None => match rest.strip_prefix(b".sig=") {
                Some(value) => (&mut found.signature, value),
                None => return,
            },
        };
        slot.get_or_insert_with(|| unquote(value));
    }
}

/// A lone `"` is its own first and last character: nothing is left of it.
fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., _] => inner,
        [b'"'] => &[],
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(name: &str, header: &'a str) -> (Option<&'a str>, Option<&'a str>) {
        let found = CookieName::new(name).unwrap().find(header.as_bytes());
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        (found.value.map(text), found.signature.map(text))
    }

    #[test]
    fn takes_the_first_match() {
        assert_eq!(find("s", "s=1; s=2; s.sig=3; s.sig=4"), (Some("1"), Some("3")));
        assert_eq!(find("s", "s.sig=3;s=1"), (Some("1"), Some("3")));
        assert_eq!(find("s", "s=; s=2"), (Some(""), None));
    }

    #[test]
    fn takes_the_name_literally() {
        assert_eq!(find("s", "S=1; ss=2; xs=3; s =4; s. sig=5; s.sigx=6"), (None, None));
        assert_eq!(find("a.b*", "aXb*=1; a.bb=2; a.b*=3"), (Some("3"), None));
    }

    #[test]
    fn skips_spaces_before_the_name_and_nothing_else() {
        assert_eq!(find("s", "   s=1;    s.sig=2"), (Some("1"), Some("2")));
        assert_eq!(find("s", "\ts=1; \ts.sig=2"), (None, None));
        assert_eq!(find("s", "a=b s=1"), (None, None));
    }

    #[test]
    fn keeps_all_of_the_value_up_to_the_semicolon() {
        assert_eq!(find("s", "s= a=b = ; x"), (Some(" a=b = "), None));
        assert_eq!(find("s", ";;;s=1;;s.sig=2;"), (Some("1"), Some("2")));
    }

    #[test]
    fn unquotes_by_the_first_character_alone() {
        assert_eq!(find("s", "s=\"1\"; s.sig=\"2"), (Some("1"), Some("")));
        assert_eq!(find("s", "s=\"12; s.sig=\""), (Some("1"), Some("")));
        assert_eq!(find("s", "s=1\"; s.sig=\"\""), (Some("1\""), Some("")));
    }

    #[test]
    fn names_that_need_a_regular_expression_are_left_alone() {
        for name in ["", "a;b", "a=b", "a b", " a", "\u{e9}", "a\0"] {
            assert_eq!(CookieName::new(name), None, "{name:?}");
        }
    }
}
