//! How far Applications are brought back is kept, and what of them is off is counted.

use jiff::SignedDuration;
use usher::model::ids::{AppName, EnvName, PrNumber, RepoId, TargetName};
use usher::model::restoration::{End, Looks, Restoration, Stage};
use usher::store::KeptOff;

use super::{HOME, Place, drop_schema, on_both};

fn record(place: &Place, pr: u64, target: &str, off: bool) -> Restoration {
    Restoration {
        pr: PrNumber(pr),
        environment: EnvName::new("prod").unwrap(),
        application: AppName::new("shop").unwrap(),
        target: TargetName::new(target).unwrap(),
        server: "main".to_owned(),
        name: format!("shop-{target}"),
        by: None,
        stage: Stage::Failed("quoted: \" and \u{fffd}".to_owned()),
        since: place.now(),
        was: off.then(|| serde_json::json!({"prune": true, "allowEmpty": false})),
        off_since: off.then(|| place.now()),
        id: Some(3),
        revision: None,
        before: None,
        tries: 2,
        trouble: Some("503".to_owned()),
        looks: Looks::Slow,
    }
}

on_both! {
    async fn what_is_kept_is_there_again_and_what_is_over_is_not_open(place: Place) {
        let store = place.open().await;
        let (eu, us) = (record(&place, 7, "eu", true), record(&place, 7, "us", false));
        store.keep_restorations(HOME, &[us.clone(), eu.clone()]).await.unwrap();
        let kept = store.restorations(HOME, PrNumber(7)).await.unwrap();
        assert_eq!(kept.all, [eu.clone(), us.clone()]);
        assert_eq!((kept.told.as_str(), kept.reminded), ("", 0));
        store.told_restorations(HOME, PrNumber(7), "abc", 2).await.unwrap();
        let over = us.moved(Stage::Over(End::WasOff), place.now());
        store.keep_restorations(HOME, std::slice::from_ref(&over)).await.unwrap();
        let kept = store.restorations(HOME, PrNumber(7)).await.unwrap();
        assert_eq!(kept.all, [eu.clone(), over], "of the same target the newer one");
        assert_eq!((kept.told.as_str(), kept.reminded), ("abc", 2), "what was told stays told");
        assert_eq!(store.open_restorations(HOME).await.unwrap(), [eu]);
        assert!(store.open_restorations(RepoId(99)).await.unwrap().is_empty());
        assert!(store.restorations(HOME, PrNumber(8)).await.unwrap().all.is_empty());
    }

    async fn what_is_off_is_counted_until_it_is_over(place: Place) {
        let store = place.open().await;
        assert_eq!(store.kept_off().await.unwrap(), KeptOff::default());
        let begun = place.now();
        let first = record(&place, 7, "eu", true);
        store.keep_restorations(HOME, std::slice::from_ref(&first)).await.unwrap();
        place.pass(std::time::Duration::from_secs(60));
        let others = [record(&place, 8, "eu", true), record(&place, 8, "us", false)];
        store.keep_restorations(RepoId(8), &others).await.unwrap();
        let kept = store.kept_off().await.unwrap();
        assert_eq!((kept.many, kept.since), (2, Some(begun)));
        let over = Restoration { off_since: None, ..first.moved(Stage::Over(End::PutBack), begun) };
        store.keep_restorations(HOME, &[over]).await.unwrap();
        let kept = store.kept_off().await.unwrap();
        assert_eq!((kept.many, kept.since), (1, Some(begun + SignedDuration::from_secs(60))));
    }
}
