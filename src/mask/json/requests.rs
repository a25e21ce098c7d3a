//! The GraphQL requests in a document: which `variables` stand beside which `query`, in whatever order, before the document is walked.
//!
//! Only documents that name `variables` are looked at. A request whose rest was cut off before its `query` came may make a secret of any variable.

use super::{scan, text};
use crate::mask::Pass;
use crate::mask::graphql::Bound;

/// The open brackets that are told apart; in deeper ones any variable may be a secret.
const MAX_DEPTH: usize = 256;
/// Names of members whose text is the document.
const DOCUMENTS: [&str; 4] = ["query", "mutation", "subscription", "document"];
const VARIABLES: &str = "variables";

/// Where the variables of requests begin, in order, and which of them are secrets.
#[derive(Default)]
pub(super) struct Requests {
    places: Vec<(usize, usize)>,
    bounds: Vec<Bound>,
    /// What a document in another part of the request says, and what all say that are here.
    elsewhere: Option<Box<Bound>>,
    documents: Bound,
    has_document: bool,
}

/// What the next value is to its object.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Member {
    Document,
    /// A text is a document only where it begins as one: `{"mutation":"delF508"}`.
    MayBeDocument,
    Variables,
    #[default]
    Other,
}

/// An open bracket.
#[derive(Default)]
struct Frame {
    next: Member,
    variables: Vec<usize>,
    bound: Bound,
    has_document: bool,
}

impl Requests {
    /// Finds the requests of a source.
    pub(super) fn of(source: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<Box<Self>> {
        let has = |word: &str| memchr::memmem::find(source.as_bytes(), word.as_bytes()).is_some();
        // An escape can spell any name.
        if !has(VARIABLES) && !has("\\u") {
            return None;
        }
        let elsewhere = pass.elsewhere.clone().filter(|_| level == 0);
        let requests = Self::read(source, cut, elsewhere, pass);
        (!requests.places.is_empty()).then(|| Box::new(requests))
    }

    /// Returns the request of which a source holds the variables and nothing else.
    pub(super) fn of_variables(source: &str, bound: Bound) -> Box<Self> {
        let start = source.len() - source.trim_ascii_start().len();
        Box::new(Self {
            places: vec![(start, 0)],
            bounds: vec![bound],
            ..Self::default()
        })
    }

    /// Returns what the documents of all requests in a source say of variables.
    pub(super) fn documents(source: &str, cut: bool, pass: &mut Pass<'_>) -> Bound {
        let requests = Self::read(source, cut, None, pass);
        match cut && !requests.has_document {
            true => Bound::all(),
            false => requests.documents,
        }
    }

    fn read(source: &str, cut: bool, elsewhere: Option<Box<Bound>>, pass: &mut Pass<'_>) -> Self {
        let bytes = source.as_bytes();
        let mut requests = Self {
            elsewhere,
            ..Self::default()
        };
        let mut frames = vec![Frame::default()];
        let (mut depth, mut at) = (0_usize, 0);
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'{' | b'[' => {
                    begin(&mut frames, start);
                    depth += 1;
                    match depth {
                        ..MAX_DEPTH => frames.push(Frame::default()),
                        MAX_DEPTH => frames.push(Frame {
                            bound: Bound::all(),
                            ..Frame::default()
                        }),
                        _ => {}
                    }
                }
                b'}' | b']' => {
                    if (1..=MAX_DEPTH).contains(&depth) {
                        requests.close(frames.pop(), false);
                    }
                    depth = depth.saturating_sub(1);
                }
                b'"' => {
                    let Ok(scanned) = scan::plain(bytes, at).pass_escapes(bytes) else {
                        break;
                    };
                    let raw = source.get(at..scanned.end).unwrap_or_default();
                    at = scanned.end + usize::from(scanned.closed);
                    let rest = bytes.get(at..).unwrap_or_default();
                    let is_name = rest.trim_ascii_start().first() == Some(&b':');
                    if is_name {
                        if let Some(frame) = frames.last_mut() {
                            frame.next = member(&text::decoded(raw));
                        }
                        continue;
                    }
                    match begin(&mut frames, start) {
                        Member::Document => {
                            read(&mut frames, &text::decoded(raw), !scanned.closed, pass);
                        }
                        Member::MayBeDocument => {
                            let document = text::decoded(raw);
                            if crate::mask::graphql::begins(&document) {
                                read(&mut frames, &document, !scanned.closed, pass);
                            }
                        }
                        Member::Variables | Member::Other => {}
                    }
                }
                _ => {}
            }
        }
        for frame in frames.into_iter().rev() {
            requests.close(Some(frame), cut);
        }
        requests.places.sort_unstable();
        requests
    }

    fn close(&mut self, frame: Option<Frame>, is_cut: bool) {
        if let Some(frame) = frame.as_ref().filter(|it| it.has_document) {
            self.has_document = true;
            self.documents.merge(&frame.bound);
        }
        let Some(frame) = frame.filter(|it| !it.variables.is_empty()) else {
            return;
        };
        let mut bound = match is_cut && !frame.has_document {
            true => Bound::all(),
            false => frame.bound,
        };
        if let Some(elsewhere) = &self.elsewhere {
            bound.merge(elsewhere);
        }
        if !bound.is_none() {
            let places = frame.variables.into_iter();
            let index = self.bounds.len();
            self.places.extend(places.map(|at| (at, index)));
            self.bounds.push(bound);
        }
    }

    /// Returns what is known of the variables that begin there.
    pub(super) fn at(&self, start: usize) -> Option<&Bound> {
        let at = self.places.binary_search_by_key(&start, |it| it.0).ok()?;
        self.bounds.get(self.places.get(at)?.1)
    }
}

fn member(name: &str) -> Member {
    match name {
        VARIABLES => Member::Variables,
        "query" => Member::Document,
        _ if DOCUMENTS.contains(&name) => Member::MayBeDocument,
        _ => Member::Other,
    }
}

/// Takes the beginning of a value. Returns what it is to the object around it.
fn begin(frames: &mut [Frame], start: usize) -> Member {
    let Some(frame) = frames.last_mut() else {
        return Member::Other;
    };
    let member = std::mem::take(&mut frame.next);
    if member == Member::Variables {
        frame.variables.push(start);
    }
    member
}

fn read(frames: &mut [Frame], document: &str, cut: bool, pass: &mut Pass<'_>) {
    if let Some(frame) = frames.last_mut() {
        frame.has_document = true;
        frame.bound.read(document, cut, pass);
    }
}
