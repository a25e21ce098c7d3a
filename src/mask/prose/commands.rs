//! Passwords in command lines, after options of one letter that other commands have for something else.

use super::{dashes, is_value};

/// Beginnings of commands, their option, and whether its value may stand apart.
const COMMANDS: [(&str, &str, bool); 7] = [
    ("ldapsearch", "-w", true),
    ("mariadb", "-p", false),
    ("mongo", "-p", true),
    ("mysql", "-p", false),
    ("redis-cli", "-a", true),
    ("sqlcmd", "-P", true),
    ("sshpass", "-p", true),
];

/// Tells whether a password stands after an option of a command, as in `mysql -px` and `mysqldump -p'x'`.
pub(super) fn has_password(text: &str, cut: bool) -> bool {
    let mut options = dashes(text).map(|(_, it)| it.as_bytes().get(1));
    let is_known = |it: Option<&u8>| matches!(it, Some(b'a' | b'p' | b'P' | b'w'));
    options.any(is_known)
        && COMMANDS.iter().any(|&(command, option, is_apart)| {
            let has_password = |rest: &str| {
                let after = rest.strip_prefix(option);
                after.is_some_and(|it| is_password(it, is_apart, cut))
            };
            let last = dashes(text).filter(|(_, rest)| has_password(rest)).last();
            last.is_some_and(|(at, _)| runs(&text[..at], command))
        })
}

/// Tells whether a word begins as a command does.
fn runs(text: &str, command: &str) -> bool {
    let mut found = text.match_indices(command);
    found.any(|(at, _)| !text[..at].ends_with(|it: char| it.is_alphanumeric()))
}

fn is_password(after: &str, is_apart: bool, cut: bool) -> bool {
    match after.chars().next() {
        None => false,
        Some(letter) if letter.is_whitespace() => is_apart && is_value(after.trim_start(), cut),
        Some(_) => true,
    }
}
