//! Knows where objects have images, and puts others in their place.

use crate::kustomize::field_specs::{FieldSpec, Make, set_text};
use crate::kustomize::images::{ImageEntry, Matcher};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Content, Value};

/// Does what one entry of `images` says: with the containers anywhere in an object, and with the fields.
pub fn set(
    objects: &mut [Object],
    entry: &ImageEntry,
    fields: &[FieldSpec],
) -> Result<(), Problem> {
    let matcher = entry.matcher()?;
    for object in objects {
        if object.kind() == "CustomResourceDefinition" {
            continue;
        }
        containers(&mut object.value, entry, &matcher)?;
        for field in fields {
            if field.selects(object) {
                // Kustomize makes no images, whatever `create` says.
                let mut set = |value: &mut Value| set_one(value, entry, &matcher);
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

/// Walks to every list called `containers` or `initContainers`.
fn containers(value: &mut Value, entry: &ImageEntry, matcher: &Matcher<'_>) -> Result<(), Problem> {
    match &mut value.content {
        Content::Scalar(_) => Ok(()),
        Content::List(list) => {
            list.iter_mut().try_for_each(|item| containers(item, entry, matcher))
        }
        Content::Map(map) => {
            for (key, value) in map.iter_mut() {
                containers(value, entry, matcher)?;
                if !matches!(&*key.text, "containers" | "initContainers") {
                    continue;
                }
                for container in value.as_list_mut().into_iter().flatten() {
                    if container.is_null() {
                        continue;
                    }
                    let place = container.place;
                    let wrong = || Problem::new("what is in containers has to be a mapping", place);
                    let map = container.as_map_mut().ok_or_else(wrong)?;
                    if let Some(image) = map.get_mut("image") {
                        set_one(image, entry, matcher)?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn set_one(value: &mut Value, entry: &ImageEntry, matcher: &Matcher<'_>) -> Result<(), Problem> {
    match value.as_text() {
        Some(image) if matcher.matches(image) => {
            let image = entry.apply(image);
            set_text(value, image)
        }
        Some(_) => Ok(()),
        None => {
            let message = format!("an image is a text, and this is {}", value.kind_name());
            Err(Problem::new(message, value.place))
        }
    }
}
