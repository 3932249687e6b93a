//! Scripts in the place of Kustomize that try what a hostile tree could make it do.

use usher::model::bundle::{NotPrinted, Printed};

use super::{bundle, options, print, script, tried, tried_with, workshop};

fn printed(said: &Printed) -> &str {
    said.as_ref().map(|text| text.as_ref()).unwrap_or_else(|why| panic!("{why:?}"))
}

#[tokio::test]
async fn it_reads_nothing_but_its_files() {
    let outside = workshop();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "hunter2").unwrap();
    let secret = secret.to_str().unwrap();
    for path in [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/1/cmdline",
        secret,
    ] {
        let said = tried(&format!("read -r line <{path} && echo \"read $line\" || echo no")).await;
        assert_eq!(printed(&said), "no\n", "{path}");
    }
    for folder in ["/", "/etc", "/tmp", "/home", "/proc", outside.path().to_str().unwrap()] {
        let said = tried(&format!("cd {folder} 2>/dev/null; set -- {folder}/*; echo \"$1\"")).await;
        assert_eq!(printed(&said), format!("{folder}/*\n"), "{folder}");
    }
    let said = tried("read -r line <../lock && echo read || echo no; echo ../../*").await;
    assert_eq!(printed(&said), "no\n../../*\n");
}

#[tokio::test]
async fn it_writes_nowhere_but_in_its_own_folder() {
    let outside = workshop();
    let path = outside.path().join("made");
    let path = path.to_str().unwrap();
    for path in
        [path, "deploy/made", "deploy/kustomization.yaml", "../made", "/tmp/made-by-usher-test"]
    {
        let said = tried(&format!("echo x >>{path} && echo made || echo no")).await;
        assert_eq!(printed(&said), "no\n", "{path}");
    }
    let said = tried("echo x >$TMPDIR/made && read -r line <$HOME/made && echo \"$line\"").await;
    assert_eq!(printed(&said), "x\n");
}

#[tokio::test]
async fn it_reaches_nobody() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    for kind in ["tcp", "udp"] {
        let reach = format!("exec 3<>/dev/{kind}/127.0.0.1/{port} && echo reached || echo no");
        let said = tried(&format!("({reach}) 2>&1")).await;
        let said = printed(&said);
        assert!(said.ends_with("no\n") && said.contains("not permitted"), "{kind}: {said}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn it_knows_nothing_of_where_it_was_started() {
    let said = tried("export -p").await;
    let names: Vec<&str> = printed(&said)
        .lines()
        .filter_map(|line| line.strip_prefix("declare -x ")?.split('=').next())
        .collect();
    assert_eq!(names, ["HOME", "OLDPWD", "PWD", "SHLVL", "TMPDIR"]);
    let said = tried("read -r line && echo \"$line\" || echo closed").await;
    assert_eq!(printed(&said), "closed\n");
    let said =
        tried("for n in 3 4 5 6 7 8 9; do (: <&$n) 2>/dev/null && echo $n; done; echo none").await;
    assert_eq!(printed(&said), "none\n");
}

#[tokio::test]
async fn it_runs_no_other_program_and_hurts_none() {
    for program in ["/bin/ls", "/usr/bin/env", "/usr/bin/python3", "/bin/cat"] {
        let said =
            tried(&format!("({program} </dev/null >/dev/null && echo ran || echo no) 2>/dev/null"))
                .await;
        assert_eq!(printed(&said), "no\n", "{program}");
    }
    let said =
        tried("echo '#!/bin/bash' >$TMPDIR/x; ($TMPDIR/x && echo ran || echo no) 2>/dev/null")
            .await;
    assert_eq!(printed(&said), "no\n");
    let me = std::process::id();
    let said = tried(&format!(
        "for pid in {me} 1; do kill -0 $pid && echo killed || echo no; done 2>/dev/null"
    ))
    .await;
    assert_eq!(printed(&said), "no\nno\n");
}

#[tokio::test]
async fn it_ends_when_its_time_is_over_with_all_that_it_started() {
    let short = |options: &mut usher::real_kustomize::Options| options.seconds = 1;
    for text in [
        "while :; do :; done",
        "trap '' TERM INT XCPU; while :; do :; done",
        "while :; do :; done & while :; do :; done & wait",
        "read -r line < <(while :; do :; done)",
    ] {
        let said = tried_with(text, short).await;
        assert_eq!(said, Err(NotPrinted::TookTooLong(1)), "{text}");
    }
    // What goes on in the background holds nothing up.
    let said = tried("(while :; do :; done) & echo done").await;
    assert_eq!(printed(&said), "done\n");
}

#[tokio::test]
async fn it_prints_so_much_and_no_more() {
    let said =
        tried("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done").await;
    assert_eq!(said, Err(NotPrinted::PrintedTooMuch(1)));
    // What is said besides is cut, and what follows is thrown away.
    let loud = "for n in {1..20000}; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >&2; done; exit 1";
    let Err(NotPrinted::Failed(said)) = tried(loud).await else { panic!("it has to fail") };
    assert!((1000..5000).contains(&said.len()), "{}", said.len());
}

#[tokio::test]
async fn it_has_so_much_memory_and_no_more() {
    let grow = "s=xxxxxxxxxxxxxxxx; for n in {1..40}; do s=$s$s; done; echo grown";
    let said = tried_with(grow, |options| options.memory_mb = 64).await;
    assert!(said.is_err(), "{said:?}");
    assert_ne!(said, Err(NotPrinted::TookTooLong(20)));
}

#[tokio::test]
async fn it_writes_files_of_so_much_and_no_more() {
    let said = tried(
        "s=xxxxxxxxxxxxxxxx; for n in {1..16}; do s=$s$s; done; echo $s$s >$TMPDIR/f && echo written || echo no",
    );
    assert_eq!(printed(&said.await), "no\n");
}

#[tokio::test]
async fn it_starts_so_many_processes_and_no_more() {
    const PERL: &str = "/usr/bin/perl";
    if !std::path::Path::new(PERL).exists() {
        println!(
            "skipped: there is no {PERL}, and bash does not say how many processes it could start"
        );
        return;
    }
    let count = "my $n = 0; while ($n < 1000) { my $p = fork; last unless defined $p; \
                 if (!$p) { sleep 60; exit } $n++ } print $n";
    let said = print(options(&[PERL, "count"]), &bundle("", &[("count", count)])).await;
    let started: u32 = printed(&said).parse().unwrap();
    assert!((1..256).contains(&started), "{started}");
    // Those that breed go with the others.
    let bomb =
        tried_with("f() { f | f & }; f; wait; while :; do :; done", |options| options.seconds = 2);
    assert_eq!(bomb.await, Err(NotPrinted::TookTooLong(2)));
}

#[tokio::test]
async fn links_lead_nowhere_that_it_may_not_read() {
    let folder = workshop();
    let program =
        script(folder.path(), "kustomize", "read -r line <x && echo \"$line\" || echo no");
    let options = options(&[program.to_str().unwrap()]);
    let said = print(options.clone(), &bundle("", &[("x", "->/etc/passwd")])).await;
    assert_eq!(printed(&said), "no\n");
    let said = print(options, &bundle("", &[("y", "inside\n"), ("x", "->y")])).await;
    assert_eq!(printed(&said), "inside\n");
}

#[tokio::test]
async fn the_child_follows_no_order_that_it_cannot_read() {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["confined", "{}"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(i32::from(usher::real_kustomize::NOT_CONFINED)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no order to follow"));
}

#[tokio::test]
async fn it_is_not_root() {
    assert_ne!(printed(&tried("echo $UID $EUID").await), "0 0\n");
}

#[tokio::test]
async fn where_name_spaces_are_refused_it_is_confined_all_the_same() {
    let folder = workshop();
    let path = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let order = |program: &str, arguments: &[&str], helm: &str| {
        serde_json::json!({
            "program": program, "arguments": arguments, "helm": helm, "tree": path("tree"), "scratch": path("scratch"),
            "seconds": 10, "memory_mb": 256, "output_mb": 1, "apart": null,
        })
        .to_string()
    };
    // Confined within what is confined already: there no name space can be left.
    let usher = folder.path().join("usher");
    std::fs::copy(env!("CARGO_BIN_EXE_usher"), &usher).unwrap();
    let usher = usher.to_str().unwrap();
    let reach = "exec 3<>/dev/tcp/127.0.0.1/22 && echo reached || echo no";
    let inner = order("/bin/bash", &["-c", reach], "/bin/bash");
    let outer = order(usher, &["confined", &inner], "/bin/bash");
    let output =
        tokio::process::Command::new(usher).args(["confined", &outer]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    let [_, inner, "no"] = lines[..] else { panic!("{said} {output:?}") };
    assert!(inner.ends_with("seccomp") && !inner.contains("net"), "{inner}");
}
