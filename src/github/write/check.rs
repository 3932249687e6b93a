//! Check runs of ours: one for each name and head, brought up to date in place.
//!
//! It does not judge; it knows what it posted by digests noted in the run's `external_id`.

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fault::Fault;
use crate::github::pace::Cost;
use crate::github::text::{cut, line, output};
use crate::github::wire::WireCheckRun;
use crate::github::{CheckFilter, Repo};
use crate::model::ids::{CheckRunId, Sha};
use crate::model::read::{CheckRun, Severity};
use crate::model::write::{Annotation, Button, NewCheck};

/// GitHub takes so many annotations at once; later ones are added to those that are there.
const AT_ONCE: usize = 50;
const TITLE: usize = 255;
const MESSAGE: usize = 64 * 1024;

impl Repo {
    /// Sees to it that the latest check run of ours of that name on that head says this.
    ///
    /// An existing run is brought up to date. Annotations can be added to a run and not be taken away:
    /// only where they differ is a new run made, which then counts instead of the old one.
    pub async fn ensure_check(&self, check: &NewCheck) -> Result<CheckRunId, Fault> {
        let filter = Some(check.name.clone());
        let runs = match self.known_runs(&check.head) {
            Some(known) => known,
            None => self.our_runs(&check.head, filter).await?,
        };
        self.ensure_run(check, latest(runs, &check.name)).await
    }

    /// The same for several of one head; what is there is looked at once.
    pub async fn ensure_checks(&self, checks: &[&NewCheck]) -> Result<(), Fault> {
        let Some(first) = checks.first() else { return Ok(()) };
        let runs = match self.known_runs(&first.head) {
            Some(known) => known,
            None => self.our_runs(&first.head, None).await?,
        };
        for check in checks {
            self.ensure_run(check, latest(runs.clone(), &check.name)).await?;
        }
        Ok(())
    }

    async fn ensure_run(
        &self,
        check: &NewCheck,
        known: Option<Known>,
    ) -> Result<CheckRunId, Fault> {
        let post = Post::new(check);
        let (id, done) = match known {
            Some((known, posted)) => match post.compare(&known, posted) {
                Step::Nothing => return Ok(known.id),
                Step::Append => (known.id, posted),
                Step::Update => {
                    let posted = if post.annotations.is_empty() { 0 } else { posted };
                    let upto = (posted + AT_ONCE).min(post.annotations.len());
                    let from = posted.min(upto);
                    self.update_run(known.id, &post.whole(from, upto)).await?;
                    (known.id, upto)
                }
                Step::Replace => self.make_run(check, &post).await?,
            },
            None => self.make_run(check, &post).await?,
        };
        for from in (done..post.annotations.len()).step_by(AT_ONCE) {
            let upto = (from + AT_ONCE).min(post.annotations.len());
            let more = json!({"output": post.output(from, upto)});
            self.update_run(id, &more).await?;
        }
        Ok(id)
    }

    /// Our runs on a head, where they were seen just now.
    fn known_runs(&self, head: &Sha) -> Option<Vec<Known>> {
        Some(self.posted.as_ref()?.runs_on(head)?.to_vec())
    }

    /// Our runs on a head, of one name or of all.
    async fn our_runs(&self, head: &Sha, name: Option<String>) -> Result<Vec<Known>, Fault> {
        let us = self.identity().await?;
        let filter = CheckFilter { name, app: Some(us.app) };
        let runs = self.wire_check_runs(head, &filter).await?;
        Ok(runs
            .into_iter()
            .map(|run| {
                let annotations = WireCheckRun::annotations(&run);
                (run.into_check_run(), annotations)
            })
            .filter(|(run, _)| run.app == Some(us.app))
            .collect())
    }

    async fn make_run(&self, check: &NewCheck, post: &Post) -> Result<(CheckRunId, usize), Fault> {
        #[derive(serde::Deserialize)]
        struct Made {
            id: CheckRunId,
        }
        let upto = post.annotations.len().min(AT_ONCE);
        let mut new = post.whole(0, upto);
        new["name"] = json!(check.name);
        new["head_sha"] = json!(check.head);
        let path = self.path("/check-runs");
        let made: Made = self.line.write_for(Method::POST, &path, &new, Cost::Write).await?;
        Ok((made.id, upto))
    }

    async fn update_run(&self, id: CheckRunId, change: &Value) -> Result<(), Fault> {
        let path = self.path(format_args!("/check-runs/{id}"));
        self.line.write(Method::PATCH, &path, Some(change), Cost::Write).await?;
        Ok(())
    }
}

/// A run of ours, and how many annotations it has.
type Known = (CheckRun, usize);

/// The latest run of a name.
fn latest(runs: Vec<Known>, name: &str) -> Option<Known> {
    runs.into_iter().filter(|(run, _)| run.name == name).max_by_key(|(run, _)| run.id)
}

/// A check run as it is going to be posted.
struct Post {
    check: NewCheck,
    annotations: Vec<Value>,
    /// Digests of all but the annotations, and of the annotations.
    saying: String,
    remarks: String,
}

/// What an existing run lacks.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    /// Only annotations: an earlier self was interrupted.
    Append,
    Update,
    Replace,
}

impl Post {
    fn new(check: &NewCheck) -> Self {
        let mut check = check.clone();
        check.title = line(&check.title, TITLE);
        check.summary = output(&check.summary);
        check.text = output(&(check.text + &check.details.text));
        if check.summary.trim().is_empty() {
            check.summary.clone_from(&check.title); // GitHub wants one
        }
        let annotations: Vec<Value> = check.annotations.iter().map(annotation).collect();
        let url = check.details.url.as_deref();
        let buttons: Vec<&str> = match check.conclusion {
            Some(_) => check.details.buttons.iter().map(|button| button.identifier).collect(),
            None => Vec::new(),
        };
        let saying =
            json!([check.conclusion, check.title, check.summary, check.text, url, buttons]);
        let saying = digest(&saying);
        let remarks = digest(&json!(annotations));
        Self { check, annotations, saying, remarks }
    }

    fn external_id(&self) -> String {
        format!("usher:{}:{}", self.saying, self.remarks)
    }

    fn compare(&self, known: &CheckRun, posted: usize) -> Step {
        let noted = known.external_id.as_deref().unwrap_or_default();
        let mut noted = noted.strip_prefix("usher:").unwrap_or_default().split(':');
        let (saying, remarks) = (noted.next(), noted.next());
        let wanted = self.annotations.len();
        let same_remarks = remarks == Some(&self.remarks) && posted <= wanted;
        // GitHub itself concludes runs that it lost track of
        let same = saying == Some(&self.saying) && known.conclusion == self.check.conclusion;
        let reopens = self.check.conclusion.is_none() && known.conclusion.is_some();
        match (same_remarks, same) {
            _ if reopens => Step::Replace,
            (true, true) if posted == wanted => Step::Nothing,
            (true, true) => Step::Append,
            (true, false) => Step::Update,
            (false, _) if posted == 0 => Step::Update,
            (false, _) => Step::Replace,
        }
    }

    fn whole(&self, from: usize, upto: usize) -> Value {
        let mut whole = json!({
            "external_id": self.external_id(),
            "output": self.output(from, upto),
        });
        match self.check.conclusion {
            Some(conclusion) => {
                whole["status"] = json!("completed");
                whole["conclusion"] = json!(conclusion);
            }
            None => whole["status"] = json!("in_progress"),
        }
        if let Some(url) = &self.check.details.url {
            whole["details_url"] = json!(url);
        }
        let button = |button: &Button| {
            let Button { label, description, identifier } = button;
            json!({"label": label, "description": description, "identifier": identifier})
        };
        let buttons = &self.check.details.buttons;
        // Also where there are none: those of an earlier verdict would stay.
        if self.check.conclusion.is_some() {
            whole["actions"] = buttons.iter().map(button).collect();
        }
        whole
    }

    fn output(&self, from: usize, upto: usize) -> Value {
        let mut output = json!({"title": self.check.title, "summary": self.check.summary});
        output["text"] = json!(self.check.text);
        if from < upto {
            output["annotations"] = json!(self.annotations[from..upto]);
        }
        output
    }
}

fn annotation(annotation: &Annotation) -> Value {
    let line_number = annotation.line.max(1);
    json!({
        "path": annotation.path,
        "start_line": line_number,
        "end_line": line_number,
        "annotation_level": match annotation.severity {
            Severity::Note => "notice",
            Severity::Warning => "warning",
            Severity::Error => "failure",
        },
        "title": line(&annotation.title, TITLE),
        "message": cut(&annotation.message, MESSAGE),
    })
}

fn digest(value: &Value) -> String {
    let full = hex::encode(Sha256::digest(value.to_string()));
    full[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Sha;
    use crate::model::read::Conclusion;
    use crate::model::write::Details;

    fn check(title: &str, annotations: usize) -> NewCheck {
        NewCheck {
            name: "usher/kustomize".to_owned(),
            head: Sha::new("a".repeat(40)).unwrap(),
            conclusion: Some(Conclusion::Failure),
            title: title.to_owned(),
            summary: String::new(),
            text: "ü".repeat(60_000),
            annotations: (0..annotations)
                .map(|n| Annotation {
                    path: format!("{n}.yaml"),
                    line: 0,
                    severity: Severity::Error,
                    title: "code".to_owned(),
                    message: "m".to_owned(),
                })
                .collect(),
            details: Details::default(),
        }
    }

    fn posted(post: &Post) -> CheckRun {
        CheckRun {
            id: CheckRunId(1),
            name: post.check.name.clone(),
            app: None,
            slug: None,
            conclusion: post.check.conclusion,
            external_id: Some(post.external_id()),
            title: None,
            summary: None,
            text: None,
            started: None,
            url: None,
        }
    }

    #[test]
    fn what_is_there_already_needs_nothing_and_the_rest_the_least() {
        let post = Post::new(&check("t", 70));
        let known = posted(&post);
        assert_eq!(post.compare(&known, 70), Step::Nothing);
        assert_eq!(post.compare(&known, 50), Step::Append);
        let other = Post::new(&check("other", 70));
        assert_eq!(other.compare(&known, 70), Step::Update);
        let fewer = Post::new(&check("t", 3));
        assert_eq!(fewer.compare(&known, 70), Step::Replace);
        let foreign = CheckRun { external_id: None, ..known };
        assert_eq!(post.compare(&foreign, 0), Step::Update);
    }

    #[test]
    fn a_finished_run_is_not_reopened_but_replaced() {
        let known = posted(&Post::new(&check("t", 0)));
        let running = NewCheck { conclusion: None, ..check("t", 0) };
        let post = Post::new(&running);
        assert_eq!(post.compare(&known, 0), Step::Replace);
        assert_eq!(post.whole(0, 0)["status"], "in_progress");
    }

    #[test]
    fn what_github_would_not_take_is_cut_or_filled_in() {
        let details = Details {
            url: Some("https://u.example/1".to_owned()),
            text: "ä".repeat(9),
            buttons: Vec::new(),
        };
        let post = Post::new(&NewCheck { details, ..check(&"x".repeat(300), 1) });
        let whole = post.whole(0, 1);
        assert_eq!(whole["output"]["title"].as_str().unwrap().chars().count(), 255);
        assert!(whole["output"]["text"].as_str().unwrap().len() <= 65_535);
        assert!(!whole["output"]["summary"].as_str().unwrap().is_empty());
        assert_eq!(whole["output"]["annotations"][0]["start_line"], 1);
        assert_eq!(whole["details_url"], "https://u.example/1");
    }
}
