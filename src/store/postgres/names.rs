use crate::error::Error;

/// The names of the tables: validated, so that they can stand in SQL, and quoted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    schema: String,
    table: String,
}

/// Room for what the names of partitions and indexes add, of the 63 bytes that Postgres tells names apart by.
const MAX_TABLE: usize = 40;
const MAX_SCHEMA: usize = 63;

impl Names {
    /// Checks both names.
    ///
    /// # Errors
    ///
    /// A configuration error for a name that is not a plain identifier, or too long.
    pub(super) fn new(schema: &str, table: &str) -> Result<Self, Error> {
        for (what, name, most) in [("schema", schema, MAX_SCHEMA), ("table", table, MAX_TABLE)] {
            let is_plain = name
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'_');
            let begins = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
            if !is_plain || !begins || name.len() > most {
                return Err(Error::configuration(format!(
                    "the name of the {what} must be a letter or _, then letters, digits and _, {most} characters at most"
                )));
            }
        }
        Ok(Self {
            schema: schema.to_owned(),
            table: table.to_owned(),
        })
    }

    /// Returns the schema as SQL names it.
    pub(super) fn schema(&self) -> String {
        format!("\"{}\"", self.schema)
    }

    /// Returns the table of the entries as SQL names it.
    pub(super) fn entry(&self) -> String {
        self.with("")
    }

    /// Returns the table of one row that says what the others are, as SQL names it.
    pub(super) fn about(&self) -> String {
        self.with("_about")
    }

    /// Returns the table of the ids that are held, as SQL names it.
    pub(super) fn held(&self) -> String {
        self.with("_held")
    }

    /// Returns the name of a partition or index, without its schema and quotes.
    pub(super) fn bare(&self, rest: &str) -> String {
        format!("{}{rest}", self.table)
    }

    /// Returns a table of this schema as SQL names it.
    pub(super) fn of(&self, bare: &str) -> String {
        format!("\"{}\".\"{}\"", self.schema, bare.replace('"', "\"\""))
    }

    fn with(&self, rest: &str) -> String {
        self.of(&self.bare(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_identifiers_are_refused() {
        for name in [
            "",
            "1a",
            "a-b",
            "a b",
            "a\"b",
            "a'b",
            "é",
            "a.b",
            "a\0",
            &"a".repeat(64),
        ] {
            assert!(Names::new(name, "entry").is_err(), "{name}");
            assert!(Names::new("log", name).is_err(), "{name}");
        }
        let names = Names::new("Log", "_e1").unwrap();
        assert_eq!(names.entry(), "\"Log\".\"_e1\"");
        assert_eq!(names.about(), "\"Log\".\"_e1_about\"");
    }
}
