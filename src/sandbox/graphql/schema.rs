//! The types that can be asked for, as `schema.graphql` has them.
//! It does not know where their values come from.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use graphql_parser::schema::{Definition, InputValue, Type, TypeDefinition, parse_schema};

const TEXT: &str = include_str!("schema.graphql");

pub(super) type Input = InputValue<'static, &'static str>;
pub(super) type Kind = Type<'static, &'static str>;

/// A type by its name.
#[derive(Debug)]
pub(super) enum Named {
    Scalar,
    Enum(Vec<&'static str>),
    Input(Vec<Input>),
    /// An object or an interface.
    Fields(BTreeMap<&'static str, Field>),
    Union,
}

/// A field of an object or an interface.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) arguments: Vec<Input>,
    pub(super) kind: Kind,
}

/// All types.
#[derive(Debug, Default)]
pub(super) struct Schema {
    types: BTreeMap<&'static str, Named>,
    /// Which objects an interface or a union stands for.
    members: BTreeMap<&'static str, Vec<&'static str>>,
}

/// The schema. What is wrong with the file is found by the tests.
pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::read);

impl Schema {
    fn read() -> Self {
        let mut schema = Self::default();
        for scalar in ["Boolean", "Float", "ID", "Int", "String"] {
            schema.types.insert(scalar, Named::Scalar);
        }
        let document = parse_schema::<&'static str>(TEXT);
        for definition in document.map(|document| document.definitions).unwrap_or_default() {
            if let Definition::TypeDefinition(definition) = definition {
                schema.take(definition);
            }
        }
        schema
    }

    fn take(&mut self, definition: TypeDefinition<'static, &'static str>) {
        let fields = |fields: Vec<graphql_parser::schema::Field<'static, &'static str>>| {
            let fields = fields.into_iter();
            let field = |field: graphql_parser::schema::Field<'static, &'static str>| {
                (field.name, Field { arguments: field.arguments, kind: field.field_type })
            };
            Named::Fields(fields.map(field).collect())
        };
        let (name, named) = match definition {
            TypeDefinition::Scalar(scalar) => (scalar.name, Named::Scalar),
            TypeDefinition::Enum(words) => {
                let values = words.values.into_iter().map(|value| value.name).collect();
                (words.name, Named::Enum(values))
            }
            TypeDefinition::InputObject(input) => (input.name, Named::Input(input.fields)),
            TypeDefinition::Interface(one) => (one.name, fields(one.fields)),
            TypeDefinition::Union(union) => {
                self.members.entry(union.name).or_default().extend(union.types);
                (union.name, Named::Union)
            }
            TypeDefinition::Object(object) => {
                for interface in object.implements_interfaces {
                    self.members.entry(interface).or_default().push(object.name);
                }
                self.members.entry(object.name).or_default().push(object.name);
                (object.name, fields(object.fields))
            }
        };
        self.types.insert(name, named);
    }

    /// A type.
    pub(super) fn named(&self, name: &str) -> Option<&Named> {
        self.types.get(name)
    }

    /// A field of a type; every type that can be selected from tells its name.
    pub(super) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        static TYPENAME: LazyLock<Field> = LazyLock::new(|| Field {
            arguments: Vec::new(),
            kind: Type::NonNullType(Box::new(Type::NamedType("String"))),
        });
        match self.types.get(of)? {
            Named::Fields(_) | Named::Union if name == "__typename" => Some(&TYPENAME),
            Named::Fields(fields) => fields.get(name),
            _ => None,
        }
    }

    /// Whether an object is of a type, be it the interface or union that it belongs to.
    pub(super) fn is(&self, object: &str, of: &str) -> bool {
        self.members.get(of).is_some_and(|members| members.contains(&object))
    }

    /// Whether some object is of both types.
    pub(super) fn overlap(&self, one: &str, other: &str) -> bool {
        let members = self.members.get(one).into_iter().flatten();
        members.into_iter().any(|object| self.is(object, other))
    }

    /// Whether nothing can be selected from a type.
    pub(super) fn is_leaf(&self, name: &str) -> bool {
        matches!(self.types.get(name), Some(Named::Scalar | Named::Enum(_)))
    }
}

/// The type at the bottom of lists and of what is never null.
pub(super) fn bottom<'t>(kind: &Type<'t, &'t str>) -> &'t str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => bottom(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        assert!(parse_schema::<&'static str>(TEXT).is_ok());
        let known = |kind: &Kind| SCHEMA.named(bottom(kind)).is_some();
        for (name, named) in &SCHEMA.types {
            match named {
                Named::Fields(fields) => {
                    for (field, about) in fields {
                        assert!(known(&about.kind), "{name}.{field}");
                        let mut arguments = about.arguments.iter();
                        assert!(
                            arguments.all(|argument| known(&argument.value_type)),
                            "{name}.{field}"
                        );
                    }
                }
                Named::Input(fields) => {
                    assert!(fields.iter().all(|field| known(&field.value_type)), "{name}");
                }
                Named::Scalar | Named::Enum(_) | Named::Union => {}
            }
        }
        for member in SCHEMA.members.values().flatten() {
            assert!(SCHEMA.named(member).is_some(), "{member}");
        }
    }
}
