//! Knows the order in which go-yaml v2 prints keys: letters after everything else, numbers by their value.
//!
//! Its comparison is no strict order for every set of keys, so the sort is our own: it cannot mind.

use crate::kustomize::value::{Key, Value};

/// Sorts entries by key.
pub(super) fn sort(entries: &mut Vec<(&Key, &Value)>) {
    if entries.is_sorted_by(|one, other| !is_less(&other.0.text, &one.0.text)) {
        return;
    }
    let mut width = 1;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for pair in entries.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
                if is_less(&other.0.text, &one.0.text) {
                    merged.push(*other);
                    right = right_rest;
                } else {
                    merged.push(*one);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *entries = merged;
        width *= 2;
    }
}

fn is_less(one: &str, other: &str) -> bool {
    // Up to the first difference both are the same; most keys differ in a letter.
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let (Some(a), Some(b)) = (one.as_bytes().get(same), other.as_bytes().get(same)) else {
        return one.len() < other.len();
    };
    if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() {
        return a < b;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let at = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (Some(a), Some(b)) = (one.get(at), other.get(at)) else {
        return one.len() < other.len();
    };
    match (a.is_alphabetic(), b.is_alphabetic()) {
        (true, true) => return a < b,
        (false, false) => {}
        (_, letter) => return letter,
    }
    // Behind digits that are not all 0, a 0 that differs belongs to a longer number.
    let started = (*a == '0' || *b == '0')
        && one[..at].iter().rev().take_while(|c| c.is_numeric()).any(|c| *c != '0');
    let (a_end, a_number) = number(&one, at, started);
    let (b_end, b_number) = number(&other, at, started);
    if a_number != b_number {
        return a_number < b_number;
    }
    if a_end != b_end {
        return a_end < b_end;
    }
    a < b
}

/// Where the digits from `at` on end, and their value.
fn number(text: &[char], at: usize, started: bool) -> (usize, i64) {
    let digits = text[at..].iter().take_while(|c| c.is_numeric());
    digits.fold((at, i64::from(started)), |(end, value), digit| {
        let digit = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
        (end + 1, value.wrapping_mul(10).wrapping_add(digit))
    })
}
