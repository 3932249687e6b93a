//! What must not work on the pages: foreign text that acts, foreign forms, foreign scripts.
//! Knows nothing of what the pages are for.

use super::visitor::{REPO, Visitor, has, location};

#[tokio::test]
async fn what_strangers_write_is_inert() {
    let visitor = Visitor::new("ada").await;
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let number = visitor.open_pull(attack, attack).await;
    let pull = format!("{REPO}/pull/{number}");
    visitor
        .send(
            &pull,
            &[("do", "comment"), ("body", &format!("{attack}\n\n[x](javascript:alert(1))"))],
        )
        .await;
    visitor.send(&pull, &[("do", "label"), ("label", "<img src=x>")]).await;
    visitor.send(&pull, &[("do", "review"), ("event", "COMMENT"), ("body", attack)]).await;
    let form = format!("{REPO}/releases/new");
    visitor
        .send(&form, &[("tag", "v1.0.1"), ("target", "main"), ("name", attack), ("body", attack)])
        .await;
    let refused = visitor
        .send(&form, &[("tag", attack), ("target", attack), ("name", attack), ("body", attack)])
        .await;
    let mut pages = vec![refused.text().await.unwrap()];
    let paths = [
        pull.clone(),
        format!("{pull}/commits"),
        format!("{pull}/checks"),
        format!("{pull}/files"),
        format!("{REPO}/pulls"),
        format!("{REPO}/releases"),
        format!("{REPO}/settings"),
        format!("{REPO}/activity"),
        "/".to_owned(),
    ];
    for path in &paths {
        pages.push(visitor.see(path).await);
    }
    let lost = visitor.get(&format!("{REPO}/blob/main/%3Cscript%3E")).await;
    pages.push(lost.text().await.unwrap());
    for page in &pages {
        for bad in ["<script>", "<img src=x", "javascript:", "onerror=\""] {
            assert!(!page.contains(bad), "{bad} on:\n{page}");
        }
    }
    has(&pages[1], &["&#60;img src=x&#62;", "&#34;&#62;&#60;script&#62;"]);
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let visitor = Visitor::new("ada").await;
    let form = format!("{REPO}/releases/new");
    let fields = [("tag", "v6.6.6"), ("target", "main")];
    for origin in ["http://evil.example", "null", "https://127.0.0.1.evil.example"] {
        let answer = visitor.send_from(origin, &form, &fields).await;
        assert_eq!(answer.status(), 403, "{origin}");
        let answer = visitor.send_from(origin, "/viewer", &[("login", "sam"), ("back", "/")]).await;
        assert_eq!(answer.status(), 403, "{origin}");
    }
    assert!(!visitor.see(&format!("{REPO}/releases")).await.contains("v6.6.6"));
}

#[tokio::test]
async fn the_user_is_chosen_and_led_back() {
    let visitor = Visitor::new("ada").await;
    let answer = visitor.send("/viewer", &[("login", "PAT"), ("back", REPO)]).await;
    assert_eq!(location(&answer), REPO);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert_eq!(cookie, "sandbox_user=pat; Path=/; SameSite=Lax; HttpOnly");
    for back in ["//evil.example", "https://evil.example", "/\\evil.example", ""] {
        let answer = visitor.send("/viewer", &[("login", "pat"), ("back", back)]).await;
        assert_eq!(location(&answer), "/", "{back}");
    }
    let nobody = visitor.send("/viewer", &[("login", "x\r\nset-cookie: a=b"), ("back", "/")]).await;
    assert_eq!(nobody.status(), 422);
}

#[tokio::test]
async fn scripts_and_styles_come_from_here_only() {
    let visitor = Visitor::new("ada").await;
    let answer = visitor.get("/").await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    has(&policy, &["default-src 'none'", "script-src 'self'", "style-src 'self'"]);
    let page = answer.text().await.unwrap();
    assert!(
        !page.contains("style=") && !page.contains(" onclick"),
        "nothing stands in the page itself"
    );
    for ending in ["css", "js"] {
        let start = page
            .split('"')
            .find(|word| word.starts_with("/assets/") && word.ends_with(ending))
            .unwrap();
        let asset = visitor.get(start).await;
        assert_eq!(asset.status(), 200);
        has(asset.headers()["cache-control"].to_str().unwrap(), &["immutable"]);
        let outdated = format!("/assets/live.000000000000.{ending}");
        assert_eq!(visitor.get(&outdated).await.status(), 404);
    }
}
