use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Date;
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;
use crate::clock::Timestamp;

/// The parameters of a reader's query, read strictly: UTF-8 without NUL, bounded, and nothing dropped.
#[derive(Clone, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// The longest query in bytes, as sent.
    pub const MAX_QUERY_BYTES: usize = 16 * 1024;
    /// The most parameters of a query.
    pub const MAX_PARAMETERS: usize = 100;
    /// The longest value of one parameter in bytes, decoded.
    pub const MAX_VALUE_BYTES: usize = 2048;
    /// The most values of one parameter, commas and repetitions counted.
    pub const MAX_VALUES: usize = 100;

    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        if query.len() > Self::MAX_QUERY_BYTES {
            return Err(Refusal::parameter(
                "query",
                "must be at most 16384 bytes long",
            ));
        }
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| {
                Refusal::parameter("query", "must name its parameters in UTF-8 without NUL")
            })?;
            let value = decode(value)
                .ok_or_else(|| Refusal::parameter(&name, "must be UTF-8 without NUL"))?;
            if value.len() > Self::MAX_VALUE_BYTES {
                return Err(Refusal::parameter(&name, "must be at most 2048 bytes long"));
            }
            if pairs.len() == Self::MAX_PARAMETERS {
                return Err(Refusal::parameter(
                    "query",
                    "must hold at most 100 parameters",
                ));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// Returns the names and values in the order of the query, decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Refuses every parameter but the known ones.
    ///
    /// # Errors
    ///
    /// The first unknown parameter.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.iter().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => Err(Refusal::parameter(name, "is not a parameter here")),
            None => Ok(()),
        }
    }

    /// Returns the value of a parameter that may be there once.
    ///
    /// # Errors
    ///
    /// When it is there twice.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.get_all(name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(Refusal::parameter(name, "must be given once")),
            None => Ok(value),
        }
    }

    /// Returns every value of a parameter that may be repeated.
    pub fn get_all<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s str> {
        self.iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Returns the values of a parameter that may be repeated, none of them empty.
    ///
    /// # Errors
    ///
    /// An empty value.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        self.get_all(name)
            .map(|value| match value {
                "" => Err(Refusal::parameter(name, "must not be empty")),
                value => Ok(value.to_owned()),
            })
            .collect()
    }

    /// Reads the values of a parameter that may be repeated and separated by commas.
    ///
    /// # Errors
    ///
    /// A value that `read` does not accept, named together with `must`; more than [`Parameters::MAX_VALUES`] of them.
    pub fn list<T>(
        &self,
        name: &str,
        must: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Refusal> {
        let values = self
            .get_all(name)
            .flat_map(|value| value.split(','))
            .map(|value| read(value.trim()).ok_or_else(|| Refusal::parameter(name, must)))
            .collect::<Result<Vec<T>, Refusal>>()?;
        if values.len() > Self::MAX_VALUES {
            return Err(Refusal::parameter(name, "must hold at most 100 values"));
        }
        Ok(values)
    }

    /// Reads a whole number in decimal digits.
    ///
    /// # Errors
    ///
    /// Anything else, a number outside the range, a repetition.
    pub fn integer(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(name)? else {
            return Ok(None);
        };
        whole_number(text)
            .filter(|number| range.contains(number))
            .map(Some)
            .ok_or_else(|| {
                let (least, most) = range.into_inner();
                Refusal::parameter(
                    name,
                    format!("must be a whole number from {least} to {most}"),
                )
            })
    }

    /// Reads the size of a page, from 1 to `most`.
    ///
    /// # Errors
    ///
    /// As [`Parameters::integer`].
    pub fn size(&self, name: &str, most: u32, default: u32) -> Result<u32, Refusal> {
        let size = self.integer(name, 1..=most.into())?;
        let size = size.and_then(|size| u32::try_from(size).ok());
        Ok(size.unwrap_or(default))
    }

    /// Reads the two ends of a period, both inclusive, from two parameters. An end is one of
    ///
    /// - a time in RFC 3339 with an offset, as `2026-01-31T12:00:00Z`;
    /// - a date, as `2026-01-31`: its first microsecond in UTC as the beginning, its last as the end;
    /// - `now`;
    /// - a time ago, as `-90d`: one to nine digits and `s`, `m`, `h`, `d` or `w`.
    ///
    /// # Errors
    ///
    /// Anything else, a repetition, an end before the beginning.
    ///
    /// # Example: the last day, up to now
    ///
    /// ```
    /// use tower_api_log::format::{Refusal, Request};
    /// use tower_api_log::query::Filter;
    ///
    /// fn filter(request: &Request<'_>) -> Result<Filter, Refusal> {
    ///     let mut filter = Filter::new();
    ///     // since=-24h&to=now
    ///     (filter.from, filter.to) = request.parameters().period("since", "to", request.now())?;
    ///     Ok(filter)
    /// }
    /// ```
    pub fn period(
        &self,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>), Refusal> {
        let end = |name: &str| -> Result<Option<RangeInclusive<Timestamp>>, Refusal> {
            let Some(text) = self.get(name)? else {
                return Ok(None);
            };
            read_moment(text, now).map(Some).ok_or_else(|| {
                Refusal::parameter(
                    name,
                    "must be a time in RFC 3339 with an offset, as 2026-01-31T12:00:00Z, a date, now, or a time ago, as -15m, -36h or -90d",
                )
            })
        };
        let begins = end(from)?.map(|it| *it.start());
        let ends = end(to)?.map(|it| *it.end());
        match begins.zip(ends) {
            Some((begins, ends)) if begins > ends => {
                Err(Refusal::parameter(to, format!("must not be before {from}")))
            }
            _ => Ok((begins, ends)),
        }
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters")
            .field("len", &self.pairs.len())
            .finish_non_exhaustive()
    }
}

/// Reads decimal digits and nothing else: no sign, no space.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads RFC 3339, also where the plus of the offset was not encoded and so arrived as a space.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains('T') => format!("{time}+{offset}").parse().ok(),
        _ => text.parse().ok(),
    }
}

/// Reads what [`Parameters::period`] tells, as the span that it names: an instant, but for a date.
fn read_moment(text: &str, now: Timestamp) -> Option<RangeInclusive<Timestamp>> {
    if text == "now" {
        return Some(now..=now);
    }
    if let Some(ago) = text.strip_prefix('-') {
        let at = now.minus(read_ago(ago)?);
        return Some(at..=at);
    }
    match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => {
            let days = text
                .parse::<Date>()
                .ok()?
                .duration_since(Date::new(1970, 1, 1).ok()?);
            let day = Timestamp::from_micros(i64::try_from(days.as_micros()).ok()?);
            Some(day..=day.plus(Duration::from_micros(24 * 3600 * 1_000_000 - 1)))
        }
        _ => read_time(text).map(|at| at..=at),
    }
}

/// Reads one to nine digits and a unit.
fn read_ago(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return None,
    };
    let count = whole_number(digits).filter(|_| (1..=9).contains(&digits.len()))?;
    Some(Duration::from_secs(count * seconds))
}

/// Decodes a name or a value of a query; `None` unless it is UTF-8 without NUL.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}
