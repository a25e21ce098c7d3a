use percent_encoding::percent_decode_str;

use crate::error::Error;

/// A path with names for some of its segments, such as `/projects/{id}/files/{*rest}`.
pub(super) struct Pattern {
    segments: Vec<Segment>,
}

#[derive(PartialEq, Eq)]
enum Segment {
    Fixed(String),
    /// Any one segment that is not empty.
    One(String),
    /// All that follow.
    Rest(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// For one that does not begin with a slash, has odd braces, a name in another router's spelling, a name twice, or `{*rest}` before its end.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |message| Err(Error::configuration(format!("{message}: {text}")));
        let Some(path) = text.strip_prefix('/') else {
            return wrong("the path of an audit route begins with `/`, as `/projects/{id}`");
        };
        let segments: Option<Vec<_>> = path.split('/').map(Segment::parse).collect();
        let Some(segments) = segments else {
            return wrong("a segment of an audit route is text, `{name}` or `{*name}`");
        };
        let names: Vec<_> = segments.iter().filter_map(Segment::name).collect();
        if (1..names.len()).any(|at| names[..at].contains(&names[at])) {
            return wrong("each segment of an audit route has a name of its own");
        }
        let before_last = segments.iter().rev().skip(1);
        if before_last
            .into_iter()
            .any(|it| matches!(it, Segment::Rest(_)))
        {
            return wrong("`{*name}` stands at the end of an audit route");
        }
        Ok(Self { segments })
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.segments.iter().any(|it| it.name() == Some(name))
    }

    /// Tells whether a path matches, and the template of its route, if there is one, does not say otherwise.
    pub(super) fn matches(&self, path: &str, route: Option<&str>) -> bool {
        let Some(path) = path.strip_prefix('/') else {
            return false;
        };
        let mut given = path.split('/');
        for segment in &self.segments {
            let Some(given) = given.next() else {
                return false;
            };
            match segment {
                Segment::Fixed(text) if text != given => return false,
                Segment::One(_) if given.is_empty() => return false,
                Segment::Rest(_) => return !route.is_some_and(|route| self.is_another(route)),
                Segment::Fixed(_) | Segment::One(_) => {}
            }
        }
        given.next().is_none() && !route.is_some_and(|route| self.is_another(route))
    }

    /// Tells whether a template of as many segments, or of more where all that follow are named, fixes one that is named here.
    fn is_another(&self, route: &str) -> bool {
        let route = route.strip_prefix('/').unwrap_or(route);
        let is_fixed = |segment: &str| !segment.contains(['{', '<', ':', '*']);
        let (given, own) = (route.split('/').count(), self.segments.len());
        let is_as_long = match self.segments.last() {
            Some(Segment::Rest(_)) => given >= own,
            _ => given == own,
        };
        let mut pairs = self.segments.iter().zip(route.split('/'));
        is_as_long && pairs.any(|(own, other)| matches!(own, Segment::One(_)) && is_fixed(other))
    }

    /// Returns the decoded segments of a path that matches, by their names.
    pub(super) fn values(&self, path: &str) -> Vec<(&str, String)> {
        let mut rest = path.strip_prefix('/').unwrap_or(path);
        let mut values = Vec::new();
        for segment in &self.segments {
            let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
            let given = match segment {
                Segment::Rest(_) => rest,
                Segment::One(_) | Segment::Fixed(_) => first,
            };
            if let Some(name) = segment.name() {
                let decoded = percent_decode_str(given).decode_utf8_lossy();
                values.push((name, decoded.into_owned()));
            }
            rest = after;
        }
        values
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            // `:id` and `*rest`, as older routers write them, would match nothing.
            let is_fixed = !text.contains(['{', '}']) && !text.starts_with([':', '*']);
            return is_fixed.then(|| Self::Fixed(text.to_owned()));
        };
        let (name, is_rest) = match inner.strip_prefix('*') {
            Some(name) => (name, true),
            None => (inner, false),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        Some(match is_rest {
            true => Self::Rest(name.to_owned()),
            false => Self::One(name.to_owned()),
        })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::One(name) | Self::Rest(name) => Some(name),
            Self::Fixed(_) => None,
        }
    }
}
