#![no_main]

libfuzzer_sys::fuzz_target!(|both: (&[u8], &[u8])| rejoinder_fuzz::signature(both.0, both.1));
