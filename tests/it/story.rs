//! The stories of the main job, by mouse and keyboard in a real browser, as different people: a release walks
//! from staging towards production, the right people let it through, and somebody takes it back.
//!
//! It knows what people press and read. `USHER_TEST_PICTURES` names a folder for pictures of it.

mod approvals;
mod release;
mod rollback;

use chromiumoxide::Page;

use crate::pages::browser::{press, until_so, write};

/// Comments on the page that is open, and waits until the comment stands there.
async fn say(page: &Page, text: &str) {
    write(page, "#comment", text).await;
    press(page, "#comment-form button[value=comment]").await;
    let sent = format!(
        "document.getElementById('comment').value === '' && \
         [...document.querySelectorAll('.comment .prose')].some(said => said.innerText.trim() === {text:?})"
    );
    until_so(page, &sent, &format!("comment {text:?}")).await;
}
