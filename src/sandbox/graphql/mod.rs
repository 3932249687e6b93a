//! GitHub's GraphQL API: a query is parsed, held against the schema, weighed and carried out.
//! It does not know REST; what is the same in both (faults, the log, who calls) is in `http`.
//! <https://docs.github.com/en/graphql>

mod connection;
mod execute;
mod problem;
mod schema;
mod thing;
mod things;
mod validate;
mod values;

use graphql_parser::Pos;
use graphql_parser::query::{
    Definition, Document, OperationDefinition, SelectionSet, VariableDefinition, parse_query,
};
use serde_json::{Value, json};

use execute::Execution;
use problem::Problem;
use thing::At;
use validate::{Fragments, Validation, weigh};

use super::auth::Caller;
use super::http::{Access, Answer, Call, Reply, Route, Window};
use super::state::State;

/// Where it is, in the log and for faults.
pub(crate) const PATH: &str = "/graphql";

/// A query may bring no more than so many nodes.
const MOST_NODES: u64 = 500_000;
/// Longer or deeper texts are no queries.
const LONGEST: usize = 1 << 20;
const DEEPEST: usize = 100;

/// The one endpoint.
pub(crate) fn routes() -> Vec<Route> {
    vec![Route::post(PATH, answer).access(Access::Signed(&[]))]
}

/// The name of the operation in a request's body.
pub(crate) fn operation_name(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let document = parse(body["query"].as_str()?).ok()?;
    let found = operation(&document, body["operationName"].as_str())?;
    found.name.map(str::to_owned)
}

struct Operation<'q> {
    name: Option<&'q str>,
    selected: &'q SelectionSet<'q, &'q str>,
    declared: &'q [VariableDefinition<'q, &'q str>],
}

fn answer(state: &mut State, call: &Call) -> Reply {
    let text = call.body["query"].as_str();
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(wrong("A query attribute must be specified and must be a string."));
    };
    let document = match parse(text) {
        Ok(document) => document,
        Err(why) => return Ok(wrong(&format!("Parse error on {why}"))),
    };
    let Some(operation) = operation(&document, call.body["operationName"].as_str()) else {
        return Ok(wrong("An operation name is required"));
    };
    let fragments = fragments(&document);
    if let Some(name) = circle(&document) {
        return Ok(wrong(&format!("Fragment {name} contains an infinite loop")));
    }
    let errors = Validation::of("Query", operation.selected, operation.declared, &fragments);
    if !errors.is_empty() {
        return Ok(Answer::ok(json!({"errors": errors})));
    }
    let variables = match values::variables(operation.declared, &call.body["variables"]) {
        Ok(variables) => variables,
        Err(why) => return Ok(wrong(&why)),
    };
    let (lists, nodes) = weigh("Query", operation.selected, &fragments, &variables, 1);
    if nodes > MOST_NODES {
        let message = format!(
            "This query requests up to {nodes} possible nodes which exceeds the maximum limit of {MOST_NODES}."
        );
        let problem = Problem::new("MAX_NODE_LIMIT_EXCEEDED", message);
        return Ok(Answer::ok(json!({"errors": [problem.shown(&[], Pos::default())]})));
    }
    let cost = (lists.saturating_add(50) / 100).max(1);
    let window = count(state, &call.caller, cost);
    let at = At { state, caller: &call.caller, window, cost: (cost, nodes) };
    let mut execution = Execution::new(at, &fragments, &variables);
    let data = execution.run(operation.selected);
    let mut body = json!({"data": data});
    if !execution.errors.is_empty() {
        body["errors"] = execution.errors.into();
    }
    Ok(limited(Answer::ok(body), window))
}

/// The caller's hour of GraphQL, which is another than that of REST.
fn count(state: &mut State, caller: &Caller, cost: u64) -> Window {
    let (who, now) = (format!("{} by GraphQL", caller.label(state)), state.now());
    state.around.limits.count(&who, now, cost)
}

fn limited(answer: Answer, window: Window) -> Answer {
    answer
        .header("x-ratelimit-resource", "graphql")
        .header("x-ratelimit-limit", window.limit.to_string())
        .header("x-ratelimit-remaining", window.remaining().to_string())
        .header("x-ratelimit-used", window.used.to_string())
        .header("x-ratelimit-reset", window.reset.to_string())
}

/// 200 with one error and no data: nothing was done.
fn wrong(message: &str) -> Answer {
    Answer::ok(json!({"errors": [{"message": message}]}))
}

fn parse(text: &str) -> Result<Document<'_, &str>, String> {
    let depth = text.chars().fold((0_usize, 0), |(now, most), letter| match letter {
        '{' | '[' | '(' => (now + 1, most.max(now + 1)),
        '}' | ']' | ')' => (now.saturating_sub(1), most),
        _ => (now, most),
    });
    // The parser goes down as deep as the text does.
    if text.len() > LONGEST || depth.1 > DEEPEST {
        return Err("a query that is too long or too deep".to_owned());
    }
    parse_query::<&str>(text).map_err(|error| error.to_string())
}

fn fragments<'q>(document: &'q Document<'q, &'q str>) -> Fragments<'q> {
    let fragments = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Fragment(fragment) => Some((fragment.name, fragment)),
        Definition::Operation(_) => None,
    });
    fragments.collect()
}

/// The operation of that name, or the only one. Only queries are offered.
fn operation<'q>(document: &'q Document<'q, &'q str>, name: Option<&str>) -> Option<Operation<'q>> {
    let mut operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(OperationDefinition::SelectionSet(selected)) => {
            Some(Operation { name: None, selected, declared: &[] })
        }
        Definition::Operation(OperationDefinition::Query(query)) => Some(Operation {
            name: query.name,
            selected: &query.selection_set,
            declared: &query.variable_definitions,
        }),
        _ => None,
    });
    match name {
        Some(_) => operations.find(|operation| operation.name == name),
        None => operations.next().filter(|_| operations.next().is_none()),
    }
}

/// A fragment that leads back to itself.
fn circle<'q>(document: &'q Document<'q, &'q str>) -> Option<&'q str> {
    use graphql_parser::query::Selection;
    fn leads<'q>(
        set: &'q SelectionSet<'q, &'q str>,
        fragments: &Fragments<'q>,
        way: &mut Vec<&'q str>,
    ) -> Option<&'q str> {
        set.items.iter().find_map(|item| match item {
            Selection::Field(field) => leads(&field.selection_set, fragments, way),
            Selection::InlineFragment(inline) => leads(&inline.selection_set, fragments, way),
            Selection::FragmentSpread(spread) => {
                let name = spread.fragment_name;
                if way.contains(&name) {
                    return Some(name);
                }
                let fragment = fragments.get(name)?;
                way.push(name);
                let found = leads(&fragment.selection_set, fragments, way);
                way.pop();
                found
            }
        })
    }
    let fragments = fragments(document);
    let mut all = fragments.iter();
    all.find_map(|(name, fragment)| leads(&fragment.selection_set, &fragments, &mut vec![name]))
}

#[cfg(test)]
mod tests;
