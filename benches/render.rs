//! How long a render takes: an overlay of nine services and trees of up to 2,000 objects within this process, and the
//! whole command against `kubectl kustomize` on the same folder, with the memory that each takes at most.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use usher::kustomize::load::Restriction;
use usher::kustomize::render::render;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
type Tree = BTreeMap<String, Arc<[u8]>>;

/// How often each command is run; the median counts.
const RUNS: usize = 21;

#[expect(clippy::print_stdout, reason = "the answer of this bench is a ratio")]
fn main() -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nine");
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("render");
    let mut nine = Tree::new();
    read(&folder, "", &mut nine)?;
    objects(&nine, "prod")?;
    group.bench_function("nine services", |bencher| bencher.iter(|| objects(&nine, "prod").ok()));
    for count in [100, 500, 2000] {
        let tree = many(count);
        assert_eq!(objects(&tree, "")?, count, "not all are there");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} objects"), |bencher| {
            bencher.iter(|| objects(&tree, "").ok());
        });
    }
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let prod = folder.join("prod");
    let usher = Run::median(Command::new(env!("CARGO_BIN_EXE_usher")).arg("render").arg(&prod))?;
    println!("usher render: {usher}");
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("skipped: no kubectl to compare with");
        return Ok(());
    }
    let kubectl = Run::median(Command::new("kubectl").arg("kustomize").arg(&prod))?;
    let ratio = kubectl.took.as_secs_f64() / usher.took.as_secs_f64().max(f64::MIN_POSITIVE);
    println!("kubectl kustomize: {kubectl}\nusher is {ratio:.0} times as fast");
    assert!(usher.printed == kubectl.printed, "they print different things");
    Ok(())
}

/// Renders and prints, and counts the objects.
fn objects(tree: &Tree, folder: &str) -> Outcome<usize> {
    let rendered = render(tree, folder, Restriction::RootOnly)?;
    let yaml = rendered.to_yaml()?;
    Ok(if yaml.is_empty() { 0 } else { rendered.objects.len() })
}

#[expect(clippy::disallowed_methods, reason = "a bench reads its own fixture")]
fn read(folder: &Path, path: &str, tree: &mut Tree) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or("a name that is no text")?;
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &path, tree)?;
        } else {
            tree.insert(path, Arc::from(std::fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// An overlay of bases, each a Deployment that names a ConfigMap.
fn many(objects: usize) -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: String, text: String| tree.insert(path, Arc::from(text.into_bytes()));
    let mut overlay = "namePrefix: prod-\nnamespace: shop\ncommonLabels: {environment: prod}\n\
                       images: [{name: shop/app, newTag: v2}]\nresources:\n"
        .to_owned();
    for n in 0..objects / 2 {
        overlay.push_str(&format!("- base{n}\n"));
        put(format!("base{n}/kustomization.yaml"), "resources: [all.yaml]\n".to_owned());
        put(
            format!("base{n}/all.yaml"),
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{n}\ndata:\n  port: \"80\"\n  level: info\n---\n\
                 apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{n}\n  labels:\n    app: d{n}\nspec:\n  \
                 replicas: 2\n  selector:\n    matchLabels:\n      app: d{n}\n  template:\n    metadata:\n      \
                 labels:\n        app: d{n}\n    spec:\n      containers:\n      - name: app\n        image: shop/app:v1\n        \
                 envFrom:\n        - configMapRef:\n            name: c{n}\n"
            ),
        );
    }
    put("kustomization.yaml".to_owned(), overlay);
    tree
}

/// One run of a command.
struct Run {
    took: Duration,
    /// The most memory that it held, in kB, as far as was seen.
    memory: u64,
    printed: Vec<u8>,
}

impl Run {
    /// The run that took the middle of several times.
    fn median(command: &mut Command) -> Outcome<Self> {
        let mut runs = (0..RUNS).map(|_| Self::of(command)).collect::<Outcome<Vec<_>>>()?;
        let memory = runs.iter().map(|run| run.memory).max().unwrap_or_default();
        runs.sort_by_key(|run| run.took);
        let middle = runs.into_iter().nth(RUNS / 2).ok_or("no run")?;
        Ok(Self { memory, ..middle })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a bench is its own app: it has a clock and starts others"
    )]
    fn of(command: &mut Command) -> Outcome<Self> {
        let begin = Instant::now();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let status = format!("/proc/{}/status", child.id());
        // Its peak cannot be asked for once it has ended.
        let watch = std::thread::spawn(move || {
            let peak = || {
                let status = std::fs::read_to_string(&status).ok()?;
                let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
                peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
            };
            std::iter::from_fn(peak).max().unwrap_or_default()
        });
        let output = child.wait_with_output()?;
        let took = begin.elapsed();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let memory = watch.join().map_err(|_| "nobody watched")?;
        Ok(Self { took, memory, printed: output.stdout })
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = self.took.as_secs_f64() * 1000.0;
        write!(f, "{milliseconds:.1} ms, {:.1} MiB at most", self.memory as f64 / 1024.0)
    }
}
