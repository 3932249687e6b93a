//! Arguments and variables: what is given, held against its type.
//! It does not know what they are for.

use std::collections::BTreeMap;

use graphql_parser::query::{Type, Value as Given, VariableDefinition};
use serde_json::{Map, Value};

use super::schema::{Input, Named, SCHEMA};

/// The values of a field's arguments, defaults included.
pub(super) type Arguments = Map<String, Value>;

/// A value of the query as JSON, variables filled in; `None` where a variable has no value.
pub(super) fn plain<'q>(given: &Given<'q, &'q str>, variables: &Arguments) -> Option<Value> {
    Some(match given {
        Given::Variable(name) => return variables.get(*name).cloned(),
        Given::Int(number) => number.as_i64().into(),
        Given::Float(number) => (*number).into(),
        Given::String(text) => text.clone().into(),
        Given::Boolean(flag) => (*flag).into(),
        Given::Null => Value::Null,
        Given::Enum(word) => (*word).into(),
        Given::List(items) => items.iter().filter_map(|item| plain(item, variables)).collect(),
        Given::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), plain(value, variables)?)))
            .collect::<Map<_, _>>()
            .into(),
    })
}

/// What is given for a field, with the schema's defaults.
pub(super) fn arguments<'q>(
    given: &[(&'q str, Given<'q, &'q str>)],
    wanted: &[Input],
    variables: &Arguments,
) -> Arguments {
    let value = |input: &Input| {
        let given = given.iter().find(|(name, _)| *name == input.name);
        let given = given.and_then(|(_, value)| plain(value, variables));
        let default = || input.default_value.as_ref().and_then(|value| plain(value, variables));
        Some((input.name.to_owned(), given.or_else(default)?))
    };
    wanted.iter().filter_map(value).collect()
}

/// The variables' values, or what is wrong with them.
pub(super) fn variables<'q>(
    declared: &[VariableDefinition<'q, &'q str>],
    given: &Value,
) -> Result<Arguments, String> {
    let mut values = Arguments::new();
    for variable in declared {
        let name = variable.name;
        let value = match given.get(name) {
            Some(value) => Some(value.clone()),
            None => variable.default_value.as_ref().and_then(|value| plain(value, &Map::new())),
        };
        match value {
            None if matches!(variable.var_type, Type::NonNullType(_)) => {
                return Err(format!(
                    "Variable ${name} of type {} was provided invalid value",
                    variable.var_type
                ));
            }
            None => {}
            Some(value) if fits(&value, &variable.var_type) => {
                values.insert(name.to_owned(), value);
            }
            Some(_) => {
                return Err(format!(
                    "Variable ${name} of type {} was provided invalid value",
                    variable.var_type
                ));
            }
        }
    }
    Ok(values)
}

/// Whether a value can be of a type. A single value stands for a list of itself.
pub(super) fn fits<'t>(value: &Value, kind: &Type<'t, &'t str>) -> bool {
    match kind {
        Type::NonNullType(inner) => !value.is_null() && fits(value, inner),
        _ if value.is_null() => true,
        Type::ListType(inner) => match value {
            Value::Array(items) => items.iter().all(|item| fits(item, inner)),
            one => fits(one, inner),
        },
        Type::NamedType(name) => fits_named(value, name),
    }
}

fn fits_named(value: &Value, name: &str) -> bool {
    match (name, SCHEMA.named(name)) {
        ("Int", _) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("Float", _) => value.is_number(),
        ("Boolean", _) => value.is_boolean(),
        ("ID", _) => value.is_string() || value.is_i64(),
        ("GitObjectID", _) => value
            .as_str()
            .is_some_and(|oid| oid.len() == 40 && oid.bytes().all(|byte| byte.is_ascii_hexdigit())),
        (_, Some(Named::Scalar)) => value.is_string(),
        (_, Some(Named::Enum(words))) => value.as_str().is_some_and(|word| words.contains(&word)),
        (_, Some(Named::Input(fields))) => value.as_object().is_some_and(|given| {
            let known: BTreeMap<&str, &Input> =
                fields.iter().map(|field| (field.name, field)).collect();
            given.keys().all(|name| known.contains_key(name.as_str()))
                && fields.iter().all(|field| {
                    fits(given.get(field.name).unwrap_or(&Value::Null), &field.value_type)
                })
        }),
        _ => false,
    }
}
