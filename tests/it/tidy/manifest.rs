//! Holds `app-manifest.yml` equal to what the code asks for and reads: complete, and no more.
//! Knows nothing of what the permissions are used for.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The keys of GitHub's manifest that are used here; a key that GitHub does not know is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "some keys are only checked for their presence and type")]
struct Manifest {
    name: String,
    url: String,
    description: String,
    public: bool,
    hook_attributes: Hook,
    default_permissions: BTreeMap<String, String>,
    default_events: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only checked for their presence and type")]
struct Hook {
    url: String,
    active: bool,
}

/// Where the manifest differs from the permissions and events that the code names.
pub(super) fn check_manifest(
    text: &str,
    permissions: &[(&str, &str)],
    events: &[&str],
) -> Vec<String> {
    let manifest: Manifest = match serde_yaml::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("app-manifest.yml: {error}")],
    };
    let mut offences = Vec::new();
    for (name, access) in permissions {
        let declared = manifest.default_permissions.get(*name).map_or("none", String::as_str);
        if declared != *access {
            offences.push(format!(
                "app-manifest.yml: `{name}` is `{declared}`, the code needs `{access}`"
            ));
        }
    }
    for name in manifest.default_permissions.keys() {
        if !permissions.iter().any(|(needed, _)| needed == name) {
            offences.push(format!("app-manifest.yml: nothing needs the permission `{name}`"));
        }
    }
    for event in events
        .iter()
        .filter(|event| !manifest.default_events.iter().any(|declared| declared == *event))
    {
        offences.push(format!("app-manifest.yml: the event `{event}` is read, but not asked for"));
    }
    for event in manifest.default_events.iter().filter(|event| !events.contains(&event.as_str())) {
        offences.push(format!("app-manifest.yml: nothing reads the event `{event}`"));
    }
    offences
}

#[test]
fn every_difference_is_named() {
    let text = "{name: a, url: b, description: c, public: false, hook_attributes: {url: d, active: true}, \
                default_permissions: {checks: read, members: read}, default_events: [push, team]}";
    assert_eq!(
        check_manifest(text, &[("checks", "write"), ("issues", "read")], &["push", "release"]),
        [
            "app-manifest.yml: `checks` is `read`, the code needs `write`",
            "app-manifest.yml: `issues` is `none`, the code needs `read`",
            "app-manifest.yml: nothing needs the permission `members`",
            "app-manifest.yml: the event `release` is read, but not asked for",
            "app-manifest.yml: nothing reads the event `team`",
        ]
    );
    assert_eq!(
        check_manifest(text, &[("checks", "read"), ("members", "read")], &["push", "team"]),
        Vec::<String>::new()
    );
    assert_eq!(check_manifest("name: [", &[], &[]).len(), 1);
    assert_eq!(check_manifest(&text.replace("public", "publik"), &[], &[]).len(), 1);
}
