#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tower_api_log_fuzz::header(input));
