//! `text/csv` (RFC 4180) with a header: columns by their names.
//!
//! - Cells below a secret's name are replaced as a whole, and those that a neighbour names (`key,value`); every other one is looked into.
//!   The rest keeps its bytes.
//! - Where only listed names show, the cells of every other column are replaced.
//! - The header must be certain: the type says `header=present`, or the first row is names throughout and something tells it from the
//!   rows below: a name that is known, or a column of numbers, times or flags.
//! - What breaks the grammar, or has a row of another length, is withheld. Of text that was cut the last row is left out.

use std::borrow::Cow;

use super::media_type::MediaType;
use super::names::{Named, Names, Role, RuleId};
use super::{MASKED, Pass, inside, token};
use crate::entry::WithheldReason;

mod rows;

use rows::{Cell, Rows};

/// The most columns.
const MAX_COLUMNS: usize = 1000;
/// The most bytes of a name.
const MAX_NAME_BYTES: usize = 64;
/// The rows that are looked at to tell whether there is a header.
const LOOKED_AT: usize = 20;
/// Names of columns that no value below one is.
const KNOWN: [&str; 16] = [
    "id",
    "uuid",
    "name",
    "first_name",
    "last_name",
    "email",
    "e-mail",
    "phone",
    "address",
    "description",
    "created_at",
    "updated_at",
    "timestamp",
    "username",
    "user_id",
    "amount",
];

/// What the type says of the first row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    Present,
    Absent,
    Unsaid,
}

impl Header {
    pub(super) fn said(media_type: MediaType<'_>) -> Self {
        match media_type.parameter("header").as_deref() {
            Some("present") => Self::Present,
            Some(_) => Self::Absent,
            None => Self::Unsaid,
        }
    }
}

/// Masks a table, or the beginning of one.
pub(super) fn mask(
    text: &str,
    cut: bool,
    header: Header,
    pass: &mut Pass<'_>,
) -> Result<Option<String>, WithheldReason> {
    let malformed = |_| WithheldReason::Malformed;
    let delimiter = rows::delimiter(text).ok_or(WithheldReason::Unstructured)?;
    let mut rows = Rows::new(text, delimiter, cut);
    let head = rows.next_row().map_err(malformed)?.unwrap_or_default();
    let names: Vec<_> = head.iter().map(|it| it.text(text)).collect();
    let is_certain = match header {
        Header::Present => true,
        Header::Absent => false,
        Header::Unsaid => is_header(&names, rows.clone(), pass),
    };
    if names.is_empty() || names.len() > MAX_COLUMNS || !is_certain {
        return Err(WithheldReason::Unstructured);
    }
    let mut table = Table {
        text,
        columns: Vec::new(),
        out: String::new(),
        copied: 0,
    };
    for cell in &head {
        table.look_inside(cell, "", pass);
    }
    for name in &names {
        let known = pass.fields.known(name.trim());
        let shown = pass.name_with_marks(name.trim());
        let rule_of_shown = shown.and_then(|it| pass.fields.decide(&it));
        table.columns.push(Column {
            rule: known.rule.or(rule_of_shown),
            role: known.role,
            is_listed: pass.fields.lists(name.trim()),
        });
    }
    while let Some(row) = rows.next_row().map_err(malformed)? {
        if row.len() != names.len() {
            return Err(WithheldReason::Malformed);
        }
        let named = table.named_by_neighbour(&row, pass);
        for ((cell, name), column) in row.iter().zip(&names).zip(0..) {
            table.cell(cell, name, column, named, pass);
        }
    }
    Ok(table.finish(rows.certain()))
}

/// What the name of a column says of its cells.
struct Column {
    rule: Option<RuleId>,
    role: Role,
    is_listed: bool,
}

struct Table<'t> {
    text: &'t str,
    columns: Vec<Column>,
    out: String,
    copied: usize,
}

impl Table<'_> {
    /// Returns the rules of the names that cells of the row give to others.
    fn named_by_neighbour(&self, row: &[Cell], pass: &mut Pass<'_>) -> Named {
        let mut named = Named::default();
        if self.columns.iter().any(|it| it.role.holds()) {
            let columns = row.iter().zip(&self.columns);
            for (cell, column) in columns.filter(|(_, it)| it.role.names()) {
                let name = cell.text(self.text);
                named.take(column.role, pass.decide_sibling(&name, Names::decide_once));
            }
        }
        named
    }

    fn cell(&mut self, cell: &Cell, name: &str, column: usize, named: Named, pass: &mut Pass<'_>) {
        let text = cell.text(self.text);
        if text.is_empty() {
            return;
        }
        // Rows are as long as the header.
        let column = self.columns.get(column);
        let own = column.and_then(|it| it.rule);
        let role = column.map_or(Role::None, |it| it.role);
        let is_listed = column.is_some_and(|it| it.is_listed);
        let rule = own.or(named.rule(role));
        let rule = rule.filter(|&rule| pass.fields.shape(rule).hides(&text));
        match rule.or((!is_listed).then_some(RuleId::NOT_LISTED)) {
            Some(rule) => {
                let shown = pass.stands_for_field(rule, &text);
                if pass.stays(&text, shown.as_deref().unwrap_or(MASKED)) {
                    return;
                }
                let rule = pass.fields.rule_name(rule);
                pass.report.masked(|| name.to_owned(), rule, text.len());
                self.replace(cell, shown.as_deref().unwrap_or(MASKED));
            }
            None => self.look_inside(cell, name, pass),
        }
    }

    fn look_inside(&mut self, cell: &Cell, name: &str, pass: &mut Pass<'_>) {
        let text = cell.text(self.text);
        if !inside::may_hold(&text) && !pass.may_find(&text) {
            return;
        }
        let mark = pass.report.mark();
        let masked = inside::mask(&text, false, 0, pass);
        pass.report.under(&mark, || name.to_owned());
        if let Some(masked) = masked {
            self.replace(cell, &masked);
        }
    }

    fn replace(&mut self, cell: &Cell, with: &str) {
        let before = self.text.get(self.copied..cell.start).unwrap_or_default();
        self.out.push_str(before);
        match cell.is_quoted || with.contains(['"', ',', ';', '\t', '\r', '\n']) {
            true => self
                .out
                .push_str(&format!("\"{}\"", with.replace('"', "\"\""))),
            false => self.out.push_str(with),
        }
        self.copied = cell.end;
    }

    fn finish(self, certain: usize) -> Option<String> {
        let is_whole = self.copied == 0 && certain == self.text.len();
        let rest = self.text.get(self.copied..certain).unwrap_or_default();
        (!is_whole).then(|| self.out + rest)
    }
}

/// Tells whether the first row is names of columns beyond doubt.
fn is_header(names: &[Cow<'_, str>], mut rows: Rows<'_>, pass: &mut Pass<'_>) -> bool {
    let is_distinct = |(at, name): (usize, &Cow<'_, str>)| !names[..at].contains(name);
    // Tables of more columns are not compared name by name.
    if names.len() > MAX_COLUMNS
        || !names.iter().all(|it| is_name(it))
        || !names.iter().enumerate().all(is_distinct)
        // What holds a secret is data.
        || names.iter().any(|it| pass.name_with_marks(it).is_some())
    {
        return false;
    }
    let mut is_known = |name: &str| {
        let name = name.trim();
        KNOWN.iter().any(|it| it.eq_ignore_ascii_case(name)) || pass.fields.decide(name).is_some()
    };
    if names.iter().any(|it| is_known(it)) {
        return true;
    }
    let mut is_typed = vec![true; names.len()];
    let mut count = 0;
    while let Ok(Some(row)) = rows.next_row() {
        for (cell, is_typed) in row.iter().zip(&mut is_typed) {
            *is_typed &= is_value(&cell.text(rows.text()));
        }
        count += 1;
        if count == LOOKED_AT {
            break;
        }
    }
    count > 0 && is_typed.contains(&true)
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    let part = |it: char| it.is_alphanumeric() || " _-.()/#%".contains(it);
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|it: char| it.is_alphabetic() || it == '_')
        && name.chars().all(part)
        && !token::is_opaque(name)
}

/// Tells whether a cell is a number, a time or a flag, which no name is.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let is_number = text.starts_with(|it: char| it.is_ascii_digit() || "+-.".contains(it))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.,:/ TZ".contains(&byte));
    is_number
        || ["true", "false"]
            .iter()
            .any(|it| it.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests;
