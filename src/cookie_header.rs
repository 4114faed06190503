//! Finds a cookie's value in a `Cookie` header the way the npm package `cookies` 0.9.1 does: the
//! first match of the regular expression `(?:^|;) *NAME=([^;]*)`, less the first and the last
//! character where the value begins with a double quote.
//!
//! RFC 6265bis (section "The Cookie Header Field") has user agents send `name=value` pairs
//! separated by `; `. Nothing of that is taken for granted: a header is whatever came.

use wide::u8x16;

/// The values of the session's cookie and of its signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// What `NAME` holds; `None` where the header has no such cookie.
    pub value: Option<&'a [u8]>,
    /// What `NAME.sig` holds.
    pub signature: Option<&'a [u8]>,
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;
/// How many bytes of a name are searched for; those behind are compared where these were found.
const PREFIX: usize = 24;
/// What follows the name of a signature's cookie.
const SIGNATURE: &[u8] = b".sig=";
/// As many different bytes as a search can be for, those of a prefix and of `.sig=`, or a few more: a power of two.
const ALPHABET: usize = 32;

/// For each byte of an alphabet, where it stands in a block: one bit a place, the first one lowest.
type Places = [u64; ALPHABET];

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
pub struct CookieName {
    name: Box<[u8]>,
    /// The different bytes of the name's prefix and of `.sig=`, each of them in all lanes.
    alphabet: Box<[u8x16]>,
    /// The name's prefix, `=` and `.sig=`, as places in the alphabet.
    prefix: Box<[usize]>,
    value: [usize; 1],
    signature: [usize; SIGNATURE.len()],
}

impl CookieName {
    /// Takes a name of visible ASCII characters other than `;` and `=`: what every usable cookie
    /// name is made of. For any other name the answer is `None`, since a search by the rules
    /// above would have to be a search by regular expression.
    pub fn new(name: &str) -> Option<Self> {
        let ordinary =
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_graphic() && c != b';' && c != b'=');
        if !ordinary {
            return None;
        }
        let name = name.as_bytes();
        let mut alphabet = Vec::new();
        let mut place = |byte: &u8| {
            alphabet.iter().position(|known| known == byte).unwrap_or_else(|| {
                alphabet.push(*byte);
                alphabet.len().saturating_sub(1)
            })
        };
        let prefix = name.iter().take(PREFIX).map(&mut place).collect();
        let mut signature = [0; SIGNATURE.len()];
        for (to, byte) in signature.iter_mut().zip(SIGNATURE) {
            *to = place(byte);
        }
        let value = [place(&b'=')];
        Some(Self {
            name: name.into(),
            alphabet: alphabet.into_iter().map(u8x16::splat).collect(),
            prefix,
            value,
            signature,
        })
    }

    /// The name's bytes, all of them ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.name
    }

    /// The first value of `NAME` and of `NAME.sig`.
    ///
    /// Blocks of 64 bytes are searched with one bit for each byte, and no branch on anything but whether there is a
    /// `;` before a name has been found whole: a header made to be slow costs as much as any other.
    pub fn find<'a>(&self, header: &'a [u8]) -> Found<'a> {
        let mut found = Found::default();
        let (mut these, mut those) = ([0; ALPHABET], [0; ALPHABET]);
        let (mut here, mut next) = (&mut these, &mut those);
        let mut block = block_at(header, 0);
        // Whether the last block was searched: then this one's bytes were noted with it.
        let mut noted = false;
        // Whether a name may start at the block's first byte, or after spaces there.
        let mut carried = true;
        let mut at = 0;
        while at < header.len() {
            let after = at.saturating_add(BLOCK);
            let next_block = block_at(header, after);
            let semicolons = places_of(u8x16::splat(b';'), &block);
            if semicolons == 0 && !carried {
                // Amid a long value.
                (block, at, noted) = (next_block, after, false);
                continue;
            }
            if !noted {
                self.note(&block, here);
            }
            self.note(&next_block, next);

            let spaces = places_of(u8x16::splat(b' '), &block);
            let starts = semicolons << 1 | u64::from(carried);
            // A start at a run of spaces is carried, by the sum, to the place behind the run.
            let (behind, overflow) = spaces.overflowing_add(starts & spaces);
            carried = overflow || semicolons >> (BLOCK - 1) == 1;
            let starts = (starts | behind) & !spaces;

            let names = starts & together(&self.prefix, 0, here, next);
            let length = self.prefix.len();
            if found.value.is_none() {
                let hits = names & self.tail(&self.value, length, here, next);
                found.value = self.first(header, at, hits, b"=");
            }
            if found.signature.is_none() {
                let hits = names & self.tail(&self.signature, length, here, next);
                found.signature = self.first(header, at, hits, SIGNATURE);
            }
            if found.value.is_some() && found.signature.is_some() {
                break;
            }
            (block, at, noted) = (next_block, after, true);
            std::mem::swap(&mut here, &mut next);
        }
        found
    }

    /// Where a name's prefix is followed by `tail`; everywhere, if there is more of the name between them.
    fn tail(&self, tail: &[usize], length: usize, here: &Places, next: &Places) -> u64 {
        if length < self.name.len() { u64::MAX } else { together(tail, length, here, next) }
    }

    /// The value of the first hit that is one.
    fn first<'a>(&self, header: &'a [u8], at: usize, mut hits: u64, tail: &[u8]) -> Option<&'a [u8]> {
        while hits != 0 {
            let start = at.saturating_add(hits.trailing_zeros() as usize);
            let rest = header.get(start..).and_then(|rest| rest.strip_prefix(&*self.name));
            if let Some(value) = rest.and_then(|rest| rest.strip_prefix(tail)) {
                return Some(unquote(until_semicolon(value)));
            }
            hits &= hits.wrapping_sub(1);
        }
        None
    }

    /// Notes where the bytes of the alphabet stand in a block.
    fn note(&self, block: &[u8; BLOCK], places: &mut Places) {
        for (to, byte) in places.iter_mut().zip(&self.alphabet) {
            *to = places_of(*byte, block);
        }
    }
}

/// What stands before the first `;`.
fn until_semicolon(value: &[u8]) -> &[u8] {
    let mut at = 0;
    while at < value.len() {
        let semicolons = places_of(u8x16::splat(b';'), &block_at(value, at));
        if semicolons != 0 {
            let end = at.saturating_add(semicolons.trailing_zeros() as usize);
            return value.get(..end).unwrap_or(value);
        }
        at = at.saturating_add(BLOCK);
    }
    value
}

/// The block that starts at `at`, filled up with what no search is for.
fn block_at(header: &[u8], at: usize) -> [u8; BLOCK] {
    let rest = header.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [b';'; BLOCK];
        for (to, byte) in block.iter_mut().zip(rest) {
            *to = *byte;
        }
        block
    })
}

/// Where a byte, which all lanes hold, stands in a block.
fn places_of(byte: u8x16, block: &[u8; BLOCK]) -> u64 {
    let (lanes, _) = block.as_chunks();
    lanes.iter().rev().fold(0, |places, lanes| {
        places << u8x16::LANES | u64::from(u8x16::new(*lanes).simd_eq(byte).to_bitmask())
    })
}

/// Where all bytes of `pattern` stand behind each other, with `offset` bytes before them, in a block and the next.
fn together(pattern: &[usize], offset: usize, here: &Places, next: &Places) -> u64 {
    pattern.iter().zip(offset..).fold(u64::MAX, |all, (&byte, offset)| {
        let byte = byte % ALPHABET;
        let (Some(here), Some(next)) = (here.get(byte), next.get(byte)) else { return 0 };
        // Shifted in two steps, since for no offset there is nothing of the next block.
        let ahead = next << 1 << (BLOCK - 1).saturating_sub(offset);
        all & (here >> offset | ahead)
    })
}

/// A lone `"` is its own first and last character: nothing is left of it.
fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., last] => match last {
            0x80..0xc0 => without_last_character(inner),
            _ => inner,
        },
        [b'"', nothing @ ..] => nothing,
        _ => value,
    }
}

/// Text without the character that a byte behind it belongs to.
fn without_last_character(text: &[u8]) -> &[u8] {
    let start = text.iter().rposition(|byte| !(0x80..0xc0).contains(byte)).unwrap_or(0);
    text.get(..start).unwrap_or_default()
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
        assert_eq!(find("s", "s=\"1\u{e9}; s.sig=\"\u{20ac}"), (Some("1"), Some("")));
        assert_eq!(find("s", "s=\"\u{e9}\"; s.sig=\"2\u{1f600}"), (Some("\u{e9}"), Some("2")));
    }

    /// What `(?:^|;) *NAME([^;]*)` finds, tried at every place, `NAME` being the name and what follows it.
    fn search<'a>(header: &'a str, name: &str) -> Option<&'a str> {
        (0..=header.len()).find_map(|at| {
            let rest = header.get(at..)?;
            let pair = match rest.strip_prefix(';') {
                Some(pair) => pair,
                None if at == 0 => rest,
                None => return None,
            };
            let value = pair.trim_start_matches(' ').strip_prefix(name)?.split(';').next()?;
            Some(match value.strip_prefix('"') {
                Some(inner) => inner.get(..inner.len().saturating_sub(1)).unwrap_or(""),
                None => value,
            })
        })
    }

    #[test]
    fn finds_what_a_search_at_every_place_finds() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below as u64) as usize
        };
        let long = "a-name-of-more-than-a-prefix-and-of-more-than-a-block-since-nothing-forbids-it";
        for name in ["s", "ss", "session", "sig", "__Host-a.sig", long, &long[..24], &long[..25]] {
            let (near, signature) = (&name[..name.len() - 1], format!("{name}.sig"));
            let pieces = [";", " ", "; ", "=", "\"", ".sig", "s", "x", name, &signature, near, &long[..33]];
            for _ in 0..5_000 {
                let header: String = (0..random(60)).map(|_| pieces[random(pieces.len())]).collect();
                let expected =
                    (search(&header, &format!("{name}=")), search(&header, &format!("{name}.sig=")));
                assert_eq!(find(name, &header), expected, "{name} in {header:?}");
            }
        }
    }

    #[test]
    fn names_that_need_a_regular_expression_are_left_alone() {
        for name in ["", "a;b", "a=b", "a b", " a", "\u{e9}", "a\0"] {
            assert_eq!(CookieName::new(name), None, "{name:?}");
        }
    }
}
