//! Holds a query against the schema before anything is done, and weighs it.
//! It does not know any value of the state.
//! <https://spec.graphql.org/October2021/#sec-Validation>,
//! <https://docs.github.com/en/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api>

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::Pos;
use graphql_parser::query::{
    Field, FragmentDefinition, Selection, SelectionSet, Type, TypeCondition, Value as Given,
    VariableDefinition,
};
use serde_json::Value;

use super::problem::Problem;
use super::schema::{self, Input, SCHEMA, bottom};
use super::values::{self, Arguments, fits, plain};

/// Fragments by their name.
pub(super) type Fragments<'q> = BTreeMap<&'q str, &'q FragmentDefinition<'q, &'q str>>;

/// What is wrong with a query, as `errors` has it.
pub(super) struct Validation<'q> {
    fragments: &'q Fragments<'q>,
    declared: BTreeMap<&'q str, &'q VariableDefinition<'q, &'q str>>,
    used: BTreeSet<&'q str>,
    spread: BTreeSet<&'q str>,
    errors: Vec<Value>,
}

/// So deep a query goes at most.
const DEEPEST: usize = 25;

impl<'q> Validation<'q> {
    /// Everything that is wrong with an operation.
    pub(super) fn of(
        root: &'static str,
        selected: &'q SelectionSet<'q, &'q str>,
        declared: &'q [VariableDefinition<'q, &'q str>],
        fragments: &'q Fragments<'q>,
    ) -> Vec<Value> {
        let mut validation = Self {
            fragments,
            declared: declared.iter().map(|variable| (variable.name, variable)).collect(),
            used: BTreeSet::new(),
            spread: BTreeSet::new(),
            errors: Vec::new(),
        };
        let mut path = vec![Value::from("query")];
        validation.selection(root, selected, &mut path);
        for variable in declared {
            if !validation.used.contains(variable.name) {
                let message = format!(
                    "Variable ${} is declared by the operation but not used",
                    variable.name
                );
                validation.wrong("variableNotUsed", message, &path, variable.position);
            }
        }
        for (name, fragment) in fragments {
            if !validation.spread.contains(name) {
                let message = format!("Fragment {name} was defined, but not used");
                validation.wrong("useAndDefineFragment", message, &path, fragment.position);
            }
        }
        validation.errors
    }

    fn wrong(&mut self, code: &'static str, message: String, path: &[Value], at: Pos) {
        self.errors.push(Problem::invalid(code, message).shown(path, at));
    }

    fn selection(
        &mut self,
        of: &str,
        selected: &'q SelectionSet<'q, &'q str>,
        path: &mut Vec<Value>,
    ) {
        if path.len() > DEEPEST {
            let message = format!("Query has depth of more than {DEEPEST}");
            return self.wrong("depthLimit", message, path, selected.span.0);
        }
        for item in &selected.items {
            match item {
                Selection::Field(field) => self.field(of, field, path),
                Selection::InlineFragment(inline) => {
                    let on = match &inline.type_condition {
                        Some(TypeCondition::On(on)) => on,
                        None => of,
                    };
                    self.fragment(of, on, &inline.selection_set, path, inline.position);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name;
                    self.spread.insert(name);
                    match self.fragments.get(name).copied() {
                        Some(fragment) => {
                            let TypeCondition::On(on) = &fragment.type_condition;
                            path.push(Value::from(format!("... {name}")));
                            self.fragment(of, on, &fragment.selection_set, path, spread.position);
                            path.pop();
                        }
                        None => {
                            let message = format!("Fragment {name} was used, but not defined");
                            self.wrong("useAndDefineFragment", message, path, spread.position);
                        }
                    }
                }
            }
        }
    }

    fn fragment(
        &mut self,
        of: &str,
        on: &str,
        selected: &'q SelectionSet<'q, &'q str>,
        path: &mut Vec<Value>,
        at: Pos,
    ) {
        if SCHEMA.named(on).is_none() {
            let message = format!("No such type {on}, so it can't be a fragment condition");
            self.wrong("undefinedType", message, path, at);
        } else if SCHEMA.overlap(of, on) {
            self.selection(on, selected, path);
        } else {
            let message = format!("Fragment on {on} can't be spread inside {of}");
            self.wrong("cannotSpreadFragment", message, path, at);
        }
    }

    fn field(&mut self, of: &str, field: &'q Field<'q, &'q str>, path: &mut Vec<Value>) {
        let name = field.name;
        path.push(Value::from(field.alias.unwrap_or(name)));
        match SCHEMA.field(of, name) {
            None => {
                let message = format!("Field '{name}' doesn't exist on type '{of}'");
                self.wrong("undefinedField", message, path, field.position);
            }
            Some(known) => {
                self.arguments(field, known, path);
                let inner = bottom(&known.kind);
                match (SCHEMA.is_leaf(inner), field.selection_set.items.is_empty()) {
                    (true, false) => {
                        let message = format!(
                            "Selections can't be made on scalars (field '{name}' returns {inner} but has selections)"
                        );
                        self.wrong("selectionMismatch", message, path, field.position);
                    }
                    (false, true) => {
                        let message = format!(
                            "Field must have selections (field '{name}' returns {inner} but has no selections. Did you mean '{name} {{ ... }}'?)"
                        );
                        self.wrong("selectionMismatch", message, path, field.position);
                    }
                    (false, false) => self.selection(inner, &field.selection_set, path),
                    (true, true) => {}
                }
            }
        }
        for directive in &field.directives {
            for (_, value) in &directive.arguments {
                self.uses(value);
            }
        }
        path.pop();
    }

    fn arguments(&mut self, field: &'q Field<'q, &'q str>, known: &schema::Field, path: &[Value]) {
        let name = field.name;
        let is_given =
            |wanted: &Input| field.arguments.iter().any(|(given, _)| *given == wanted.name);
        let missing: Vec<&str> = known
            .arguments
            .iter()
            .filter(|wanted| matches!(wanted.value_type, Type::NonNullType(_)))
            .filter(|wanted| wanted.default_value.is_none() && !is_given(wanted))
            .map(|wanted| wanted.name)
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message = format!("Field '{name}' is missing required arguments: {missing}");
            self.wrong("missingRequiredArguments", message, path, field.position);
        }
        for (given, value) in &field.arguments {
            self.uses(value);
            let Some(wanted) = known.arguments.iter().find(|wanted| wanted.name == *given) else {
                let message = format!("Field '{name}' doesn't accept argument '{given}'");
                self.wrong("argumentNotAccepted", message, path, field.position);
                continue;
            };
            self.argument(name, wanted, value, path, field.position);
        }
    }

    fn argument(
        &mut self,
        field: &str,
        wanted: &Input,
        value: &'q Given<'q, &'q str>,
        path: &[Value],
        at: Pos,
    ) {
        let (name, kind) = (wanted.name, &wanted.value_type);
        if let Given::Variable(variable) = value {
            let Some(declared) = self.declared.get(variable).copied() else {
                let message =
                    format!("Variable ${variable} is used by the operation but not declared");
                return self.wrong("variableNotDefined", message, path, at);
            };
            let given = declared.var_type.to_string();
            let (given, loose) = match &declared.default_value {
                Some(_) => (format!("{}!", given.trim_end_matches('!')), true),
                None => (given, false),
            };
            let wanted = kind.to_string();
            let nullable = wanted.trim_end_matches('!');
            let listed = nullable.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            let base = given.trim_end_matches('!');
            let same =
                base == nullable || listed.is_some_and(|one| base == one.trim_end_matches('!'));
            if !same || (wanted.ends_with('!') && !given.ends_with('!') && !loose) {
                let given = declared.var_type.to_string();
                let message = format!(
                    "Type mismatch on variable ${variable} and argument {name} ({given} / {wanted})"
                );
                self.wrong("variableMismatch", message, path, at);
            }
            return;
        }
        // Variables inside of lists and objects are held against their own types.
        let supposed = supposed(value);
        let literal = plain(value, &supposed).unwrap_or(Value::Null);
        if supposed.is_empty() && !fits(&literal, kind) {
            let message = format!(
                "Argument '{name}' on Field '{field}' has an invalid value ({value}). Expected type '{kind}'."
            );
            self.wrong("argumentLiteralsIncompatible", message, path, at);
        }
    }

    fn uses(&mut self, value: &'q Given<'q, &'q str>) {
        match value {
            Given::Variable(name) => {
                self.used.insert(name);
            }
            Given::List(items) => items.iter().for_each(|item| self.uses(item)),
            Given::Object(fields) => fields.values().for_each(|value| self.uses(value)),
            _ => {}
        }
    }
}

/// A value for each variable in a literal.
fn supposed<'q>(value: &Given<'q, &'q str>) -> Arguments {
    match value {
        Given::Variable(name) => Arguments::from_iter([((*name).to_owned(), Value::Null)]),
        Given::List(items) => items.iter().flat_map(supposed).collect(),
        Given::Object(fields) => fields.values().flat_map(supposed).collect(),
        _ => Arguments::new(),
    }
}

/// How many lists and how many nodes a query asks for at most: what its cost is made of.
pub(super) fn weigh<'q>(
    of: &str,
    selected: &SelectionSet<'q, &'q str>,
    fragments: &Fragments<'q>,
    variables: &Arguments,
    times: u64,
) -> (u64, u64) {
    let mut sum = (0_u64, 0_u64);
    let mut add = |more: (u64, u64)| {
        sum = (sum.0.saturating_add(more.0), sum.1.saturating_add(more.1));
    };
    for item in &selected.items {
        match item {
            Selection::Field(field) => {
                let Some(known) = SCHEMA.field(of, field.name) else { continue };
                let given = values::arguments(&field.arguments, &known.arguments, variables);
                let bound = |name: &str| given.get(name).and_then(Value::as_u64);
                let inner = bottom(&known.kind);
                let size =
                    bound("first").or(bound("last")).filter(|_| inner.ends_with("Connection"));
                if let Some(size) = size {
                    add((times, times.saturating_mul(size)));
                }
                let times = times.saturating_mul(size.unwrap_or(1));
                add(weigh(inner, &field.selection_set, fragments, variables, times));
            }
            Selection::InlineFragment(inline) => {
                let on = match &inline.type_condition {
                    Some(TypeCondition::On(on)) => on,
                    None => of,
                };
                add(weigh(on, &inline.selection_set, fragments, variables, times));
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(spread.fragment_name) {
                    let TypeCondition::On(on) = &fragment.type_condition;
                    add(weigh(on, &fragment.selection_set, fragments, variables, times));
                }
            }
        }
    }
    sum
}
