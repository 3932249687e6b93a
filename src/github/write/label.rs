//! Labels on pull requests: put on, taken off, and given a colour where they are ours.
//!
//! It does not know what a label means to anybody.

use http::Method;
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::escape_query;
use crate::github::wire::WireLabel;
use crate::model::ids::PrNumber;

/// The colour of a label that GitHub made because somebody put it on something.
const PLAIN: &str = "ededed";
/// Colours for labels of ours: readable in GitHub's light and dark themes.
const COLOURS: [&str; 8] =
    ["1d76db", "0e8a16", "5319e7", "d93f0b", "006b75", "b60205", "8a6d00", "bfd4f2"];

impl Repo {
    /// Puts labels on a pull request. They decorate: a refusal is logged, and stops nothing.
    pub async fn ensure_labels(&self, number: PrNumber, labels: &[String]) -> Result<(), Fault> {
        match self.add_labels(number, labels).await {
            Err(fault @ (Fault::Denied(_) | Fault::Broken(_))) => {
                tracing::warn!(repo = %self.repo.name, %number, %fault, "labels could not be added");
                Ok(())
            }
            passing => passing,
        }
    }

    /// Takes a label off a pull request, if it is on it.
    pub async fn remove_label(&self, number: PrNumber, label: &str) -> Result<(), Fault> {
        let label = escape_query(label);
        let path = self.path(format_args!("/issues/{number}/labels/{label}"));
        let (asked, raw) = self.line.try_write(Method::DELETE, &path, None, Cost::Write).await?;
        match raw.status {
            http::StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(answer::fault(&asked, &raw)),
        }
    }

    /// GitHub makes those labels that the repository does not have, plain ones.
    async fn add_labels(&self, number: PrNumber, labels: &[String]) -> Result<(), Fault> {
        let path = self.path(format_args!("/issues/{number}/labels"));
        let wanted = json!({"labels": labels});
        let now: Vec<WireLabel> =
            self.line.write_for(Method::POST, &path, &wanted, Cost::Write).await?;
        for label in now.iter().filter(|label| labels.contains(&label.name) && is_plain(label)) {
            let path = self.path(format_args!("/labels/{}", escape_query(&label.name)));
            let look = json!({"color": colour(&label.name), "description": "Set by Usher"});
            self.line.write(Method::PATCH, &path, Some(&look), Cost::Write).await?;
        }
        Ok(())
    }
}

/// Whether it is a label of ours that nobody has given a look yet; those of others are theirs.
fn is_plain(label: &WireLabel) -> bool {
    let ours = label.name.starts_with("usher") || label.name.starts_with("env: ");
    let said = label.description.as_deref().unwrap_or_default();
    ours && said.is_empty() && label.color.eq_ignore_ascii_case(PLAIN)
}

/// The same colour for the same name, whoever asks.
fn colour(name: &str) -> &'static str {
    let sum = name.bytes().fold(7_usize, |sum, b| sum.wrapping_mul(31) + usize::from(b));
    COLOURS[sum % COLOURS.len()]
}
