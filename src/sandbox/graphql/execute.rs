//! Carries a query out: selects, field by field, and lets errors take out what cannot be null.
//! It does not know what the fields mean.
//! <https://spec.graphql.org/October2021/#sec-Execution>

use graphql_parser::query::{Directive, Field, Selection, SelectionSet, Type, TypeCondition};
use serde_json::{Map, Value};

use super::schema::{Kind, SCHEMA};
use super::thing::{At, Out, Thing};
use super::validate::Fragments;
use super::values::{self, Arguments, plain};

/// A query under way.
pub(super) struct Execution<'a, 'q> {
    pub(super) at: At<'a>,
    pub(super) fragments: &'q Fragments<'q>,
    pub(super) variables: &'q Arguments,
    pub(super) errors: Vec<Value>,
    path: Vec<Value>,
}

/// Something that must not be null is: so what it belongs to is.
struct Missing;

impl<'a, 'q> Execution<'a, 'q> {
    pub(super) fn new(at: At<'a>, fragments: &'q Fragments<'q>, variables: &'q Arguments) -> Self {
        Self { at, fragments, variables, errors: Vec::new(), path: Vec::new() }
    }

    /// What is selected of the root; null where something that must not be is.
    pub(super) fn run(&mut self, selected: &'q SelectionSet<'q, &'q str>) -> Value {
        self.select(&Thing::Query, &[selected]).unwrap_or(Value::Null)
    }

    fn select(
        &mut self,
        thing: &Thing<'a>,
        selected: &[&'q SelectionSet<'q, &'q str>],
    ) -> Result<Value, Missing> {
        let kind = thing.kind();
        let mut fields: Vec<(&'q str, Vec<&'q Field<'q, &'q str>>)> = Vec::new();
        for set in selected {
            self.collect(&kind, set, &mut fields);
        }
        let mut shown = Map::new();
        for (key, same) in fields {
            self.path.push(key.into());
            let value = self.field(thing, &kind, &same);
            self.path.pop();
            shown.insert(key.to_owned(), value?);
        }
        Ok(shown.into())
    }

    /// The fields that are selected of a thing, those of the same name together.
    fn collect(
        &self,
        kind: &str,
        selected: &'q SelectionSet<'q, &'q str>,
        fields: &mut Vec<(&'q str, Vec<&'q Field<'q, &'q str>>)>,
    ) {
        for item in &selected.items {
            match item {
                Selection::Field(field) if self.is_wanted(&field.directives) => {
                    let key = field.alias.unwrap_or(field.name);
                    match fields.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, same)) => same.push(field),
                        None => fields.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(inline) if self.is_wanted(&inline.directives) => {
                    let fits = match &inline.type_condition {
                        Some(TypeCondition::On(on)) => SCHEMA.is(kind, on),
                        None => true,
                    };
                    if fits {
                        self.collect(kind, &inline.selection_set, fields);
                    }
                }
                Selection::FragmentSpread(spread) if self.is_wanted(&spread.directives) => {
                    let fragment = self.fragments.get(spread.fragment_name).copied();
                    let fits = |on: &TypeCondition<'q, &'q str>| {
                        let TypeCondition::On(on) = on;
                        SCHEMA.is(kind, on)
                    };
                    if let Some(fragment) = fragment.filter(|one| fits(&one.type_condition)) {
                        self.collect(kind, &fragment.selection_set, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_wanted(&self, directives: &[Directive<'q, &'q str>]) -> bool {
        directives.iter().all(|directive| {
            let given = directive.arguments.iter().find(|(name, _)| *name == "if");
            let given = given.and_then(|(_, value)| plain(value, self.variables));
            match directive.name {
                "include" => given == Some(Value::Bool(true)),
                "skip" => given != Some(Value::Bool(true)),
                _ => true,
            }
        })
    }

    fn field(
        &mut self,
        thing: &Thing<'a>,
        kind: &str,
        same: &[&'q Field<'q, &'q str>],
    ) -> Result<Value, Missing> {
        let Some(field) = same.first() else { return Ok(Value::Null) };
        if field.name == "__typename" {
            return Ok(kind.into());
        }
        let Some(known) = SCHEMA.field(kind, field.name) else { return Ok(Value::Null) };
        let given = values::arguments(&field.arguments, &known.arguments, self.variables);
        let selected: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
        let found = thing.field(self.at, field.name, &given).unwrap_or_else(|problem| {
            self.errors.push(problem.shown(&self.path, field.position));
            Out::Null
        });
        self.complete(&known.kind, found, &selected)
    }

    fn complete(
        &mut self,
        kind: &Kind,
        found: Out<'a>,
        selected: &[&'q SelectionSet<'q, &'q str>],
    ) -> Result<Value, Missing> {
        match kind {
            Type::NonNullType(inner) => match self.complete(inner, found, selected)? {
                Value::Null => Err(Missing),
                value => Ok(value),
            },
            Type::ListType(inner) => {
                let Out::List(items) = found else {
                    return Ok(match found {
                        Out::Leaf(list @ Value::Array(_)) => list,
                        _ => Value::Null,
                    });
                };
                let mut shown = Vec::new();
                for (n, item) in items.into_iter().enumerate() {
                    self.path.push(n.into());
                    let value = self.complete(inner, item, selected);
                    self.path.pop();
                    match value {
                        Ok(value) => shown.push(value),
                        Err(Missing) => return Ok(Value::Null),
                    }
                }
                Ok(shown.into())
            }
            Type::NamedType(_) => Ok(match found {
                Out::Null | Out::List(_) => Value::Null,
                Out::Leaf(value) => value,
                Out::Thing(thing) => self.select(&thing, selected).unwrap_or(Value::Null),
            }),
        }
    }
}
