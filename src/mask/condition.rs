use crate::entry::Place;
use crate::pattern::PathPattern;

/// Where a rule counts: everywhere by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    /// In any of these; everywhere where there are none.
    places: Vec<Place>,
    /// For routes, or paths where no template is known, that match any of these; for all where there are none.
    routes: Vec<PathPattern>,
}

impl Condition {
    /// A route that may be any: a rule for some route counts there, because it may be that one.
    pub(super) const UNKNOWN_ROUTE: &str = "\0";

    pub(super) fn only_in(&mut self, place: Place) {
        self.places.push(place);
    }

    pub(super) fn on_route(&mut self, pattern: PathPattern) {
        self.routes.push(pattern);
    }

    pub(super) fn is_always(&self) -> bool {
        self.places.is_empty() && self.routes.is_empty()
    }

    /// Tells whether it holds wherever another does, as far as that shows.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.is_always() || self == other
    }

    pub(super) fn fits_place(&self, place: Place) -> bool {
        self.places.is_empty() || self.places.contains(&place)
    }

    pub(super) fn fits_route(&self, route: &str) -> bool {
        self.routes.is_empty()
            || route == Self::UNKNOWN_ROUTE
            || self.routes.iter().any(|it| it.matches(route))
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn routes(&self) -> &[PathPattern] {
        &self.routes
    }
}
