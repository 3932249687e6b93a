//! Labels of repositories, and labels on issues and pull requests.
//! It does not know what a label means to anybody.
//! <https://docs.github.com/en/rest/issues/labels>

use serde_json::json;

use super::{Actor, State};
use crate::sandbox::model::{Happening, Id, Label};
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

    /// Puts labels on an issue or pull request; those that do not exist are made.
    pub(crate) fn add_labels(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        names: &[String],
    ) -> Result<(), Refusal> {
        for name in names {
            check_name(name)?;
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
