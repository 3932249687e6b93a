//! Knows what scales workloads: HorizontalPodAutoscalers, and the ScaledObjects of KEDA.
//!
//! It judges neither.

use crate::kubernetes::scene::{Scene, Type, is_custom, text};
use crate::kustomize::id::Gvk;
use crate::kustomize::object::Object;
use crate::kustomize::value::Value;

/// Something that scales something else.
#[derive(Debug)]
pub(super) struct Scaler<'r> {
    /// Its number.
    pub(super) number: usize,
    /// The object itself.
    pub(super) object: &'r Object,
    /// The name of what it scales.
    pub(super) target: &'r Value,
    /// The type of what it scales.
    pub(super) of: Type<'r>,
    /// Where it says how few and how many.
    pub(super) bounds: [&'static str; 2],
}

/// All that scales something, of an overlay.
pub(super) fn scalers<'r>(scene: &Scene<'r>) -> Vec<Scaler<'r>> {
    let scaler = |(number, object): (usize, &'r Object)| {
        let (bounds, kind, api_version) = match (object.gvk().group, object.kind()) {
            ("autoscaling", "HorizontalPodAutoscaler") => (["minReplicas", "maxReplicas"], "", ""),
            ("keda.sh", "ScaledObject") => {
                (["minReplicaCount", "maxReplicaCount"], "Deployment", "apps/v1")
            }
            _ => return None,
        };
        let target = object.value.at_path(&["spec", "scaleTargetRef"])?;
        let or = |key: &str, default: &'static str| text(target, &[key]).unwrap_or(default);
        let of = Type::of(Gvk::new(or("apiVersion", api_version), or("kind", kind)));
        Some(Scaler { number, object, target: target.get("name")?, of, bounds })
    };
    scene.objects.iter().enumerate().filter_map(scaler).collect()
}

impl<'r> Scaler<'r> {
    /// Its fewest and its most replicas, as far as it says so.
    pub(super) fn bound(&self, which: usize) -> Option<(&'r Value, i64)> {
        let value = self.object.value.at_path(&["spec", self.bounds[which]])?;
        Some((value, value.as_text()?.parse().ok()?))
    }

    /// The number of what it scales, if the overlay has that.
    pub(super) fn scaled(&self, scene: &Scene<'r>) -> Option<usize> {
        let name = self.target.as_text()?;
        let held = scene.names.held(self.of, self.object.namespace(), name);
        held.filter(|held| !held.made).map(|held| held.object)
    }

    /// Whether anybody may make what it scales: types that Kubernetes does not have are not known here.
    pub(super) fn is_of_unknown_type(&self, scene: &Scene<'_>) -> bool {
        self.of.group.contains('.') && scene.objects.iter().any(is_custom)
    }
}
