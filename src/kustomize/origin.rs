//! Knows how `buildMetadata` notes on objects where they come from and what has changed them.

use super::object::Object;
use super::problem::Problem;
use super::value::Budget;

/// The annotation that says where an object comes from.
pub const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that lists what has changed an object.
pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// How many bytes are copied in a step.
const BYTES_PER_STEP: usize = 64;

/// Where something comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    path: String,
    configured_in: String,
    api_version: String,
    kind: String,
    name: String,
    namespace: String,
}

impl Origin {
    /// Of what stands in a file.
    pub fn of_file(path: String) -> Self {
        Self { path, ..Self::default() }
    }

    /// Of what a configuration in a file makes.
    pub fn configured(file: String, api_version: &str, kind: &str) -> Self {
        Self {
            configured_in: file,
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    /// Of what a configuration object makes, if its own origin was noted.
    pub fn of_plugin(plugin: &Object) -> Option<Self> {
        let path = plugin
            .note("annotations", ORIGIN)?
            .lines()
            .find_map(|line| line.strip_prefix("path: "))?;
        Some(Self {
            name: plugin.name().to_owned(),
            namespace: plugin.namespace().to_owned(),
            ..Self::configured(path.to_owned(), &plugin.gvk().api_version(), plugin.kind())
        })
    }

    /// Notes it as the origin of an object.
    pub fn note(&self, object: &mut Object) {
        object.annotate(ORIGIN, &self.lines().concat());
    }

    /// Notes it as what has changed an object; without an origin it becomes that.
    pub fn note_change(&self, object: &mut Object, budget: &Budget) -> Result<(), Problem> {
        if object.note("annotations", ORIGIN).is_none() {
            self.note(object);
            return Ok(());
        }
        let before = object.note("annotations", TRANSFORMATIONS).map_or(0, str::len);
        let mut changes =
            object.note("annotations", TRANSFORMATIONS).unwrap_or_default().to_owned();
        for (at, line) in self.lines().iter().enumerate() {
            changes.push_str(if at == 0 { "- " } else { "  " });
            changes.push_str(line);
        }
        budget.bytes(changes.len() - before)?;
        budget.steps(changes.len() / BYTES_PER_STEP)?;
        object.annotate(TRANSFORMATIONS, &changes);
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        let line = |indent: &str, key: &str, text: &str| {
            (!text.is_empty()).then(|| format!("{indent}{key}: {text}\n"))
        };
        let by = (!self.kind.is_empty()).then(|| "configuredBy:\n".to_owned());
        [
            line("", "path", &self.path),
            line("", "configuredIn", &self.configured_in),
            by,
            line("  ", "apiVersion", &self.api_version),
            line("  ", "kind", &self.kind),
            line("  ", "name", &self.name),
            line("  ", "namespace", &self.namespace),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A path in a folder, tidied, as it is noted: it may lead up.
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
