//! Which bodies may stand in a reply as JSON.
//!
//! A body goes into the reply in its own bytes. One that a strict reader cannot read would cost that reader the whole page, so
//! only JSON that is complete, not too deep, with numbers that a double holds and without halves of surrogate pairs is embedded.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::entry::BodyRecord;

/// The most levels of an embedded body. Readers commonly stop at 128, of which the reply itself uses a few.
const MAX_DEPTH: usize = 100;

/// Returns the JSON of a body that was kept whole.
pub(super) fn whole(body: &BodyRecord) -> Option<&RawValue> {
    let BodyRecord::Whole { text, .. } = body else {
        return None;
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    Sound { left: MAX_DEPTH }.deserialize(&mut reader).ok()?;
    serde_json::from_str(text).ok()
}

/// Returns the members of an object in order, duplicates included; `None` if it is not an object.
pub(super) fn members(json: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    serde_json::from_str::<Members<'_>>(json.get())
        .ok()
        .map(|members| members.0)
}

/// Tells whether the JSON is an object.
pub(super) fn is_object(json: &RawValue) -> bool {
    json.get().trim_start().starts_with('{')
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Walks JSON without keeping anything, and fails where a strict reader would.
#[derive(Clone, Copy)]
struct Sound {
    left: usize,
}

impl Sound {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left }),
            None => Err(E::custom("too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Sound {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inner = self.deeper::<A::Error>()?;
        while list.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper::<A::Error>()?;
        while map.next_key_seed(inner)?.is_some() {
            map.next_value_seed(inner)?;
        }
        Ok(())
    }
}
