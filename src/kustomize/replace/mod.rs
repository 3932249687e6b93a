//! Knows `replacements`: fields of one object copied into fields of others (`api/filters/replacement`).
//!
//! It knows nothing of the files that replacements may be kept in.

mod args;
mod lookup;
mod matching;
mod path;

use std::collections::HashSet;

pub use args::{Entry, Options, Replacement, Source, Target};
pub use lookup::{find, lookup};
use matching::{Found, Walk};
pub use path::{Part, condition, next_is_list, split};

use super::id::{DEFAULT_NAMESPACE, GvkPattern, Id};
use super::object::Object;
use super::problem::{Place, Problem};
use super::select::{Notes, Selector};
use super::value::shared::{self, Shared};
use super::value::{Budget, Content, Scalar, ScalarKind, Value};

/// The field that is meant where none is named.
pub const DEFAULT_FIELD: &str = "metadata.name";
/// Looking at this many objects costs as much as copying one value.
const GLANCES: usize = 64;

/// Where a value is: the places of the entries and items that lead there.
pub(super) type Steps = Vec<usize>;

/// Does all replacements, in order.
pub fn apply(
    objects: &mut [Object],
    replacements: &[Replacement],
    budget: &Budget,
) -> Result<(), Problem> {
    let mut run = Run { objects, walk: Walk::new(budget), budget, loose: HashSet::new() };
    replacements.iter().try_for_each(|one| {
        run.replace(one).map_err(|problem| problem.while_at("replacement").or_at(one.place))
    })
}

struct Run<'a> {
    objects: &'a mut [Object],
    walk: Walk<'a>,
    budget: &'a Budget,
    /// The scalars that were created: what they mean is not settled, so any text will do.
    loose: HashSet<(usize, Steps)>,
}

/// The value to be copied, and where it is: who changes it there changes it here.
struct Taken {
    value: Value,
    object: usize,
    steps: Option<Steps>,
}

impl Run<'_> {
    fn replace(&mut self, replacement: &Replacement) -> Result<(), Problem> {
        let (Some(source), Some(targets)) = (&replacement.source, &replacement.targets) else {
            let message = "it needs a source and at least one target";
            return Err(Problem::new(message, replacement.place));
        };
        let mut taken = self.take(source)?;
        for target in targets {
            self.put(&mut taken, target).map_err(|problem| problem.or_at(target.place))?;
        }
        Ok(())
    }

    fn take(&self, source: &Source) -> Result<Taken, Problem> {
        let problem = |message: String| Problem::new(message, source.selector.place);
        self.budget.values(self.objects.len() / GLANCES + 1)?;
        let identity = Identity::of(&source.selector);
        let mut found = (0..).zip(self.objects.iter()).filter(|(_, object)| identity.fits(object));
        let (at, object) = found
            .next()
            .ok_or_else(|| problem("there is no object that the source selects".to_owned()))?;
        if let Some((_, other)) = found.next() {
            let (one, other) = (object.id(), other.id());
            return Err(problem(format!("the source selects several objects: {one}, {other}")));
        }
        let path = if source.field_path.is_empty() { DEFAULT_FIELD } else { &source.field_path };
        let missing = || problem(format!("{} has nothing at {path}", object.id()));
        let (steps, value) = find(&object.value, &split(path))
            .map_err(|problem| problem.while_at(path).or_at(source.selector.place))?
            .ok_or_else(missing)?;
        let is_nothing = match &value.content {
            Content::Scalar(scalar) => scalar.kind == ScalarKind::Null,
            Content::List(list) => list.is_empty(),
            Content::Map(map) => map.is_empty(),
        };
        if is_nothing {
            return Err(missing());
        }
        self.budget.copies(value, 1)?;
        let delimiter = &source.options.delimiter;
        if delimiter.is_empty() {
            return Ok(Taken { value: value.clone(), object: at, steps: Some(steps) });
        }
        let Content::Scalar(scalar) = &value.content else {
            return Err(problem(format!(
                "{path} is {}; only texts have a delimiter",
                value.kind_name()
            )));
        };
        let part = usize::try_from(source.options.index)
            .ok()
            .and_then(|index| scalar.text.split(&**delimiter).nth(index));
        let part = part.ok_or_else(|| {
            let index = source.options.index;
            problem(format!(
                "{:?} has no part at the index {index} between {delimiter:?}",
                scalar.text
            ))
        })?;
        let part = Scalar { text: part.into(), ..scalar.clone() };
        let value = Value::from(part).at(value.place);
        Ok(Taken { value, object: at, steps: None })
    }

    fn put(&mut self, taken: &mut Taken, target: &Target) -> Result<(), Problem> {
        let Some(select) = &target.select else {
            return Err(Problem::new("a target has to select objects", target.place));
        };
        self.budget.values(self.objects.len() / GLANCES + 1)?;
        let (identity, notes) = (Identity::of(select), Notes::of(select));
        let rejects: Vec<_> =
            target.reject.iter().map(|one| (one, Identity::of(one), Notes::of(one))).collect();
        for at in 0..self.objects.len() {
            let Some(object) = self.objects.get(at) else { break };
            // Labels that reject do so whatever the identity.
            let mut is_wanted = notes.match_annotations(object)? && notes.match_labels(object)?;
            for (reject, identity, notes) in &rejects {
                let has_notes =
                    !reject.label_selector.is_empty() || !reject.annotation_selector.is_empty();
                is_wanted = is_wanted
                    && !(has_notes
                        && notes.match_annotations(object)?
                        && notes.match_labels(object)?)
                    && (identity.is_empty || !identity.fits(object));
            }
            if is_wanted && identity.fits(object) {
                self.put_into(at, taken, target)?;
            }
        }
        Ok(())
    }

    fn put_into(&mut self, at: usize, taken: &mut Taken, target: &Target) -> Result<(), Problem> {
        let default = [DEFAULT_FIELD.to_owned()];
        let paths: &[String] =
            if target.field_paths.is_empty() { &default } else { &target.field_paths };
        for path in paths {
            let Some(object) = self.objects.get_mut(at) else { break };
            let create = target.options.create.then_some(&taken.value);
            let found = self.walk.find(&mut object.value, &split(path), create);
            let found = found.map_err(|problem| Problem {
                message: format!("{}: {path}: {}", object.id(), problem.message),
                ..problem
            })?;
            if found.is_empty() {
                let message = format!(
                    "{} has no field {path}; create it with `options: {{create: true}}`",
                    object.id()
                );
                return Err(Problem::new(message, target.place));
            }
            for found in found {
                let Found::At { steps, created } = found else { continue };
                let key = (at, steps);
                if created {
                    self.loose.insert(key.clone());
                }
                let loose = self.loose.contains(&key);
                self.set(&key, loose, &taken.value, &target.options)
                    .map_err(|problem| problem.while_at(path))?;
                taken.refresh(&key, self.objects, self.budget)?;
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        (at, steps): &(usize, Steps),
        loose: bool,
        value: &Value,
        options: &Options,
    ) -> Result<(), Problem> {
        let object = self.objects.get_mut(*at);
        let scalar =
            object.as_ref().and_then(|object| lookup::at(&object.value, steps)?.as_scalar());
        let before = match (&object, scalar) {
            (Some(object), Some(scalar)) if scalar.node != 0 => object.shared(),
            _ => Shared::new(),
        };
        self.budget.values(before.len())?;
        let Some(field) = object.and_then(|object| lookup::at_mut(&mut object.value, steps)) else {
            return Ok(());
        };
        let place = field.place;
        let Content::Scalar(old) = &field.content else {
            if !options.delimiter.is_empty() {
                let message = format!("it is {}; only texts have a delimiter", field.kind_name());
                return Err(Problem::new(message, place));
            }
            self.budget.copies(value, 1)?;
            *field = match &value.content {
                Content::Scalar(scalar) => {
                    Value::from(retold(scalar, &scalar.text, value.place)?).at(value.place)
                }
                _ => value.clone(),
            };
            shared::part(field);
            return Ok(());
        };
        // Of what is no scalar, nothing is left.
        let new = value.as_text().unwrap_or_default();
        let joined = joined(&old.text, new, options);
        self.budget.bytes(joined.len())?;
        let (node, quoted) = (old.node, old.quoted);
        let scalar = match loose || old.untagged {
            true if quoted => Scalar { quoted, untagged: true, ..Scalar::string(joined) },
            true => Scalar::plain(joined),
            false => retold(old, &joined, place)?,
        };
        field.content = Content::Scalar(Scalar { node, ..scalar });
        if let Some(object) = self.objects.get_mut(*at).filter(|_| node != 0) {
            shared::spread(&mut object.value, &before);
        }
        Ok(())
    }
}

impl Taken {
    /// Takes the value again if it was changed where it is.
    fn refresh(
        &mut self,
        (at, steps): &(usize, Steps),
        objects: &[Object],
        budget: &Budget,
    ) -> Result<(), Problem> {
        let Some(own) = &self.steps else { return Ok(()) };
        if *at != self.object || !steps.starts_with(own) {
            return Ok(());
        }
        if let Some(value) = objects.get(*at).and_then(|object| lookup::at(&object.value, own)) {
            budget.copies(value, 1)?;
            self.value = value.clone();
        }
        Ok(())
    }
}

/// The text of a target after one part of it was replaced; without a delimiter, all of it.
fn joined(old: &str, new: &str, options: &Options) -> String {
    if options.delimiter.is_empty() {
        return new.to_owned();
    }
    let mut parts: Vec<&str> = old.split(&*options.delimiter).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, new),
        Ok(index) => match parts.get_mut(index) {
            Some(part) => *part = new,
            None => parts.push(new),
        },
    }
    parts.join(&options.delimiter)
}

/// Another text for a scalar that keeps its kind, as a tag keeps it, and its quotes.
fn retold(old: &Scalar, text: &str, place: Place) -> Result<Scalar, Problem> {
    let plain = Scalar::plain(text);
    match (old.kind, plain.kind) {
        (ScalarKind::String | ScalarKind::Binary, _) | (ScalarKind::Float, ScalarKind::Int) => {
            Ok(Scalar { text: plain.text, ..*old })
        }
        (kind, plain_kind) if kind == plain_kind => Ok(Scalar { untagged: false, ..plain }),
        _ => {
            let was = Value::from(old.clone()).kind_name();
            // It may come from a Secret, so it is not shown.
            let message = format!("this text cannot go where {was} is: Kustomize keeps its type");
            Err(Problem::new(message, place))
        }
    }
}

/// The part of a selector that names objects; here these are no patterns.
struct Identity<'a> {
    gvk: GvkPattern,
    selector: &'a Selector,
    is_empty: bool,
}

impl<'a> Identity<'a> {
    fn of(selector: &'a Selector) -> Self {
        let Selector { group, version, kind, name, namespace, .. } = selector;
        let gvk = GvkPattern { group: group.clone(), version: version.clone(), kind: kind.clone() };
        let is_empty = [group, version, kind, name, namespace].iter().all(|part| part.is_empty());
        Self { gvk, selector, is_empty }
    }

    /// Whether it names an object by any identity that this has or had.
    fn fits(&self, object: &Object) -> bool {
        object.ids().any(|id| self.names(id))
    }

    fn names(&self, id: Id<'_>) -> bool {
        let namespace = if id.namespace.is_empty() { DEFAULT_NAMESPACE } else { id.namespace };
        id.gvk.is_selected_by(&self.gvk)
            && (self.selector.name.is_empty() || self.selector.name == id.name)
            && (self.selector.namespace.is_empty() || self.selector.namespace == namespace)
    }
}

#[cfg(test)]
mod tests;
