use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::siblings::Siblings;
use super::{Malformed, is_unfinished, references, tag};
use crate::mask::Pass;
use crate::mask::edits::Edits;
use crate::mask::names::{Role, RuleId};

mod element;
mod ending;
mod prolog;

/// The state of one pass.
pub(super) struct Walk<'t, 'p, 'm> {
    source: &'t str,
    cut: bool,
    level: u8,
    /// Whether only what is listed shows.
    is_limited: bool,
    /// The open elements.
    frames: Vec<Frame<'t>>,
    has_root: bool,
    /// The text since the last tag.
    run: Option<Run<'t>>,
    /// The text before it, where it ends in a sign.
    before: String,
    /// How many elements are open around the one that is being replaced.
    hidden: Option<usize>,
    edits: Edits,
    pass: &'p mut Pass<'m>,
}

/// An open element.
struct Frame<'t> {
    name: &'t str,
    start: usize,
    content: usize,
    rule: Option<RuleId>,
    role: Role,
    /// Whether its name or one around it is listed, or no list is needed.
    is_shown: bool,
    has_children: bool,
    siblings: Option<Box<Siblings>>,
}

/// Text between two tags, of which comments are no part.
struct Run<'t> {
    start: usize,
    end: usize,
    text: Cow<'t, str>,
}

impl<'t, 'p, 'm> Walk<'t, 'p, 'm> {
    pub(super) fn new(source: &'t str, cut: bool, level: u8, pass: &'p mut Pass<'m>) -> Self {
        Self {
            source,
            cut,
            level,
            // What a text holds shows where the text does.
            is_limited: level == 0 && pass.fields.is_limited(),
            frames: Vec::new(),
            has_root: false,
            run: None,
            before: String::new(),
            hidden: None,
            edits: Edits::default(),
            pass,
        }
    }

    pub(super) fn run(mut self) -> Result<Option<String>, Malformed> {
        // The reader leaves out a byte order mark and does not count it.
        if self.source.starts_with('\u{feff}') {
            return Err(Malformed);
        }
        let mut reader = Reader::from_str(self.source);
        reader.config_mut().check_comments = true;
        loop {
            let start = usize::try_from(reader.buffer_position()).map_err(|_| Malformed)?;
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).map_err(|_| Malformed)?;
            match event {
                Ok(Event::Start(_)) => self.open(start, end, false)?,
                Ok(Event::Empty(_)) => self.open(start, end, true)?,
                Ok(Event::End(_)) => self.close(start, end)?,
                Ok(Event::Text(_)) => self.text(start, end)?,
                Ok(Event::CData(_)) => self.cdata(start, end)?,
                Ok(Event::GeneralRef(_)) => self.reference(start, end)?,
                Ok(Event::Comment(_)) => self.comment(start, end),
                Ok(Event::PI(_)) => self.instruction(start, end)?,
                Ok(Event::Decl(_)) => self.declaration(start, end)?,
                Ok(Event::DocType(_)) => self.document_type(start, end)?,
                Ok(Event::Eof) => return self.finish(start),
                Err(error) => {
                    let rest = self.slice(start, self.source.len());
                    return match self.cut && is_unfinished(rest, &error) {
                        true => self.finish(start),
                        false => Err(Malformed),
                    };
                }
            }
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.source.get(start..end).unwrap_or_default()
    }

    /// Refuses a name that holds what is hidden wherever it stands, and cannot be replaced.
    fn check_name(&mut self, name: &str) -> Result<(), Malformed> {
        match self.pass.may_find(name) && self.pass.mask_found(name, false).is_some() {
            true => Err(Malformed),
            false => Ok(()),
        }
    }

    fn text(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let text = self.slice(start, end);
        let is_text = text.chars().all(references::is_character) && !text.contains("]]>");
        let is_outside = self.frames.is_empty() && !text.chars().all(tag::is_space);
        if !is_text || is_outside {
            return Err(Malformed);
        }
        self.add(start, end, Cow::Borrowed(text));
        Ok(())
    }

    fn cdata(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let text = self.slice(start + "<![CDATA[".len(), end - "]]>".len());
        if self.frames.is_empty() || !text.chars().all(references::is_character) {
            return Err(Malformed);
        }
        self.add(start, end, Cow::Borrowed(text));
        Ok(())
    }

    fn reference(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let letter = references::character(self.slice(start + 1, end - 1));
        let letter = letter.filter(|_| !self.frames.is_empty());
        let letter = letter.ok_or(Malformed)?;
        self.add(start, end, Cow::Owned(letter.to_string()));
        Ok(())
    }

    /// Takes a piece of text.
    fn add(&mut self, start: usize, end: usize, text: Cow<'t, str>) {
        if self.frames.is_empty() || self.hidden.is_some() {
            return;
        }
        match &mut self.run {
            Some(run) => {
                run.text.to_mut().push_str(&text);
                run.end = end;
            }
            None => self.run = Some(Run { start, end, text }),
        }
    }

    /// Tells whether what stands in the innermost element may show.
    fn is_shown(&self) -> bool {
        self.frames
            .last()
            .map_or(!self.is_limited, |it| it.is_shown)
    }

    /// Returns the names of the open elements, for reports.
    fn pointer(frames: &[Frame<'_>]) -> String {
        const MAX_BYTES: usize = 256;
        let mut pointer = String::new();
        for frame in frames {
            if pointer.len() > MAX_BYTES {
                break;
            }
            pointer.push('/');
            pointer.push_str(tag::local(frame.name));
        }
        pointer
    }
}
