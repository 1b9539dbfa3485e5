#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| rejoinder_fuzz::read(body));
