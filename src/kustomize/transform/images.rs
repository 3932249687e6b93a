//! Knows where objects have images, and puts others in their place.

use crate::kustomize::field_specs::{FieldSpec, Make, set_text};
use crate::kustomize::images::{ImageEntry, Matcher};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Budget, Content, Value};

/// Does what one entry of `images` says: with the containers anywhere in an object, and with the fields.
pub fn set(
    objects: &mut [Object],
    entry: &ImageEntry,
    fields: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Problem> {
    let rule = Rule { matcher: entry.matcher()?, entry, budget };
    for object in objects {
        if object.kind() == "CustomResourceDefinition" {
            continue;
        }
        rule.containers(&mut object.value)?;
        for field in fields {
            if field.selects(object) {
                // Kustomize makes no images, whatever `create` says.
                let mut set = |value: &mut Value| rule.set_one(value);
                field.visit(&mut object.value, Make::Nothing, &mut set)?;
            }
        }
    }
    Ok(())
}

/// Whether an entry of `images` changes anything.
pub fn is_used(
    objects: &[Object],
    entry: &ImageEntry,
    fields: &[FieldSpec],
) -> Result<bool, Problem> {
    let matcher = entry.matcher()?;
    let mut found = false;
    for object in objects.iter().filter(|object| object.kind() != "CustomResourceDefinition") {
        each(&object.value, &mut |image| found |= matcher.matches(image));
        for field in fields.iter().filter(|field| field.selects(object)) {
            field.look(&object.value, &mut |value| {
                found |= value.as_text().is_some_and(|image| matcher.matches(image));
            });
        }
        if found {
            break;
        }
    }
    Ok(found)
}

/// Looks at the image of every container, anywhere in an object.
pub fn each(value: &Value, look: &mut dyn FnMut(&str)) {
    match &value.content {
        Content::Scalar(_) => {}
        Content::List(list) => list.iter().for_each(|item| each(item, look)),
        Content::Map(map) => {
            for (key, value) in map.iter() {
                each(value, look);
                if matches!(&*key.text, "containers" | "initContainers") {
                    let containers = value.as_list().unwrap_or_default().iter();
                    let images =
                        containers.filter_map(|container| container.get("image")?.as_text());
                    images.for_each(&mut *look);
                }
            }
        }
    }
}

/// An entry, ready to be applied.
struct Rule<'a> {
    entry: &'a ImageEntry,
    matcher: Matcher<'a>,
    budget: &'a Budget,
}

impl Rule<'_> {
    /// Walks to every list called `containers` or `initContainers`.
    fn containers(&self, value: &mut Value) -> Result<(), Problem> {
        match &mut value.content {
            Content::Scalar(_) => Ok(()),
            Content::List(list) => list.iter_mut().try_for_each(|item| self.containers(item)),
            Content::Map(map) => map.iter_mut().try_for_each(|(key, value)| {
                if value.as_scalar().is_some() {
                    return Ok(());
                }
                self.containers(value)?;
                match &*key.text {
                    "containers" | "initContainers" => self.images(value),
                    _ => Ok(()),
                }
            }),
        }
    }

    /// Sets the images of a list of containers.
    fn images(&self, containers: &mut Value) -> Result<(), Problem> {
        for container in containers.as_list_mut().into_iter().flatten() {
            if container.is_null() {
                continue;
            }
            let place = container.place;
            let wrong = || Problem::new("what is in containers has to be a mapping", place);
            let map = container.as_map_mut().ok_or_else(wrong)?;
            if let Some(image) = map.get_mut("image") {
                self.set_one(image)?;
            }
        }
        Ok(())
    }

    fn set_one(&self, value: &mut Value) -> Result<(), Problem> {
        let Some(image) = value.as_text() else {
            let message = format!("an image is a text, and this is {}", value.kind_name());
            return Err(Problem::new(message, value.place));
        };
        self.budget.steps(self.matcher.steps(image))?;
        if !self.matcher.matches(image) {
            return Ok(());
        }
        let image = self.entry.apply(image);
        self.budget.bytes(image.len())?;
        set_text(value, image)?;
        // Who wants another image edits the entry.
        value.place = self.entry.place();
        Ok(())
    }
}
