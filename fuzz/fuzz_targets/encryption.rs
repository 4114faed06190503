#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| cookie_session_native_fuzz::encryption::run(input));
