//! `migrations`: applied ones stay as they are, new ones come after them, and no way back crosses one unseen.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_watched_on_the_way_there_and_back() {
    let mut stage = Stage::without_bot().await;
    let rules = stage.file(DEMO, CONFIG, "main").await;
    let rules = rules.replacen("    images:", "    migrations: \"db/*.sql\"\n    images:", 1);
    let rules = format!("{rules}    overrides: [\"@acme/sre\"]\n");
    stage.write_file(DEMO, "main", CONFIG, &rules).await;
    stage.write_file(DEMO, "main", "db/V9__carts.sql", "CREATE TABLE carts ();\n").await;
    stage.write_file(DEMO, "main", "db/V10__@acme.sql", "ALTER TABLE carts;\n").await;
    stage.stands_in_staging("v1.0.1").await;
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;

    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "2 migrations to run: `db/V10__@acme.sql`, `db/V9__carts.sql`; applied ones stay as they are; they ran in `staging`").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");

    // The version before does not know what ran.
    stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.is_red(back, "`v1.0.0` does not know `db/V10__@acme.sql`, `db/V9__carts.sql`, which ran; migrations have to be backward compatible").await;
    let refused = stage.ask("ada", back, "/override migrations it is compatible").await;
    assert!(refused.contains("@acme/sre"), "{refused}");
    stage.ask("sam", back, "/override migrations it only adds a column").await;
    stage.is_green(back).await;
    stage.ask("sam", back, "/cancel").await;
    stage.restart().await;

    // An applied one is edited, another one is put before it.
    stage.write_file(DEMO, "main", "db/V9__carts.sql", "CREATE TABLE carts (id int);\n").await;
    stage.write_file(DEMO, "main", "db/V9_1__late.sql", "SELECT 1;\n").await;
    stage.idle().await;
    let staging = stage.to_staging("v1.0.2").await;
    assert!(staging > 0);
    stage.ask("ada", 1, "/promote prod v1.0.2").await;
    let next = stage.open_number("v1.0.2 to prod").await;
    stage
        .is_red(next, "edited: `db/V9__carts.sql`; put before applied ones: `db/V9_1__late.sql`")
        .await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_nobody_knows_passes_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.replace("newTag: v1.0.0", "newTag: v0.9.9");
    stage.write_file(DEMO, "main", &overlay("prod"), &text).await;
    stage
        .rules(|old| old.replacen("    images:", "    migrations: \"db/*.sql\"\n    images:", 1))
        .await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage
        .is_red(
            prod,
            "`v0.9.9` is no version of `acme/microservices-demo`, so its migrations are not known",
        )
        .await;
    stage.finish().await;
}
