//! Knows which kinds Kubernetes had, has and will not have any more, and what took their place.
//!
//! Versions before the embedded ones stand in `removed.txt`; the rest is seen by comparing the embedded ones.

use super::Known;
use super::embedded::{definitions, versions};
use crate::kubernetes::nearest;
use crate::kubernetes::version::Version;
use crate::kustomize::id::Gvk;

const REMOVED: &str = include_str!("removed.txt");

struct Removed {
    api_version: &'static str,
    kind: &'static str,
    by: &'static str,
    successor: Option<&'static str>,
}

fn removed() -> impl Iterator<Item = Removed> {
    REMOVED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split(' ');
        let (api_version, kind) = (words.next()?, words.next()?);
        let (by, successor) = (words.next()?, words.next()?);
        let successor = Some(successor).filter(|successor| *successor != "-");
        Some(Removed { api_version, kind, by, successor })
    })
}

/// The kinds that were removed, as `apiVersion` and `kind`.
pub(super) fn removed_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    removed().map(|removed| (removed.api_version, removed.kind))
}

/// Why there is no such kind in one of Kubernetes' own groups.
pub(super) fn missing(version: Version, api_version: &str, kind: &str) -> Known {
    if let Some(gone) =
        removed().find(|removed| removed.api_version == api_version && removed.kind == kind)
    {
        return Known::Removed(removal(gone.by, api_version, kind, gone.successor));
    }
    let has = |minor: &u32| definitions(*minor).of(api_version, kind).is_some();
    if let Some(last) = versions().into_iter().rfind(has) {
        if last < version.minor() {
            let by = format!("1.{}", last + 1);
            let successor = newest_of(api_version, kind, version.minor());
            return Known::Removed(removal(&by, api_version, kind, successor));
        }
        let first = versions().into_iter().find(has).unwrap_or(last);
        return Known::NoVersion(format!(
            "Kubernetes {version} does not have {kind} in {api_version} yet; 1.{first} does"
        ));
    }
    let kinds: Vec<_> = definitions(version.minor()).kinds().collect();
    let group = Gvk::new(api_version, kind).group;
    let of_group = |other: &str| Gvk::new(other, "").group == group;
    let same_kind: Vec<&str> =
        kinds.iter().filter(|(_, known)| *known == kind).map(|(api, _)| *api).collect();
    if let Some(right) = same_kind.iter().find(|api| of_group(api)).or_else(|| same_kind.first()) {
        return Known::NoVersion(format!(
            "Kubernetes {version} has no {kind} in {api_version}; it is in {right}"
        ));
    }
    let here = kinds.iter().filter(|(api, _)| *api == api_version).map(|(_, kind)| *kind);
    let near = nearest(kind, here.clone());
    match near {
        Some(near) => Known::NoKind(format!(
            "Kubernetes {version} has no {kind} in {api_version}; did you mean {near}?"
        )),
        None if here.count() == 0 => Known::NoVersion(format!(
            "Kubernetes {version} has no {api_version}, and no {kind} in any version of it"
        )),
        None => Known::NoKind(format!("Kubernetes {version} has no {kind} in {api_version}")),
    }
}

/// When a kind that a version has will be gone, as far as the embedded versions tell.
pub(super) fn deprecation(version: Version, api_version: &str, kind: &str) -> Option<String> {
    let has = |minor: &u32| definitions(*minor).of(api_version, kind).is_some();
    let later = versions().into_iter().filter(|minor| *minor > version.minor());
    let gone = later.clone().find(|minor| !has(minor))?;
    if !has(&version.minor()) {
        return None;
    }
    let listed =
        removed().find(|removed| removed.api_version == api_version && removed.kind == kind);
    let successor = listed
        .and_then(|removed| removed.successor)
        .or_else(|| newest_of(api_version, kind, version.minor()));
    let instead = successor.map_or_else(String::new, |right| format!("; write {right}"));
    Some(format!("{kind} of {api_version} is gone in Kubernetes 1.{gone}{instead}"))
}

fn removal(by: &str, api_version: &str, kind: &str, successor: Option<&str>) -> String {
    let instead = match successor {
        Some(successor) => format!("write {successor}"),
        None => "nothing took its place under that name".to_owned(),
    };
    format!("Kubernetes {by} removed {kind} of {api_version}; {instead}")
}

/// The version of the same group in which a kind is now; a stable one before others.
fn newest_of(api_version: &str, kind: &str, minor: u32) -> Option<&'static str> {
    let group = Gvk::new(api_version, kind).group;
    let same = |(api, known): &(&str, &str)| *known == kind && Gvk::new(api, "").group == group;
    let found: Vec<_> = definitions(minor).kinds().filter(same).map(|(api, _)| api).collect();
    let other = found.iter().copied().filter(|api| *api != api_version);
    other.min_by_key(|api| (api.contains("alpha"), api.contains("beta"), std::cmp::Reverse(*api)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(version: &str, api_version: &str, kind: &str) -> String {
        match missing(Version::parse(version).unwrap(), api_version, kind) {
            Known::Removed(text) => format!("removed: {text}"),
            Known::NoKind(text) => format!("kind: {text}"),
            Known::NoVersion(text) => format!("version: {text}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_successor() {
        for (version, api_version, kind, wanted) in [
            (
                "1.33",
                "extensions/v1beta1",
                "Ingress",
                "removed: Kubernetes 1.22 removed Ingress of extensions/v1beta1; write networking.k8s.io/v1",
            ),
            (
                "1.30",
                "policy/v1beta1",
                "PodSecurityPolicy",
                "removed: Kubernetes 1.25 removed PodSecurityPolicy of policy/v1beta1; nothing took its place under that name",
            ),
            (
                "1.33",
                "flowcontrol.apiserver.k8s.io/v1beta3",
                "FlowSchema",
                "removed: Kubernetes 1.32 removed FlowSchema of flowcontrol.apiserver.k8s.io/v1beta3; write flowcontrol.apiserver.k8s.io/v1",
            ),
            (
                "1.33",
                "apps/v2",
                "Deployment",
                "version: Kubernetes 1.33 has no Deployment in apps/v2; it is in apps/v1",
            ),
            (
                "1.33",
                "v1",
                "Deployment",
                "version: Kubernetes 1.33 has no Deployment in v1; it is in apps/v1",
            ),
            (
                "1.33",
                "apps/v1",
                "Deploymnt",
                "kind: Kubernetes 1.33 has no Deploymnt in apps/v1; did you mean Deployment?",
            ),
            ("1.33", "apps/v1", "Whatever", "kind: Kubernetes 1.33 has no Whatever in apps/v1"),
            (
                "1.33",
                "apps/v7",
                "Whatever",
                "version: Kubernetes 1.33 has no apps/v7, and no Whatever in any version of it",
            ),
            (
                "1.25",
                "admissionregistration.k8s.io/v1",
                "ValidatingAdmissionPolicy",
                "version: Kubernetes 1.25 does not have ValidatingAdmissionPolicy in admissionregistration.k8s.io/v1 yet; 1.30 does",
            ),
        ] {
            assert_eq!(said(version, api_version, kind), wanted);
        }
    }

    #[test]
    fn what_will_be_gone_is_told_before() {
        let told = |version: &str, api_version: &str, kind: &str| {
            deprecation(Version::parse(version).unwrap(), api_version, kind)
        };
        assert_eq!(
            told("1.25", "autoscaling/v2beta2", "HorizontalPodAutoscaler").as_deref(),
            Some(
                "HorizontalPodAutoscaler of autoscaling/v2beta2 is gone in Kubernetes 1.26; write autoscaling/v2"
            )
        );
        assert_eq!(told("1.25", "apps/v1", "Deployment"), None);
        assert_eq!(told("1.33", "autoscaling/v2beta2", "HorizontalPodAutoscaler"), None);
    }

    #[test]
    fn every_successor_is_there_and_what_was_removed_is_not() {
        for Removed { api_version, kind, by, successor } in removed() {
            let by = by.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok()).expect(kind);
            for minor in versions() {
                let has = definitions(minor).of(api_version, kind).is_some();
                assert!(!has || minor < by, "1.{minor} has {kind} of {api_version}");
                if minor >= by
                    && let Some(successor) = successor
                {
                    assert!(
                        definitions(minor).of(successor, kind).is_some() || minor < 29,
                        "1.{minor}: {kind} of {successor}"
                    );
                }
            }
        }
    }
}
