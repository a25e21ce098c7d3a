use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize};

/// Header fields in the order of the message, with duplicates, already masked.
///
/// Names are lower case, as HTTP/2 sends them. Kept in one buffer, so that a message costs two allocations and not one per field.
/// Serialises as a list of `[name, value]` pairs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    text: String,
    /// Where each name and each value ends in `text`.
    ends: Vec<(u32, u32)>,
}

impl Headers {
    /// Makes an empty list with room for `fields` fields of `bytes` bytes in all.
    pub fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ends: Vec::with_capacity(fields),
        }
    }

    /// Appends a field. What would take the list past 4 GiB is left out.
    pub fn push(&mut self, name: &str, value: &str) {
        let name_end = self.text.len() + name.len();
        if let (Ok(name_end), Ok(end)) = (
            u32::try_from(name_end),
            u32::try_from(name_end + value.len()),
        ) {
            self.text.push_str(name);
            self.text.push_str(value);
            self.ends.push((name_end, end));
        }
    }

    /// Returns the fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.ends
            .iter()
            .enumerate()
            .map(|(index, &(name_end, end))| {
                let start = if index == 0 {
                    0
                } else {
                    self.ends[index - 1].1 as usize
                };
                (
                    &self.text[start..name_end as usize],
                    &self.text[name_end as usize..end as usize],
                )
            })
    }

    /// Returns the first value of `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns every value of `name`, in any case.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the bytes held.
    pub fn size_bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<(u32, u32)>()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in fields {
            headers.push(name, value);
        }
        headers
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for field in self.iter() {
            list.serialize_element(&field)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of [name, value] pairs")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some((name, value)) = list.next_element::<(String, String)>()? {
                    headers.push(&name, &value);
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_seq(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_duplicates_and_empty_values_survive_a_round_trip() {
        let headers =
            Headers::from_iter([("accept", "*/*"), ("x-a", ""), ("x-b", "1"), ("x-b", "é😀")]);
        let json = serde_json::to_string(&headers).unwrap();
        assert_eq!(
            json,
            r#"[["accept","*/*"],["x-a",""],["x-b","1"],["x-b","é😀"]]"#
        );
        assert_eq!(serde_json::from_str::<Headers>(&json).unwrap(), headers);
        assert_eq!(headers.get_all("X-B").collect::<Vec<_>>(), ["1", "é😀"]);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let headers = Headers::from_iter([("x-a", "value")]);
        assert_eq!(format!("{headers:?}"), r#"{"x-a"}"#);
    }
}
