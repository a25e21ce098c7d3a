use percent_encoding::percent_decode_str;

use crate::error::Error;
use crate::format::Route;

/// The routes of all formats, in the order in which they are tried.
#[derive(Debug)]
pub(super) struct Routes {
    routes: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    /// The format's place in the list of formats.
    format: usize,
    route: Route,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Param(String),
}

/// A route that has the path of a request.
pub(super) struct Match<'r> {
    pub(super) format: usize,
    pub(super) route: &'r Route,
    /// The parameters of the path, decoded; `None` where one is not UTF-8 or holds NUL, as nothing is.
    pub(super) params: Option<Vec<(String, String)>>,
}

impl Routes {
    pub(super) fn new(formats: impl Iterator<Item = Vec<Route>>) -> Result<Self, Error> {
        let mut routes: Vec<Known> = Vec::new();
        for (format, its_routes) in formats.enumerate() {
            for route in its_routes {
                let segments = parse(route.template())?;
                let taken = routes
                    .iter()
                    .find(|known| known.format != format && overlap(&known.segments, &segments));
                if let Some(known) = taken {
                    return Err(Error::configuration(format!(
                        "two formats answer the same paths: {} and {}",
                        known.route.template(),
                        route.template()
                    )));
                }
                routes.push(Known {
                    format,
                    route,
                    segments,
                });
            }
        }
        if routes.is_empty() {
            return Err(Error::configuration("the log's API needs a format"));
        }
        Ok(Self { routes })
    }

    /// Finds the first route of a path. One slash at the end is let pass.
    pub(super) fn find(&self, path: &str) -> Option<Match<'_>> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let given: Vec<&str> = path.split('/').collect();
        let mut routes = self.routes.iter();
        let known = routes.find(|known| fits(&known.segments, &given))?;
        Some(Match {
            format: known.format,
            route: &known.route,
            params: params(&known.segments, &given),
        })
    }

    /// Refuses a path that is none or that a format answers.
    pub(super) fn check_free(&self, path: &str) -> Result<(), Error> {
        let segments = parse(path)?;
        let plain = segments.iter().all(|it| matches!(it, Segment::Literal(_)));
        if !plain || self.find(path).is_some() {
            return Err(Error::configuration(format!(
                "the OpenAPI document needs a path of its own: {path}"
            )));
        }
        Ok(())
    }

    #[cfg(feature = "axum")]
    pub(super) fn templates(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|known| known.route.template())
    }
}

fn parse(template: &str) -> Result<Vec<Segment>, Error> {
    let wrong = || {
        Error::configuration(format!(
            "a route must be of segments of letters, digits and -._~ or of {{name}}: {template}"
        ))
    };
    let plain = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !text.is_empty() && text.bytes().all(plain)
    };
    let segment = |text: &str| {
        let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        match name {
            Some(name) if plain(name) => Ok(Segment::Param(name.to_owned())),
            None if plain(text) => Ok(Segment::Literal(text.to_owned())),
            _ => Err(wrong()),
        }
    };
    let path = template.strip_prefix('/').ok_or_else(wrong)?;
    path.split('/').map(segment).collect()
}

/// Tells whether some path has both.
fn overlap(one: &[Segment], other: &[Segment]) -> bool {
    let meet = |pair: (&Segment, &Segment)| match pair {
        (Segment::Literal(one), Segment::Literal(other)) => one == other,
        _ => true,
    };
    one.len() == other.len() && one.iter().zip(other).all(meet)
}

fn fits(segments: &[Segment], given: &[&str]) -> bool {
    let fits = |(segment, text): (&Segment, &&str)| match segment {
        Segment::Literal(literal) => literal == text,
        Segment::Param(_) => !text.is_empty(),
    };
    segments.len() == given.len() && segments.iter().zip(given).all(fits)
}

/// Reads the parameters of a path that fits.
fn params(segments: &[Segment], given: &[&str]) -> Option<Vec<(String, String)>> {
    let params = segments.iter().zip(given);
    let params = params.filter_map(|(segment, text)| match segment {
        Segment::Literal(_) => None,
        Segment::Param(name) => Some(decode(text).map(|value| (name.clone(), value))),
    });
    params.collect()
}

fn decode(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}
