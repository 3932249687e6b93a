//! Edits of small texts, byte for byte.
