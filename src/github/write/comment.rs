//! Comments and reactions of ours.
//!
//! It does not write their texts, and finds its own by author and hidden marker, never by marker alone.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::pace::Cost;
use crate::github::text::body;
use crate::model::ids::{CommentId, PrNumber};
use crate::model::write::Reaction;

#[derive(Deserialize)]
struct Made {
    id: CommentId,
}

impl Repo {
    /// Sees to it that one comment of ours with that marker says `text`. The marker is an HTML comment
    /// that the body begins with; it is put there if `text` does not have it.
    pub async fn ensure_comment(
        &self,
        number: PrNumber,
        marker: &str,
        text: &str,
    ) -> Result<CommentId, Fault> {
        let wanted =
            if text.starts_with(marker) { body(text) } else { body(&format!("{marker}\n{text}")) };
        let Some((id, text)) = self.our_comment(number, marker).await? else {
            return self.add_comment(number, &wanted).await;
        };
        if !same_text(&text, &wanted) {
            let path = self.path(format_args!("/issues/comments/{id}"));
            let edit = json!({"body": wanted});
            self.line.write(Method::PATCH, &path, Some(&edit), Cost::Write).await?;
        }
        Ok(id)
    }

    /// Our comment that begins with a marker, and its text: as it was seen just now, or looked for.
    async fn our_comment(
        &self,
        number: PrNumber,
        marker: &str,
    ) -> Result<Option<(CommentId, String)>, Fault> {
        if let Some(known) = self.posted.as_ref().and_then(|seen| seen.comment(number, marker)) {
            return Ok(known.map(|(id, text)| (id, text.to_owned())));
        }
        let us = self.identity().await?;
        let mut comments = self.comments(number).await?.into_iter();
        let ours = comments.find(|c| c.author.id == us.bot.id && c.body.starts_with(marker));
        Ok(ours.map(|ours| (ours.id, ours.body)))
    }

    /// Writes a comment: each call makes another one.
    pub async fn add_comment(&self, number: PrNumber, text: &str) -> Result<CommentId, Fault> {
        let path = self.path(format_args!("/issues/{number}/comments"));
        let new = json!({"body": body(text)});
        let made: Made = self.line.write_for(Method::POST, &path, &new, Cost::Content).await?;
        Ok(made.id)
    }

    /// Reacts to a comment; GitHub keeps one reaction of a kind for each account.
    pub async fn react(&self, comment: CommentId, reaction: Reaction) -> Result<(), Fault> {
        let path = self.path(format_args!("/issues/comments/{comment}/reactions"));
        let content = json!({"content": reaction});
        self.line.write(Method::POST, &path, Some(&content), Cost::Write).await?;
        Ok(())
    }
}

/// GitHub may change line ends and the last of them.
pub(super) fn same_text(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(a) == plain(b)
}
