//! The pages in a real browser: clicks, keys, and what appears by itself.
//! Knows nothing of HTTP; without a browser it says that it is skipped.

use std::path::Path;
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::emulation::MediaFeature;
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
const PATIENCE: Duration = Duration::from_secs(180);
const MOMENT: Duration = Duration::from_millis(50);

/// Clicks something as soon as it is there, and waits for the page that it leads to.
///
/// A page that is just changing may move it from under the mouse: then it is clicked again. And what
/// is done on a page that is about to be left would be lost with it.
pub(crate) async fn press(page: &Page, selector: &str) {
    let watch = format!(
        "(() => {{
            const target = document.querySelector({selector:?});
            if (!target) return false;
            window.pressed = 'not yet';
            target.addEventListener('click', () => {{
                const link = target.closest('a[href]');
                const elsewhere = link && link.href.split('#')[0] !== location.href.split('#')[0];
                const sends = target.form && target.type === 'submit';
                window.pressed = elsewhere || sends ? 'leaving' : 'here';
            }}, {{once: true, capture: true}});
            return true;
        }})()"
    );
    let pressed = async {
        while ask(page, &watch).await != Some(true)
            || !click(page, selector).await
            || ask(page, "window.pressed === 'not yet'").await == Some(true)
        {
            tokio::time::sleep(MOMENT).await;
        }
        let arrived = "window.pressed !== 'leaving' && document.readyState !== 'loading'";
        while ask(page, arrived).await != Some(true) {
            tokio::time::sleep(MOMENT).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, pressed).await;
    if done.is_err() {
        picture(page, "what-went-wrong").await;
        panic!("there is no {selector} to be clicked, or it leads nowhere");
    }
}

async fn click(page: &Page, selector: &str) -> bool {
    match page.find_element(selector).await {
        Ok(element) => element.click().await.is_ok(),
        Err(_) => false,
    }
}

/// What the page says to a question; nothing while it is being left.
async fn ask(page: &Page, question: &str) -> Option<bool> {
    page.evaluate(question).await.ok()?.into_value().ok()
}

/// Writes into a field; a page that just changed may have moved it from under the mouse.
pub(crate) async fn write(page: &Page, selector: &str, text: &str) {
    let arrived = format!("document.querySelector({selector:?})?.value.includes({text:?})");
    let clear = format!("document.querySelector({selector:?}).value = ''");
    for _ in 0..10 {
        press(page, selector).await;
        // The page may put another field in its place between any two of these.
        let typed = async {
            let field = page.find_element(selector).await?;
            field.focus().await?;
            field.type_str(text).await.map(drop)
        };
        if typed.await.is_ok() && ask(page, &arrived).await == Some(true) {
            return;
        }
        let _ = page.evaluate(clear.as_str()).await;
    }
    panic!("{text:?} cannot be written into {selector}");
}

/// Acts as somebody else from now on, by the menu at the top.
pub(crate) async fn act_as(page: &Page, login: &str) {
    press(page, "#user-menu > summary").await;
    press(page, &format!("#user-menu button[value={login}]")).await;
    until(page, "#user-menu .login", login).await;
}

/// Pictures of what is seen, whole, in light and in dark, where `USHER_TEST_PICTURES` names a folder for them.
#[expect(
    clippy::disallowed_methods,
    reason = "pictures are for people; where they go is their affair"
)]
pub(crate) async fn picture(page: &Page, name: &str) {
    if let Ok(folder) = std::env::var("USHER_TEST_PICTURES") {
        for (scheme, ending) in [("dark", "-dark"), ("light", "")] {
            let feature = MediaFeature::new("prefers-color-scheme", scheme);
            page.emulate_media_features(vec![feature]).await.unwrap();
            let whole = ScreenshotParams::builder().full_page(true).build();
            let picture = page.screenshot(whole).await.unwrap();
            std::fs::write(format!("{folder}/{name}{ending}.png"), picture).unwrap();
        }
    }
}

/// Waits until a text stands in some part of the page.
pub(crate) async fn until(page: &Page, selector: &str, text: &str) {
    let look =
        format!("(document.querySelector({selector:?})?.innerText ?? '').includes({text:?})");
    until_so(page, &look, &format!("{text:?} in {selector}")).await;
}

/// Waits until something is on the page, or until it is not any more.
pub(crate) async fn until_there(page: &Page, selector: &str, there: bool) {
    let look = format!("(document.querySelector({selector:?}) !== null) === {there}");
    until_so(page, &look, &format!("{selector} that is {there}")).await;
}

/// Waits until a question about the page is answered with yes.
pub(crate) async fn until_so(page: &Page, question: &str, what: &str) {
    let shown = async {
        while ask(page, question).await != Some(true) {
            tokio::time::sleep(MOMENT).await;
        }
    };
    if tokio::time::timeout(PATIENCE, shown).await.is_err() {
        picture(page, "what-went-wrong").await;
        panic!("there is no {what}");
    }
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
