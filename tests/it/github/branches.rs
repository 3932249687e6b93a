//! Branches and commits: what is claimed, what is recognised, and what becomes of races and interruptions.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::BranchOutcome::{Made, Ours, Taken};
use usher::model::write::{FileChange, NewBranch, NewCommit};

use super::{Reply, Seen, Stub, bot, commit, sha};

const REPO: &str = "/repos/acme/shop1";

fn change(path: &str, content: &[u8]) -> FileChange {
    FileChange { path: path.to_owned(), content: content.to_vec() }
}

/// Two files, one of them executable, one of them no text.
fn two_files() -> NewBranch {
    NewBranch {
        branch: "usher/x".to_owned(),
        parent: sha('0'),
        base_tree: sha('d'),
        files: vec![change("run.sh", b"new\n"), change("logo.png", &[0xff, 0x00])],
        message: "Promote shop".to_owned(),
    }
}

fn one_file() -> NewBranch {
    NewBranch { files: vec![change("a b/kustomization.yaml", b"new\n")], ..two_files() }
}

fn somebody() -> Value {
    json!({"id": 9, "login": "eve", "type": "User"})
}

fn ours() -> Value {
    commit('f', &bot(), "Promote shop\n", true)
}

/// A repository in which everything works but what the test is about.
struct Script {
    /// The commit at the head of the branch by the time of the n-th look.
    head: fn(usize) -> Option<Value>,
    /// What is answered to the claim of the name.
    claim: u16,
    /// What is answered to the n-th try to write the file.
    put: fn(usize) -> Reply,
    /// What is answered to a move of the branch.
    moved: u16,
}

fn written(parent: char) -> Reply {
    let commit = json!({"sha": sha('c'), "parents": [{"sha": sha(parent)}]});
    Reply::Json(200, json!({"content": {"sha": sha('2')}, "commit": commit}))
}

fn refused(status: u16, said: &str) -> Reply {
    Reply::Json(status, json!({"message": said}))
}

const FREE: Script = Script { head: |_| None, claim: 201, put: |_| written('0'), moved: 200 };

impl Script {
    fn answer(&self, seen: &Seen, before: usize) -> Option<Reply> {
        let entry =
            |path: &str, mode: &str, id: char| json!({"path": path, "mode": mode, "sha": sha(id)});
        let plain = "a b/kustomization.yaml";
        let tree = |entries: Value| Some(Reply::Json(200, json!({"tree": entries})));
        let made = |id: char| Some(Reply::Json(201, json!({"sha": sha(id)})));
        let call = seen.call.replace(REPO, "");
        match call.as_str() {
            "GET /commits/heads/usher/x?per_page=1" => {
                (self.head)(before).map(|head| Reply::Json(200, head))
            }
            "GET /git/ref/heads/usher/x" => (self.head)(before + 1).map(|head| {
                let object = json!({"sha": head["sha"], "type": "commit"});
                Reply::Json(200, json!({"ref": "refs/heads/usher/x", "object": object}))
            }),
            "POST /git/blobs" => made('b'),
            "POST /git/trees" => made('e'),
            "POST /git/commits" => made('c'),
            "POST /git/refs" => Some(refused(self.claim, "Reference already exists")),
            "PATCH /git/refs/heads/usher/x" => Some(refused(self.moved, "Reference update failed")),
            "PUT /contents/a%20b/kustomization.yaml" => Some((self.put)(before)),
            _ if call.starts_with("GET /git/trees/dddd") => {
                tree(json!([entry("run.sh", "100755", '1'), entry(plain, "100644", '1')]))
            }
            _ if call.starts_with("GET /git/trees/eeee") => tree(json!([
                entry("run.sh", "100755", '2'),
                entry("logo.png", "100644", '3'),
                entry(plain, "100644", '2'),
            ])),
            _ if call.starts_with("GET /git/blobs/2222") => {
                Some(Reply::Json(200, json!({"content": "new\n", "encoding": "utf-8"})))
            }
            _ if call.starts_with("GET /git/blobs/3333") => {
                Some(Reply::Json(200, json!({"content": "/wA=", "encoding": "base64"})))
            }
            // what stands at 9 is an earlier commit of the base; the rest has gone another way
            _ if call.starts_with(&format!("GET /compare/{}...", sha('0'))) => {
                let ahead = u64::from(!call.contains(sha('9').as_str()));
                let base = commit('0', &somebody(), "base", true);
                let compared =
                    json!({"merge_base_commit": base, "commits": [], "total_commits": ahead});
                Some(Reply::Json(200, compared))
            }
            _ => None,
        }
    }

    async fn start(self) -> std::sync::Arc<Stub> {
        Stub::start(move |seen, before| self.answer(seen, before)).await
    }
}

#[tokio::test]
async fn one_plain_file_is_a_claim_and_a_write() {
    let stub = FREE.start().await;
    let repo = stub.repo();
    repo.tree(&sha('d')).await.unwrap(); // it is known: somebody has decided by it
    let before = stub.count("");
    assert_eq!(repo.ensure_branch(&one_file()).await.unwrap(), Made(sha('c')));
    assert_eq!(stub.count(""), before + 2);
    let claim = &stub.calls(&format!("POST {REPO}/git/refs"))[0].body;
    assert_eq!(*claim, json!({"ref": "refs/heads/usher/x", "sha": sha('0')}));
    // without author and committer GitHub signs
    assert_eq!(
        stub.calls("PUT")[0].body,
        json!({"branch": "usher/x", "message": "Promote shop", "content": "bmV3Cg==", "sha": sha('1')})
    );
    // a new file replaces nothing
    let mut new = one_file();
    new.files[0].path = "new.yaml".to_owned();
    let stub = Stub::start(|seen, before| match seen.call.as_str() {
        "PUT /repos/acme/shop1/contents/new.yaml" => Some(written('0')),
        _ => FREE.answer(seen, before),
    })
    .await;
    assert_eq!(stub.repo().ensure_branch(&new).await.unwrap(), Made(sha('c')));
    assert_eq!(stub.calls("PUT")[0].body.get("sha"), None);
}

#[tokio::test]
async fn several_files_are_one_commit_that_keeps_modes_and_bytes() {
    let stub = FREE.start().await;
    assert_eq!(stub.repo().ensure_branch(&two_files()).await.unwrap(), Made(sha('c')));
    let sent = |call: &str| stub.calls(&format!("POST {REPO}/git/{call}"))[0].body.clone();
    assert_eq!(
        sent("trees"),
        json!({"base_tree": sha('d'), "tree": [
            {"path": "run.sh", "mode": "100755", "type": "blob", "content": "new\n"},
            {"path": "logo.png", "mode": "100644", "type": "blob", "sha": sha('b')},
        ]})
    );
    assert_eq!(sent("blobs"), json!({"content": "/wA=", "encoding": "base64"}));
    assert_eq!(
        sent("commits"),
        json!({"message": "Promote shop", "tree": sha('e'), "parents": [sha('0')]})
    );
    assert_eq!(sent("refs"), json!({"ref": "refs/heads/usher/x", "sha": sha('c')}));
    // one file alone, where the single request would lose its mode
    let mut executable = two_files();
    executable.files.truncate(1);
    let stub = FREE.start().await;
    assert_eq!(stub.repo().ensure_branch(&executable).await.unwrap(), Made(sha('c')));
    assert_eq!(stub.count("PUT"), 0);
}

#[tokio::test]
async fn a_branch_is_ours_by_author_signature_message_and_content() {
    let taken: [fn(usize) -> Option<Value>; 3] = [
        |_| Some(commit('f', &bot(), "Promote shop", false)),
        |_| Some(commit('f', &somebody(), "Promote shop", true)),
        |_| Some(commit('f', &bot(), "Promote all", true)),
    ];
    for new in [one_file(), two_files()] {
        let stub = Script { head: |_| Some(ours()), claim: 422, ..FREE }.start().await;
        assert_eq!(stub.repo().ensure_branch(&new).await.unwrap(), Ours(sha('f')));
        assert_eq!((stub.count("PUT"), stub.count("PATCH")), (0, 0));
        for head in taken {
            let stub = Script { head, claim: 422, ..FREE }.start().await;
            assert_eq!(stub.repo().ensure_branch(&new).await.unwrap(), Taken(sha('f')));
            assert_eq!((stub.count("PUT"), stub.count("PATCH")), (0, 0));
        }
        // the same message over other files
        let mut other = new;
        other.files[0].content = b"other\n".to_vec();
        let stub = Script { head: |_| Some(ours()), claim: 422, ..FREE }.start().await;
        assert_eq!(stub.repo().ensure_branch(&other).await.unwrap(), Taken(sha('f')));
    }
}

#[tokio::test]
async fn a_claim_without_a_commit_is_gone_on_with() {
    // an earlier self ended between the claim and the commit
    let at_parent = |_| Some(commit('0', &somebody(), "base", true));
    let stub = Script { head: at_parent, claim: 422, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_branch(&one_file()).await.unwrap(), Made(sha('c')));
    assert_eq!((stub.count("PUT"), stub.count("PATCH")), (1, 0));

    // the base has moved on since: the branch follows it first, and loses nothing by it
    let behind = |_| Some(commit('9', &somebody(), "earlier", true));
    for (new, to) in [(one_file(), '0'), (two_files(), 'c')] {
        let stub = Script { head: behind, claim: 422, ..FREE }.start().await;
        assert_eq!(stub.repo().ensure_branch(&new).await.unwrap(), Made(sha('c')));
        assert_eq!(stub.calls("PATCH")[0].body, json!({"sha": sha(to), "force": false}));
    }

    // somebody has pushed to it before it could follow
    let raced = |look| Some(commit(if look == 0 { '9' } else { 'a' }, &somebody(), "x", true));
    let stub = Script { head: raced, claim: 422, moved: 422, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_branch(&one_file()).await.unwrap(), Taken(sha('a')));
    assert_eq!(stub.count("PUT"), 0);
}

#[tokio::test]
async fn of_two_who_write_at_once_one_finds_what_the_other_wrote() {
    let head = |look| Some(if look == 0 { commit('0', &somebody(), "base", true) } else { ours() });
    let put = |_| refused(409, "a b/kustomization.yaml does not match 1111");
    let stub = Script { head, claim: 422, put, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_branch(&one_file()).await.unwrap(), Ours(sha('f')));

    // a commit of somebody else's came in between, and ours is on top of it
    let put = |_| written('a');
    let stub = Script { put, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_branch(&one_file()).await.unwrap(), Taken(sha('c')));
}

#[tokio::test]
async fn a_refusal_that_changed_nothing_is_what_counts() {
    let stub = Script { claim: 403, ..FREE }.start().await;
    let fault = stub.repo().ensure_branch(&one_file()).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");

    let at_parent = |_| Some(commit('0', &somebody(), "base", true));
    let kind = async |put| {
        let stub = Script { head: at_parent, put, ..FREE }.start().await;
        stub.repo().ensure_branch(&one_file()).await.unwrap_err()
    };
    assert!(matches!(kind(|_| refused(403, "no")).await, Fault::Denied(_)));
    assert!(matches!(kind(|_| refused(409, "is at 1 but expected 2")).await, Fault::Stale(_)));
    assert!(matches!(kind(|_| refused(404, "Not Found")).await, Fault::Denied(_)));
    assert!(matches!(kind(|_| refused(502, "")).await, Fault::Transient { .. }));
}

#[tokio::test]
async fn a_claim_that_is_not_known_everywhere_yet_is_written_to_once_more() {
    let head = |_| Some(commit('0', &somebody(), "base", true));
    let put = |n| if n == 0 { refused(404, "Branch usher/x not found") } else { written('0') };
    let stub = Script { head, put, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_branch(&one_file()).await.unwrap(), Made(sha('c')));
    assert_eq!(stub.count("PUT"), 2);
}

#[tokio::test]
async fn a_branch_that_moved_is_not_deleted() {
    let stub = Script { head: |_| Some(ours()), ..FREE }.start().await;
    assert!(!stub.repo().delete_branch("usher/x", &sha('a')).await.unwrap());
    assert!(stub.repo().delete_branch("gone", &sha('a')).await.unwrap());
    assert_eq!(stub.count("DELETE"), 0);
}

/// The branch is at 9 and shall get a commit on top of 0.
fn replanned() -> NewCommit {
    let NewBranch { branch, base_tree, files, message, .. } = two_files();
    NewCommit { branch, at: sha('9'), parents: vec![sha('0')], base_tree, files, message }
}

#[tokio::test]
async fn a_commit_on_top_never_throws_anything_away() {
    let at = |_| Some(commit('9', &somebody(), "x", true));
    let on_top = NewCommit { parents: vec![sha('9'), sha('0')], ..replanned() };
    let stub = Script { head: at, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_commit(&on_top).await.unwrap(), sha('c'));
    let made = &stub.calls(&format!("POST {REPO}/git/commits"))[0].body;
    assert_eq!(made["parents"], json!([sha('9'), sha('0')]));
    assert_eq!(stub.calls("PATCH")[0].body, json!({"sha": sha('c'), "force": false}));
    // GitHub itself refuses where the branch has moved meanwhile
    let stub = Script { head: at, moved: 422, ..FREE }.start().await;
    let fault = stub.repo().ensure_commit(&on_top).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
}

#[tokio::test]
async fn commits_are_thrown_away_only_where_they_were_seen() {
    let at = |_| Some(commit('9', &somebody(), "x", true));
    let stub = Script { head: at, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_commit(&replanned()).await.unwrap(), sha('c'));
    assert_eq!(stub.calls("PATCH")[0].body, json!({"sha": sha('c'), "force": true}));

    let elsewhere: [fn(usize) -> Option<Value>; 4] = [
        |_| None,
        |_| Some(commit('a', &somebody(), "x", true)),
        // it moves, or goes, while the commit is being made
        |look| Some(commit(if look == 0 { '9' } else { 'a' }, &somebody(), "x", true)),
        |look| (look == 0).then(|| commit('9', &somebody(), "x", true)),
    ];
    for head in elsewhere {
        let stub = Script { head, ..FREE }.start().await;
        let fault = stub.repo().ensure_commit(&replanned()).await.unwrap_err();
        assert!(matches!(fault, Fault::Stale(_)), "{fault}");
        assert_eq!(stub.count("PATCH"), 0);
    }
}

#[tokio::test]
async fn a_commit_that_is_there_is_not_made_again() {
    let there = |_| Some(commit('f', &bot(), "Promote shop", true));
    // beside the files, the tree is the one they were put into
    let same_tree = NewCommit { base_tree: sha('e'), ..replanned() };
    let stub = Script { head: there, ..FREE }.start().await;
    assert_eq!(stub.repo().ensure_commit(&same_tree).await.unwrap(), sha('f'));
    assert_eq!(stub.count("POST /repos"), 0);

    let others = [
        NewCommit { parents: vec![sha('9')], ..same_tree.clone() },
        NewCommit { message: "Promote all".to_owned(), ..same_tree.clone() },
        NewCommit { files: vec![change("run.sh", b"other\n")], ..same_tree.clone() },
        NewCommit { base_tree: sha('d'), files: Vec::new(), ..same_tree },
    ];
    for other in others {
        let stub = Script { head: there, ..FREE }.start().await;
        let fault = stub.repo().ensure_commit(&other).await.unwrap_err();
        assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    }
}
