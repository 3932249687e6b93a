//! The pages in a real browser: clicks, keys, and what appears by itself.
//! Knows nothing of HTTP; without a browser it says that it is skipped.

use std::path::Path;
use std::time::Duration;

use chromiumoxide::page::ScreenshotParams;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::visitor::{REPO, Visitor};

/// A browser of this test's own.
pub(crate) struct Window {
    browser: Browser,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Window {
    /// Opens one; `None`, and a word of it, where there is no browser.
    #[expect(
        clippy::disallowed_methods,
        reason = "which browser there is, is a matter of the machine"
    )]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) async fn open() -> Option<Self> {
        let executable =
            std::env::var("USHER_TEST_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
        if !Path::new(&executable).exists() {
            eprintln!("skipped: no browser at {executable}; USHER_TEST_CHROMIUM names one");
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let config = BrowserConfig::builder()
            .chrome_executable(executable)
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(1280, 1000)
            .viewport(None)
            .args([
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ])
            .launch_timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let (browser, mut handler) = Browser::launch(config).await.unwrap();
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Some(Self { browser, events, _profile: profile })
    }

    /// A page of the sandbox.
    pub(crate) async fn visit(&self, url: &str) -> Page {
        self.browser.new_page(url).await.unwrap()
    }

    /// Closes it, and waits until it is gone.
    pub(crate) async fn close(mut self) {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
        self.events.abort();
    }
}

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(50);

/// Clicks something as soon as it is there; the page may just be changing.
pub(crate) async fn press(page: &Page, selector: &str) {
    let pressed = async {
        loop {
            if let Ok(element) = page.find_element(selector).await
                && element.click().await.is_ok()
            {
                return;
            }
            tokio::time::sleep(MOMENT).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, pressed).await;
    assert!(done.is_ok(), "there is no {selector} to be clicked");
}

/// Writes into a field.
pub(crate) async fn write(page: &Page, selector: &str, text: &str) {
    press(page, selector).await;
    let field = page.find_element(selector).await.unwrap();
    field.type_str(text).await.unwrap();
}

/// Acts as somebody else from now on, by the menu at the top.
pub(crate) async fn act_as(page: &Page, login: &str) {
    press(page, "#user-menu > summary").await;
    press(page, &format!("#user-menu button[value={login}]")).await;
    until(page, "#user-menu .login", login).await;
}

/// A picture of what is seen, whole, where `USHER_TEST_PICTURES` names a folder for it.
#[expect(
    clippy::disallowed_methods,
    reason = "pictures are for people; where they go is their affair"
)]
pub(crate) async fn picture(page: &Page, name: &str) {
    if let Ok(folder) = std::env::var("USHER_TEST_PICTURES") {
        let whole = ScreenshotParams::builder().full_page(true).build();
        let picture = page.screenshot(whole).await.unwrap();
        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
    }
}

/// Waits until a text stands in some part of the page.
pub(crate) async fn until(page: &Page, selector: &str, text: &str) {
    let look = format!("document.querySelector({selector:?})?.innerText ?? ''");
    let shown = async {
        loop {
            let part = page.evaluate(look.as_str()).await.ok();
            let part: Option<String> = part.and_then(|part| part.into_value().ok());
            if part.is_some_and(|part| part.contains(text)) {
                return;
            }
            tokio::time::sleep(MOMENT).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, shown).await;
    assert!(done.is_ok(), "{text:?} did not appear in {selector}");
}

/// Waits until something is on the page, or until it is not any more.
pub(crate) async fn until_there(page: &Page, selector: &str, there: bool) {
    let look = format!("document.querySelector({selector:?}) !== null");
    let shown = async {
        loop {
            let found = page.evaluate(look.as_str()).await.ok();
            let found: Option<bool> = found.and_then(|found| found.into_value().ok());
            if found == Some(there) {
                return;
            }
            tokio::time::sleep(MOMENT).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, shown).await;
    assert!(done.is_ok(), "{selector}: there should be {}", if there { "one" } else { "none" });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_publishes_a_release_and_sees_things_arrive() {
    let Some(window) = Window::open().await else {
        return;
    };
    let visitor = Visitor::new("ada").await;
    let base = visitor.sandbox.url();
    let page = window.visit(&base).await;

    press(&page, "#user-menu > summary").await;
    press(&page, "#user-menu button[value=quinn]").await;
    until(&page, "#user-menu .login", "quinn").await;
    press(&page, ".steps .button.main").await;
    write(&page, "#tag", "v1.0.1").await;
    write(&page, "#body", "Faster carts.").await;
    press(&page, "form.card button[data-main]").await;
    until(&page, "main", "quinn released this").await;
    until(&page, "main", "Faster carts.").await;

    // Another person's work arrives while this one types.
    let number = visitor.open_pull("Promote v1.0.1 to staging", "text").await;
    let path = format!("{REPO}/pull/{number}");
    let pull = window.visit(&format!("{base}{path}")).await;
    until(&pull, "#merge-box", "Merging is blocked").await;
    write(&pull, "#comment", "half a thought").await;
    let comment = [("do", "comment"), ("body", "from elsewhere")];
    visitor.send(&path, &comment).await;
    visitor.report(number, "success").await;
    until(&pull, "#timeline", "from elsewhere").await;
    until(&pull, "#merge-box", "All checks have passed").await;
    let typed = pull.evaluate("document.getElementById('comment').value").await;
    assert_eq!(typed.unwrap().into_value::<String>().unwrap(), "half a thought");
    press(&pull, "#merge-box button[value=merge]").await;
    until(&pull, "#timeline", "merged this as commit").await;
    window.close().await;
}
