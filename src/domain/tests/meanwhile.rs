//! What comes while a way back waits: who leaves it alone, and what is said and recorded of who does not.

use super::*;
use crate::domain::promotion::{Back, Direction, Promised, Request};
use crate::model::act::ActKind;
use crate::model::ids::{AppName, CommentId, ImageTag, TargetName};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - {name: prod, overlay: prod, merge: automatic, rollback: {gates: [kustomize]}}
";
const PROD: &str = "prod/kustomization.yaml";

/// Production with these tags, or digests.
pub(super) fn prod(web: &str, cart: &str) -> String {
    let field = |what: &str| if what.starts_with("sha256:") { "digest" } else { "newTag" };
    let entry = |name: &str, what: &str| format!("- name: {name}\n  {}: {what}\n", field(what));
    format!("resources: [web.yaml]\nimages:\n{}{}", entry("web", web), entry("api-cart", cart))
}

/// An entry of production with this tag, or digest.
pub(super) fn entry(name: &str, what: &str) -> Promised {
    let tagged = Promised::tag(&TargetName::new("prod").unwrap(), name, what);
    if what.starts_with("sha256:") {
        return Promised { new_tag: None, digest: Some(what.to_owned()), ..tagged };
    }
    tagged
}

/// Production gets these tags; what it had before is still to be found.
pub(super) fn comes(hub: &mut Hub, web: &str, cart: &str) {
    let (past, name) = (hub.branches["main"].clone(), format!("past-{}", hub.branches.len()));
    let mut files = past.1.clone();
    files.insert(PROD.to_owned(), prod(web, cart));
    hub.branches.insert(name.clone(), past);
    hub.push("main", &account(5, "ada"), &name, files);
}

/// A way back of ours from v3 to v2, when production had v3; ada asked for it.
fn back(change: impl FnOnce(&mut Promotion)) -> (Hub, PrNumber) {
    between("v3.0.0", "v2.0.0", change)
}

/// The same between other tags.
pub(super) fn between(
    from: &str,
    to: &str,
    change: impl FnOnce(&mut Promotion),
) -> (Hub, PrNumber) {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", RULES);
    let both = "[{name: w, image: web}, {name: c, image: api-cart}]";
    hub.write("prod/web.yaml", &WEB.replace("[{name: w, image: web}]", both));
    comes(&mut hub, from, from);
    let mut promotion = crate::domain::promotion::tests::promotion("prod", to);
    promotion.application = AppName::new("shop").unwrap();
    promotion.source = RepoName::new("acme/shop").unwrap();
    (promotion.direction, promotion.commit) = (Direction::Back, None);
    promotion.tag = ImageTag::new(to).ok();
    if promotion.tag.is_none() {
        promotion.images = ["web", "api-cart"].map(|name| entry(name, to)).into();
    }
    let (by, id) = (Login::new("ada").unwrap(), UserId(5));
    promotion.request = Some(Request { by, id, comment: CommentId(900) });
    promotion.back = Some(Back { leaves: vec![from.to_owned()], ..Back::default() });
    change(&mut promotion);
    let (branch, message) = (promotion.branch(), promotion.message(&sealer()));
    let text = prod(to, to);
    let pr = hub.open(&branch, &account(77, "usher[bot]"), &message, &[(PROD, &text)]);
    hub.parted = Some(hub.branches["main"].0.clone());
    (hub, pr)
}

fn undoes(promotion: &mut Promotion) {
    promotion.back.as_mut().unwrap().undoes = Some(PrNumber(3));
}

fn by_itself(promotion: &mut Promotion) {
    undoes(promotion);
    promotion.request = None;
}

/// The commit that plans it anew: what it is then, its file, and on how many it stands.
fn anew(decision: &Decision) -> Option<(Promotion, String, usize)> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureCommit(new) => Some((
            Promotion::from_message(&new.message, &sealer()).unwrap(),
            String::from_utf8(new.files[0].content.clone()).unwrap(),
            new.parents.len(),
        )),
        _ => None,
    })
}

fn status(decision: &Decision) -> String {
    let all = decision.effects.iter().filter_map(|effect| match effect {
        Effect::EnsureComment { body, .. } => Some(body.as_str()),
        _ => None,
    });
    all.collect()
}

#[test]
fn what_undoes_something_leaves_alone_what_came_since() {
    for change in [undoes, by_itself] {
        let (mut hub, pr) = back(change);
        comes(&mut hub, "v4.0.0", "v3.0.0");
        let (promotion, file, parents) = anew(&evaluate(&mut hub, pr)).unwrap();
        assert_eq!(file, prod("v4.0.0", "v2.0.0"));
        assert_eq!((promotion.tag, promotion.images), (None, vec![entry("api-cart", "v2.0.0")]));
        assert_eq!(promotion.back.unwrap().leaves, ["v3.0.0"]);
        assert_eq!(parents, 1, "what was planned before is another one");
    }
}

#[test]
fn where_something_came_for_all_of_it_nothing_is_left_to_do() {
    let (mut hub, pr) = back(by_itself);
    comes(&mut hub, "v4.0.0", "v4.0.0");
    let decision = evaluate(&mut hub, pr);
    assert_eq!(anew(&decision), None);
    assert!(decision.effects.iter().any(|effect| matches!(effect, Effect::ClosePull { .. })));
    assert!(status(&decision).contains("Withdrawn: something else came"), "{decision:?}");
    assert_eq!(codes(&decision), ["rollback.moved-on"]);
}

#[test]
fn what_nothing_came_for_is_planned_anew_as_it_is() {
    let (mut hub, pr) = back(by_itself);
    let text = prod("v3.0.0", "v3.0.0") + "- name: other\n  newTag: '8'\n";
    let past = hub.branches["main"].clone();
    hub.branches.insert("past".to_owned(), past);
    hub.write(PROD, &text);
    let (promotion, _, parents) = anew(&evaluate(&mut hub, pr)).unwrap();
    assert_eq!((promotion.plan, promotion.images, parents), (1, Vec::new(), 2));
}

#[test]
fn who_said_where_to_go_goes_there_and_is_told_from_where() {
    let (mut hub, pr) = back(|_| {});
    let merges = |decision: &Decision| {
        let merge = |effect: &Effect| matches!(effect, Effect::Enqueue(Intent::Merge { .. }));
        decision.effects.iter().any(merge)
    };
    let first = evaluate(&mut hub, pr);
    assert!(merges(&first), "{first:?}");
    assert!(!status(&first).contains("Something else came"), "{first:?}");
    comes(&mut hub, "v4.0.0", "v3.0.0");
    let (promotion, file, parents) = anew(&evaluate(&mut hub, pr)).unwrap();
    assert_eq!((file.as_str(), parents), (prod("v2.0.0", "v2.0.0").as_str(), 2));
    // That is what is on its branch then.
    let branch = promotion.branch();
    let files = files(&[(PROD, &file)]);
    let all = hub.branches["main"].1.clone().into_iter().chain(files).collect();
    let bot = account(77, "usher[bot]");
    let head = hub.push(&branch, &bot, &promotion.message(&sealer()), all);
    hub.pulls[0].head.sha = head;
    hub.parted = None;
    let decision = evaluate(&mut hub, pr);
    let told = status(&decision);
    let words = "after the merge `v3.0.0` and `v4.0.0` are bad in `prod`";
    assert!(told.contains(words), "{told}");
    assert!(!merges(&decision), "that is for people");
}

#[test]
fn what_is_bad_afterwards_is_what_went() {
    let (mut hub, pr) = back(|_| {});
    comes(&mut hub, "v4.0.0", "v4.0.0");
    comes(&mut hub, "v2.0.0", "v2.0.0");
    hub.judged = Some(passed(&hub, pr));
    let pull = hub.pulls.last_mut().unwrap();
    (pull.open, pull.merged) = (false, true);
    pull.landed = Some(hub.branches["main"].0.sha.clone());
    let decision = hub.decide(&Intent::Conclude { repo: repo(), pr });
    let bad = decision.effects.iter().filter_map(|effect| match effect {
        Effect::RecordAct(act) if act.kind == ActKind::Bad => Some(act.subject.as_str()),
        _ => None,
    });
    assert_eq!(bad.collect::<Vec<_>>(), ["v4.0.0"]);
    assert!(status(&decision).contains("`v4.0.0` is bad in `prod` from now on"), "{decision:?}");
}
