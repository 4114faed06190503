//! Writes the seeds, from vectors of the RFCs, of C2SP and of docs/format.md, and from headers as browsers and attackers
//! send them: `cargo run --no-default-features --example seeds`.

use std::fs;
use std::path::Path;

use cookie_session_native::keyring::{Algorithm, Encoding};
use cookie_session_native_fuzz::oracle::sign;

const KEY: &[u8] = b"keyboard cat";
/// docs/format.md: the derived key, and what it encrypted.
const ENCRYPTING: &str = "2c88e2532e2786df83711e0fc6183c04fbd0a8a709bb869792d3836b7c1e8a5e";
const ENCRYPTED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXdjvRncj5Qcb6YZfPFr7UGqklvJ4iqN1XMSMToFQbpjfJWM-XmWfH0Kzn7VEnjjLbYcHPr3M4egC-m8__blPamBRa-agwmC1BqUyYzqOLXBfLXKwQltQCeccSfLc";

/// Bytes with their number before them.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).expect("at most 255 bytes")], bytes].concat()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// Hash function, key, data, and their HMAC: RFC 2202 section 3 and RFC 4231 section 4, test cases 1, 2 and 6.
fn hmac_vectors() -> Vec<(u8, Vec<u8>, &'static [u8], &'static str)> {
    let short: &[u8] = b"what do ya want for nothing?";
    let long: &[u8] = b"Test Using Larger Than Block-Size Key - Hash Key First";
    vec![
        (0, vec![0x0b; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (0, b"Jefe".to_vec(), short, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (0, vec![0xaa; 80], long, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        (1, b"Jefe".to_vec(), short, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (1, vec![0xaa; 131], long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (
            2,
            b"Jefe".to_vec(),
            short,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            3,
            b"Jefe".to_vec(),
            short,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ]
}

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let write = |target: &str, name: &str, parts: &[&[u8]]| {
        fs::create_dir_all(root.join(target))?;
        fs::write(root.join(target).join(name), parts.concat())
    };

    let long = "a-name-of-more-than-a-prefix-and-of-more-than-a-block-since-nothing-forbids-it";
    for (seed, text) in [
        (
            "ordinary",
            "=session\n_ga=GA1.2.3; session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc; lang=en",
        ),
        ("quoted", "=s\ns=\"1\"; s.sig=\"; s=2"),
        ("spaces", "=s\n   s=1;    s.sig=2;s"),
        ("near", "~session\n\u{2}=1; \u{3}=2; x\u{1}=3; \u{1} =4; \u{1}.sig; \u{1}.sig=5; \u{1}=6"),
        ("seams", "~session\n\u{4}; \u{1}=1\u{4}\u{5}\u{1}.sig=2"),
        ("signature", "=sig.sig\nsig.sig.sig=1; sig.sig=2; sig=3"),
        ("not-ascii", "=s\n\u{e9}=1; s=\u{e9}\u{0}; s.sig=\u{ff}"),
        ("bad-name", "=a b\na b=1"),
        ("name-of-a-pattern", "=a.b*$\naXb*$=1; a.bb$=2; a.b*$=3; a.b*$.sig=4"),
        ("host", "=__Host-id\n__host-id=1; __Host-id=2; __Host-id.sig=3; __Host-id=4"),
        ("empty", "=s\ns=; s.sig=; s=1; s.sig=2"),
        ("lone-quotes", "=s\ns=\"; s.sig=\"\""),
        ("tabs-and-lines", "=s\n\ts=1;\t s=2;\r\n s=3; \u{a0}s=4"),
        ("starts-and-no-names", "~session\n;;;; ;  ; ;\u{2};\u{3};\u{5};\u{4} \u{1}"),
        ("prefixes", "~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\u{2};a\u{1}=1;\u{2}=2; \u{2};\u{1}.si;\u{1}=3"),
    ] {
        write("cookie_header", seed, &[text.as_bytes()])?;
    }
    for length in [24, 25, 64, 65, 78] {
        let text = format!("~{}\na=1; \u{2}=0; \u{1}=1; \u{1}.sig=2", &long[..length]);
        write("cookie_header", &format!("long-{length}"), &[text.as_bytes()])?;
    }

    for (place, value) in
        ["", "Zg==", "Zm8=", "Zm9vYmFy", "Zh==", "Zg", "Zm-_", "Zg==\n", "//79", "7aCA", "wIA="]
            .iter()
            .enumerate()
    {
        write("payload", &format!("value-{place}"), &[&counted(b"before"), b"0", value.as_bytes()])?;
    }
    let text = "{\"user\":4711,\"name\":\"Zo\u{eb}\"}".as_bytes();
    write("payload", "text", &[&counted(b""), b"1", text])?;
    write("payload", "changed", &[&counted(b"x"), b"2", &counted(text), b"\x03", b"\x00\x05\x00\x01"])?;

    let two = [&counted(KEY)[..], &counted(b"older")].concat();
    let session = counted(br#"{"views":1}"#);
    for algorithm in 0..4 {
        for encoding in 0..2 {
            let head = [&[algorithm, encoding, 0][..], &counted(b"before"), &[1], &two].concat();
            let name = |what: &str| format!("{what}-{algorithm}-{encoding}");
            write("open", &name("newest"), &[&head, &[7, 0], &session])?;
            write("open", &name("older"), &[&head, b"\x00", &counted(b"a=b"), &[7, 1], &session])?;
            write("open", &name("other"), &[&head, &[7, 4], &session])?;
            write("open", &name("changed"), &[&head, &[5, 0], &session, &[0, 3, 0, 1]])?;
            write(
                "round_trip",
                &name("text"),
                &[
                    &[algorithm, encoding, 6],
                    b"RDRRHNM",
                    &two,
                    &counted(b"a=1; b"),
                    &counted(b"c=\""),
                    &counted(b""),
                    text,
                ],
            )?;
        }
        write(
            "keyring",
            &format!("rotated-{algorithm}"),
            &[
                &[algorithm, 1, 0, 2, 7],
                &counted(b"Jefe"),
                &[7],
                &counted(b"older"),
                &[1],
                &counted(b"what do ya want "),
                &counted(b"for nothing?"),
                &[2],
                &counted(b"a"),
                &counted(b"b"),
                &counted(b""),
                &[1, 0],
                &[0, 2, 7],
                &counted(&[0xaa; 131]),
                &[0],
                &[2],
                &counted(b"a"),
                &counted(b""),
                &counted(b"c"),
                &[1, 0],
            ],
        )?;
    }
    for (place, (algorithm, key, data, mac)) in hmac_vectors().iter().enumerate() {
        let mac = mac.as_bytes();
        write(
            "keyring",
            &format!("vector-{place}"),
            &[
                &[*algorithm, 1, 0, 1, 7],
                &counted(key),
                &[1],
                &counted(data),
                &counted(b""),
                &[2],
                &counted(data),
                &[0, 0, 7],
                &counted(mac),
            ],
        )?;
    }
    // Headers as they come, with what docs/format.md has, and cookie-session.
    for (seed, header) in [
        (
            "original",
            "_ga=GA1.2.3; session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc; lang=en",
        ),
        (
            "twice",
            "session=eyJ2aWV3cyI6Mn0=; session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc",
        ),
        (
            "timed",
            "session=v1.eyJpc3N1ZWQiOjE4OTM1NTM0NDU2NzgsImNyZWF0ZWQiOjE4OTM1NDk4NDU2Nzh9.eyJ1c2VyIjo0NzExLCJuYW1lIjoiWm_DqyJ9; session.sig=pHbeM9OY9uwjtk0sunxfnwKRuDmhxJqil1h5zX_0iqg",
        ),
        ("unsigned", "session=eyJ2aWV3cyI6MX0=; session.sig="),
        ("quoted", "session=\"eyJ2aWV3cyI6MX0=\"; session.sig=\"x-C3NH9bM5O4ofBO-GACcofuXXc\""),
        ("padded", "session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc="),
    ] {
        let header = counted(header.as_bytes());
        write("open", seed, &[&[0, 0, 0], &counted(b""), &[0], &counted(KEY), &[0], &header])?;
    }
    // An empty value, which the original signs when it clears a session, as a quote of which nothing is left.
    let signature = sign(Algorithm::Sha1, Encoding::Base64, KEY, b"session=");
    let header = counted(&[b"a=b; session=\"; session.sig=", &signature[..]].concat());
    write("open", "lone-quote", &[&[0, 0, 0], &counted(b""), &[0], &counted(KEY), &[0], &header])?;
    write(
        "open",
        "raw-value",
        &[&[0, 0, 1], &counted(b""), &[0], &counted(KEY), &[3, 0], &counted(b"Zm9v====")],
    )?;

    // Every format, and what is read beside it. Keys of 32 bytes, the same ones in two changes.
    let times = br#"{"issued":1893553445678,"created":1893549845678}"#;
    for (format, name) in [(0, "original"), (1, "e1"), (2, "v1-384"), (3, "v1-512"), (4, "v1")] {
        for (algorithms, beside) in [(&[0, 0][..], "alone"), (&[1, 1, 1, 0], "legacy")] {
            let head =
                [&[format], algorithms, &[0], &counted(b"before"), &[2, 1, 128, 1, 129], &[2, 0, 65, 1, 130]]
                    .concat();
            for (kind, piece) in [(1, "original"), (3, "v1"), (6, "e1")] {
                for place in 0..2 {
                    let text = if kind == 6 { [&times[..], b"\0", text].concat() } else { times.to_vec() };
                    let algorithm: &[u8] = if matches!(format, 0 | 1) { &[1] } else { &[] };
                    let rest = match kind {
                        1 => vec![1, 0, 7],
                        3 => [&counted(b"{}")[..], &[1, 7]].concat(),
                        _ => vec![7, 7],
                    };
                    write(
                        "codec",
                        &format!("{name}-{beside}-{piece}-{place}"),
                        &[&head, &[1, kind, place], algorithm, &counted(&text), &rest],
                    )?;
                }
            }
        }
    }

    // Two equal keys and another, a text, the key at place 1, a nonce, and changes.
    let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
    let keys = [&[0, 3][..], &[1, 255, 1, 0], &[1, 255, 3, 0], &[1, 255, 1, 0]].concat();
    for (seed, place, change) in
        [("flip", 0, &[0, 2, 0, 1][..]), ("cut", 1, &[1, 2, 2]), ("other-key", 4, &[0, 9, 3, 65])]
    {
        write(
            "encryption",
            seed,
            &[&counted(b"before"), &keys, &counted(b"XAES-256-GCM"), &[place], nonce, change, change],
        )?;
    }
    // A first change that holds all keys, a second one that takes the last of them first.
    let rotated = [&[2][..], &[1, 255, 1, 0], &[1, 255, 3, 0], &[2], &[0, 1, 0, 0], &[1, 255, 5, 0]].concat();
    write(
        "encryption",
        "rotated",
        &[&counted(b""), &rotated, &counted(b""), &[0], nonce, &[0; 8], ENCRYPTED.as_bytes()],
    )?;
    let derived = [&[0, 1, 1, 64][..], &unhex(ENCRYPTING)].concat();
    write(
        "encryption",
        "format",
        &[&counted(b""), &derived, &counted(b""), &[0], nonce, &[0; 8], ENCRYPTED.as_bytes()],
    )?;
    // C2SP: the other bit at the top of CMAC's L.
    let three = [&[0, 1][..], &[1, 255, 3, 0]].concat();
    write("encryption", "l-of-1", &[&counted(b""), &three, &counted(b"XAES-256-GCM"), &[0], nonce, &[0; 8]])
}
