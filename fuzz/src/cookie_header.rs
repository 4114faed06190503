//! The search in a `Cookie` header, against a search at every place.

use cookie_session_native::cookie_header::CookieName;

use crate::oracle::find;

/// The input: `=` for a header that is taken as it is; anything else for one with abbreviations; the name, up to a line
/// feed; the header.
///
/// The abbreviations let a change to a name go with it in the header: the bytes 1, 2 and 3 are the name, the name
/// without its last byte, and the name without its first. 4 and 5 are 60 bytes of `;` and of spaces, so that names
/// come to stand at the seams of what is searched together.
pub fn run(input: &[u8]) {
    let Some((kind, input)) = input.split_first() else { return };
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (name, rest) = input.split_at(end);
    let rest = rest.get(1..).unwrap_or_default();
    let Ok(name) = std::str::from_utf8(name) else { return };

    let ordinary = !name.is_empty() && name.chars().all(|c| c > ' ' && c < '\x7f' && c != ';' && c != '=');
    let Some(cookie) = CookieName::new(name) else {
        assert!(!ordinary, "{name:?} refused");
        return;
    };
    assert!(ordinary, "{name:?} taken");
    assert_eq!(cookie.as_bytes(), name.as_bytes());

    let header = if *kind == b'=' { rest.to_vec() } else { written_out(name.as_bytes(), rest) };
    let expected = |end: &str| find(&header, format!("{name}{end}").as_bytes()).map(|range| &header[range]);
    let found = cookie.find(&header);
    assert_eq!(found.value, expected("="), "the value");
    assert_eq!(found.signature, expected(".sig="), "the signature");
}

fn written_out(name: &[u8], header: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in header {
        match byte {
            1 => out.extend_from_slice(name),
            2 => out.extend_from_slice(&name[..name.len() - 1]),
            3 => out.extend_from_slice(&name[1..]),
            4 => out.extend_from_slice(&[b';'; 60]),
            5 => out.extend_from_slice(&[b' '; 60]),
            _ => out.push(*byte),
        }
    }
    out
}
