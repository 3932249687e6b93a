//! Labels of repositories, and labels on issues and pull requests.
//! It does not know what a label means to anybody.
//! <https://docs.github.com/en/rest/issues/labels>

use serde_json::json;

use super::{Actor, State};
use crate::sandbox::model::{Happening, Id, Label, Role};
use crate::sandbox::refusal::Refusal;

/// The colour of labels that come into being by being put on something.
const PLAIN: &str = "ededed";

impl State {
    /// Makes a label.
    pub(crate) fn create_label(
        &mut self,
        actor: Actor,
        repo: Id,
        name: &str,
        color: Option<&str>,
        description: Option<&str>,
    ) -> Result<Label, Refusal> {
        check_name(name)?;
        if self.find_label(repo, name)?.is_some() {
            return Err(Refusal::invalid("Label", "name", "already_exists"));
        }
        let label = Label {
            id: self.new_id(),
            name: name.to_owned(),
            color: checked_color(color.unwrap_or(PLAIN))?,
            description: checked_description(description)?,
            default: false,
        };
        self.repo_mut(repo)?.labels.push(label.clone());
        let shown = json!({"label": self.label_json(self.repo(repo)?, &label)});
        self.emit(repo, actor, "label", Some("created"), shown);
        Ok(label)
    }

    /// Changes a label.
    pub(crate) fn edit_label(
        &mut self,
        actor: Actor,
        repo: Id,
        name: &str,
        new_name: Option<&str>,
        color: Option<&str>,
        description: Option<&str>,
    ) -> Result<Label, Refusal> {
        let id = self.find_label(repo, name)?.ok_or_else(Refusal::not_found)?.id;
        if let Some(new_name) = new_name {
            check_name(new_name)?;
            if self.find_label(repo, new_name)?.is_some_and(|other| other.id != id) {
                return Err(Refusal::invalid("Label", "name", "already_exists"));
            }
        }
        let color = color.map(checked_color).transpose()?;
        let text = checked_description(description)?;
        let labels = &mut self.repo_mut(repo)?.labels;
        let label =
            labels.iter_mut().find(|label| label.id == id).ok_or_else(Refusal::not_found)?;
        let mut changes = json!({});
        if let Some(new_name) = new_name.filter(|new_name| *new_name != label.name) {
            changes["name"] = json!({"from": label.name});
            new_name.clone_into(&mut label.name);
        }
        if let Some(color) = color.filter(|color| *color != label.color) {
            changes["color"] = json!({"from": label.color});
            label.color = color;
        }
        if description.is_some() {
            label.description = text;
        }
        let label = label.clone();
        let shown = json!({"label": self.label_json(self.repo(repo)?, &label), "changes": changes});
        self.emit(repo, actor, "label", Some("edited"), shown);
        Ok(label)
    }

    /// Removes a label, from the repository and from all that has it.
    pub(crate) fn delete_label(
        &mut self,
        actor: Actor,
        repo: Id,
        name: &str,
    ) -> Result<(), Refusal> {
        let label = self.find_label(repo, name)?.ok_or_else(Refusal::not_found)?.clone();
        let home = self.repo_mut(repo)?;
        home.labels.retain(|other| other.id != label.id);
        for issue in home.issues.values_mut() {
            issue.labels.retain(|other| *other != label.id);
        }
        let shown = json!({"label": self.label_json(self.repo(repo)?, &label)});
        self.emit(repo, actor, "label", Some("deleted"), shown);
        Ok(())
    }

    /// A label of a repository by name, in whatever case.
    pub(crate) fn find_label(&self, repo: Id, name: &str) -> Result<Option<&Label>, Refusal> {
        let same = |label: &&Label| label.name.to_lowercase() == name.to_lowercase();
        Ok(self.repo(repo)?.labels.iter().find(same))
    }

    /// Puts labels on an issue or pull request; those that do not exist are made by who may make them.
    pub(crate) fn add_labels(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        names: &[String],
    ) -> Result<(), Refusal> {
        let may_make = actor.app.is_some() || self.role(actor.account, repo) >= Role::Write;
        for name in names {
            check_name(name)?;
            if !may_make && self.find_label(repo, name)?.is_none() {
                return Err(not_to_be_made());
            }
        }
        for name in names {
            let label = match self.find_label(repo, name)? {
                Some(label) => label.clone(),
                None => self.create_label(actor, repo, name, None, None)?,
            };
            let labels = &mut self.issue_mut(repo, number)?.labels;
            if labels.contains(&label.id) {
                continue;
            }
            labels.push(label.id);
            let what = Happening::Labeled(label.name.clone(), label.color.clone());
            self.labels_changed(actor, repo, number, &label, what, "labeled")?;
        }
        Ok(())
    }

    /// Takes a label off.
    pub(crate) fn remove_label(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        name: &str,
    ) -> Result<(), Refusal> {
        let gone = || Refusal::new(404, "Label does not exist");
        let label = self.find_label(repo, name)?.ok_or_else(gone)?.clone();
        let labels = &mut self.issue_mut(repo, number)?.labels;
        let place = labels.iter().position(|id| *id == label.id).ok_or_else(gone)?;
        labels.remove(place);
        let what = Happening::Unlabeled(label.name.clone(), label.color.clone());
        self.labels_changed(actor, repo, number, &label, what, "unlabeled")
    }

    /// Has exactly these labels on an issue or pull request.
    pub(crate) fn set_labels(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        names: &[String],
    ) -> Result<(), Refusal> {
        let kept = |label: &Label| {
            names.iter().any(|name| name.to_lowercase() == label.name.to_lowercase())
        };
        let on = self.issue(repo, number)?.labels.clone();
        let labels = self.repo(repo)?.labels.iter();
        let off: Vec<String> = labels
            .filter(|label| on.contains(&label.id) && !kept(label))
            .map(|label| label.name.clone())
            .collect();
        for name in off {
            self.remove_label(actor, repo, number, &name)?;
        }
        self.add_labels(actor, repo, number, names)
    }

    fn labels_changed(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        label: &Label,
        what: Happening,
        action: &str,
    ) -> Result<(), Refusal> {
        self.happened(actor, repo, number, what)?;
        self.touch(repo, number)?;
        let more = json!({"label": self.label_json(self.repo(repo)?, label)});
        self.emit_about(actor, repo, number, action, more)
    }
}

/// Those who sort only use the labels that there are.
/// <https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization>
fn not_to_be_made() -> Refusal {
    let message = "You do not have permission to create labels on this repository.";
    let error = json!({"resource": "Repository", "field": "label", "code": "unauthorized"});
    Refusal { errors: vec![error], ..Refusal::new(403, message) }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        Err(Refusal::invalid("Label", "name", "missing_field"))
    } else if name.chars().count() > 50 {
        Err(Refusal::custom("Label", "name is too long (maximum is 50 characters)"))
    } else {
        Ok(())
    }
}

fn checked_color(color: &str) -> Result<String, Refusal> {
    let sound = color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sound {
        Ok(color.to_lowercase())
    } else {
        Err(Refusal::invalid("Label", "color", "invalid"))
    }
}

fn checked_description(description: Option<&str>) -> Result<Option<String>, Refusal> {
    if description.is_some_and(|text| text.chars().count() > 100) {
        return Err(Refusal::custom(
            "Label",
            "description is too long (maximum is 100 characters)",
        ));
    }
    Ok(description.filter(|text| !text.is_empty()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::{demo_repo, offer, person, put, seeded};

    #[test]
    fn a_label_that_is_put_on_is_made_plain_and_told_with_the_head_it_was_given_for() {
        let (mut state, _folder) = seeded();
        let head = put(&mut state, "ada", "topic", "a.txt", "a").to_string();
        let (repo, number) = (demo_repo(&state), offer(&mut state, "ada", "topic"));
        state.around.outbox.clear();
        let names = ["qa-approved".to_owned()];
        let quinn = person(&state, "quinn");
        state.add_labels(quinn, repo, number, &names).unwrap();
        state.add_labels(quinn, repo, number, &names).unwrap();
        let label = state.find_label(repo, "QA-approved").unwrap().unwrap();
        assert_eq!((label.color.as_str(), &label.description), (PLAIN, &None));
        state.remove_label(person(&state, "sam"), repo, number, "qa-approved").unwrap();
        let sent = std::mem::take(&mut state.around.outbox);
        let told: Vec<_> = sent
            .iter()
            .filter(|one| one.event == "pull_request")
            .map(|one| {
                let text = |pointer| one.payload.pointer(pointer).unwrap().as_str().unwrap();
                assert_eq!(text("/pull_request/head/sha"), head);
                (text("/action"), text("/label/name"), text("/sender/login"))
            })
            .collect();
        let label = "qa-approved";
        assert_eq!(told, [("labeled", label, "quinn"), ("unlabeled", label, "sam")]);
    }

    #[test]
    fn who_only_sorts_uses_the_labels_that_there_are() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        let (sam, eve) = (person(&state, "sam"), person(&state, "eve"));
        state.set_collaborator(sam, repo, eve.account, Some(Role::Triage)).unwrap();
        let issue = state.create_issue(eve, repo, "Slow", None).unwrap();
        let names = ["urgent".to_owned()];
        assert_eq!(state.add_labels(eve, repo, issue, &names).unwrap_err().status, 403);
        state.create_label(sam, repo, "urgent", None, None).unwrap();
        state.add_labels(eve, repo, issue, &names).unwrap();
    }
}
