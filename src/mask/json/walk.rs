use super::nesting::Nesting;
use super::output::Output;
use super::requests::Requests;
use super::scan;
use super::siblings::Siblings;
use super::trail::Trail;
use super::{Document, Malformed, text};
use crate::mask::Pass;
use crate::mask::names::{Role, RuleId};
use bound::Variables;

mod bound;
mod flat;
mod late;
mod value;

/// Walks a document.
pub(super) fn run(
    source: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Document, Malformed> {
    let mut walk = Walk::new(source, cut, level, pass);
    match walk.document() {
        Ok(()) => Ok(walk.finish(source.len(), true)),
        Err(Stop::EndsAt(end)) if cut => Ok(walk.finish(end, false)),
        Err(Stop::EndsAt(_) | Stop::Malformed) => Err(Malformed),
    }
}

/// The state of the pass.
struct Walk<'t, 'p, 'm> {
    source: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Whether the source may end early.
    cut: bool,
    /// How many strings the source stands in.
    level: u8,
    out: Output<'t>,
    nesting: Nesting,
    /// How far rules by pointer have come, if there are any.
    trail: Option<Box<Trail>>,
    siblings: Siblings,
    /// The GraphQL requests, if there are any.
    requests: Option<Box<Requests>>,
    /// The variables around the present value.
    variables: Option<Variables>,
    /// Where the present member begins: at the comma before it, or, where it is the first that shows, after what is before it.
    lead: usize,
    /// Where that is in the text that is made, if the name was rewritten since.
    shown_lead: Option<usize>,
    name: Name,
    /// What the present value is to its siblings.
    role: Role,
    /// Where the last text that was a value begins.
    last_text: usize,
    /// The rule of the name before the next value.
    secret: Option<RuleId>,
    /// The object or array that is being replaced.
    hidden: Option<Hidden>,
    /// The depth at which everything began to show, where only listed names do.
    shown_from: Option<usize>,
    /// Whether the present name is listed.
    is_listed: bool,
    /// Whether there are rules that may find something in any text.
    looks_at_all: bool,
    pass: &'p mut Pass<'m>,
}

/// The name of the present member.
#[derive(Clone, Copy, Default)]
pub(super) struct Name {
    /// Where it stands in the source.
    start: usize,
    end: usize,
    /// Whether it is a secret itself.
    is_hidden: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Hidden {
    start: usize,
    /// Where its member begins.
    lead: usize,
    depth: usize,
    rule: RuleId,
}

/// Why a pass ends before the document does.
enum Stop {
    Malformed,
    /// The source ends; its text up to here is certain.
    EndsAt(usize),
}

impl From<Malformed> for Stop {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What a value that began goes on with.
enum Begun {
    Object,
    List,
    /// It has ended as well.
    Nothing,
}

impl<'t, 'p, 'm> Walk<'t, 'p, 'm> {
    fn new(source: &'t str, cut: bool, level: u8, pass: &'p mut Pass<'m>) -> Self {
        let pointers = pass.fields.pointers();
        let is_pointed = level == 0 && pointers.is_on();
        let trail = is_pointed.then(|| Box::new(Trail::new(pointers)));
        Self {
            trail,
            requests: match pass.bound.take() {
                Some(bound) => Some(Requests::of_variables(source, *bound)),
                None => Requests::of(source, cut, level, pass),
            },
            variables: None,
            source,
            bytes: source.as_bytes(),
            at: 0,
            cut,
            level,
            out: Output::new(source),
            nesting: Nesting::default(),
            siblings: Siblings::default(),
            lead: 0,
            shown_lead: None,
            name: Name::default(),
            role: Role::None,
            last_text: 0,
            secret: None,
            hidden: None,
            // What a text holds shows where the text does.
            shown_from: (level > 0 || !pass.fields.is_limited()).then_some(0),
            is_listed: false,
            looks_at_all: pass.looks_at_all(),
            pass,
        }
    }

    /// Tells whether the next value stands under a name that is listed, or no list is needed.
    #[inline]
    fn is_shown(&self) -> bool {
        self.shown_from.is_some() || self.is_listed && self.nesting.in_object()
    }

    fn document(&mut self) -> Result<(), Stop> {
        loop {
            match self.value()? {
                Begun::Object if self.peek()? == b'}' => self.close(),
                Begun::Object => {
                    self.name()?;
                    continue;
                }
                Begun::List if self.peek()? == b']' => self.close(),
                Begun::List => continue,
                Begun::Nothing => self.value_ended(),
            }
            if !self.goes_on()? {
                return match self.peek() {
                    Err(Stop::EndsAt(_)) => Ok(()),
                    _ => Err(Stop::Malformed),
                };
            }
        }
    }

    /// Goes from after a value to the next one, if there is one.
    #[inline]
    fn goes_on(&mut self) -> Result<bool, Stop> {
        while self.nesting.depth() > 0 {
            match (self.peek()?, self.nesting.in_object()) {
                (b',', true) => {
                    self.lead = match self.out.comma(self.at) {
                        true => self.at + 1,
                        false => self.at,
                    };
                    self.at += 1;
                    self.name()?;
                    return Ok(true);
                }
                (b',', false) => {
                    self.named_by_item();
                    self.at += 1;
                    self.nesting.next_item();
                    if let Some(trail) = &mut self.trail {
                        trail.next_item(self.pass.fields.pointers());
                    }
                    self.role = match self.nesting.in_list_of_list() {
                        true => Role::Holds,
                        false => Role::None,
                    };
                    return Ok(true);
                }
                (b'}', true) | (b']', false) => self.close(),
                _ => return Err(Stop::Malformed),
            }
        }
        Ok(false)
    }

    /// Returns the next byte that is no space.
    #[inline]
    fn peek(&mut self) -> Result<u8, Stop> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Stop::EndsAt(self.at))
    }

    /// Passes a text, number or literal, or the bracket that opens something else.
    #[inline]
    fn value(&mut self) -> Result<Begun, Stop> {
        let byte = self.peek()?;
        if self.requests.is_some() && self.hidden.is_none() {
            self.bind(byte);
        }
        if (self.role.holds() || self.trail.is_some()) && self.hidden.is_none() {
            self.decide();
        }
        match byte {
            b'"' => self.string()?,
            b'{' => {
                self.open(true);
                return Ok(Begun::Object);
            }
            b'[' => {
                self.open(false);
                return Ok(Begun::List);
            }
            b'-' | b'0'..=b'9' => {
                let end = scan::number(self.bytes, self.at)?;
                // A number at the end of a cut source may have had more digits.
                let end = end.filter(|&end| !self.cut || end < self.bytes.len());
                self.scalar(end)?;
            }
            _ => {
                let end = scan::literal(self.bytes, self.at)?;
                self.scalar(end)?;
            }
        }
        Ok(Begun::Nothing)
    }

    fn name(&mut self) -> Result<(), Stop> {
        if self.peek()? != b'"' {
            return Err(Stop::Malformed);
        }
        let start = self.at;
        let (end, escaped) = match scan::name(self.bytes, start + 1) {
            Some(end) => (end, false),
            None => self.escaped_name(start)?,
        };
        self.at = end + 1;
        if self.hidden.is_none() {
            self.named(start + 1, end, escaped);
        }
        match self.peek()? {
            b':' => {
                self.at += 1;
                Ok(())
            }
            _ => Err(Stop::Malformed),
        }
    }

    #[cold]
    fn escaped_name(&self, start: usize) -> Result<(usize, bool), Stop> {
        let scanned = scan::string(self.bytes, start + 1)?;
        match scanned.closed {
            true => Ok((scanned.end, scanned.escaped)),
            false => Err(Stop::EndsAt(start)),
        }
    }

    /// Decides on the name of the next value.
    #[inline]
    fn named(&mut self, start: usize, end: usize, escaped: bool) {
        let raw = self.source.get(start..end).unwrap_or_default();
        self.nesting.name(start, end);
        self.shown_lead = None;
        let decoded;
        let name = match escaped {
            true => {
                decoded = text::decoded(raw);
                &*decoded
            }
            false => raw,
        };
        if let Some(trail) = &mut self.trail {
            trail.name(name, self.pass.fields.pointers());
        }
        let known = self.pass.fields.known(name);
        // An escape can stand for any byte.
        let classes = if escaped { u8::MAX } else { known.classes };
        let may_find = self.looks_at_all || self.pass.detectors.may_find(classes, end - start);
        self.is_listed = self.shown_from.is_none() && self.pass.fields.lists(name);
        self.secret = self.bound_rule(name).or(known.rule);
        self.role = known.role;
        self.name = Name {
            start,
            end,
            is_hidden: may_find && self.look_into_name(start, end),
        };
    }

    fn open(&mut self, object: bool) {
        if let Some(rule) = self.secret.take()
            && self.pass.fields.shape(rule).hides_all()
        {
            self.hidden = Some(Hidden {
                start: self.at,
                lead: self.lead,
                depth: self.nesting.depth(),
                rule,
            });
        }
        if self.hidden.is_none() && self.is_shown() {
            self.shown_from.get_or_insert(self.nesting.depth());
        }
        self.nesting.open(object);
        if let Some(trail) = &mut self.trail {
            trail.open(object, self.pass.fields.pointers());
        }
        self.at += 1;
        self.lead = self.at;
        self.role = match !object && self.nesting.in_list_of_list() {
            true => Role::Names,
            false => Role::None,
        };
    }

    fn close(&mut self) {
        self.out.end();
        if self.siblings.has(self.nesting.depth()) {
            self.close_siblings(false);
        }
        self.nesting.close();
        if let Some(trail) = &mut self.trail {
            trail.close();
        }
        self.at += 1;
        let depth = self.nesting.depth();
        self.shown_from.take_if(|it| *it == depth && depth > 0);
        self.variables.take_if(|it| it.around == depth);
        if let Some(hidden) = self.hidden.take_if(|it| it.depth == depth) {
            self.lead = hidden.lead;
            self.replace(hidden.start, self.at, hidden.rule, None);
        }
        self.value_ended();
    }

    #[inline]
    fn value_ended(&mut self) {
        let depth = self.nesting.depth();
        if self.siblings.has(depth) {
            self.sibling_ended(depth);
        }
    }

    fn finish(mut self, mut certain: usize, complete: bool) -> Document {
        if let Some(hidden) = self.hidden.take() {
            self.lead = hidden.lead;
            self.nesting.close_down_to(hidden.depth);
            self.replace(hidden.start, self.bytes.len(), hidden.rule, None);
        }
        if let Some(rule) = self.secret.take()
            && self.is_removed(rule)
        {
            certain = self.lead;
        }
        while !complete && self.close_siblings(true) {}
        self.pass.bound = None;
        Document {
            text: self.out.finish(certain),
            complete,
        }
    }
}
