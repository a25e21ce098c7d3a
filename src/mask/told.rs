//! Texts that the application tells: titles, findings, notes, and what its errors and panics say.

use super::{MASKED, Pass, WITHHELD, inside};
use crate::capture::{Failure, Findings, MAX_TEXT_BYTES};
use crate::entry::{Finding, Note, Place};

/// Masks what a text holds.
pub(super) fn text(text: String, pointer: &str, pass: &mut Pass<'_>) -> String {
    let mark = pass.report.mark();
    let Some(masked) = inside::mask(&text, may_be_cut(&text, pass), 0, pass) else {
        return text;
    };
    pass.report.under(&mark, || pointer.to_owned());
    masked
}

/// Masks what an error or a panic said, and marks it where it was cut.
pub(super) fn failure(failure: Failure, pass: &mut Pass<'_>) -> String {
    pass.enter(Place::Failure);
    let Failure { text, is_cut } = failure;
    let mut text = inside::mask(&text, is_cut, 0, pass).unwrap_or(text);
    if is_cut && text != WITHHELD {
        text.push(Failure::CUT);
    }
    text
}

/// The most bytes of a character.
const MAX_LEN_UTF8: usize = 4;

/// Tells whether a text may have been longer; it was cut between characters.
pub(super) fn may_be_cut(text: &str, pass: &Pass<'_>) -> bool {
    text.len() + pass.taken + MAX_LEN_UTF8 > MAX_TEXT_BYTES
}

/// Masks notes as fields of their names.
pub(super) fn notes(notes: Vec<Note>, pass: &mut Pass<'_>) -> Vec<Note> {
    pass.enter(Place::Note);
    notes.into_iter().map(|it| note(it, pass)).collect()
}

pub(super) fn note(note: Note, pass: &mut Pass<'_>) -> Note {
    let rule = pass.fields.decide(&note.name);
    let name = text(note.name, "name", pass);
    let rule = rule.or_else(|| pass.fields.decide(&name));
    let Some(rule) = rule.filter(|&rule| pass.fields.shape(rule).hides(&note.value)) else {
        let value = text(note.value, &name, pass);
        return Note { name, value };
    };
    let shown = match may_be_cut(&note.value, pass) {
        true => None,
        false => pass.stands_for_field(rule, &note.value),
    };
    let rule = pass.fields.rule_name(rule);
    pass.report.masked(|| name.clone(), rule, note.value.len());
    Note {
        name,
        value: shown.unwrap_or_else(|| MASKED.to_owned()),
    }
}

/// Masks findings, and says in a last one how many were left out.
pub(super) fn findings(findings: Findings, place: Place, pass: &mut Pass<'_>) -> Vec<Finding> {
    pass.enter(place);
    let Findings { first, more } = findings;
    let masked = first.into_iter().enumerate().map(|(at, finding)| Finding {
        message: text(finding.message, &format!("/{at}/message"), pass),
        pointer: finding
            .pointer
            .map(|it| text(it, &format!("/{at}/pointer"), pass)),
    });
    let mut masked: Vec<_> = masked.collect();
    if more > 0 {
        masked.push(Finding::new(format!("{more} more were left out")));
    }
    masked
}
