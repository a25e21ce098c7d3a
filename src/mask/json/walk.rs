use super::nesting::Nesting;
use super::scan;
use super::siblings::Siblings;
use super::{Document, Malformed, text};
use crate::mask::Pass;
use crate::mask::names::{Role, RuleId};

mod value;

/// Walks a document, and once more where names stood after their values.
pub(super) fn run(
    source: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Document, Malformed> {
    let mark = pass.report.mark();
    let (document, found) = Walk::new(source, cut, level, pass).run()?;
    if found.is_empty() {
        return Ok(document);
    }
    pass.report.forget(&mark);
    let mut walk = Walk::new(source, cut, level, pass);
    walk.found = found;
    walk.run().map(|(document, _)| document)
}

/// The state of one pass.
struct Walk<'t, 'p, 'm> {
    source: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Whether the source may end early.
    cut: bool,
    /// How many strings the source stands in.
    level: u8,
    out: String,
    /// Up to where the source is in `out`, as it was or replaced.
    copied: usize,
    nesting: Nesting,
    siblings: Siblings,
    /// What the present value is to its siblings.
    role: Role,
    /// Where values begin that are named after them, from the pass before.
    found: Vec<(usize, RuleId)>,
    /// How many of them are behind.
    passed: usize,
    /// The rule of the name before the next value.
    secret: Option<RuleId>,
    /// The object or array that is being replaced.
    hidden: Option<Hidden>,
    /// The depth at which everything began to show, where only listed names do.
    shown_from: Option<usize>,
    /// Whether the present name is listed.
    is_listed: bool,
    pass: &'p mut Pass<'m>,
}

#[derive(Clone, Copy)]
struct Hidden {
    start: usize,
    depth: usize,
    rule: RuleId,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// What a token leads to: the next state, or the end of the source within the token, of which the text up to here is certain.
enum Next {
    Expect(Expect),
    EndsAt(usize),
}

impl<'t, 'p, 'm> Walk<'t, 'p, 'm> {
    fn new(source: &'t str, cut: bool, level: u8, pass: &'p mut Pass<'m>) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            at: 0,
            cut,
            level,
            out: String::new(),
            copied: 0,
            nesting: Nesting::default(),
            siblings: Siblings::default(),
            role: Role::None,
            found: Vec::new(),
            passed: 0,
            secret: None,
            hidden: None,
            // What a text holds shows where the text does.
            shown_from: (level > 0 || !pass.fields.is_limited()).then_some(0),
            is_listed: false,
            pass,
        }
    }

    /// Tells whether the next value stands under a name that is listed, or no list is needed.
    fn is_shown(&self) -> bool {
        self.shown_from.is_some() || self.is_listed && self.nesting.in_object() == Some(true)
    }

    fn run(mut self) -> Result<(Document, Vec<(usize, RuleId)>), Malformed> {
        let mut expect = Expect::Value;
        loop {
            while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.bytes.get(self.at) {
                self.at += 1;
            }
            let Some(&byte) = self.bytes.get(self.at) else {
                let end = self.at;
                return self.finish(end, expect == Expect::Nothing);
            };
            let next = match expect {
                Expect::Value => self.value(byte)?,
                Expect::ValueOrEnd if byte == b']' => self.close(),
                Expect::ValueOrEnd => self.value(byte)?,
                Expect::NameOrEnd if byte == b'}' => self.close(),
                Expect::Name | Expect::NameOrEnd => self.name(byte)?,
                Expect::Colon if byte == b':' => self.step(Expect::Value),
                Expect::CommaOrEnd => self.comma_or_end(byte)?,
                Expect::Colon | Expect::Nothing => return Err(Malformed),
            };
            match next {
                Next::Expect(next) => expect = next,
                Next::EndsAt(end) => return self.finish(end, false),
            }
        }
    }

    fn step(&mut self, expect: Expect) -> Next {
        self.at += 1;
        Next::Expect(expect)
    }

    fn value(&mut self, byte: u8) -> Result<Next, Malformed> {
        if self.hidden.is_none() && self.secret.is_none() {
            self.secret = self.named_by_sibling();
        }
        match byte {
            b'"' => self.string(),
            b'{' => Ok(self.open(true)),
            b'[' => Ok(self.open(false)),
            b'-' | b'0'..=b'9' => {
                let end = scan::number(self.bytes, self.at)?;
                // A number at the end of a cut source may have had more digits.
                let end = end.filter(|&end| !self.cut || end < self.bytes.len());
                self.scalar(end)
            }
            _ => {
                let end = scan::literal(self.bytes, self.at)?;
                self.scalar(end)
            }
        }
    }

    fn scalar(&mut self, end: Option<usize>) -> Result<Next, Malformed> {
        let start = self.at;
        self.at = end.unwrap_or(self.bytes.len());
        let secret = self.secret.take();
        if let Some(rule) = secret.filter(|&rule| self.hides_scalar(start, rule)) {
            self.replace(start, self.at, rule, None);
        } else if self.hidden.is_none() && !self.is_shown() {
            self.replace(start, self.at, RuleId::NOT_LISTED, None);
        } else if self.hidden.is_none() {
            self.find_number(start);
        }
        match end {
            Some(_) => Ok(self.after_value()),
            None => Ok(Next::EndsAt(start)),
        }
    }

    fn string(&mut self) -> Result<Next, Malformed> {
        let start = self.at;
        let scanned = scan::string(self.bytes, start + 1)?;
        self.at = match scanned.closed {
            true => scanned.end + 1,
            false => self.bytes.len(),
        };
        let secret = self.secret.take();
        if !secret.is_some_and(|rule| self.hide_string(start, scanned, rule))
            && self.hidden.is_none()
        {
            let depth = self.nesting.depth();
            if scanned.closed && self.role == Role::Names {
                self.siblings.text(start + 1, scanned.end, depth);
            }
            match self.is_shown() {
                true => self.look_inside(start, scanned),
                false => self.replace(start, self.at, RuleId::NOT_LISTED, None),
            }
        }
        match scanned.closed {
            true => Ok(self.after_value()),
            false => Ok(Next::EndsAt(scanned.end)),
        }
    }

    fn name(&mut self, byte: u8) -> Result<Next, Malformed> {
        if byte != b'"' {
            return Err(Malformed);
        }
        let start = self.at;
        let scanned = scan::string(self.bytes, start + 1)?;
        if !scanned.closed {
            return Ok(Next::EndsAt(start));
        }
        self.at = scanned.end + 1;
        if self.hidden.is_none() {
            let raw = self.source.get(start + 1..scanned.end).unwrap_or_default();
            self.nesting.name(start + 1, scanned.end);
            self.look_into_name(start, scanned);
            let name = match scanned.escaped {
                true => text::decoded(raw),
                false => raw.into(),
            };
            let known = self.pass.fields.known(&name);
            self.is_listed = self.shown_from.is_none() && self.pass.fields.lists(&name);
            self.secret = known.rule;
            self.role = known.role;
        }
        Ok(Next::Expect(Expect::Colon))
    }

    fn open(&mut self, object: bool) -> Next {
        if let Some(rule) = self.secret.take()
            && self.pass.fields.shape(rule).hides_all()
        {
            self.hidden = Some(Hidden {
                start: self.at,
                depth: self.nesting.depth(),
                rule,
            });
        }
        if self.hidden.is_none() && self.is_shown() {
            self.shown_from.get_or_insert(self.nesting.depth());
        }
        self.siblings.open(object, self.nesting.depth());
        self.nesting.open(object);
        self.step(match object {
            true => Expect::NameOrEnd,
            false => Expect::ValueOrEnd,
        })
    }

    fn close(&mut self) -> Next {
        self.nesting.close();
        let depth = self.nesting.depth();
        self.siblings.close(depth, self.source, self.pass.fields);
        self.at += 1;
        self.shown_from.take_if(|it| *it == depth && depth > 0);
        if let Some(hidden) = self.hidden.take_if(|it| it.depth == self.nesting.depth()) {
            self.replace(hidden.start, self.at, hidden.rule, None);
        }
        self.after_value()
    }

    fn after_value(&self) -> Next {
        Next::Expect(match self.nesting.depth() {
            0 => Expect::Nothing,
            _ => Expect::CommaOrEnd,
        })
    }

    fn comma_or_end(&mut self, byte: u8) -> Result<Next, Malformed> {
        match (byte, self.nesting.in_object()) {
            (b',', Some(true)) => Ok(self.step(Expect::Name)),
            (b',', Some(false)) => {
                self.nesting.next_item();
                Ok(self.step(Expect::Value))
            }
            (b'}', Some(true)) | (b']', Some(false)) => Ok(self.close()),
            _ => Err(Malformed),
        }
    }

    fn finish(
        mut self,
        certain: usize,
        complete: bool,
    ) -> Result<(Document, Vec<(usize, RuleId)>), Malformed> {
        if !complete && !self.cut {
            return Err(Malformed);
        }
        if let Some(hidden) = self.hidden.take() {
            self.replace(hidden.start, self.bytes.len(), hidden.rule, None);
        }
        let text = match self.copied == 0 && certain == self.bytes.len() {
            true => None,
            false => {
                if self.copied < certain {
                    self.copy_up_to(certain);
                }
                Some(self.out)
            }
        };
        let found = self
            .siblings
            .found(!complete, self.source, self.pass.fields);
        Ok((Document { text, complete }, found))
    }
}
