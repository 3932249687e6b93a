//! The commands as a person runs them: what they print, where, and the code they end with.

use std::path::Path;
use std::process::{Command, Output};

fn usher(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("USHER_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// Code, standard output, standard error.
fn told(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = usher(folder, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn check_config_says_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "good.yml",
        "version: 1\napplications: [{name: a, images: ['*']}]\nenvironments: [{name: s, overlay: o}]\n",
    );
    write(
        "bad.yml",
        "version: 1\napplications: [{name: a, images: ['*']}]\nenvironments: [{name: s, overlai: o}]\n",
    );
    let (code, out, err) = told(folder.path(), &["check-config", "good.yml"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("good.yml is valid"), "{out}");
    let (code, out, err) = told(folder.path(), &["check-config", "bad.yml"]);
    assert_eq!(code, 1);
    let all = out + &err;
    assert!(all.contains("bad.yml:3:26") && all.contains("did you mean `overlay`?"), "{all}");
    let (code, out, err) = told(folder.path(), &["check-config", "nowhere.yml"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("nowhere.yml"), "{err}");
}

#[test]
fn set_image_edits_in_place_or_leaves_everything() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kustomization.yaml");
    let before = "images:\r\n- name: web # the shop\r\n  newTag: \"1.0\"\r\n";
    std::fs::write(&file, before).unwrap();
    let (code, out, err) = told(folder.path(), &["set-image", "kustomization.yaml", "web=1.10"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    let after = before.replace("1.0", "1.10");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    // One edit that cannot be made, and none is.
    for wrong in [["api=2.0", "web="], ["api=2.0", "web=../../x"]] {
        let (code, _, err) =
            told(folder.path(), &["set-image", "kustomization.yaml", wrong[0], wrong[1]]);
        assert_ne!(code, 0, "{wrong:?}");
        assert!(err.contains("web="), "{wrong:?}: {err}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    }
    assert_eq!(told(folder.path(), &["set-image", "kustomization.yaml"]).0, 2, "nothing to set");
    let (code, _, err) = told(folder.path(), &["set-image", "nowhere.yaml", "web=1"]);
    assert_ne!(code, 0);
    assert!(err.contains("nowhere.yaml"), "{err}");
}

#[test]
fn render_prints_objects_and_diff_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("base/kustomization.yaml", "resources: [all.yaml]\n");
    write(
        "base/all.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: web, image: web:1}]\n",
    );
    write(
        "prod/kustomization.yaml",
        "resources: [../base]\nimages: [{name: web, newTag: \"2\"}]\n",
    );
    let prod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - image: web:2\n    name: web\n";
    assert_eq!(told(folder.path(), &["render", "prod"]), (0, prod.to_owned(), String::new()));
    let inside = folder.path().join("prod");
    assert_eq!(told(&inside, &["render"]).1, prod, "the folder where one is");
    let (code, out, err) = told(folder.path(), &["diff", "base", "prod"]);
    let diff = "  Pod web\n    spec.containers[web].image\n-     web:1\n+     web:2\n";
    assert_eq!((code, out.as_str(), err.as_str()), (0, diff, ""));
    assert_eq!(told(folder.path(), &["diff", "prod", "prod"]).1, "");

    write("base/kustomization.yaml", "resources:\n- all.yaml\n- gone.yaml\n");
    let (code, out, err) = told(folder.path(), &["render", "prod"]);
    assert_eq!((code, out.as_str()), (1, ""));
    let expected = "usher: base/kustomization.yaml:3:3: there is no gone.yaml\n  by way of prod/kustomization.yaml:1:13\n";
    assert_eq!(err, expected);
    write(
        "base/kustomization.yaml",
        "resources: [all.yaml]\npatches: [{path: ../prod/p.yaml, target: {name: web}}]\n",
    );
    write("prod/p.yaml", "- {op: remove, path: /spec}\n");
    let (code, _, err) = told(folder.path(), &["render", "base"]);
    assert!(code == 1 && err.contains("base/kustomization.yaml:2:18"), "{err}");
    let anywhere = ["render", "base", "--load-restrictor", "LoadRestrictionsNone"];
    let (code, out, err) = told(folder.path(), &anywhere);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(!out.contains("spec"), "{out}");
    let (code, _, err) = told(folder.path(), &["render", "nowhere"]);
    assert!(code == 1 && err.contains("nowhere"), "{err}");
    assert_eq!(told(folder.path(), &["diff", "base"]).0, 2, "one folder is missing");
}

#[test]
fn serve_names_each_setting_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = told(folder.path(), &["serve", "--listen", "nowhere"]);
    assert_eq!((code, out.as_str()), (2, ""));
    for name in ["USHER_LISTEN", "USHER_APP_ID", "USHER_PRIVATE_KEY_FILE", "USHER_WEBHOOK_SECRET"] {
        assert!(err.contains(&format!("{name}: ")), "{name} in {err}");
    }
}

#[test]
fn the_schema_is_json_and_knows_every_key_at_the_top() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = told(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    for key in ["version", "applications", "environments", "mode", "followers"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key}");
    }
}

#[test]
fn deliveries_are_listed_from_a_fresh_database() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = told(folder.path(), &["deliveries", "list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) = told(folder.path(), &["deliveries", "show", "no-such-id"]);
    assert_eq!(code, 1);
    assert!(err.contains("no-such-id"), "{err}");
    let (code, _, err) = told(folder.path(), &["deliveries", "--database", "mysql://x", "list"]);
    assert_eq!(code, 2);
    assert!(err.contains("USHER_DATABASE: "), "{err}");
}

#[test]
fn completions_and_help_are_there_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = told(folder.path(), &["completions", shell]);
        assert!(code == 0 && out.contains("set-image"), "{shell}");
    }
    for command in
        ["serve", "sandbox", "render", "diff", "set-image", "check-config", "schema", "deliveries"]
    {
        let (code, out, _) = told(folder.path(), &[command, "--help"]);
        assert!(code == 0 && out.contains("Usage: usher"), "{command}");
    }
    let (code, _, err) = told(folder.path(), &["sevre"]);
    assert_eq!(code, 2);
    assert!(err.contains("serve"), "{err}");
}

/// Commits all that is in a folder.
fn commit(folder: &Path, message: &str) {
    let git = git2::Repository::open(folder).unwrap();
    let mut index = git.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
    let who = git2::Signature::now("Ada", "ada@acme.test").unwrap();
    let parent = git.head().ok().map(|head| head.peel_to_commit().unwrap());
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    git.commit(Some("HEAD"), &who, &who, message, &tree, &parents).unwrap();
}

#[test]
fn rollback_plan_shows_what_would_go_back_by_the_history_of_a_clone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let plan = |more: &[&str]| told(folder.path(), &[&["rollback", "--plan"], more].concat());
    let (code, _, err) = plan(&["prod"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--dir"), "{err}");
    git2::Repository::init(folder.path()).unwrap();
    write("README.md", "hello\n");
    commit(folder.path(), "begin");
    let (code, _, err) = plan(&["prod"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no .github/usher.yml"), "{err}");
    let rules = |prod: &str| {
        format!(
            "version: 1\napplications: [{{name: shop, images: ['*']}}]\nenvironments: [{{name: prod, overlay: {prod}}}]\n"
        )
    };
    write(".github/usher.yml", &rules("prod"));
    let digest = format!("sha256:{}", "b".repeat(64));
    for tags in ["newTag: v1.0.0".to_owned(), format!("newTag: v1.1.0\n  digest: {digest}")] {
        write("prod/kustomization.yaml", &format!("images:\n- name: web # the shop\n  {tags}\n"));
        commit(folder.path(), "release");
    }
    write("prod/kustomization.yaml", "images:\n- name: web # the shop\n  newTag: v1.2.0\n");
    commit(folder.path(), "release");
    // Moved since, with what says where it is; and something that is not committed.
    std::fs::rename(folder.path().join("prod"), folder.path().join("production")).unwrap();
    write(".github/usher.yml", &rules("production"));
    commit(folder.path(), "move");
    write("production/kustomization.yaml", "images: []\n");
    let (code, out, err) = plan(&["prod"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for part in [
        "Roll back shop to v1.1.0 in prod\n",
        &format!("  production/kustomization.yaml  web  v1.2.0 -> v1.1.0@{digest}\n"),
        "--- a/production/kustomization.yaml\n+++ b/production/kustomization.yaml\n",
        " - name: web # the shop\n-  newTag: v1.2.0\n+  newTag: v1.1.0\n",
        "`prod/kustomization.yaml` was moved to `production/kustomization.yaml` since",
        "Nothing was changed.",
    ] {
        assert!(out.contains(part), "no {part:?} in:\n{out}");
    }
    let (code, out, _) = plan(&["prod", "v1.0.0"]);
    assert_eq!(code, 0);
    assert!(out.contains("web  v1.2.0 -> v1.0.0\n"), "{out}");
    for (wrong, why) in [
        (&["prod", "v0.1.0"][..], "`v0.1.0` of `shop` never ran in `prod`"),
        (&["qa"], "`qa`"),
        (&["prod", "--app", "other"], "`other`"),
        (&["prod", "--services", "cart"], "`cart`"),
    ] {
        let (code, out, err) = plan(wrong);
        assert_eq!((code, out.as_str()), (1, ""), "{wrong:?}");
        assert!(err.contains(why), "{wrong:?}: {err}");
    }
    let unchanged = std::fs::read_to_string(folder.path().join("production/kustomization.yaml"));
    assert_eq!(unchanged.unwrap(), "images: []\n");
    assert_eq!(told(folder.path(), &["rollback", "prod"]).0, 2, "it never acts by itself");
}
