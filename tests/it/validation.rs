//! `usher/kustomize` on the sandbox, and `usher validate` on the same files: what is found, on which line, by whom.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use usher::sandbox::Seen;

use crate::stage::{DEMO, Stage};

const CART: &str = "kustomize/base/cartservice.yaml";

/// The newest `usher/kustomize` of a head, with its remarks.
async fn verdict(stage: &Stage, sha: &str) -> (Value, Vec<Value>) {
    let path = format!("/repos/{DEMO}/commits/{sha}/check-runs?check_name=usher/kustomize");
    let run = stage.get(&path).await["check_runs"][0].clone();
    let remarks = format!("/repos/{DEMO}/check-runs/{}/annotations?per_page=100", run["id"]);
    let remarks = stage.get(&remarks).await.as_array().unwrap().clone();
    (run, remarks)
}

/// Opens a pull request that leaves files so, and gives its head.
async fn proposed(stage: &Stage, branch: &str, files: &[(&str, &str)]) -> String {
    stage.branch(DEMO, branch, "main").await;
    for (path, text) in files {
        stage.write_file(DEMO, branch, path, text).await;
    }
    let pull = stage.open_pull("ada", DEMO, branch).await;
    stage.idle().await;
    pull["head"]["sha"].as_str().unwrap().to_owned()
}

fn line_of(text: &str, part: &str) -> u64 {
    1 + text.lines().position(|line| line.contains(part)).unwrap() as u64
}

fn remark<'r>(remarks: &'r [Value], code: &str) -> &'r Value {
    let found = remarks.iter().find(|remark| remark["title"] == code);
    found.unwrap_or_else(|| panic!("{code} is not among {remarks:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_base_is_told_once_on_its_line_for_every_overlay() {
    let stage = Stage::start().await;
    let broken = stage.file(DEMO, CART, "main").await.replace("imagePullPolicy", "imagePullPolcy");
    let broken = broken.replace("containers:", "restartPolcy: Always\n      containers:");
    let sha = proposed(&stage, "typo", &[(CART, &broken)]).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    let typo = remark(&remarks, "unknown-field");
    assert_eq!(typo["path"], CART);
    assert_eq!(typo["start_line"], line_of(&broken, "restartPolcy"));
    assert_eq!(typo["annotation_level"], "failure");
    let message = typo["message"].as_str().unwrap();
    assert!(
        message.contains("PodSpec has no field restartPolcy; did you mean restartPolicy?"),
        "{message}"
    );
    for overlay in ["kustomize/dev", "kustomize/staging", "kustomize/prod"] {
        assert!(message.contains(overlay), "{message}");
        let summary = run["output"]["summary"].as_str().unwrap();
        assert!(summary.contains(&format!("`{overlay}`")), "{summary}");
    }
    let same = remarks.iter().filter(|one| one["title"] == "unknown-field").count();
    assert_eq!(same, 1, "{remarks:#?}");
    let (gates, title, _) = stage.check(DEMO, &sha, "usher/gates").await;
    assert_eq!((gates.as_str(), title.contains("kustomize failed")), ("failure", true), "{title}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlays_of_no_environment_are_looked_at_when_they_change() {
    let stage = Stage::start().await;
    let dev = "kustomize/dev/kustomization.yaml";
    let broken = stage.file(DEMO, dev, "main").await + "patches:\n- path: more.yaml\n";
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cartservice\nspec:\n  replicas: three\n";
    let files = [(dev, broken.as_str()), ("kustomize/dev/more.yaml", patch)];
    let sha = proposed(&stage, "dev", &files).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    let wrong = remark(&remarks, "wrong-type");
    assert_eq!(
        (&wrong["path"], &wrong["start_line"]),
        (&json!("kustomize/dev/more.yaml"), &json!(6))
    );
    let text = run["output"]["text"].as_str().unwrap();
    assert!(text.contains("<code>kustomize/dev</code>") && text.contains("three"), "{text}");
    let (gates, title, _) = stage.check(DEMO, &sha, "usher/gates").await;
    assert_eq!((gates.as_str(), title.as_str()), ("success", "Not a promotion"));
    // A file that no kustomization names is nobody's.
    let sha = proposed(&stage, "words", &[("kustomize/dev/NOTES.md", "words\n")]).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!((&run["conclusion"], remarks.len()), (&json!("success"), 0));
    assert_eq!(run["output"]["title"], "Nothing renders otherwise");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_away_is_missed_where_it_is_named() {
    let stage = Stage::start().await;
    let base = stage.file(DEMO, "kustomize/base/kustomization.yaml", "main").await;
    stage.branch(DEMO, "gone", "main").await;
    let path = format!("/repos/{DEMO}/contents/{CART}");
    let file = stage.get(&format!("{path}?ref=gone")).await;
    let body = json!({"message": "x", "sha": file["sha"], "branch": "gone"});
    stage.act("ada", "DELETE", &path, body).await;
    let pull = stage.open_pull("ada", DEMO, "gone").await;
    stage.idle().await;
    let (run, remarks) = verdict(&stage, pull["head"]["sha"].as_str().unwrap()).await;
    assert_eq!(run["conclusion"], "failure");
    let missing = remark(&remarks, "cannot-render");
    assert_eq!(missing["path"], "kustomize/base/kustomization.yaml");
    assert_eq!(missing["start_line"], line_of(&base, "cartservice.yaml"));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn severities_are_the_configurations_and_ignored_findings_are_shown() {
    let stage = Stage::start().await;
    let config = ".github/usher.yml";
    let rules = stage
        .file(DEMO, config, "main")
        .await
        .replace("  - name: prod\n", "  - name: prod\n    rules: {latest-tag: error}\n");
    assert!(rules.contains("latest-tag"), "{rules}");
    stage.write_file(DEMO, "main", config, &rules).await;
    stage.idle().await;
    let latest = stage.file(DEMO, CART, "main").await.replace(
        "containers:",
        "initContainers:\n      - name: wait\n        image: busybox\n      containers:",
    );
    let sha = proposed(&stage, "latest", &[(CART, &latest)]).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    let found = remark(&remarks, "latest-tag");
    assert_eq!(found["start_line"], line_of(&latest, "image: busybox"));
    let message = found["message"].as_str().unwrap();
    assert!(
        message.contains("kustomize/prod") && !message.contains("kustomize/staging"),
        "{message}"
    );
    let ignored =
        latest.replace("image: busybox", "image: busybox  # usher:ignore latest-tag it only waits");
    let sha = proposed(&stage, "ignored", &[(CART, &ignored)]).await;
    let (run, _) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "success");
    let summary = run["output"]["summary"].as_str().unwrap();
    assert!(
        summary.contains("1 finding ignored by comments") && summary.contains("it only waits"),
        "{summary}"
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_resources_are_held_against_the_definitions_of_the_repository() {
    let stage = Stage::start().await;
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.io}\nspec:\n  group: acme.io\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec: {type: object, properties: {size: {type: integer}}}\n";
    let widget = "apiVersion: acme.io/v1\nkind: Widget\nmetadata:\n  name: one\nspec:\n  sise: 1\n";
    let dev = "kustomize/dev/kustomization.yaml";
    let with = stage
        .file(DEMO, dev, "main")
        .await
        .replace("resources:\n", "resources:\n  - widget.yaml\n");
    let files = [(dev, with.as_str()), ("kustomize/dev/widget.yaml", widget)];
    let sha = proposed(&stage, "unknown", &files).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "success", "{remarks:#?}");
    assert_eq!(remark(&remarks, "no-schema")["annotation_level"], "notice");
    let files = [
        (dev, with.as_str()),
        ("kustomize/dev/widget.yaml", widget),
        ("config/crd/widgets.yaml", crd),
    ];
    let sha = proposed(&stage, "known", &files).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    assert_eq!(remark(&remarks, "unknown-field")["start_line"], 6);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_findings_are_appended_in_portions_the_worst_first() {
    let stage = Stage::start().await;
    let dev = "kustomize/dev/kustomization.yaml";
    let with =
        stage.file(DEMO, dev, "main").await.replace("resources:\n", "resources:\n  - many.yaml\n");
    let config = |n: usize| {
        let wrong = if n.is_multiple_of(2) { "datas: {}" } else { "data: {}" };
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n{wrong}\n---\napiVersion: x{n}.io/v1\nkind: X\nmetadata: {{name: x{n}}}\n"
        )
    };
    let many: String = (0..80).map(config).collect();
    let files = [(dev, with.as_str()), ("kustomize/dev/many.yaml", many.as_str())];
    let sha = proposed(&stage, "many", &files).await;
    let (run, remarks) = verdict(&stage, &sha).await;
    assert_eq!(run["output"]["annotations_count"], 120, "40 errors and 80 notes");
    let levels: Vec<&str> =
        remarks.iter().map(|one| one["annotation_level"].as_str().unwrap()).collect();
    assert!(levels[..40].iter().all(|level| *level == "failure"), "{levels:?}");
    assert!(levels[40..].iter().all(|level| *level == "notice"), "{levels:?}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_leaves_overlays_alone_costs_no_file() {
    let stage = Stage::start().await;
    let prod = "kustomize/prod/kustomization.yaml";
    let three = stage.file(DEMO, prod, "main").await.replace("count: 2", "count: 3");
    let sha = proposed(&stage, "three", &[(prod, &three)]).await;
    assert_eq!(verdict(&stage, &sha).await.0["conclusion"], "success");
    stage.github.clear_requests();
    let sha = stage.write_file(DEMO, "three", "docs/words.md", "words\n").await;
    stage.idle().await;
    assert_eq!(verdict(&stage, &sha).await.0["conclusion"], "success");
    let requests = stage.github.requests();
    let blobs: Vec<_> = requests
        .iter()
        .filter(|seen| seen.who == "usher[bot]" && seen.path.contains("/git/blobs/"))
        .map(|seen| seen.path.clone())
        .collect();
    assert_eq!(blobs, [""; 0]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_is_made_again_by_its_buttons() {
    let stage = Stage::start().await;
    let broken = stage.file(DEMO, CART, "main").await.replace("containers:", "container:");
    let sha = proposed(&stage, "broken", &[(CART, &broken)]).await;
    let (run, _) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    stage.github.clear_requests();
    let path = format!("/repos/{DEMO}/check-runs/{}/rerequest", run["id"]);
    stage.act("ada", "POST", &path, json!({})).await;
    stage.idle().await;
    let looked = stage.github.requests();
    let has_looked = |seen: &Seen| {
        seen.who == "usher[bot]" && (seen.path == "/graphql" || seen.path.contains("/compare/"))
    };
    assert!(looked.iter().any(has_looked));
    let (run, _) = verdict(&stage, &sha).await;
    assert_eq!(run["conclusion"], "failure");
    stage.github.clear_requests();
    stage
        .github
        .press("ada", "microservices-demo", run["id"].as_u64().unwrap(), "validate")
        .unwrap();
    stage.idle().await;
    assert!(stage.github.requests().iter().any(has_looked));
    stage.finish().await;
}

fn validate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.arg("validate").args(arguments).current_dir(folder).output().unwrap()
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n      - name: web\n        image: registry.example.com/web:v1\n";

#[test]
fn the_command_line_says_the_same_and_ends_as_documented() {
    let typo = WEB.replace("replicas", "replcas");
    let folder = tree(&[
        (".git/HEAD", ""),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &typo),
        ("over/a/kustomization.yaml", "resources: [../../base]\n"),
        ("over/b/kustomization.yaml", "resources: [../../base]\nnamespace: b\n"),
        ("lost/kustomization.yaml", "resources: [nothing.yaml]\n"),
        ("part/kustomization.yaml", "kind: Component\nnamePrefix: x-\n"),
        ("sound/kustomization.yaml", "resources: [web.yaml]\ncomponents: [../part]\n"),
        ("sound/web.yaml", WEB),
    ]);
    let output = validate(folder.path(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["overlays"], 4);
    let findings = found["findings"].as_array().unwrap();
    let told: Vec<String> = findings
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            format!(
                "{} {} {}:{}:{} {} {}",
                text("code"),
                text("severity"),
                text("file"),
                one["line"],
                one["column"],
                text("overlay"),
                text("object")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "cannot-render error lost/kustomization.yaml:1:13 lost ",
            "unknown-field error base/web.yaml:6:3 over/a Deployment web",
            "unknown-field error base/web.yaml:6:3 over/b Deployment web",
        ]
    );
    // From another folder, the same files are called otherwise.
    let output = validate(&folder.path().join("over"), &["a", "--format", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["findings"][0]["file"], "../base/web.yaml");
    assert_eq!(found["findings"][0]["overlay"], "a");
    for (arguments, code) in [
        (&["sound"][..], 0),
        (&["over/a", "--format", "sarif"], 1),
        (&["over/a", "--format", "github"], 1),
        (&["over/a", "--format", "junit"], 1),
        (&["nowhere"], 2),
        (&["over/a", "--kubernetes", "1.2"], 2),
        (&["over/a", "--format", "xml"], 2),
        (&[".git"], 2),
    ] {
        let output = validate(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert_eq!(output.stderr.is_empty(), code != 2, "{arguments:?}: {output:?}");
    }
}

#[test]
fn the_command_line_goes_by_the_configuration_around() {
    let old = WEB.replace("web:v1", "web:latest");
    let budget = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}}\n";
    let config = "version: 1\nkubernetes: \"1.33\"\nrules: {latest-tag: warning, removed-api: note}\nschemas: [types/*.json]\napplications: [{name: web, images: [\"web\"]}]\nenvironments: [{name: prod, overlay: prod, rules: {latest-tag: error}}]\n";
    let kind = r#"{"type": "object", "additionalProperties": false, "properties": {"apiVersion": {}, "kind": {}, "metadata": {}}}"#;
    let folder = tree(&[
        (".github/usher.yml", config),
        ("types/Thing_v1.json", kind),
        (
            "prod/kustomization.yaml",
            "resources: [web.yaml, budget.yaml, thing.yaml]\nimages:\n- name: web\n  newTag: v1\n",
        ),
        ("prod/web.yaml", &old),
        ("prod/budget.yaml", budget),
        ("prod/thing.yaml", "apiVersion: types/v1\nkind: Thing\nmetadata: {name: t}\nspec: {}\n"),
        ("test/kustomization.yaml", "resources: [../prod/web.yaml]\n"),
    ]);
    let arguments = ["prod", "--format", "json"];
    let output = validate(folder.path(), &arguments);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let severity = |code: &str| {
        let findings = found["findings"].as_array().unwrap();
        findings.iter().find(|one| one["code"] == code).map(|one| one["severity"].clone())
    };
    assert_eq!(severity("latest-tag"), Some(json!("error")));
    assert_eq!(severity("removed-api"), Some(json!("note")));
    assert_eq!(severity("unknown-field"), Some(json!("error")), "{found:#}");
    // The entry carries the version, and changes nothing.
    assert_eq!(severity("image-unused"), Some(json!("error")));
    fs::write(folder.path().join(".github/usher.yml"), "version: 1\nrules: {latest: error}\n")
        .unwrap();
    let output = validate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("usher.yml") && said.contains("check-config"), "{said}");
}

#[test]
fn values_of_secrets_are_never_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\nstringData:\n  pin: 31337\n  list: [hunter2]\ndata: {a: c2VjcmV0}\nbogus: swordfish\n";
    let folder = tree(&[
        (
            "kustomization.yaml",
            "resources: [s.yaml]\nsecretGenerator:\n- name: g\n  literals: [password=opensesame]\n",
        ),
        ("s.yaml", secret),
        ("bad/kustomization.yaml", "secretGenerator:\n- name: g\n  literals: [opensesame]\n"),
    ]);
    for format in ["text", "json", "sarif", "github", "junit"] {
        for overlay in [".", "bad"] {
            let output = validate(folder.path(), &[overlay, "--format", format]);
            assert_eq!(output.status.code(), Some(1));
            let said = format!("{output:?}");
            for value in ["31337", "hunter2", "c2VjcmV0", "swordfish", "opensesame"] {
                assert!(!said.contains(value), "{format} {overlay}: {said}");
            }
        }
    }
}
