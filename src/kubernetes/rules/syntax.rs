//! Knows Kubernetes' syntax of names and labels, as `apimachinery` checks it.
//!
//! Each function says what is wrong in words that follow the text itself: `"A" has upper case letters`.

/// The longest DNS label, and the longest name or value of a label.
const LONGEST_LABEL: usize = 63;
/// The longest DNS subdomain.
const LONGEST_SUBDOMAIN: usize = 253;
/// The longest name of a port.
const LONGEST_PORT: usize = 15;

/// What is wrong with a text, after the text itself.
pub(super) type Verdict = Result<(), String>;

/// RFC 1123: lower case letters, digits and dashes.
pub(super) fn dns_label(text: &str) -> Verdict {
    not_longer(text, LONGEST_LABEL)?;
    dns_part(text, "may only have lower case letters, digits and -")
}

/// RFC 1035: the same, beginning with a letter.
pub(super) fn dns_label_of_letters(text: &str) -> Verdict {
    dns_label(text)?;
    match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => Err("has to begin with a letter".to_owned()),
        false => Ok(()),
    }
}

/// DNS labels with dots between them.
pub(super) fn dns_subdomain(text: &str) -> Verdict {
    not_longer(text, LONGEST_SUBDOMAIN)?;
    let part = |part| dns_part(part, "may only have lower case letters, digits, - and .");
    text.split('.').try_for_each(part)
}

/// What can be a part of a path.
pub(super) fn path_segment(text: &str) -> Verdict {
    match text {
        "" => Err("is empty".to_owned()),
        "." | ".." => Err("is a way, and no name".to_owned()),
        _ if text.contains(['/', '%']) => Err("may not have / or %".to_owned()),
        _ => Ok(()),
    }
}

/// The name of a port: RFC 6335.
pub(super) fn port_name(text: &str) -> Verdict {
    not_longer(text, LONGEST_PORT)?;
    dns_part(text, "may only have lower case letters, digits and -")?;
    if !text.contains(|c: char| c.is_ascii_lowercase()) {
        return Err("needs a letter; a number stands there without quotes".to_owned());
    }
    match text.contains("--") {
        true => Err("may not have two dashes in a row".to_owned()),
        false => Ok(()),
    }
}

/// The key of a ConfigMap or a Secret.
pub(super) fn data_key(text: &str) -> Verdict {
    not_longer(text, LONGEST_SUBDOMAIN)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    match text {
        "" => Err("is empty".to_owned()),
        _ if !text.chars().all(fits) => Err("may only have letters, digits, -, _ and .".to_owned()),
        "." => Err("is a way, and no key".to_owned()),
        _ if text.starts_with("..") => Err("may not begin with two dots".to_owned()),
        _ => Ok(()),
    }
}

/// The key of a label or an annotation: a name, after the DNS subdomain of whose it is.
pub(super) fn qualified_name(text: &str) -> Verdict {
    let name = match text.split_once('/') {
        Some((owner, _)) if dns_subdomain(owner).is_err() => {
            return Err(format!("has {owner:?} in front of its /, which is no DNS name"));
        }
        Some((_, name)) => name,
        None => text,
    };
    match name {
        "" => Err("has no name".to_owned()),
        _ if name.contains('/') => Err("has more than one /".to_owned()),
        _ => qualified_part(name),
    }
}

/// The value of a label.
pub(super) fn label_value(text: &str) -> Verdict {
    if text.is_empty() { Ok(()) } else { qualified_part(text) }
}

fn qualified_part(text: &str) -> Verdict {
    not_longer(text, LONGEST_LABEL)?;
    let ends = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric());
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match text.chars().find(|c| !fits(*c)) {
        Some(strange) => Err(format!("may not have {strange:?}: only letters, digits, -, _ and .")),
        None if !ends => Err("has to begin and end with a letter or a digit".to_owned()),
        None => Ok(()),
    }
}

fn dns_part(part: &str, may: &str) -> Verdict {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match part {
        "" => Err("is empty, or has nothing between dots".to_owned()),
        _ if !part.chars().all(fits) => Err(may.to_owned()),
        _ if part.starts_with('-') || part.ends_with('-') => {
            Err("may not begin or end with -".to_owned())
        }
        _ => Ok(()),
    }
}

fn not_longer(text: &str, most: usize) -> Verdict {
    match text.len() > most {
        true => Err(format!("has {} characters, and may have {most}", text.len())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_kubernetes_wants_them() {
        let long = |count: usize| "a".repeat(count);
        for (right, wrong, check) in [
            (
                vec!["a", "0-a", &long(63)],
                vec!["", "A", "-a", "a-", "a.b", "a_b", &long(64)],
                dns_label as fn(&str) -> Verdict,
            ),
            (vec!["a", "a-0"], vec!["0a"], dns_label_of_letters),
            (
                vec!["a.b-c.d", &long(253)],
                vec!["", "a..b", ".a", "a:b", "Ab", &long(254)],
                dns_subdomain,
            ),
            (vec!["system:a", "A b"], vec!["", ".", "..", "a/b", "a%"], path_segment),
            (
                vec!["http", "h-2", &long(15)],
                vec!["80", "a--b", "-a", "Http", &long(16), ""],
                port_name,
            ),
            (
                vec!["a.b/C_d.e", "A", "a"],
                vec!["", "a/", "/a", "a/b/c", "_a", "A.b/c_", "a b"],
                qualified_name,
            ),
            (vec!["", "v1.0_x-Y", &long(63)], vec!["a b", "-a", "a/b", &long(64)], label_value),
            (
                vec!["a.B_c-d", "...a".trim_start_matches(".."), &long(253)],
                vec!["", ".", "..", "a/b"],
                data_key,
            ),
        ] {
            for text in right {
                assert_eq!(check(text), Ok(()), "{text}");
            }
            for text in wrong {
                assert!(check(text).is_err(), "{text}");
            }
        }
    }
}
