//! Rows of CSV (RFC 4180), for exports that people open in a spreadsheet.
//!
//! A cell holds what anybody may have sent, and a spreadsheet runs a cell that begins as a formula. Such a cell gets an apostrophe in front, which
//! spreadsheets read as the mark of a text; every other cell is written as it is. A cell is quoted where it has to be, its lines may break inside of
//! quotes, and control characters other than tabs and line breaks become U+FFFD, because readers end a cell at a NUL or refuse the file.

/// The content type of a file whose first row names the columns.
pub(super) const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// One row, appended to a file cell by cell. It has two cells at least: a single empty one would read as no row.
#[must_use = "a row ends with `end`"]
pub(super) struct Row<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Row<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let is_first = true;
        Self { out, is_first }
    }

    /// Appends a text, an empty cell for none.
    pub(super) fn text<'t>(mut self, text: impl Into<Option<&'t str>>) -> Self {
        self.separate();
        let text = text.into().unwrap_or_default();
        let is_formula = runs(text);
        let quote = is_formula || text.contains(['"', ',', '\r', '\n']);
        let around = if quote { "\"" } else { "" };
        self.out.extend_from_slice(around.as_bytes());
        if is_formula {
            self.out.push(b'\'');
        }
        for c in text.chars() {
            match c {
                '"' => self.out.extend_from_slice(b"\"\""),
                '\t' | '\r' | '\n' => self.out.push(c as u8),
                c if c.is_control() => self.out.extend_from_slice("\u{fffd}".as_bytes()),
                c => {
                    let mut utf8 = [0; 4];
                    let utf8 = c.encode_utf8(&mut utf8);
                    self.out.extend_from_slice(utf8.as_bytes());
                }
            }
        }
        self.out.extend_from_slice(around.as_bytes());
        self
    }

    /// Appends a number of our own, an empty cell for none.
    pub(super) fn number(mut self, number: impl Into<Option<u64>>) -> Self {
        self.separate();
        if let Some(number) = number.into() {
            self.out.extend_from_slice(number.to_string().as_bytes());
        }
        self
    }

    /// Ends the row.
    pub(super) fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    fn separate(&mut self) {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
    }
}

/// Tells whether a spreadsheet may run a cell: by its first character, or by the first that is neither white space nor invisible, and also in the
/// full-width forms that East Asian settings take for the plain ones.
fn runs(text: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let starts = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(unseen).starts_with(starts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cells: &[&str]) -> String {
        let mut out = Vec::new();
        let row = cells
            .iter()
            .fold(Row::new(&mut out), |row, &cell| row.text(cell));
        row.end();
        String::from_utf8(out).unwrap()
    }

    fn read(file: &str) -> Vec<Vec<String>> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(file.as_bytes());
        let rows = reader.into_records().map(|row| row.unwrap());
        rows.map(|row| row.iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let row = written(&["plain", "", "a,b", "say \"no\"", "two\r\nlines", "é😀"]);
        assert_eq!(
            row,
            "plain,,\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\",é😀\r\n"
        );
    }

    #[test]
    fn cell_that_a_spreadsheet_would_run_is_text() {
        for cell in [
            "=1+1",
            "=cmd|'/C calc'!A0",
            "+1",
            "-2+3",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "  =1+1",
            "\u{a0}\u{feff}\u{200b}=1+1",
            "\0=1+1",
            "＝1+1",
            "\u{3000}＋1",
            "－1",
            "＠x",
        ] {
            let row = written(&[cell, "x"]);
            assert!(row.starts_with("\"'"), "{cell:?}: {row:?}");
        }
        for cell in ["a=1", "1-2", "jane@example.com", "'=1", "\"=1\"", " a"] {
            let row = written(&[cell, "x"]);
            assert_eq!(read(&row), [[cell, "x"]], "{cell:?}");
        }
    }

    #[test]
    fn numbers_of_our_own_stay_numbers() {
        let mut out = Vec::new();
        let row = Row::new(&mut out).number(5).number(None).text(None);
        row.number(u64::MAX).end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "5,,,18446744073709551615\r\n"
        );
    }

    #[test]
    fn controls_are_replaced_and_lines_and_tabs_are_kept() {
        let row = written(&["a\0b\u{1b}[2J\u{7f}\u{85}c\td\ne", ""]);
        assert_eq!(row, "\"a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}c\td\ne\",\r\n");
    }

    proptest! {
        #[test]
        fn any_cells_are_read_back_by_a_reader_of_csv(rows in prop::collection::vec(prop::collection::vec(any::<String>(), 3), 1..5)) {
            let file: String = rows.iter().map(|row| written(&row.iter().map(String::as_str).collect::<Vec<_>>())).collect();
            let wanted: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| {
                let mark = if runs(cell) { "'" } else { "" };
                let kept = |c: char| if c.is_control() && !"\t\r\n".contains(c) { '\u{fffd}' } else { c };
                format!("{mark}{}", cell.chars().map(kept).collect::<String>())
            }).collect()).collect();
            prop_assert_eq!(read(&file), wanted);
        }
    }
}
