//! `image-invalid`: images that no registry would take.
//!
//! The grammar is that of the `reference` package of `distribution`, by which container runtimes read images.

use super::Rule;
use crate::kubernetes::scene::{Remark, Scene, is_custom};
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "image-invalid",
    severity: Some(Severity::Warning),
    finds: "an image that no registry would take, so that its container never starts",
    check,
};

/// The longest name, with its registry.
const LONGEST_NAME: usize = 255;

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        let place = scene.place(pod.object);
        let is_custom = is_custom(&scene.objects[pod.object]);
        for container in pod.containers() {
            let Some(image) = container.get("image").filter(|image| !image.is_null()) else {
                if is_custom {
                    continue;
                }
                let name = container.get("name").and_then(Value::as_text).unwrap_or_default();
                let message = format!(
                    "the container {name:?} has no image, and the API server refuses it; if a patch brings it, look \
                     whether the patch names a container that is there"
                );
                let remark =
                    Remark::new(pod.object, super::known(&[container.place, place]), message);
                remarks.push(remark.as_bad_as(Severity::Error));
                continue;
            };
            let Some(text) = image.as_text() else { continue };
            // OpenShift puts an image in for a blank.
            let Some(problem) = parse(text).err().filter(|_| !is_custom || !text.trim().is_empty())
            else {
                continue;
            };
            let place = super::known(&[image.place, container.place, place]);
            // `ko` builds what such an image names, and puts the result in.
            let remark = match super::is_put_in_later(text) || text.starts_with("ko://") {
                true => Remark::new(
                    pod.object,
                    place,
                    format!("the image {text:?} is none until something else puts its parts in"),
                )
                .as_bad_as(Severity::Note),
                false => Remark::new(pod.object, place, format!("{text:?} is no image: {problem}")),
            };
            remarks.push(remark);
        }
    }
}

/// What is wrong with an image, if something is.
pub(super) fn parse(image: &str) -> Result<(), String> {
    if image.is_empty() {
        return Err("it is empty".to_owned());
    }
    if image.trim() != image {
        return Err("there is space around it".to_owned());
    }
    if let Some(strange) = image.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!("{strange:?} cannot stand in it"));
    }
    let (named, digest) = match image.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (image, None),
    };
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match named[slash..].find(':') {
        Some(at) => (&named[..slash + at], Some(&named[slash + at + 1..])),
        None => (named, None),
    };
    name_is_right(name)?;
    tag.map_or(Ok(()), tag_is_right)?;
    digest.map_or(Ok(()), digest_is_right)
}

fn name_is_right(name: &str) -> Result<(), String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("its name has more than {LONGEST_NAME} characters"));
    }
    let hex =
        |name: &str| name.len() == 64 && name.bytes().all(|b| b"0123456789abcdef".contains(&b));
    if hex(name) {
        return Err("64 hexadecimal digits are an identifier, and no name".to_owned());
    }
    let (domain, path) = match name.split_once('/') {
        Some((first, rest)) if is_domain(first) => (Some(first), rest),
        _ => (None, name),
    };
    if let Some(domain) = domain {
        domain_is_right(domain)?;
    }
    path.split('/').try_for_each(|part| match part {
        "" => Err("a part of its name between slashes is empty".to_owned()),
        _ if is_path_part(part) => Ok(()),
        _ if part.contains(|c: char| c.is_ascii_uppercase()) => {
            Err(format!("{part:?} has upper case letters, which only the registry may have"))
        }
        _ => Err(format!("{part:?} cannot be a part of its name")),
    })
}

/// Whether the first part of a name is a registry.
fn is_domain(part: &str) -> bool {
    part == "localhost"
        || part.contains(['.', ':'])
        || part.contains(|c: char| c.is_ascii_uppercase())
}

fn domain_is_right(domain: &str) -> Result<(), String> {
    let wrong = || Err(format!("{domain:?} cannot be a registry"));
    if let Some(address) = domain.strip_prefix('[') {
        let (address, port) = address.split_once(']').unwrap_or(("", ""));
        let hex = address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        let port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
        return if !address.is_empty() && hex && port { Ok(()) } else { wrong() };
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match host.split('.').all(label) && port.is_none_or(is_number) {
        true => Ok(()),
        false => wrong(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Lower case letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_path_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = part.starts_with(is_word) && part.ends_with(is_word);
    let between = |signs: &str| {
        matches!(signs, "" | "." | "_" | "__") || signs.bytes().all(|sign| sign == b'-')
    };
    ends && part.split(is_word).all(between)
}

fn tag_is_right(tag: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    match tag {
        "" => Err("its tag is empty".to_owned()),
        _ if tag.len() > 128 => Err("its tag has more than 128 characters".to_owned()),
        _ if tag.starts_with(['.', '-']) || !tag.chars().all(fits) => {
            Err(format!("{tag:?} cannot be a tag"))
        }
        _ => Ok(()),
    }
}

fn digest_is_right(digest: &str) -> Result<(), String> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err("its digest has to be like sha256:… with 64 digits".to_owned());
    };
    let wanted = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(format!("{algorithm:?} is no way to make a digest; sha256 is one")),
    };
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match hex.bytes().all(lower) && hex.len() == wanted {
        true => Ok(()),
        false if hex.len() != wanted => Err(format!(
            "its digest has {} digits, and {algorithm} has {wanted}",
            hex.chars().count()
        )),
        false => Err("its digest is not made of the digits 0-9 and a-f".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn what_registries_take_is_right() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        for image in [
            "nginx",
            "nginx:1.25",
            "localhost:5000/a:1",
            "localhost/a",
            "REGISTRY/a",
            "ghcr.io/acme/shop_web/a__b/c--d.e:v1.0_x-y",
            "[2001:db8::1]:5000/a",
            "a:5000/b",
            "registry.k8s.io:443/pause:3.9",
            &format!("a@{digest}"),
            &format!("a:1@{digest}"),
            &format!("a:{}", "x".repeat(128)),
        ] {
            assert_eq!(parse(image), Ok(()), "{image}");
        }
    }

    #[test]
    fn what_they_do_not_take_is_said() {
        for (image, problem) in [
            ("", "it is empty"),
            (" nginx", "there is space around it"),
            ("registry/adoption journey/x", "' ' cannot stand in it"),
            ("IMAGE", r#""IMAGE" has upper case letters, which only the registry may have"#),
            ("acme/Shop:1", r#""Shop" has upper case letters, which only the registry may have"#),
            ("a//b", "a part of its name between slashes is empty"),
            ("https://ghcr.io/a", r#""https:" cannot be a registry"#),
            ("a:", "its tag is empty"),
            ("a:1:2", r#""1:2" cannot be a tag"#),
            ("a:-1", r#""-1" cannot be a tag"#),
            ("a:v1+2", r#""v1+2" cannot be a tag"#),
            ("a___b", r#""a___b" cannot be a part of its name"#),
            ("-a.io/b", r#""-a.io" cannot be a registry"#),
            ("a:b/c", r#""a:b" cannot be a registry"#),
            ("a@sha256:ab", "its digest has 2 digits, and sha256 has 64"),
            ("a@latest", "its digest has to be like sha256:… with 64 digits"),
            ("$(IMAGE)", r#""$(IMAGE)" has upper case letters, which only the registry may have"#),
        ] {
            assert_eq!(parse(image), Err(problem.to_owned()), "{image}");
        }
        assert!(parse(&format!("a@sha256:{}", "AB".repeat(32))).is_err());
        assert!(parse(&format!("a:{}", "x".repeat(129))).is_err());
        assert!(parse(&"ab".repeat(130)).is_err());
    }

    #[test]
    fn the_image_is_pointed_at() {
        let pod = deployment(
            "initContainers:\n- {name: a, image: 'b c'}\ncontainers:\n- {name: b, image: nginx}\n\
             - {name: c, image: '${REGISTRY}/c'}\n- name: d\n",
        );
        insta::assert_snapshot!(found(&RULE, &pod), @r#"
        10:26 warning: "b c" is no image: ' ' cannot stand in it
        13:26 note: the image "${REGISTRY}/c" is none until something else puts its parts in
        14:9 error: the container "d" has no image, and the API server refuses it; if a patch brings it, look whether the patch names a container that is there
        "#);
    }
}
