use super::*;
use crate::times::Millis;

const KEY: &str = "correct horse battery staple, as 32 bytes";
const OLDER: &str = "an older key of an app, which is long enough";
const SESSION: &str = "{\"user\":4711,\"name\":\"Zo\u{eb}\"}";
const NOTHING: Settings<'_> = Settings { timed: None, current: &[], legacy: &[], encoding: Encoding::Base64 };
const ORIGINAL: Settings<'_> = Settings { current: &[Algorithm::Sha1], ..NOTHING };
const V1_256: Settings<'_> = Settings { timed: Some(TimedFormat::V1(Algorithm::Sha256)), ..NOTHING };
const E1: Settings<'_> = Settings { timed: Some(TimedFormat::E1), ..NOTHING };

fn codec(settings: Settings<'_>, keys: &[&str]) -> Codec {
    let mut codec = Codec::new(CookieName::new("session").unwrap(), settings);
    codec.change(&keys.iter().map(|key| KeyChange::New(key.as_bytes())).collect::<Vec<_>>());
    codec
}

fn times() -> Times {
    let millis = |number| Millis::new(number).unwrap();
    Times { issued: millis(1893553445678), created: millis(1893549845678), expires: None, max_age: None }
}

fn header(value: &[u8], signature: Option<&Signature>) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let signature = signature.map(|signature| format!("; session.sig={}", text(signature.as_bytes())));
    format!("a=b; session={}{}", text(value), signature.unwrap_or_default())
}

fn original(codec: &Codec, json: &str) -> String {
    let mut value = Vec::new();
    let signature = codec.seal_original(json.as_bytes(), &mut value).unwrap();
    header(&value, Some(&signature))
}

fn timed(codec: &Codec, json: &str, times: &Times) -> String {
    let mut value = Vec::new();
    let signature = codec.seal_timed(json.as_bytes(), times, &mut value).unwrap();
    assert_eq!(signature.map_or(0, |s| s.as_bytes().len()), codec.timed_signature_length());
    header(&value, signature.as_ref())
}

/// A value of `v1.`, signed whatever it says.
fn signed(value: &str, key: &str) -> String {
    let timed = match codec(V1_256, &[key]).timed {
        Some(TimedKeys::V1(timed)) => timed,
        _ => panic!("another format"),
    };
    header(value.as_bytes(), timed.sign(value.as_bytes()).as_ref())
}

/// What is found, and its text.
fn open(codec: &Codec, header: &str, reads_legacy: bool) -> (String, String) {
    let mut json = b"before".to_vec();
    let found = match codec.open(header.as_bytes(), reads_legacy, &mut json) {
        Opened::Absent => "absent".to_string(),
        Opened::Refused(refusal) => format!("{refusal:?}"),
        Opened::Original { value, canonical, key_index, renewed, is_legacy } => {
            let value = header.get(value).unwrap();
            let renewed = renewed.map(|signature| String::from_utf8(signature.as_bytes().to_vec()).unwrap());
            format!("{value} canonical {canonical} by {key_index} renewed {renewed:?} legacy {is_legacy}")
        }
        Opened::Timed { value, key_index, times } => {
            assert!(header.get(value).unwrap().starts_with(|first| "ve".contains(first)));
            format!("by {key_index} at {} {}", times.issued.get(), times.created.get())
        }
    };
    (found, String::from_utf8(json).unwrap().strip_prefix("before").unwrap().to_string())
}

fn refused(codec: &Codec, header: &str, reads_legacy: bool) -> String {
    let (found, text) = open(codec, header, reads_legacy);
    assert_eq!(text, "", "{header}");
    found
}

/// What cookie-session 2.1.1 sends for this session under the key 'keyboard cat'.
#[test]
fn writes_what_cookie_session_writes() {
    assert_eq!(
        original(&codec(ORIGINAL, &["keyboard cat"]), r#"{"views":1}"#),
        "a=b; session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc"
    );
}

// docs/format.md, section "Vectors".
#[test]
fn vectors_of_the_document() {
    let value = "v1.eyJpc3N1ZWQiOjE4OTM1NTM0NDU2NzgsImNyZWF0ZWQiOjE4OTM1NDk4NDU2Nzh9.eyJ1c2VyIjo0NzExLCJuYW1lIjoiWm_DqyJ9";
    for (algorithm, signature) in [
        (Algorithm::Sha256, "pHbeM9OY9uwjtk0sunxfnwKRuDmhxJqil1h5zX_0iqg"),
        (
            Algorithm::Sha512,
            "fjT8198BI0KsQbHMmsH2u7OYoSz_oumYIfyM0zXCf4TY_YjrJBUgM_KoJjRbrE8wvDWHyzgCMcUW5LhDShTuLQ",
        ),
    ] {
        let codec = codec(Settings { timed: Some(TimedFormat::V1(algorithm)), ..NOTHING }, &[KEY]);
        let header = format!("a=b; session={value}; session.sig={signature}");
        assert_eq!(timed(&codec, SESSION, &times()), header);
        let opened = ("by 0 at 1893553445678 1893549845678".into(), SESSION.into());
        assert_eq!(open(&codec, &header, false), opened);
    }
    let with_end =
        Times { expires: Millis::new(1893639845678), max_age: Some(Millis::new(86400000)), ..times() };
    let value = "v1.eyJpc3N1ZWQiOjE4OTM1NTM0NDU2NzgsImNyZWF0ZWQiOjE4OTM1NDk4NDU2NzgsImV4cGlyZXMiOjE4OTM2Mzk4NDU2NzgsIm1heEFnZSI6ODY0MDAwMDB9.eyJ1c2VyIjo0NzExLCJuYW1lIjoiWm_DqyJ9";
    assert_eq!(
        timed(&codec(V1_256, &[KEY]), SESSION, &with_end),
        format!("a=b; session={value}; session.sig=MRmJnv1qOpIhjUV7u5ecF2fdhLc76FKfpYv2a_rorkw")
    );
    for (value, expected) in [
        (
            "e1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXdjvRncj5Qcb6YZfPFr7UGqklvJ4iqN1XMSMToFQbpjfJWM-XmWfH0Kzn7VEnjjLbYcHPr3M4egC-m8__blPamBRa-agwmC1BqUyYzqOLXBfLXKwQltQCeccSfLc",
            times(),
        ),
        (
            "e1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXdjvRncj5Qcb6YZfPFr7UGqklvJ4iqN1XMSMToFQbpjfJWM-XmWfH0Kzn7VEnjjKKQ9-VqmkvbVGmlcn2ZkzOxUwPqL88jU8CSIrby-mFeEXUGnI2vuOJoG34JwiF7viRjHBYuSyFvDD90p66Fv6qvFlwOAKQsOHPCluKkBnirQEODMvbCTo",
            with_end,
        ),
    ] {
        let mut json = Vec::new();
        let header = format!("session={value}");
        match codec(E1, &[KEY]).open(header.as_bytes(), false, &mut json) {
            Opened::Timed { value: place, key_index: 0, times } => {
                assert_eq!((&header[place], times), (value, expected));
                assert_eq!(json, SESSION.as_bytes());
            }
            _ => panic!("not opened"),
        }
    }
}

#[test]
fn opens_what_it_sealed() {
    for settings in [V1_256, E1] {
        for keys in [&[KEY][..], &["", KEY], &["short", OLDER, KEY]] {
            let header = timed(&codec(settings, &[KEY]), SESSION, &times());
            let opened = (format!("by {} at 1893553445678 1893549845678", keys.len() - 1), SESSION.into());
            assert_eq!(open(&codec(settings, keys), &header, false), opened);
        }
    }
    let header = original(&codec(ORIGINAL, &["k"]), r#"{"a":"é"}"#);
    let opened = "eyJhIjoiw6kifQ== canonical true by 0 renewed None legacy false";
    assert_eq!(open(&codec(ORIGINAL, &["k"]), &header, false), (opened.into(), r#"{"a":"é"}"#.into()));
}

#[test]
fn says_where_an_empty_value_stands() {
    let codec = codec(ORIGINAL, &["k"]);
    let signature = codec.sign(b"session=").unwrap();
    let signature = std::str::from_utf8(signature.as_bytes()).unwrap();
    for (value, place) in [("", 13), ("\"", 14), ("\"\"", 14)] {
        let header = format!("a=b; session={value}; session.sig={signature}");
        match codec.open(header.as_bytes(), false, &mut Vec::new()) {
            Opened::Original { value, .. } => assert_eq!(value, place..place),
            _ => panic!("not opened"),
        }
    }
}

#[test]
fn signs_anew_what_an_older_key_had_signed_as_it_is_written() {
    let both = [Algorithm::Sha256, Algorithm::Sha1];
    let settings = Settings { current: &both, ..NOTHING };
    let renewed = |keys: &[&str], by: Settings<'_>, key: &str| {
        open(&codec(settings, keys), &original(&codec(by, &[key]), "{}"), false).0
    };
    let sha256 = Settings { current: &[Algorithm::Sha256], ..NOTHING };
    let new = original(&codec(sha256, &["new"]), "{}");
    let new = new.rsplit_once('=').unwrap().1;
    assert_eq!(
        renewed(&["new", "old"], sha256, "old"),
        format!("e30= canonical true by 1 renewed Some({new:?}) legacy false")
    );
    for (key, by) in [("old", 1), ("new", 0)] {
        assert_eq!(
            renewed(&["new", "old"], ORIGINAL, key),
            format!("e30= canonical true by {by} renewed None legacy false")
        );
    }
}

#[test]
fn reads_the_older_format_for_as_long_as_it_is_told_to() {
    let sha1 = original(&codec(ORIGINAL, &[KEY]), "{}");
    let found = "e30= canonical true by 1 renewed None legacy true";
    for settings in [V1_256, E1, Settings { current: &[Algorithm::Sha512], ..NOTHING }]
        .map(|settings| Settings { legacy: &[Algorithm::Sha1, Algorithm::Sha256], ..settings })
    {
        let codec = codec(settings, &[OLDER, KEY]);
        assert_eq!(open(&codec, &sha1, true), (found.into(), "{}".into()));
        let otherwise = if settings.current.is_empty() { "Legacy" } else { "Signature" };
        assert_eq!(refused(&codec, &sha1, false), otherwise);
        assert_eq!(refused(&codec, &sha1.replace("e30=", "e31="), true), "Signature");
        assert_eq!(refused(&codec, "session=e30=", true), "Unsigned");
        assert_eq!(refused(&codec, "session=e30=; session.sig=", true), "Unsigned");
        assert_eq!(refused(&codec, "session=", true), "Unsigned");
    }
    // What is read anyway is no older format.
    let settings = Settings { legacy: &[Algorithm::Sha1], ..ORIGINAL };
    let found = "e30= canonical true by 0 renewed None legacy false";
    assert_eq!(open(&codec(settings, &[KEY]), &sha1, true).0, found);
    // Written is the first that there is.
    let settings = Settings { legacy: &[Algorithm::Sha1], ..E1 };
    assert_eq!(original(&codec(settings, &[KEY]), "{}"), sha1);
    assert_eq!(codec(settings, &[KEY]).signature_length(), 27);
}

#[test]
fn a_value_is_read_by_the_format_that_it_begins_with_and_by_no_other() {
    let others = [timed(&codec(V1_256, &[KEY]), "{}", &times()), timed(&codec(E1, &[KEY]), "{}", &times())];
    let legacy = Settings { legacy: &[Algorithm::Sha1], ..NOTHING };
    let two = Settings { current: &[Algorithm::Sha1, Algorithm::Sha256], ..NOTHING };
    for (settings, found) in [
        (Settings { timed: V1_256.timed, ..legacy }, ["by 0 at 1893553445678 1893549845678", "Malformed"]),
        (Settings { timed: E1.timed, ..legacy }, ["Malformed", "by 0 at 1893553445678 1893549845678"]),
        (two, ["Malformed"; 2]),
        (Settings { current: &[Algorithm::Sha256], ..legacy }, ["Malformed"; 2]),
        (Settings { current: &[Algorithm::Sha256], ..NOTHING }, ["Signature", "Unsigned"]),
        (ORIGINAL, ["Signature", "Unsigned"]),
        (legacy, ["Signature", "Unsigned"]),
        (NOTHING, ["Legacy"; 2]),
    ] {
        let codec = codec(settings, &[KEY]);
        assert_eq!(others.each_ref().map(|other| open(&codec, other, true).0), found);
    }
    // A signature of the original's format over a value of ours is none of ours.
    for value in ["v1.e30.e30", "e1.e30"] {
        let by = codec(ORIGINAL, &[KEY]);
        let signature = by.sign(format!("session={value}").as_bytes()).unwrap();
        let header = header(value.as_bytes(), Some(&signature));
        assert_eq!(
            open(&by, &header, true).0,
            format!("{value} canonical false by 0 renewed None legacy false")
        );
        for timed in [V1_256, E1] {
            let codec = codec(Settings { timed: timed.timed, ..legacy }, &[KEY]);
            assert!(["Malformed", "Signature"].contains(&&*refused(&codec, &header, true)));
        }
    }
}

#[test]
fn refuses_every_other_v1() {
    let keys = codec(V1_256, &[KEY]);
    let good = timed(&keys, "{}", &times());
    assert_eq!(refused(&codec(V1_256, &[OLDER]), &good, true), "Signature");
    assert_eq!(refused(&codec(V1_256, &[&KEY[..31]]), &good, true), "Signature");
    assert_eq!(refused(&codec(V1_256, &[]), &good, true), "Signature");
    let (unsigned, signature) = good.split_once("; session.sig=").unwrap();
    for signature in ["", "; session.sig=", "; session.sig=x", &format!("; session.sig={signature}=")] {
        assert_eq!(refused(&keys, &format!("{unsigned}{signature}"), true), "Signature");
    }
    for value in [
        "v1.",
        "v1..",
        "v1.e30.e30",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.e30.",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.e30.e30",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.e30=",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.e31",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.__8",
        "v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9=.e30",
        "v1.WzIsMV0.e30",
    ] {
        assert_eq!(refused(&keys, &signed(value, KEY), true), "Malformed", "{value}");
    }
    let right = signed("v1.eyJpc3N1ZWQiOjIsImNyZWF0ZWQiOjF9.e30", KEY);
    assert_eq!(open(&keys, &right, true), ("by 0 at 2 1".into(), "{}".into()));
}

#[test]
fn refuses_every_other_e1() {
    let keys = codec(E1, &[KEY]);
    let good = timed(&keys, "{}", &times());
    assert_eq!(refused(&codec(E1, &[OLDER]), &good, true), "Signature");
    assert_eq!(refused(&codec(E1, &[]), &good, true), "Signature");
    assert_eq!(refused(&keys, &good[..good.len() - 1], true), "Signature");
    assert_eq!(refused(&keys, "session=e1.", true), "Signature");
    let sealed = |parts: &[&[u8]]| {
        let mut keyring = crate::encryption::EncryptionKeyring::default();
        let derivation =
            crate::derived_key::Derivation::new(crate::derived_key::Purpose::Encrypt, b"session");
        keyring.change(&[KeyChange::New(&*derivation.derive(KEY.as_bytes()).unwrap())]);
        let mut value = b"e1.".to_vec();
        keyring.seal(parts, &mut value).unwrap();
        header(&value, None)
    };
    let times: &[u8] = br#"{"issued":2,"created":1}"#;
    for parts in [
        &[&b""[..]][..],
        &[b"\0"],
        &[b"\0{}"],
        &[times],
        &[times, b"\0"],
        &[times, b"\0\xff"],
        &[b"{}\0{}"],
        &[b"[2,1]\0{}"],
    ] {
        assert_eq!(refused(&keys, &sealed(parts), true), "Malformed", "{parts:?}");
    }
    assert_eq!(open(&keys, &sealed(&[times, b"\0{}"]), true), ("by 0 at 2 1".into(), "{}".into()));
    assert_eq!(open(&keys, &sealed(&[times, b"\0\0"]), true), ("by 0 at 2 1".into(), "\0".into()));
}

#[test]
fn keys_that_stay_keep_their_states_in_every_form() {
    for timed in [V1_256.timed, E1.timed] {
        let settings = Settings { timed, legacy: &[Algorithm::Sha1, Algorithm::Sha256], ..NOTHING };
        let mut keys = codec(settings, &["short", KEY]);
        let before = self::timed(&codec(settings, &[KEY]), "{}", &times());
        keys.change(&[
            KeyChange::New(OLDER.as_bytes()),
            KeyChange::Kept(7),
            KeyChange::Kept(1),
            KeyChange::Kept(0),
        ]);
        assert_eq!(open(&keys, &before, false).0, "by 1 at 1893553445678 1893549845678");
        for (key, place) in [(OLDER, 0), (KEY, 1), ("short", 2)] {
            let original = original(&codec(ORIGINAL, &[key]), "{}");
            let found = format!("e30= canonical true by {place} renewed None legacy true");
            assert_eq!(open(&keys, &original, true).0, found);
        }
        keys.change(&[KeyChange::Kept(2), KeyChange::Kept(0)]);
        assert!(keys.seal_timed(b"{}", &times(), &mut Vec::new()).is_none());
        assert!(keys.seal_original(b"{}", &mut Vec::new()).is_some());
        assert_eq!(refused(&keys, &before, true), "Signature");
    }
}

#[test]
fn finds_the_key_of_a_signature_that_stands_elsewhere() {
    let keys = codec(ORIGINAL, &["new", "old"]);
    let signature = codec(ORIGINAL, &["old"]).sign(b"text").unwrap();
    assert_eq!(keys.index(b"text", signature.as_bytes()), Some(1));
    assert_eq!(keys.index(b"text", b""), None);
    assert!(codec(NOTHING, &["new"]).sign(b"text").is_none());
    assert_eq!(codec(NOTHING, &["new"]).index(b"text", b""), None);
    assert_eq!(codec(NOTHING, &["new"]).signature_length(), 0);
    assert!(codec(ORIGINAL, &["new"]).seal_timed(b"{}", &times(), &mut Vec::new()).is_none());
}

#[test]
fn refuses_or_misses_everything_else() {
    let keys = codec(ORIGINAL, &["k"]);
    let good = original(&keys, "{}");
    assert_eq!(refused(&keys, &good.replace("e30=", "e31="), false), "Signature");
    assert_eq!(refused(&keys, &original(&codec(ORIGINAL, &["other"]), "{}"), false), "Signature");
    assert_eq!(refused(&keys, &good.replace("session.sig", "s.sig"), false), "Unsigned");
    assert_eq!(refused(&keys, "session=e30=; session.sig=", false), "Unsigned");
    assert_eq!(refused(&keys, "session=e30=; session.sig=x", false), "Signature");
    assert_eq!(refused(&keys, "session.sig=x", false), "absent");
    assert_eq!(refused(&keys, "", false), "absent");
    assert_eq!(refused(&codec(ORIGINAL, &[]), &good, false), "Signature");
}
