//! Queries over HTTP, as clients send them.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::sandbox::{Options, Running, start};

const REPO: &str = "repository(owner: \"acme\", name: \"microservices-demo\")";

async fn running() -> Running {
    start(Options::new("127.0.0.1:0".parse().unwrap(), "127.0.0.1:9")).await.unwrap()
}

async fn send(github: &Running, who: &str, body: &Value) -> Response {
    let request = Client::new().post(format!("{}/api/graphql", github.url()));
    request.header("user-agent", "tests").bearer_auth(who).json(body).send().await.unwrap()
}

async fn ask(github: &Running, who: &str, query: &str) -> Value {
    send(github, who, &json!({"query": query})).await.json().await.unwrap()
}

async fn act(github: &Running, who: &str, method: &str, path: &str, body: Value) -> Value {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = Client::new().request(method, format!("{}{path}", github.api_url()));
    let request = request.header("user-agent", "tests").bearer_auth(who).json(&body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap_or(Value::Null)
}

/// The codes or words of what is wrong.
fn wrong(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            let code = error["extensions"]["code"].as_str();
            code.or(error["type"].as_str()).or(error["message"].as_str()).unwrap()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_variables_fragments_and_directives_are_understood() {
    let github = running().await;
    let query = "
        query About($owner: String!, $with: Boolean = false) {
          one: repository(owner: $owner, name: \"microservices-demo\") { ...names }
          two: repository(owner: $owner, name: \"Microservices-Demo\") {
            ...names
            isArchived @include(if: $with)
            defaultBranchRef { name prefix target { __typename ... on Commit { tree { oid } } } }
          }
          rateLimit { cost nodeCount limit }
        }
        fragment names on Repository { nameWithOwner owner { login ... on Organization { name } } }";
    let asked = json!({"query": query, "variables": {"owner": "acme"}, "operationName": "About"});
    let answer: Value = send(&github, "eve", &asked).await.json().await.unwrap();
    let data = &answer["data"];
    assert_eq!(answer.get("errors"), None, "{answer}");
    assert_eq!(data["one"]["nameWithOwner"], "acme/microservices-demo");
    assert_eq!(data["one"]["owner"], json!({"login": "acme", "name": "Acme"}));
    assert_eq!(data["two"].get("isArchived"), None);
    let branch = &data["two"]["defaultBranchRef"];
    assert_eq!((&branch["name"], &branch["prefix"]), (&json!("main"), &json!("refs/heads/")));
    assert_eq!(branch["target"]["__typename"], "Commit");
    assert_eq!(branch["target"]["tree"]["oid"].as_str().unwrap().len(), 40);
    assert_eq!(data["rateLimit"], json!({"cost": 1, "nodeCount": 0, "limit": 5000}));
    let seen = github.requests();
    assert_eq!(seen[0].operation.as_deref(), Some("About"));
    assert_eq!((seen[0].path.as_str(), seen[0].route), ("/graphql", Some("/graphql")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_schema_does_not_have_is_refused_before_anything_is_done() {
    let github = running().await;
    let cases = [
        ("{ repository(owner: \"acme\", name: \"x\") { nonsense } }", "undefinedField"),
        ("{ repository(owner: \"acme\") { name } }", "missingRequiredArguments"),
        ("{ viewer(x: 1) { login } }", "argumentNotAccepted"),
        ("{ viewer }", "selectionMismatch"),
        ("{ viewer { login { x } } }", "selectionMismatch"),
        ("{ organization(login: 5) { login } }", "argumentLiteralsIncompatible"),
        ("{ organization(login: $x) { login } }", "variableNotDefined"),
        ("query($x: Int) { organization(login: $x) { login } }", "variableMismatch"),
        ("query($x: String!) { viewer { login } }", "variableNotUsed"),
        ("{ viewer { ...none } }", "useAndDefineFragment"),
        ("{ viewer { ... on Nothing { login } } }", "undefinedType"),
        ("{ viewer { ... on Repository { name } } }", "cannotSpreadFragment"),
        (
            "query($x: String!) { organization(login: $x) { login } }",
            "Variable $x of type String! was provided invalid value",
        ),
        ("{ viewer { ...a } } fragment a on User { ...a }", "Fragment a contains an infinite loop"),
        ("", "A query attribute must be specified and must be a string."),
        (
            "query a { viewer { login } } query b { viewer { login } }",
            "An operation name is required",
        ),
    ];
    for (query, code) in cases {
        let answer = ask(&github, "ada", query).await;
        assert!(answer.get("data").is_none(), "{query}: {answer}");
        assert_eq!(wrong(&answer), [code], "{query}");
    }
    for odd in ["{", "query {}", "}", &"{".repeat(5000), "subscription { x }", "\u{0}"] {
        let answer = ask(&github, "ada", odd).await;
        assert!(
            answer.get("data").is_none() && answer["errors"][0]["message"].is_string(),
            "{odd}"
        );
    }
    let query = format!("{{ {REPO} {{ releases {{ totalCount }} }} }}");
    assert_eq!(wrong(&ask(&github, "ada", &query).await), ["MISSING_PAGINATION_BOUNDARIES"]);
    let query = format!("{{ {REPO} {{ releases(first: 101) {{ totalCount }} }} }}");
    assert_eq!(wrong(&ask(&github, "ada", &query).await), ["EXCESSIVE_PAGINATION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages() {
    let github = running().await;
    for tag in ["v1.0.1", "v1.0.2", "v1.0.3"] {
        let path = "/repos/acme/microservices-demo/releases";
        act(&github, "ada", "POST", path, json!({"tag_name": tag})).await;
    }
    let mut after = String::new();
    let mut seen = Vec::new();
    loop {
        let query = format!(
            "{{ {REPO} {{ releases(first: 2{after}, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
                totalCount edges {{ cursor node {{ tagName author {{ login }} }} }}
                pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }} }}"
        );
        let answer = ask(&github, "ada", &query).await;
        let page = &answer["data"]["repository"]["releases"];
        assert_eq!(page["totalCount"], 4, "{answer}");
        let edges = page["edges"].as_array().unwrap();
        seen.extend(edges.iter().map(|edge| edge["node"]["tagName"].as_str().unwrap().to_owned()));
        assert_eq!(page["pageInfo"]["endCursor"], edges.last().unwrap()["cursor"]);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
    }
    assert_eq!(seen, ["v1.0.3", "v1.0.2", "v1.0.1", "v1.0.0"]);
    let query = format!(
        "{{ {REPO} {{ releases(last: 1) {{ nodes {{ tagName }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }}"
    );
    let page = ask(&github, "ada", &query).await;
    let page = &page["data"]["repository"]["releases"];
    assert_eq!(page["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(page["pageInfo"], json!({"hasNextPage": false, "hasPreviousPage": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_more_than_over_rest() {
    let github = running().await;
    github.add_repository("secret", true, &[("a", "a")]).unwrap();
    let secret = "{ repository(owner: \"acme\", name: \"secret\") { name } }";
    assert_eq!(ask(&github, "ada", secret).await["data"]["repository"]["name"], "secret");
    let members = "{ organization(login: \"acme\") { team(slug: \"qa\") { members(first: 9) { nodes { login } edges { role } } } } }";
    let answer = ask(&github, "eve", members).await;
    let team = &answer["data"]["organization"]["team"]["members"];
    assert_eq!(team["nodes"], json!([{"login": "quinn"}]));
    for nobody in ["stranger", "usher"] {
        assert_eq!(
            send(&github, nobody, &json!({"query": secret})).await.status(),
            401,
            "{nobody}"
        );
    }
    let collaborators = format!(
        "{{ {REPO} {{ collaborators(first: 9) {{ edges {{ permission node {{ login }} }} }} }} }}"
    );
    assert_eq!(wrong(&ask(&github, "eve", &collaborators).await), ["FORBIDDEN"]);
    let answer = ask(&github, "ada", &collaborators).await;
    let edges = &answer["data"]["repository"]["collaborators"]["edges"];
    let sam = edges.as_array().unwrap().iter().find(|edge| edge["node"]["login"] == "sam");
    assert_eq!(sam.unwrap()["permission"], "ADMIN");
    let missing = "{ repository(owner: \"acme\", name: \"none\") { name } viewer { login } }";
    let answer = ask(&github, "ada", missing).await;
    assert_eq!(answer["data"], json!({"repository": null, "viewer": {"login": "ada"}}));
    assert_eq!(answer["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(answer["errors"][0]["path"], json!(["repository"]));
    assert_eq!(answer["errors"][0]["locations"], json!([{"line": 1, "column": 3}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_part_takes_out_what_may_not_be_without_it_and_no_more() {
    let github = running().await;
    let query = format!(
        "{{ {REPO} {{ name none: pullRequest(number: 7) {{ title }} object(expression: \"main:README.md\") {{ oid }}
            file: object(expression: \"main:kustomize/base/kustomization.yaml\") {{ ... on Blob {{ text byteSize isBinary isTruncated }} }}
            folder: object(expression: \"main:kustomize\") {{ ... on Tree {{ entries {{ name type mode path }} }} }}
            releases {{ totalCount }} }} viewer {{ login }} }}"
    );
    let answer = ask(&github, "ada", &query).await;
    // The list that GitHub refuses may not be null, so the whole repository is.
    assert_eq!(answer["data"], json!({"repository": null, "viewer": {"login": "ada"}}));
    assert_eq!(wrong(&answer), ["NOT_FOUND", "MISSING_PAGINATION_BOUNDARIES"]);
    let answer = ask(&github, "ada", &query.replace("releases {", "releases(first: 1) {")).await;
    let repo = &answer["data"]["repository"];
    assert_eq!((&repo["name"], &repo["none"]), (&json!("microservices-demo"), &Value::Null));
    let text = repo["file"]["text"].as_str().unwrap();
    assert_eq!(repo["file"]["byteSize"], text.len());
    let folder = repo["folder"]["entries"].as_array().unwrap();
    assert!(
        folder.iter().any(|entry| entry["name"] == "base" && entry["type"] == "tree"),
        "{folder:?}"
    );
    assert_eq!(wrong(&answer), ["NOT_FOUND"]);
    assert_eq!(answer["errors"][0]["path"], json!(["repository", "none"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_is_refused_and_the_rest_is_counted() {
    let github = running().await;
    let deep = format!(
        "{{ {REPO} {{ pullRequests(first: 100) {{ nodes {{ commits(first: 100) {{ nodes {{ commit {{
            checkSuites(first: 100) {{ nodes {{ id }} }} }} }} }} }} }} }} }}"
    );
    assert_eq!(wrong(&ask(&github, "ada", &deep).await), ["MAX_NODE_LIMIT_EXCEEDED"]);
    let wide = deep.replace("commits(first: 100)", "commits(first: 1)");
    let answer = send(&github, "ada", &json!({"query": wide})).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-ratelimit-resource"), "graphql");
    // 1 list of pull requests, 100 of commits, 100 of suites: 201 in all.
    assert_eq!(header("x-ratelimit-used"), "2");
}
