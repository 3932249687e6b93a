//! The target `yaml`: see `usher_fuzz::yaml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_fuzz::yaml(bytes));
