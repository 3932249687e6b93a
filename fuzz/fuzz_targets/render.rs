//! The target `render`: see `usher_fuzz::render_tree`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_fuzz::render_tree(bytes));
