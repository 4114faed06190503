//! Keys leave nothing behind: all memory that a keyring or a codec ever had comes from an arena that this test owns,
//! which gives no memory out again, and which is read after the last of them is dropped.
//!
//! What is looked for is not the key alone, but anything that depends on it, such as the states that it was hashed into:
//! the same calls are made with two keys, in the same arena, and what is left must be the same bytes.
#![allow(unsafe_code, reason = "an allocator is made of it")]
#![allow(clippy::arithmetic_side_effects, reason = "its numbers are its own")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use cookie_session_native::codec::{Codec, Settings, TimedFormat};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::encryption::EncryptionKeyring;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};

const SIZE: usize = 1 << 18;

struct Arena(UnsafeCell<[u8; SIZE]>);

// SAFETY: a thread takes from the arena only while its own `USED` says so, and one test alone does that.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; SIZE]));

thread_local! {
    /// How much of the arena is given out, where this thread's memory comes from it.
    static USED: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Watched;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

// SAFETY: memory comes from the system, or from a part of the arena that is given out once, aligned as asked.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(used) = USED.get() else {
            // SAFETY: the caller's promises are the system's.
            return unsafe { System.alloc(layout) };
        };
        let start = ARENA.0.get().cast::<u8>();
        let at = used + start.wrapping_add(used).align_offset(layout.align());
        if at + layout.size() > SIZE {
            return ptr::null_mut();
        }
        USED.set(Some(at + layout.size()));
        start.wrapping_add(at)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let start = ARENA.0.get().cast::<u8>();
        if !(start..start.wrapping_add(SIZE)).contains(&memory) {
            // SAFETY: it came from the system.
            unsafe { System.dealloc(memory, layout) }
        }
    }
}

/// What is in the arena when the keys have done their work, and when they are gone.
fn watch<T>(work: impl FnOnce() -> T) -> [Vec<u8>; 2] {
    let read = || {
        let Some(used) = USED.replace(None) else { return Vec::new() };
        // SAFETY: nothing holds a mutable reference into the arena while it is read.
        let copy = unsafe { std::slice::from_raw_parts(ARENA.0.get().cast::<u8>(), used) }.to_vec();
        USED.set(Some(used));
        copy
    };
    // SAFETY: nothing of the arena is in use yet.
    unsafe { ARENA.0.get().write([0; SIZE]) };
    USED.set(Some(0));
    let keys = work();
    let before = read();
    drop(keys);
    let after = read();
    USED.set(None);
    [before, after]
}

/// How many bytes depend on the key when the work is done, and how many when the keys are gone.
fn depending<T>(work: impl Fn(&[u8; 32]) -> T) -> [usize; 2] {
    let one = watch(|| work(&[0x5a; 32]));
    let other = watch(|| work(&[0xc3; 32]));
    let mut counts = [0; 2];
    for (count, (one, other)) in counts.iter_mut().zip(one.iter().zip(&other)) {
        assert_eq!(one.len(), other.len(), "the same calls take the same memory");
        *count = one.iter().zip(other).filter(|(one, other)| one != other).count();
    }
    counts
}

/// Changes that add keys, move them, and drop them, with more keys than a vector starts with room for.
fn change_often(key: &[u8; 32], change: &mut dyn FnMut(&[KeyChange<'_>])) {
    use KeyChange::{Kept, New};
    change(&[New(key)]);
    change(&[New(b"another key, which is no secret."), Kept(0), New(&key[1..])]);
    change(&[
        Kept(1),
        Kept(0),
        New(key),
        New(key),
        New(key),
        New(key),
        New(key),
        New(key),
        New(key),
        Kept(2),
    ]);
    change(&[Kept(9), New(key), Kept(0)]);
}

/// All in one test, since there is one arena.
#[test]
fn nothing_that_depends_on_a_key_is_left_when_it_is_dropped() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        let [before, after] = depending(|key| {
            let mut keyring = Keyring::new(algorithm, Encoding::Base64);
            change_often(key, &mut |changes| keyring.change(changes));
            // Nothing of a signature may hold more memory than the signature.
            assert!(keyring.sign(&[b"session=", b"e30="]).is_some());
            assert!(keyring.index(&[b"session=e30="], b"no signature").is_none());
            keyring
        });
        assert!(before >= 2 * 20, "{algorithm:?}: the states of a key are there, or this would see nothing");
        assert_eq!(after, 0, "{algorithm:?}: bytes that depend on a key are left");
    }

    let [before, after] = depending(|key| {
        let mut keyring = EncryptionKeyring::default();
        change_often(key, &mut |changes| keyring.change(changes));
        keyring.open(&[b'A'; 100], &mut Vec::new());
        keyring
    });
    assert!(before >= 32, "the keys are there");
    assert_eq!(after, 0, "bytes that depend on a key that encrypts are left");

    // Derived keys, alone and beside those that an older format needs.
    for timed in [TimedFormat::V1(Algorithm::Sha256), TimedFormat::V1(Algorithm::Sha512), TimedFormat::E1] {
        for legacy in [&[][..], &[Algorithm::Sha1, Algorithm::Sha384]] {
            let settings = Settings { timed: Some(timed), current: &[], legacy, encoding: Encoding::Base64 };
            let [before, after] = depending(|key| {
                let mut codec = Codec::new(CookieName::new("session").unwrap(), settings);
                change_often(key, &mut |changes| codec.change(changes));
                let value: &[u8] = match timed {
                    TimedFormat::V1(_) => b"session=v1.e30.e30; session.sig=",
                    TimedFormat::E1 => b"session=e1.",
                };
                for length in [43, 86, 200] {
                    codec.open(&[value, &vec![b'A'; length]].concat(), true, &mut Vec::new());
                }
                codec
            });
            assert!(before >= 32, "{timed:?}: a derived key is there");
            assert_eq!(after, 0, "{timed:?}: bytes that depend on a key are left");
        }
    }
}
