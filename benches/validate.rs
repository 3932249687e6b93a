//! How long it takes to render and validate: the nine services once the schemas are there, the same in a process of its
//! own, where nothing is; and the real trees of the corpus, one after the other.
//!
//! Ratios within one run are what counts; machines differ.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its inputs")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use usher::disk::Disk;
use usher::kubernetes::validate::{Report, Rulebook, Subject, validate};
use usher::kustomize::load::Restriction;
use usher::kustomize::render::render;

fn validated(disk: &Disk, folder: &str, rulebook: &Rulebook) -> Report {
    let result = render(disk, folder, Restriction::RootOnly);
    validate(&Subject { tree: disk, folder, kustomization: folder, result: &result }, rulebook)
}

fn nine(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nine");
    let disk = Disk::open(&root).unwrap();
    let rulebook = Rulebook::default();
    let mut group = c.benchmark_group("nine services, prod");
    group.bench_function("render", |b| {
        b.iter(|| black_box(render(&disk, "prod", Restriction::RootOnly)));
    });
    group.bench_function("render and validate, warm", |b| {
        b.iter(|| black_box(validated(&disk, "prod", &rulebook)));
    });
    group.sample_size(20);
    for (name, command) in [("render", "render"), ("render and validate", "validate")] {
        group.bench_function(format!("usher {command}, {name} in a process of its own"), |b| {
            b.iter(|| {
                let mut usher = Command::new(env!("CARGO_BIN_EXE_usher"));
                usher.arg(command).arg(root.join("prod")).stdout(Stdio::null());
                assert!(usher.status().unwrap().success());
            });
        });
    }
}

fn corpus(c: &mut Criterion) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared =
        std::env::var("USHER_SHARED").map_or_else(|_| here.join("../shared"), PathBuf::from);
    let trees = shared.join("corpus/trees");
    let Ok(disk) = Disk::open(&trees) else { return };
    let mut folders: Vec<String> = Vec::new();
    for case in std::fs::read_dir(&trees).unwrap() {
        let case = case.unwrap().path();
        let about = std::fs::read(case.join("case.json")).unwrap();
        let about: serde_json::Value = serde_json::from_slice(&about).unwrap();
        let folder = case.join("input").join(about["dir"].as_str().unwrap());
        let folder = folder.strip_prefix(&trees).unwrap().to_string_lossy().into_owned();
        folders.push(folder.trim_end_matches("/.").to_owned());
    }
    let rulebook = Rulebook::default();
    let mut group = c.benchmark_group(format!("{} real trees", folders.len()));
    group.sample_size(10);
    group.bench_function("render", |b| {
        b.iter(|| {
            for folder in &folders {
                let _ = black_box(render(&disk, folder, Restriction::RootOnly));
            }
        });
    });
    group.bench_function("render and validate", |b| {
        b.iter(|| {
            for folder in &folders {
                black_box(validated(&disk, folder, &rulebook));
            }
        });
    });
}

criterion_group!(benches, nine, corpus);
criterion_main!(benches);
