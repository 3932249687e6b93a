//! `artifacts`: a promotion waits for its images, and stops where a tag is another image than ran before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use usher::settings::OperatorFile;

use crate::registry::options;
use crate::scripted::{Says, Scripted};
use crate::stage::Stage;

const REGISTRY: &str = "registry.digitalocean.com";

/// A registry with an image for every name, but for those that are set otherwise.
async fn registry(set: &Arc<Mutex<BTreeMap<String, String>>>) -> (Scripted, OperatorFile) {
    let set = set.clone();
    let scripted = Scripted::start(move |heard| {
        let digit = set.lock().unwrap().get(&heard.path).cloned().unwrap_or_else(|| "a".into());
        match digit.as_str() {
            "absent" => Says(404, Vec::new(), String::new()),
            "down" => Says(503, Vec::new(), String::new()),
            digit => {
                let digest = format!("sha256:{}", digit.repeat(64));
                Says(200, vec![("docker-content-digest", digest)], String::new())
            }
        }
    })
    .await;
    let registries = vec![options(REGISTRY, scripted.reach())];
    (scripted, OperatorFile { registries, ..OperatorFile::default() })
}

fn cart(tag: &str) -> String {
    format!("/v2/microservices-demo/cartservice/manifests/{tag}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_waits_for_its_images() {
    let set = Arc::new(Mutex::new(BTreeMap::from([(cart("v1.0.1"), "absent".to_owned())])));
    let (registry, operator) = registry(&set).await;
    let stage = Stage::with_operator("v1.0.1", operator).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, "cartservice:v1.0.1").await;
    stage.is_red(prod, "is not in its registry").await;
    // Nine images, each asked for once by each of the evaluations, and nothing else.
    assert!(
        registry.heard().iter().all(|one| one.method == "HEAD" && one.path.ends_with("/v1.0.1"))
    );
    set.lock().unwrap().insert(cart("v1.0.1"), "down".to_owned());
    stage.travel(90).await;
    stage.is_red(prod, "answers 503").await;
    // It arrives, and nobody has to say so.
    set.lock().unwrap().clear();
    stage.travel(90).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_image_than_ran_before_is_not_promoted() {
    let set = Arc::new(Mutex::new(BTreeMap::new()));
    let (_registry, operator) = registry(&set).await;
    let stage = Stage::with_operator("v1.0.1", operator).await;
    stage
        .rules(|text| {
            let gate = "after: [staging]\n    gates: {artifacts: {same_digest: true}}\n";
            text.replace("after: [staging]\n", gate)
        })
        .await;
    // What runs in staging was noted; then somebody pushes another image by the same tag.
    set.lock().unwrap().insert(cart("v1.0.1"), "b".to_owned());
    stage.travel(90).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, &format!("sha256:{}", "b".repeat(64))).await;
    stage.is_red(prod, &format!("sha256:{}", "a".repeat(64))).await;
    assert_eq!(stage.gates(prod).await.0, "failure");
    // By its digest nobody can push anything over it; here the old image is put back.
    set.lock().unwrap().clear();
    stage.travel(90).await;
    stage.ask("ada", prod, "/validate").await;
    stage.is_green(prod).await;
    assert!(stage.told(prod).await.contains("with the digests that ran in `staging`"));
    stage.finish().await;
}
