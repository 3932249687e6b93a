//! The way back by Argo CD: killed after each thing that it does there or at GitHub, it comes to the same end. Nothing is
//! done twice, and automatic sync is as it was.

use usher::sandbox::ApplicationChange;

use super::{die_everywhere, undisturbed};
use crate::stage::people::{CONFIG, overlay};
use crate::stage::story::{ARGOCD, Write};
use crate::stage::{DEMO, Stage};

const RULES: &str = "    argocd: {server: main, application: prod-microservices-demo}\n    \
     rollback: {by: [sam]}\n";

/// What the bot wrote to Argo CD after so many writes, in order.
pub(super) fn writes(stage: &Stage, after: usize) -> Vec<Write> {
    let mut out: Vec<Write> = Vec::new();
    for (method, path, ..) in stage.written().into_iter().skip(after) {
        let before = out.iter().filter(|(known, at, _)| *known == method && *at == path);
        let nth = u32::try_from(before.count()).unwrap() + 1;
        out.push((method, path, nth));
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_the_way_back_by_argo_cd_it_comes_to_the_same_end() {
    let stage = Stage::in_folder(tempfile::tempdir().unwrap()).await;
    let text = stage.file(DEMO, CONFIG, "main").await;
    stage.write_file(DEMO, "main", CONFIG, &format!("{}\n{RULES}", text.trim_end())).await;
    stage.change("prod", &ApplicationChange { takes: Some(0), ..Default::default() });
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let bad = text.replace("newTag: v1.0.0", "newTag: v1.0.1");
    stage.write_file(DEMO, "main", &overlay("prod"), &bad).await;
    let one = stage.live("prod").await;
    assert_eq!(one["status"]["history"].as_array().unwrap().len(), 2, "{one}");
    stage.change("prod", &ApplicationChange { takes: Some(2), ..Default::default() });
    let scenes = undisturbed(stage, ARGOCD).await;
    let there = |scene: &&super::Scene| {
        let paths = scene.writes.iter().map(|(method, path, _)| (method.as_str(), path.as_str()));
        paths.filter(|(_, path)| path.starts_with("/api/v1")).count()
    };
    assert_eq!(scenes.iter().map(|scene| there(&scene)).collect::<Vec<_>>(), [2, 1]);
    let (died, all) = die_everywhere(&scenes).await;
    assert!(died * 20 >= all * 19 && all > 8, "only {died} of {all} died");
}
