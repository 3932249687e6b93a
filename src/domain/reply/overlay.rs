//! What is said of overlays: entries that change nothing, and what cannot be rendered.

use std::collections::BTreeSet;

use crate::kustomize::render::RenderError;

/// A promoted entry that no container uses; `known` are the images of those that are there.
pub fn unused_image(name: &str, known: &BTreeSet<&str>) -> String {
    let near = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let help = match near {
        Some((_, near)) => format!("did you mean {near}?"),
        None if known.is_empty() => "there are no containers here".to_owned(),
        None => {
            let some: Vec<&str> = known.iter().take(5).copied().collect();
            let more = if known.len() > some.len() { ", …" } else { "" };
            format!("containers here use {}{more}", some.join(", "))
        }
    };
    format!("no container uses the image {name}, so this entry changes nothing: {help}")
}

/// What can be done about an overlay that builds on what is fetched or run.
pub fn choices() -> &'static str {
    "What is fetched or run is not rendered here, so nobody knows what this changes. Choose one:\n\n\
     - copy the remote base into the repository, and name it by its path there;\n\
     - render the chart or the function in CI, and commit what it gives;\n\
     - ask the operator of this Usher to allow a real `kustomize` for this repository: the table `kustomize` of the \
     file in `USHER_SETTINGS` names the program and the repositories. It runs without network, so a remote base \
     is not fetched then either;\n\
     - on a promotion that Usher made, somebody in `overrides` may accept it unseen: `/override kustomize REASON`."
}

/// A folder that merging would break.
pub fn would_not_render(folder: &str, error: &RenderError) -> String {
    format!("{folder} would not render: {error}\n")
}

/// A folder that is broken already.
pub fn does_not_render(folder: &str, error: &RenderError) -> String {
    format!("{folder} does not render as it is: {error}\n")
}
