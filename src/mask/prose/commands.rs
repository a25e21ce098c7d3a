//! Passwords in command lines, after options of one letter that other commands have for something else.

use super::is_value;

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
    COMMANDS.iter().any(|&(command, option, is_apart)| {
        let begins = |at: usize| !text[..at].ends_with(|it: char| it.is_alphanumeric());
        let mut found = text.match_indices(command).filter(|&(at, _)| begins(at));
        found.next().is_some_and(|(at, _)| {
            let rest = &text[at + command.len()..];
            options(rest, option).any(|it| is_password(it, is_apart, cut))
        })
    })
}

/// Returns what follows each option.
fn options<'t>(text: &'t str, option: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(option).filter_map(|(at, option)| {
        let begins = text[..at].ends_with(char::is_whitespace);
        begins.then(|| &text[at + option.len()..])
    })
}

fn is_password(after: &str, is_apart: bool, cut: bool) -> bool {
    match after.chars().next() {
        None => false,
        Some(letter) if letter.is_whitespace() => is_apart && is_value(after.trim_start(), cut),
        Some(_) => true,
    }
}
