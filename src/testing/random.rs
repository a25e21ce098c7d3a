use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::sample;
use crate::clock::Timestamp;
use crate::entry::{Actor, ActorKind, EntryId, EntryKind, Kind, LogEntry, Outcome, Resource};
use crate::query::{Filter, LogQuery, PathPattern, Position, Scope, StatusRange};

/// A generator of entries, filters and queries: the same seed gives the same ones on every machine.
///
/// Values come from small sets, so that filters hit, and from [`sample::HOSTILE`], so that they hurt.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "get", "PROPFIND", "'\0"];
const STATUSES: [u16; 8] = [100, 200, 204, 302, 404, 422, 500, 599];
const PATHS: [&str; 16] = [
    "/api/v1/users",
    "/api/v1/users/1",
    "/api/v2/users",
    "/API/v1/users",
    "/",
    "",
    "/a*b",
    "/a?b[c]",
    "/a%20b",
    "/a_b",
    "/a\0b",
    "/a\0",
    "/über/é😀/x",
    "/\u{fffd}",
    "/\u{fffe}",
    "/\u{ffff}",
];
const PATTERNS: [&str; 18] = [
    "*",
    "**",
    "/api/*",
    "/api/*/users",
    "*users*",
    "/a*b",
    "/a?b*",
    "/a[*",
    "/a\0*",
    "*\0",
    "*\0*b",
    "/ü*é*",
    "*😀*",
    "/\u{fffd}*",
    "/\u{fffe}*",
    "/a_*",
    "/a%*",
    "/*/",
];
const TEXTS: [&str; 8] = [
    "a", "PLAIN", "é😀", "É", "nul \0", "project", "\"n\":1", "absent",
];
const NAMES: [&str; 6] = ["one", "two", "One", "o%", "tw_", "one "];

impl Random {
    /// Makes the generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number (SplitMix64; Steele, Lea and Flood, 2014).
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// Returns a number below `end`, or 0 if there is none.
    pub fn below(&mut self, end: u32) -> u32 {
        (self.number() % u64::from(end.max(1))) as u32
    }

    /// Tells yes in `percent` of the cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// Returns one of the values.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.number() as usize % values.len()]
    }

    /// Returns a text: one of a few names, or a hostile one.
    pub fn text(&mut self) -> String {
        let text = if self.chance(75) {
            self.pick(&NAMES)
        } else {
            self.pick(&sample::HOSTILE)
        };
        text.to_owned()
    }

    /// Makes an entry with the id and about the time of the `number`th sample.
    pub fn entry(&mut self, number: u32) -> LogEntry {
        let mut entry = match self.below(8) {
            0 => sample::event(number),
            1 | 2 => sample::exchange(number),
            _ => sample::plain(number),
        };
        entry.created_at = self.time(number);
        let context = &mut entry.context;
        context.actor = self.maybe(|random| {
            let name = random.text();
            match random.chance(80) {
                true => Actor::user(name),
                false => Actor::service(name),
            }
        });
        context.session = self.maybe(Self::text);
        context.api_key = self.maybe(Self::text);
        context.resource = self.maybe(|random| Resource::new("project", random.text()));
        context.organisation = self.maybe(Self::text);
        context.project = self.maybe(Self::text);
        context.environment = self.maybe(Self::text);
        context.request_id = self.maybe(Self::text);
        context.user_agent = self.maybe(Self::text);
        context.api_version = self.maybe(Self::text);
        context.client_ip = self.maybe(Self::address);
        if let EntryKind::Event(event) = &mut entry.kind {
            event.category = self.text();
            event.action = self.text();
            event.ref_id = self.maybe(Self::text);
            event.exchange = self.maybe(|random| sample::id(random.below(number)));
        }
        let bodies = sample::bodies();
        sample::change(&mut entry, |exchange| {
            exchange.request.method = self.pick(&METHODS).to_owned();
            exchange.request.path = self.pick(&PATHS).to_owned();
            exchange.outcome = self.pick(&Outcome::ALL);
            exchange.timing.to_last_byte_micros = u64::from(self.below(5));
            exchange.request.route = self.maybe(Self::text);
            exchange.request_body = bodies[self.number() as usize % bodies.len()].clone();
            match &mut exchange.response {
                Some(response) if self.chance(80) => response.status = self.pick(&STATUSES),
                response => *response = None,
            }
        });
        entry
    }

    /// Makes `count` entries with the ids of the samples from `first` on, in the order of the ids.
    pub fn entries(&mut self, first: u32, count: u32) -> Vec<LogEntry> {
        (first..first + count)
            .map(|number| self.entry(number))
            .collect()
    }

    /// Makes a filter over entries with the numbers below `count`; each field is set now and then.
    pub fn filter(&mut self, count: u32) -> Filter {
        const SELDOM: u32 = 10;
        let mut filter = Filter::new();
        filter.from = self.chance(SELDOM).then(|| self.time_below(count));
        filter.to = self.chance(SELDOM).then(|| self.time_below(count));
        filter.methods = self.some(|random| random.pick(&METHODS).to_owned());
        filter.statuses = self.some(Self::statuses);
        filter.paths = self.some(Self::pattern);
        filter.routes = self.some(Self::text);
        filter.actors = self.some(Self::text);
        filter.organisations = self.some(Self::text);
        filter.projects = self.some(Self::text);
        filter.environments = self.some(Self::text);
        filter.client_ips = self.some(Self::address);
        filter.user_agents = self.some(Self::text);
        filter.request_ids = self.some(Self::text);
        filter.api_versions = self.some(Self::text);
        filter.kinds = self.some(|random| random.pick(&[Kind::Exchange, Kind::Event]));
        filter.actor_kinds = self.some(|random| random.pick(&ActorKind::ALL));
        filter.sessions = self.some(Self::text);
        filter.api_keys = self.some(Self::text);
        filter.outcomes = self.some(|random| random.pick(&Outcome::ALL));
        filter.min_micros = self.chance(SELDOM).then(|| self.below(5).into());
        filter.max_micros = self.chance(SELDOM).then(|| self.below(5).into());
        filter.categories = self.some(Self::text);
        filter.actions = self.some(Self::text);
        filter.ref_ids = self.some(Self::text);
        filter.exchanges = self.some(|random| sample::id(random.below(count)));
        filter.text = self.chance(SELDOM).then(|| self.pick(&TEXTS).to_owned());
        filter.nothing = self.chance(1);
        filter
    }

    /// Makes a scope: everything, a tenant or an actor, narrowed now and then.
    pub fn scope(&mut self) -> Scope {
        let name = self.pick(&NAMES);
        let mut scope = match self.below(4) {
            0 => Scope::organisation(name).unwrap_or_else(|_| Scope::all()),
            1 => Scope::actor(name).unwrap_or_else(|_| Scope::all()),
            _ => Scope::all(),
        };
        if self.chance(10) {
            scope = scope.environment(self.text());
        }
        if self.chance(10) {
            scope = scope.project(self.text());
        }
        if self.chance(10) {
            scope = scope.kind(self.pick(&[Kind::Exchange, Kind::Event]));
        }
        scope
    }

    /// Makes a query over entries with the numbers below `count`.
    pub fn query(&mut self, count: u32) -> LogQuery {
        let position = match self.below(6) {
            0 | 1 => Position::First,
            2 => Position::After(self.id(count)),
            3 => Position::Before(self.id(count)),
            4 => Position::FromOldest(u64::from(self.below(5))),
            _ => Position::Number(u64::from(self.below(5))),
        };
        let limit = 1 + self.below(12);
        LogQuery::new(self.scope())
            .filter(self.filter(count))
            .position(position)
            .limit(limit)
    }

    /// Makes a path pattern: a path, or one with stars.
    pub fn pattern(&mut self) -> PathPattern {
        let exact = self.chance(40);
        PathPattern::new(if exact {
            self.pick(&PATHS)
        } else {
            self.pick(&PATTERNS)
        })
    }

    fn id(&mut self, count: u32) -> EntryId {
        match self.below(10) {
            0 => EntryId::MIN,
            1 => EntryId::MAX,
            // Between two entries.
            2 => EntryId::first_at(Timestamp::from_micros(
                self.time_below(count).as_micros() + 500_000,
            )),
            _ => sample::id(self.below(count)),
        }
    }

    fn time(&mut self, number: u32) -> Timestamp {
        match self.below(20) {
            0 => self.time_below(number + 100),
            _ => sample::time(number),
        }
    }

    fn time_below(&mut self, count: u32) -> Timestamp {
        sample::time(self.below(count))
    }

    fn address(&mut self) -> IpAddr {
        let last = self.below(4) as u8;
        let address = Ipv4Addr::new(203, 0, 113, last);
        match self.below(3) {
            0 => IpAddr::V6(address.to_ipv6_mapped()),
            1 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into())),
            _ => IpAddr::V4(address),
        }
    }

    fn statuses(&mut self) -> StatusRange {
        let (from, to) = (self.pick(&STATUSES), self.pick(&STATUSES));
        match self.below(4) {
            0 => StatusRange::exact(from),
            1 => StatusRange { from, to },
            2 => StatusRange {
                from: 0,
                to: u16::MAX,
            },
            _ => StatusRange::class(from / 100).unwrap_or(StatusRange { from, to }),
        }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(70).then(|| make(self))
    }

    /// Makes no value mostly, and up to three now and then.
    fn some<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = if self.chance(12) {
            1 + self.below(3)
        } else {
            0
        };
        (0..count).map(|_| make(self)).collect()
    }
}
