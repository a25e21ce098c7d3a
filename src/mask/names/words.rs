/// A name in lower case without its separators, and where its words end.
pub(super) struct Words {
    squashed: String,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Separator,
}

impl Words {
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self {
            squashed: String::with_capacity(name.len()),
            ends: Vec::new(),
        };
        let mut letters = name.chars().filter_map(plain).peekable();
        let mut last = Class::Separator;
        while let Some(letter) = letters.next() {
            let class = class(letter);
            let starts = match (last, class) {
                (_, Class::Separator) => true,
                (Class::Separator, _) => false,
                (Class::Digit, now) => now != Class::Digit,
                (_, Class::Digit) => true,
                (Class::Lower, Class::Upper) => true,
                // The last capital of `APIKey` begins a word.
                (Class::Upper, Class::Upper) => letters
                    .peek()
                    .is_some_and(|&it| self::class(it) == Class::Lower),
                (_, _) => false,
            };
            if starts {
                words.end();
            }
            if class != Class::Separator {
                words.squashed.extend(letter.to_lowercase());
            }
            last = class;
        }
        words.end();
        words
    }

    fn end(&mut self) {
        let end = self.squashed.len();
        if end > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(end);
        }
    }

    pub(super) fn squashed(&self) -> &str {
        &self.squashed
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.squashed.get(start..end)
    }

    /// Returns the last word that is not a number.
    pub(super) fn last(&self) -> Option<&str> {
        let at = (0..self.len()).rev().find(|&at| !self.is_digits(at))?;
        self.get(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    pub(super) fn is_digits(&self, at: usize) -> bool {
        self.get(at)
            .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
    }

    pub(super) fn only_digits_from(&self, from: usize) -> bool {
        (from..self.len()).all(|at| self.is_digits(at))
    }
}

fn class(letter: char) -> Class {
    if letter.is_ascii_digit() {
        Class::Digit
    } else if letter.is_uppercase() {
        Class::Upper
    } else if letter.is_alphanumeric() {
        Class::Lower
    } else {
        Class::Separator
    }
}

/// Maps full-width forms to ASCII and leaves out characters that do not show.
fn plain(letter: char) -> Option<char> {
    match letter {
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {
            None
        }
        '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0),
        '\u{17f}' => Some('s'),
        _ => Some(letter),
    }
}
