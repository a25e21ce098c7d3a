use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Parameters as Rails and qs read brackets: `filter[reference_id]=x`, `ids[]=1`, `a[b][c]=d`.
///
/// - Names and values are percent-decoded, `+` is a space; brackets count whether encoded or not.
/// - A name given twice becomes a list, so that nothing is lost (qs; Rails keeps the last).
/// - `a[][b]=1&a[][c]=2` fills one element until a name repeats (Rails).
/// - `a=1&a[b]=2`, which Rails refuses, becomes the list of both.
/// - At most [`Params::MAX_PAIRS`] pairs are read; [`Params::is_cut`] tells when there were more. Brackets below
///   [`Params::MAX_DEPTH`] levels stay in the name as text.
///
/// Serialises as a JSON object whose leaves are strings.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    entries: Vec<(String, Param)>,
    cut: bool,
}

/// One value of [`Params`].
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Param {
    /// A leaf.
    Text(String),
    /// `ids[]=1`, or a name given twice.
    List(Vec<Param>),
    /// `a[b]=…`.
    Map(Params),
}

/// One step of a bracketed name.
enum Step<'a> {
    Key(&'a str),
    Push,
}

impl Params {
    /// The most pairs that are read.
    pub const MAX_PAIRS: usize = 1000;
    /// The most levels of brackets.
    pub const MAX_DEPTH: usize = 32;

    /// Reads `application/x-www-form-urlencoded` text: a query without its question mark, or a form body.
    pub fn parse(text: &str) -> Self {
        Self::from_pairs(form_urlencoded::parse(text.as_bytes()))
    }

    /// Builds the tree of decoded pairs.
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut params = Self::default();
        for (count, (name, value)) in pairs.into_iter().enumerate() {
            if count == Self::MAX_PAIRS {
                params.cut = true;
                break;
            }
            let steps = steps(name.as_ref());
            insert(&mut params, &steps, value.into());
        }
        params
    }

    /// Returns the value of a top-level name.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.entries
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Returns the top-level names and values in the order of their first appearance.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Param)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Tells whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Tells whether pairs past [`Params::MAX_PAIRS`] were left out.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    fn slot(&mut self, name: &str) -> Option<&mut Param> {
        self.entries
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

impl Param {
    /// Returns the text of a leaf.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Splits `a[b][]` into its steps. A name whose brackets do not pair is one key.
fn steps(name: &str) -> Vec<Step<'_>> {
    let Some((head, mut rest)) = name.split_once('[').filter(|(head, _)| !head.is_empty()) else {
        return vec![Step::Key(name)];
    };
    let mut steps = vec![Step::Key(head)];
    loop {
        let Some((inner, after)) = rest.split_once(']') else {
            return vec![Step::Key(name)];
        };
        steps.push(if inner.is_empty() {
            Step::Push
        } else {
            Step::Key(inner)
        });
        match after.strip_prefix('[') {
            Some(_) if steps.len() > Params::MAX_DEPTH => {
                steps.push(Step::Key(after));
                return steps;
            }
            Some(more) => rest = more,
            None if after.is_empty() => return steps,
            None => return vec![Step::Key(name)],
        }
    }
}

/// Puts a value where the steps lead. Descends at most `MAX_DEPTH + 2` levels.
fn insert(params: &mut Params, steps: &[Step<'_>], value: String) {
    let [Step::Key(key), rest @ ..] = steps else {
        return;
    };
    match params.slot(key) {
        Some(slot) => merge(slot, rest, value),
        None => {
            let made = build(rest, value);
            params.entries.push(((*key).to_owned(), made));
        }
    }
}

fn build(steps: &[Step<'_>], value: String) -> Param {
    match steps {
        [] => Param::Text(value),
        [Step::Push, rest @ ..] => Param::List(vec![build(rest, value)]),
        [Step::Key(_), ..] => {
            let mut map = Params::default();
            insert(&mut map, steps, value);
            Param::Map(map)
        }
    }
}

fn merge(slot: &mut Param, steps: &[Step<'_>], value: String) {
    match (&mut *slot, steps) {
        (Param::Map(map), [Step::Key(_), ..]) => insert(map, steps, value),
        (Param::List(list), [Step::Push, rest @ ..]) => match (list.last_mut(), rest) {
            (Some(Param::Map(last)), [Step::Key(key), deeper @ ..])
                if last.get(key).is_none() || !deeper.is_empty() =>
            {
                insert(last, rest, value);
            }
            _ => list.push(build(rest, value)),
        },
        (Param::List(list), _) => list.push(build(steps, value)),
        _ => {
            let made = build(steps, value);
            let first = std::mem::replace(slot, Param::List(Vec::new()));
            *slot = Param::List(vec![first, made]);
        }
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (name, value) in &self.entries {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params")
            .field("len", &self.entries.len())
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::List(_) => "List(..)",
            Self::Map(_) => "Map(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, json: &str) {
        assert_eq!(
            serde_json::to_string(&Params::parse(text)).unwrap(),
            json,
            "{text}"
        );
    }

    #[test]
    fn brackets_are_read_as_rails_and_qs_do() {
        reads("", "{}");
        reads(
            "filter[reference_id]=random-id",
            r#"{"filter":{"reference_id":"random-id"}}"#,
        );
        reads(
            "filter%5Breference_id%5D=a+b%20c",
            r#"{"filter":{"reference_id":"a b c"}}"#,
        );
        reads("ids[]=1&ids[]=2", r#"{"ids":["1","2"]}"#);
        reads(
            "a[b][c]=d&a[b][e]=f&a[g]=h",
            r#"{"a":{"b":{"c":"d","e":"f"},"g":"h"}}"#,
        );
        reads(
            "a[][b]=1&a[][c]=2&a[][b]=3",
            r#"{"a":[{"b":"1","c":"2"},{"b":"3"}]}"#,
        );
        reads(
            "a[][b][x]=1&a[][b][y]=2",
            r#"{"a":[{"b":{"x":"1","y":"2"}}]}"#,
        );
    }

    #[test]
    fn duplicates_and_contradictions_lose_nothing() {
        reads("a=1&a=2&a=3", r#"{"a":["1","2","3"]}"#);
        reads("a=1&a[b]=2", r#"{"a":["1",{"b":"2"}]}"#);
        reads("a[b]=2&a=1", r#"{"a":[{"b":"2"},"1"]}"#);
        reads("a[]=1&a=2", r#"{"a":["1","2"]}"#);
    }

    #[test]
    fn odd_names_are_kept_as_they_are() {
        reads("a[b=1", r#"{"a[b":"1"}"#);
        reads("a]b=1", r#"{"a]b":"1"}"#);
        reads("[b]=1", r#"{"[b]":"1"}"#);
        reads("a[b]c=1", r#"{"a[b]c":"1"}"#);
        reads("a&b=&=c", r#"{"a":"","b":"","":"c"}"#);
        reads("a=%ff", "{\"a\":\"\u{fffd}\"}");
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let deep = format!("a{}=1", "[b]".repeat(10_000));
        let json = serde_json::to_string(&Params::parse(&deep)).unwrap();
        assert!(json.matches('{').count() <= Params::MAX_DEPTH + 2);
        assert!(
            json.contains("[b][b]"),
            "the rest of the name is kept as text"
        );

        let many = Params::parse(&"a=1&".repeat(5_000));
        assert!(many.is_cut());
        assert!(
            matches!(many.get("a"), Some(Param::List(list)) if list.len() == Params::MAX_PAIRS)
        );
    }
}
