//! The text of a promotion's pull request: what changes, what is in it, and the handoff table.

use std::fmt::Write as _;

use super::{aside, count};
use crate::domain::candidate::published;
use crate::domain::facts::{Facts, Gap};
use crate::domain::ground::Ground;
use crate::domain::inert::{cut, fence, plain, span};
use crate::domain::overlay::Carried;
use crate::domain::plan::Plan;
use crate::domain::policy::{Application, Environment, Mover, Principal};
use crate::domain::promotion::{Direction, Promised, Promotion};
use crate::model::ids::RepoRef;
use crate::model::read::Release;

// GitHub takes 65,536 characters. Each part that grows has a share of it, counted as it is written, so that
// the handoff table is always there and no fence is cut open.
// <https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request>

/// The share of the image table.
const MOST_IMAGES: usize = 20_000;
/// The share of the release notes.
const MOST_CONTENTS: usize = 30_000;
/// Of one release's notes no more than this is shown; its page has them whole.
const MOST_NOTES: usize = 6_000;
/// So many approvals and files are named.
const MOST_NAMED: usize = 20;

/// Writes the text.
pub fn promotion(
    facts: &Facts,
    ground: &Ground<'_>,
    (application, environment): (&Application, &Environment),
    plan: &Plan,
) -> Result<String, Gap> {
    let mut out = String::new();
    let promotion = &plan.promotion;
    out.push_str(&introduction(promotion));
    images(&mut out, promotion, &plan.moves);
    if promotion.direction == Direction::Forward {
        contents(&mut out, facts, ground, application, promotion, &plan.moves)?;
    }
    let asides = aside::sentences(&plan.asides, &promotion.environment);
    if !asides.is_empty() {
        let list: String = asides.iter().map(|one| format!("- {one}\n")).collect();
        let _ = writeln!(out, "### What has changed since\n\n{list}");
    }
    handoff(&mut out, environment, promotion, &plan.moves);
    let _ = write!(
        out,
        "\n<sub>Opened by Usher. The commit is signed by GitHub and holds this promotion's identity; \
         a commit by anybody else on this branch fails the gate `scope`.</sub>\n"
    );
    Ok(out)
}

fn introduction(promotion: &Promotion) -> String {
    let what = span(promotion.application.as_str());
    let (version, place) = (span(&promotion.version), span(promotion.environment.as_str()));
    let asked = promotion.request.as_ref().map_or_else(String::new, |request| {
        format!(" Asked for by {}.", span(request.by.as_str()))
    });
    const KEPT: &str = "Only `images:` entries change; every other byte stays as it is.";
    if promotion.direction == Direction::Forward {
        return format!("Brings {what} {version} to {place}. {KEPT}{asked}\n\n");
    }
    let mut out = format!(
        "Puts {what} in {place} back to {version}, as it ran there before. {KEPT}{asked}\n\n"
    );
    if let Some(back) = &promotion.back {
        if let Some(reason) = &back.reason {
            let _ = writeln!(out, "**Reason:** {}\n", span(&cut(reason, 500)));
        }
        if let Some(pr) = back.undoes {
            let _ = writeln!(out, "It undoes #{pr}.\n");
            if back.leaves.is_empty() {
                let _ = writeln!(
                    out,
                    "After the merge, what #{pr} said against a version or held in {place} stands no more, if nothing else is as \
                     #{pr} left it.\n"
                );
            }
        }
        if back.argocd {
            let _ = writeln!(
                out,
                "Once its gates have passed, Argo CD brings the live application back before the merge. Automatic sync is off \
                 from then on, and put back as it was when this pull request is merged or closed.\n"
            );
        }
        if let Some(onward) = &back.onward {
            let next = span(onward.environment.as_str());
            let _ = writeln!(
                out,
                "{place} goes back before {next}: when this is merged, the pull request for {next} opens by itself. There \
                 `order`, `verified` and `approvals` are asked whatever `rollback.gates` says.\n"
            );
        }
        if let Some(pr) = back.follows {
            let _ = writeln!(out, "It follows #{pr}, which went back first.\n");
        }
        if back.beyond {
            let _ = writeln!(
                out,
                "It goes further back than `rollback.within` allows, so every gate stands.\n"
            );
        }
        if !back.leaves.is_empty() {
            let leaves: Vec<_> = back.leaves.iter().map(|tag| span(tag)).collect();
            let _ = writeln!(
                out,
                "After the merge {} is marked as bad in {place}, and {what} is held there: nothing is \
                 promoted into it by itself until `/unhold {}`.\n",
                super::both(&leaves),
                promotion.environment
            );
        }
    }
    out
}

fn images(out: &mut String, promotion: &Promotion, moves: &[Carried]) {
    let _ = writeln!(
        out,
        "### What changes\n\n| image | from | to | digest |\n| --- | --- | --- | --- |"
    );
    let mut rows = Share::of(MOST_IMAGES);
    for carried in moves {
        let entry = &carried.entry;
        let to = promotion
            .promised(&carried.target, &entry.name)
            .unwrap_or_else(|| Promised::of(&carried.target, entry));
        let kept = entry.new_name.as_deref().filter(|_| promotion.direction == Direction::Forward);
        let name = to.new_name.as_deref().or(kept).unwrap_or(&entry.name);
        let shown = |tag: Option<&str>| tag.map_or_else(|| "not set".to_owned(), span);
        let digest = to.digest.as_deref().map_or_else(|| "–".to_owned(), span);
        let (from, to) = (shown(entry.new_tag.as_deref()), shown(to.new_tag.as_deref()));
        rows.add(&format!("| {} | {from} | {to} | {digest} |\n", span(name)));
    }
    out.push_str(&rows.text);
    if rows.left_out > 0 {
        let _ = writeln!(out, "\n… and {} more; the diff shows them all.", rows.left_out);
    }
    let files: std::collections::BTreeSet<_> =
        moves.iter().map(|carried| carried.file.as_str()).collect();
    let names: Vec<_> = files.iter().take(MOST_NAMED).map(|file| span(file)).collect();
    let _ = writeln!(
        out,
        "\n{} in {}: {}. The check `usher/kustomize` lists the containers that get them.\n",
        count(moves.len(), "image"),
        count(files.len(), "file"),
        names.join(", ")
    );
}

fn contents(
    out: &mut String,
    facts: &Facts,
    ground: &Ground<'_>,
    application: &Application,
    promotion: &Promotion,
    moves: &[Carried],
) -> Result<(), Gap> {
    let Some(source) = facts.source(application.source())? else {
        return Ok(());
    };
    let pages = format!("{}/{}", facts.github_pages, source.name);
    let _ = writeln!(out, "### What is in it\n");
    let lowest = moves
        .iter()
        .filter_map(|carried| application.version_of_image(carried.entry.new_tag.as_deref()?))
        .min();
    if let Some(lowest) = &lowest {
        let link =
            format!("{pages}/compare/{}...{}", encode(lowest.tag()), encode(&promotion.version));
        let _ = writeln!(
            out,
            "[Everything between {} and {}]({link})\n",
            code_free(lowest.tag()),
            code_free(&promotion.version)
        );
    }
    // Text of a source is shown only where no more people can read it than there.
    let shown = source.id == ground.repo.id || is_no_more_public(facts, ground, source)?;
    let target = application.version(&promotion.version);
    let mut between: Vec<(&Release, _)> = match facts.releases(source) {
        Ok(releases) => releases
            .iter()
            .filter_map(|release| Some((release, published(application, release)?)))
            .collect(),
        Err(Gap::Unknown(_)) => Vec::new(),
        Err(gap) => return Err(gap),
    };
    between.retain(|(_, version)| {
        lowest.as_ref().is_none_or(|lowest| version > lowest) && Some(version) <= target.as_ref()
    });
    between.sort_by(|one, other| other.1.cmp(&one.1));
    let mut told = Share::of(MOST_CONTENTS);
    for (release, _) in &between {
        let link = format!("{pages}/releases/tag/{}", encode(&release.tag));
        let whole = if shown { folded(release, &link) } else { String::new() };
        if !shown || !told.add(&whole) {
            told.add(&format!("- [{}]({link})\n", code_free(&cut(&release.tag, 100))));
        }
    }
    out.push_str(&told.text);
    out.push('\n');
    Ok(())
}

/// A release's notes, folded under its title.
fn folded(release: &Release, link: &str) -> String {
    let title = if release.name.is_empty() { &release.tag } else { &release.name };
    let title = html(&cut(title, 200));
    let notes = if release.notes.trim().is_empty() { "(no notes)" } else { &release.notes };
    let rest = if notes.chars().count() > MOST_NOTES {
        format!("\n\n[The rest of it]({link})")
    } else {
        String::new()
    };
    let notes = fence(&cut(notes, MOST_NOTES), "markdown");
    format!(
        "<details><summary><a href=\"{link}\">{title}</a></summary>\n\n{notes}{rest}\n\n</details>\n\n"
    )
}

/// Text that grows up to a number of characters; what does not fit any more is left out whole.
struct Share {
    text: String,
    left: usize,
    left_out: usize,
}

impl Share {
    fn of(most: usize) -> Self {
        Self { text: String::new(), left: most, left_out: 0 }
    }

    /// Whether it still fitted.
    fn add(&mut self, part: &str) -> bool {
        let long = part.chars().count();
        if long > self.left {
            self.left_out += 1;
            return false;
        }
        self.left -= long;
        self.text.push_str(part);
        true
    }
}

fn is_no_more_public(facts: &Facts, ground: &Ground<'_>, source: &RepoRef) -> Result<bool, Gap> {
    match facts.repository(source) {
        Ok(Some(source)) => Ok(ground.home.visibility <= source.visibility),
        Ok(None) | Err(Gap::Unknown(_)) => Ok(false),
        Err(gap) => Err(gap),
    }
}

fn handoff(out: &mut String, environment: &Environment, promotion: &Promotion, moves: &[Carried]) {
    let before: Vec<_> = environment.after().iter().map(|name| span(name.as_str())).collect();
    let source = if promotion.direction == Direction::Back {
        "what ran here before".to_owned()
    } else if before.is_empty() {
        format!("release {}", span(&promotion.version))
    } else {
        before.join(", ")
    };
    let mut approvals: Vec<_> = environment
        .approvals()
        .iter()
        .take(MOST_NAMED)
        .map(|approval| {
            format!("{} by {}", span(approval.label.as_str()), principals(&approval.by))
        })
        .collect();
    if let Some(reviews) = environment.reviews().filter(|reviews| reviews.count > 0) {
        let many = usize::try_from(reviews.count).unwrap_or_default();
        let by = match reviews.by.as_slice() {
            [] => String::new(),
            by => format!(" by {}", principals(by)),
        };
        approvals.push(format!("{}{by}", count(many, "approving review")));
    }
    let approvals = if approvals.is_empty() || promotion.is_rollback() {
        "none beyond the gates".to_owned()
    } else {
        approvals.join("<br>")
    };
    let window = if environment.windows().is_empty() {
        "any time"
    } else {
        "outside the freezes of this environment"
    };
    let owner = |who: &Option<Principal>| {
        who.as_ref().map_or_else(|| "not named".to_owned(), |who| span(&who.to_string()))
    };
    let owners = environment.owners();
    let scope = if promotion.services.is_empty() && promotion.targets.is_empty() {
        format!("all {}", count(moves.len(), "image"))
    } else {
        let parts = promotion
            .services
            .iter()
            .cloned()
            .chain(promotion.targets.iter().map(ToString::to_string));
        parts.map(|part| span(&part)).collect::<Vec<_>>().join(", ")
    };
    let merge = match environment.merge() {
        Mover::Automatic => "merged by Usher once every gate has passed",
        Mover::Manual => "merged by a person once every gate has passed",
    };
    let rows = [
        ("Source environment", source),
        ("Target environment", span(environment.name().as_str())),
        ("Scope", scope),
        ("Approvals required", approvals),
        ("Execution window", format!("{window}; {merge}")),
        ("Verification owner", owner(&owners.verification)),
        ("Fallback owner", owner(&owners.fallback)),
        ("Rollback mode", "`/rollback` on this pull request: image entries only".to_owned()),
        (
            "Change ticket",
            promotion
                .ticket
                .as_ref()
                .map_or_else(|| "none named".to_owned(), |ticket| span(ticket)),
        ),
    ];
    let _ = writeln!(out, "### Handoff\n\n| | |\n| --- | --- |");
    for (row, value) in rows {
        let _ = writeln!(out, "| {row} | {value} |");
    }
}

fn principals(who: &[Principal]) -> String {
    who.iter().map(|one| span(&one.to_string())).collect::<Vec<_>>().join(", ")
}

/// Text for a place where no code span can stand: within a link.
fn code_free(text: &str) -> String {
    plain(text).replace('_', "\\_")
}

fn html(text: &str) -> String {
    let inner = span(text);
    let inner = inner.trim_matches('`').trim();
    let escaped =
        inner.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("\\|", "|");
    format!("<code>{escaped}</code>")
}

/// Percent-encodes for a path, by RFC 3986's unreserved characters.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
