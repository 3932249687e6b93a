//! The texts of the queries.
//!
//! Everything that is put into them is a number, a name of ours, or written as a string literal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Question;
use crate::model::ids::Login;

/// An account. GitHub does not tell every kind's number; where it is missing REST is asked.
const ACTOR: &str = "
fragment actor on Actor { __typename login ... on User { databaseId } ... on Bot { databaseId } }";

const PULL: &str = "
fragment pull on PullRequest {
  number state isDraft merged mergedAt title body
  author { ...actor }
  headRefName headRefOid headRepository { databaseId }
  baseRefName baseRefOid baseRepository { databaseId }
  labels(first: 100) { nodes { name } pageInfo { hasNextPage } }
  mergeCommit { oid } mergedBy { ...actor }
}";

/// What stands on a commit, whole if none of the lists has another page; and whether it was deployed anywhere.
const REPORTS: &str = "
fragment reports on Commit {
  oid
  checkSuites(first: 50) { nodes { app { databaseId slug } runs: checkRuns(first: 100, filterBy: {checkType: ALL}) {
    nodes { ...run } pageInfo { hasNextPage } } } pageInfo { hasNextPage } }
  status { contexts { context state description createdAt creator { ...actor } } }
  deployments(first: 1) { totalCount }
}
fragment run on CheckRun {
  databaseId name status conclusion externalId title summary text startedAt url
  annotations(first: 1) { totalCount }
}";

/// The query for questions about one repository, each under a name `q0`, `q1` and so on.
pub(super) fn of_repository(name: &str, questions: &[&Question]) -> String {
    let mut text = format!("query {name}($owner: String!, $name: String!) {{\n");
    text.push_str("  repository(owner: $owner, name: $name) {\n    databaseId nameWithOwner visibility isArchived\n");
    text.push_str("    defaultBranchRef { name target { oid } }\n");
    let mut fragments = BTreeSet::new();
    for (n, question) in questions.iter().enumerate() {
        let (asked, needs) = of(question);
        fragments.extend(needs);
        if !asked.is_empty() {
            let _ = writeln!(text, "    q{n}: {asked}");
        }
    }
    text.push_str("  }\n}");
    for fragment in fragments {
        text.push_str(fragment);
    }
    text
}

fn of(question: &Question) -> (String, Vec<&'static str>) {
    match question {
        // Every query asks for that, or it is another query.
        // How commits were reviewed is put together from other questions.
        Question::Repository | Question::Reviewed(..) | Question::Member(..) => {
            (String::new(), Vec::new())
        }
        Question::Head(branch) => {
            let name = literal(&format!("refs/heads/{branch}"));
            (format!("ref(qualifiedName: {name}) {{ target {{ oid }} }}"), Vec::new())
        }
        Question::Pull(number) => {
            let comments = "comments(first: 30) { totalCount nodes { fullDatabaseId author { ...actor } body } pageInfo { hasNextPage } }";
            let commits = "commits(last: 1) { nodes { commit { ...reports } } }";
            let asked = format!("pullRequest(number: {number}) {{ ...pull {comments} {commits} }}");
            (asked, vec![ACTOR, PULL, REPORTS])
        }
        Question::OpenPulls => {
            let order = "orderBy: {field: CREATED_AT, direction: DESC}";
            let asked = format!(
                "pullRequests(states: [OPEN], first: 50, {order}) {{ nodes {{ ...pull }} pageInfo {{ hasNextPage }} }}"
            );
            (asked, vec![ACTOR, PULL])
        }
        Question::Reviews(number) => {
            let reviews = "reviews(first: 100) { nodes { author { ...actor } state submittedAt commit { oid } } pageInfo { hasNextPage } }";
            (format!("pullRequest(number: {number}) {{ {reviews} }}"), vec![ACTOR])
        }
        Question::PullsOfCommit(sha) => {
            let pulls =
                "associatedPullRequests(first: 20) { nodes { ...pull } pageInfo { hasNextPage } }";
            let asked =
                format!("object(oid: {}) {{ ... on Commit {{ {pulls} }} }}", literal(sha.as_str()));
            (asked, vec![ACTOR, PULL])
        }
        Question::Releases => {
            let order = "orderBy: {field: CREATED_AT, direction: DESC}";
            let asked = format!(
                "releases(first: 100, {order}) {{ totalCount nodes {{ databaseId updatedAt url tagName tagCommit {{ oid }} }} pageInfo {{ hasNextPage }} }}"
            );
            (asked, Vec::new())
        }
        Question::Reports(sha) => {
            let asked = format!("object(oid: {}) {{ ...reports }}", literal(sha.as_str()));
            (asked, vec![ACTOR, REPORTS])
        }
        Question::Tag(tag) => {
            let name = literal(&format!("refs/tags/{tag}"));
            let target = "target { __typename oid ... on Tag { target { __typename oid } } }";
            (format!("ref(qualifiedName: {name}) {{ {target} }}"), Vec::new())
        }
        Question::Blob(sha) => {
            let about = "byteSize isBinary isTruncated text";
            (
                format!("object(oid: {}) {{ ... on Blob {{ {about} }} }}", literal(sha.as_str())),
                Vec::new(),
            )
        }
        Question::Access(login) => {
            let login = literal(login.as_str());
            let asked = format!(
                "collaborators(login: {login}, first: 10) {{ edges {{ permission node {{ login }} }} }}"
            );
            (asked, Vec::new())
        }
    }
}

/// The query for the members of teams: organisations `o0`, `o1` and so on, teams `t0`, `t1` in each.
pub(super) fn of_teams(teams: &BTreeMap<&Login, BTreeSet<&String>>) -> String {
    let mut text = "query Members {\n".to_owned();
    for (o, (organisation, teams)) in teams.iter().enumerate() {
        let _ =
            writeln!(text, "  o{o}: organization(login: {}) {{", literal(organisation.as_str()));
        for (t, team) in teams.iter().enumerate() {
            let members = "members(first: 100) { nodes { login } pageInfo { hasNextPage } }";
            let _ = writeln!(text, "    t{t}: team(slug: {}) {{ {members} }}", literal(team));
        }
        text.push_str("  }\n");
    }
    text.push('}');
    text
}

/// A string literal: what JSON escapes, GraphQL does, too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
