//! Who has a hand in a pull request: whoever asked for it, made it, or made what it brings.
//!
//! It does not know what they may not do because of it: gates ask it.

use std::collections::BTreeSet;

use super::between::{Brought, Unclear, brought, commit_of};
use super::classify::Effect;
use super::facts::{Facts, Gap};
use super::look::Look;
use super::policy::Application;
use crate::model::ids::{RepoName, RepoRef, Sha, UserId};
use crate::model::read::{Account, Commit, Comparison};

/// What somebody has to do with a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Asked for it by a command.
    Asked,
    /// Opened it.
    Opened,
    /// Has commits in it.
    Committed,
    /// Published the release that it brings.
    Released,
    /// Wrote what the release brings.
    Wrote,
}

/// A hand in a pull request that nobody is named for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unnamed {
    /// GitHub finds no account for the author of this commit.
    Author(Sha),
    /// There are more commits than are looked at.
    TooMany(u64),
    /// It cannot be told which commits the release brings.
    Release(Unclear),
}

/// Who has a hand in a pull request, and which.
#[derive(Debug, Clone, Default)]
pub struct Hands {
    people: Vec<(UserId, Hand)>,
    unnamed: Vec<Unnamed>,
    /// Why it is not known who has a hand in the release.
    unknown: Option<String>,
}

impl Hands {
    /// Finds them: who asked, who opened it, whose commits it holds, who released what it brings, and who
    /// wrote that. What goes back was written before what runs.
    pub fn read(facts: &Facts, look: &Look<'_>, touch: &Effect<'_>) -> Result<Self, Gap> {
        let mut hands = Self::of_pull(look);
        if let Some(request) = look.promotion.as_ref().and_then(|one| one.request.as_ref()) {
            hands.people.insert(0, (request.id, Hand::Asked));
        }
        hands.read_releases(facts, look, touch)?;
        if !look.is_rollback() {
            hands.read_what_comes(facts, look, touch)?;
        }
        Ok(hands)
    }

    /// Finds those of the pull request itself: who opened it, and whose commits it holds.
    pub fn of_pull(look: &Look<'_>) -> Self {
        let mut hands = Self::default();
        if !look.ours {
            hands.people.push((look.pull().author.id, Hand::Opened));
        }
        hands.read_commits(&look.change.comparison, Hand::Committed);
        hands
    }

    fn read_commits(&mut self, comparison: &Comparison, hand: Hand) {
        for commit in &comparison.commits {
            let authors = Authors::of(commit);
            self.people.extend(authors.named.into_iter().map(|author| (author, hand)));
            let unnamed = Unnamed::Author(commit.sha.clone());
            if authors.unnamed && !self.unnamed.contains(&unnamed) {
                self.unnamed.push(unnamed);
            }
        }
        if comparison.total_commits > comparison.commits.len() as u64 {
            self.unnamed.push(Unnamed::TooMany(comparison.total_commits));
        }
    }

    fn read_releases(
        &mut self,
        facts: &Facts,
        look: &Look<'_>,
        touch: &Effect<'_>,
    ) -> Result<(), Gap> {
        for moving in &touch.moving {
            let mut tags: BTreeSet<String> =
                look.promotion.iter().map(|promotion| promotion.version.clone()).collect();
            for one in &moving.moves {
                let Some(image) = one.to.as_ref().and_then(|to| to.entry.new_tag.as_deref()) else {
                    continue;
                };
                match released_as(facts, look, moving.application, image) {
                    Ok(tag) => tags.extend(tag),
                    Err(Gap::Unknown(why)) => self.unknown = Some(why),
                    Err(gap) => return Err(gap),
                }
            }
            for tag in tags {
                match release_author(facts, look, moving.application.source(), &tag) {
                    Ok(author) => self.people.extend(author.map(|one| (one.id, Hand::Released))),
                    Err(Gap::Unknown(why)) => self.unknown = Some(why),
                    Err(gap) => return Err(gap),
                }
            }
        }
        Ok(())
    }

    fn read_what_comes(
        &mut self,
        facts: &Facts,
        look: &Look<'_>,
        touch: &Effect<'_>,
    ) -> Result<(), Gap> {
        for moving in &touch.moving {
            for one in brought(facts, look, moving)? {
                match one {
                    Brought::Between { source, running, coming, .. } => {
                        match facts.brought(source, &running, &coming) {
                            Ok(comparison) => self.read_commits(comparison, Hand::Wrote),
                            Err(Gap::Unknown(why)) => self.unknown = Some(why),
                            Err(gap) => return Err(gap),
                        }
                    }
                    Brought::Elsewhere(_) => {}
                    Brought::Unclear(Unclear::Unreadable(why)) => self.unknown = Some(why),
                    Brought::Unclear(unclear) => self.unnamed.push(Unnamed::Release(unclear)),
                }
            }
        }
        Ok(())
    }

    /// Which hand somebody has in it.
    pub fn of(&self, who: &Account) -> Option<Hand> {
        self.people.iter().find(|(person, _)| *person == who.id).map(|(_, hand)| *hand)
    }

    /// The hands that nobody is named for: each could be the approver's own.
    pub fn unnamed(&self) -> &[Unnamed] {
        &self.unnamed
    }

    /// Why it is not known who has a hand in it, where it is not.
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }
}

/// Who wrote a commit, as far as GitHub names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authors {
    /// Those who are known by their number.
    pub named: Vec<UserId>,
    /// Whether there is an author, or a co-author, who cannot be told to be one of them.
    pub unnamed: bool,
}

impl Authors {
    /// Reads them: the account that GitHub found for the author's address, and co-authors by the addresses
    /// that GitHub gives to accounts. Where nobody can answer, as many tools have it, there is no person either.
    pub fn of(commit: &Commit) -> Self {
        let mut authors = Self {
            named: commit.author.iter().map(|author| author.id).collect(),
            unnamed: commit.author.is_none(),
        };
        for address in commit.message.lines().filter_map(co_author) {
            match account_of(address) {
                Some(id) => authors.named.push(id),
                None => authors.unnamed |= !is_nobodys(address),
            }
        }
        authors
    }
}

/// What a line says behind `Co-authored-by:`: an address in its last angle brackets, or all of it.
fn co_author(line: &str) -> Option<&str> {
    const KEY: &str = "co-authored-by:";
    let line = line.trim();
    let (key, who) = line.split_at_checked(KEY.len())?;
    if !key.eq_ignore_ascii_case(KEY) {
        return None;
    }
    let address = who.rsplit_once('<').map_or(who, |(_, address)| address);
    Some(address.split_once('>').map_or(address, |(address, _)| address).trim())
}

/// The account with the address `ID+login@users.noreply.github.com`; no other address tells one.
/// <https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address>
fn account_of(address: &str) -> Option<UserId> {
    let (local, domain) = address.split_once('@')?;
    if !domain.to_ascii_lowercase().starts_with("users.noreply.") {
        return None;
    }
    local.split_once('+')?.0.parse().ok().map(UserId)
}

/// Whether an address says that nobody reads what is sent there.
fn is_nobodys(address: &str) -> bool {
    let local = address.split_once('@').map(|(local, _)| local.to_ascii_lowercase());
    local.is_some_and(|local| ["noreply", "no-reply"].contains(&local.as_str()))
}

/// The tag of the source that an image tag stands for. What a promotion of ours fixed goes without asking the source.
fn released_as(
    facts: &Facts,
    look: &Look<'_>,
    application: &Application,
    image: &str,
) -> Result<Option<String>, Gap> {
    let read = application.version_of_image(image).map(|version| version.tag().to_owned());
    match facts.source(application.source())? {
        Some(source) if look.promotion.is_none() && is_of_one_owner(look, source) => {
            Ok(commit_of(facts, source, application, image)?.map(|(_, tag)| tag).or(read))
        }
        _ => Ok(read),
    }
}

/// What belongs to another account is not asked for anything.
fn is_of_one_owner(look: &Look<'_>, source: &RepoRef) -> bool {
    source.name.owner().eq_ignore_ascii_case(look.ground.home.name.owner())
}

fn release_author(
    facts: &Facts,
    look: &Look<'_>,
    source: &RepoName,
    tag: &str,
) -> Result<Option<Account>, Gap> {
    let Some(source) = facts.source(source)? else {
        return Ok(None);
    };
    if !is_of_one_owner(look, source) {
        return Ok(None);
    }
    let listed = facts.releases(source)?.iter().find(|release| release.tag == tag);
    let release = match listed {
        Some(release) => Some(release),
        None => facts.release(source, tag)?.as_ref(),
    };
    Ok(release.and_then(|release| release.author.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authors(line: &str) -> Authors {
        let sha = Sha::new("a".repeat(40)).unwrap();
        let ada = Account { id: UserId(5), login: "ada".parse().unwrap(), bot: false };
        Authors::of(&Commit {
            sha: sha.clone(),
            tree: sha,
            parents: Vec::new(),
            message: format!("a change\n\n{line}\n"),
            author: Some(ada),
            committer: None,
            verified: false,
        })
    }

    #[test]
    fn a_co_author_is_known_by_the_number_in_the_address_or_is_somebody() {
        const SOMEBODY: (Option<u64>, bool) = (None, true);
        const NOBODY: (Option<u64>, bool) = (None, false);
        for (line, (named, unnamed)) in [
            ("Co-authored-by: Quinn <6+quinn@users.noreply.github.com>", (Some(6), false)),
            ("co-authored-by: <6+quinn@users.noreply.github.com>", (Some(6), false)),
            ("  CO-AUTHORED-BY: a <b> <6+quinn@USERS.noreply.ghe.acme.io> ", (Some(6), false)),
            ("Co-authored-by: Quinn <6+quinn@users.noreply.github.com", (Some(6), false)),
            ("Co-authored-by: Quinn <quinn@users.noreply.github.com>", SOMEBODY),
            ("Co-authored-by: Quinn <quinn@acme.io>", SOMEBODY),
            ("Co-authored-by: Quinn <x+quinn@users.noreply.github.com>", SOMEBODY),
            ("Co-authored-by: Quinn <6+quinn@evil.io>", SOMEBODY),
            ("Co-authored-by: Quinn", SOMEBODY),
            ("Co-authored-by: a tool <NoReply@tool.io>", NOBODY),
            ("Not-co-authored-by: Quinn <6+quinn@users.noreply.github.com>", NOBODY),
            ("Co-authored-bý: Quinn <6+quinn@users.noreply.github.com>", NOBODY),
            ("", NOBODY),
        ] {
            let named = [Some(5), named].into_iter().flatten().map(UserId).collect();
            assert_eq!(authors(line), Authors { named, unnamed }, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read(line in "\\PC*", number in 1_u64..u64::MAX) {
            let _ = authors(&line);
            let named = format!("Co-authored-by: {} <{number}+a@users.noreply.github.com>", line.replace(['<', '>'], ""));
            proptest::prop_assert_eq!(authors(&named).named, [UserId(5), UserId(number)]);
        }
    }
}
