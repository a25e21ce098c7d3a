use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A JSON object of attributes in order, their names in snake case until [`Object::cased`] writes them.
///
/// User data (parameters, header names, bodies) goes in as [`Field::data`] or as raw JSON, which no casing touches.
#[derive(Default)]
pub(super) struct Object<'a> {
    fields: Vec<(&'static str, Field<'a>)>,
}

pub(super) enum Field<'a> {
    Null,
    Number(u64),
    Text(Cow<'a, str>),
    Raw(&'a RawValue),
    Data(Box<RawValue>),
    Object(Object<'a>),
    List(Vec<Field<'a>>),
}

/// How the names of attributes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Snake,
    Kebab,
    Camel,
}

/// An object whose names are written in a case.
pub(super) struct Cased<'o, 'a>(&'o Object<'a>, Case);

impl Case {
    /// Writes a name that is in snake case.
    pub(super) fn write(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Snake => name.into(),
            Self::Kebab => name.replace('_', "-").into(),
            Self::Camel => {
                let mut words = name.split('_');
                let mut text = words.next().unwrap_or_default().to_owned();
                for word in words {
                    text.push_str(&word[..1].to_ascii_uppercase());
                    text.push_str(&word[1..]);
                }
                text.into()
            }
        }
    }

    /// Reads a name in any case as snake case.
    pub(super) fn read(name: &str) -> String {
        let mut text = String::with_capacity(name.len() + 4);
        for c in name.chars() {
            match c {
                '-' => text.push('_'),
                c if c.is_ascii_uppercase() => {
                    text.push('_');
                    text.push(c.to_ascii_lowercase());
                }
                c => text.push(c),
            }
        }
        text
    }
}

impl<'a> Object<'a> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Appends an attribute. The name is in snake case, without empty words.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Field<'a>>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Keeps the attributes of a sparse fieldset: dot paths in snake case, each naming an attribute or one inside of it.
    pub(super) fn keep(&mut self, paths: &[&str]) {
        self.fields.retain_mut(|(name, value)| {
            let mut inner = Vec::new();
            for path in paths {
                match path.strip_prefix(*name) {
                    Some("") => return true,
                    Some(rest) => inner.extend(rest.strip_prefix('.')),
                    None => {}
                }
            }
            match value {
                Field::Object(object) if !inner.is_empty() => {
                    object.keep(&inner);
                    true
                }
                _ => false,
            }
        });
    }

    pub(super) fn cased(&self, case: Case) -> Cased<'_, 'a> {
        Cased(self, case)
    }
}

impl Field<'_> {
    /// Serialises user data; what does not serialise is null.
    pub(super) fn data(value: &(impl Serialize + ?Sized)) -> Self {
        to_raw_value(value).map_or(Self::Null, Self::Data)
    }

    /// Serialises an object whose names are user data, in order, duplicates included.
    pub(super) fn verbatim(members: Vec<(impl AsRef<str>, impl Serialize)>) -> Self {
        Self::data(&Verbatim(members))
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Field<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Field<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<Object<'a>> for Field<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a> From<Vec<Field<'a>>> for Field<'a> {
    fn from(list: Vec<Field<'a>>) -> Self {
        Self::List(list)
    }
}

impl<'a> From<&'a RawValue> for Field<'a> {
    fn from(json: &'a RawValue) -> Self {
        Self::Raw(json)
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Cased<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(object, case) = *self;
        let mut map = serializer.serialize_map(Some(object.fields.len()))?;
        for (name, value) in &object.fields {
            map.serialize_entry(&case.write(name), &CasedField(value, case))?;
        }
        map.end()
    }
}

struct Verbatim<N, V>(Vec<(N, V)>);

impl<N: AsRef<str>, V: Serialize> Serialize for Verbatim<N, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_ref(), value)))
    }
}

struct CasedField<'o, 'a>(&'o Field<'a>, Case);

impl Serialize for CasedField<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(field, case) = *self;
        match field {
            Field::Null => serializer.serialize_unit(),
            Field::Number(number) => serializer.serialize_u64(*number),
            Field::Text(text) => serializer.serialize_str(text),
            Field::Raw(json) => json.serialize(serializer),
            Field::Data(json) => json.serialize(serializer),
            Field::Object(object) => object.cased(case).serialize(serializer),
            Field::List(list) => {
                serializer.collect_seq(list.iter().map(|field| CasedField(field, case)))
            }
        }
    }
}
