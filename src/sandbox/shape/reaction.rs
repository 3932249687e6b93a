//! Reactions as GitHub shows them, one by one and counted.
//! It does not know what was reacted to.
//! <https://docs.github.com/en/rest/reactions/reactions>

use serde_json::{Value, json};

use super::{node, time};
use crate::sandbox::model::Reaction;
use crate::sandbox::state::State;

/// GitHub's eight words, in its order.
pub(crate) const REACTIONS: [&str; 8] =
    ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"];

impl State {
    /// One reaction.
    pub(crate) fn reaction_json(&self, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id,
            "node_id": node("Reaction", reaction.id),
            "user": self.account_json(reaction.author),
            "content": reaction.content,
            "created_at": time(reaction.created_at),
        })
    }

    /// How many of each there are; `url` is where they are listed.
    pub(crate) fn rollup_json(&self, reactions: &[Reaction], url: &str) -> Value {
        let mut shown = json!({"url": url, "total_count": reactions.len()});
        for word in REACTIONS {
            let of_it = reactions.iter().filter(|one| one.content == word);
            shown[word] = of_it.count().into();
        }
        shown
    }
}
