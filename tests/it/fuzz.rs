//! The properties of `fuzz/` on stable Rust: the corpus, and changes of it that are the same in every run.
//! It knows nothing of what the properties are.

#[path = "../../fuzz/src/lib.rs"]
mod properties;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How many inputs are made of the corpus of a target.
const CHANGED: usize = 3000;
/// After this long no more are made, on a machine that is slow.
const MOST_TIME: Duration = Duration::from_secs(6);
/// What YAML and Kustomize make something of.
const WORDS: &[&str] = &[
    "---\n",
    "#: b/kustomization.yaml\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary ",
    "|-\n  ",
    ">\n  ",
    "? ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "null",
    "~",
    "0777",
    "1e400",
    ".nan",
    "yes",
    "2001-01-02",
    "$patch: delete\n",
    "$(A)",
    "\u{feff}",
    "\u{0}",
    "\u{85}",
    "é",
    "\t",
    "\r\n",
    "../",
    "images:\n",
    "name: a\n",
    "resources: [a.yaml]\n",
    "namePrefix: p-\n",
    "metadata",
    "*",
    "(",
    "\\",
    "%YAML 1.1\n",
    " #",
    "9223372036854775808",
];

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let mut corpus: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read(file.path()).unwrap())
        })
        .collect();
    corpus.sort();
    assert!(corpus.len() >= 8, "only {} inputs for {target}", corpus.len());
    corpus
}

/// One of the corpus with a few changes.
fn changed(corpus: &[(String, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = corpus[numbers.below(corpus.len())].1.clone();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let to = (at + numbers.below(12)).min(bytes.len());
        match numbers.below(5) {
            0 => drop(bytes.drain(at..to)),
            1 => {
                let word = WORDS[numbers.below(WORDS.len())].bytes();
                bytes.splice(at..at, word);
            }
            2 => {
                let other = &corpus[numbers.below(corpus.len())].1;
                let from = numbers.below(other.len() + 1);
                let part = other[from..(from + numbers.below(40)).min(other.len())].to_vec();
                bytes.splice(at..to, part);
            }
            3 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(to..to, again);
            }
            _ if at < bytes.len() => bytes[at] = (numbers.below(256)) as u8,
            _ => {}
        }
    }
    bytes
}

fn hold(target: &str, property: fn(&[u8])) {
    let corpus = corpus(target);
    let (begin, mut numbers, mut tried) = (Instant::now(), Numbers(0x5eed_0fda_7a01), 0);
    let check = |name: &str, bytes: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| property(bytes))).is_err() {
            panic!("{target}: {name} fails: {:?}", String::from_utf8_lossy(bytes));
        }
    };
    for (name, bytes) in &corpus {
        check(name, bytes);
    }
    while tried < CHANGED && begin.elapsed() < MOST_TIME {
        check("a change", &changed(&corpus, &mut numbers));
        tried += 1;
    }
    println!("{target}: {} of the corpus, {tried} changes", corpus.len());
}

#[test]
fn what_is_printed_is_read_again() {
    hold("yaml", properties::yaml);
}

#[test]
fn any_tree_renders_or_is_refused() {
    hold("render", properties::render_tree);
}

#[test]
fn an_edit_changes_one_image_or_is_refused() {
    hold("edit", properties::edit);
}
