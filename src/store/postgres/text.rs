//! Texts as Postgres takes them: it stores every character but U+0000.
//!
//! U+0000, and with it the two characters of its code, are written as four of U+0001 and U+0002. The three words are a comma-free
//! code: none of them begins inside of another two. What is a beginning, an end or a part of a text is therefore one of its code as
//! well, and nothing else is, so that `=` and `LIKE` answer for the texts themselves; and codes sort as their texts do. All other texts are stored as they are.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind};

const A: u8 = 1;
const B: u8 = 2;

const NUL: [u8; 4] = [A, A, A, B];
const OF_A: [u8; 4] = [A, A, B, B];
const OF_B: [u8; 4] = [A, B, B, B];

/// Writes a text so that Postgres can store it.
pub(super) fn encode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= B) {
        return Cow::Borrowed(text);
    }
    let mut code = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\0' => code.extend(NUL.map(char::from)),
            '\u{1}' => code.extend(OF_A.map(char::from)),
            '\u{2}' => code.extend(OF_B.map(char::from)),
            letter => code.push(letter),
        }
    }
    Cow::Owned(code)
}

/// Reads what [`encode`] wrote.
///
/// # Errors
///
/// When a character of the code stands where none was written.
pub(super) fn decode(code: &str) -> Result<Cow<'_, str>, Error> {
    if !code.bytes().any(|byte| byte <= B) {
        return Ok(Cow::Borrowed(code));
    }
    let mut text = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.bytes().position(|byte| byte <= B) {
        let (plain, coded) = rest.split_at(at);
        text.push_str(plain);
        let (word, after) = coded.split_at_checked(4).ok_or_else(corrupt)?;
        text.push(match word.as_bytes() {
            word if word == NUL => '\0',
            word if word == OF_A => '\u{1}',
            word if word == OF_B => '\u{2}',
            _ => return Err(corrupt()),
        });
        rest = after;
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

fn corrupt() -> Error {
    let message = "a stored text has control characters that this store did not write";
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_has_no_nul(text in "[\0-\u{3}aé😀]{0,12}") {
            let code = encode(&text);
            prop_assert!(!code.contains('\0'));
            prop_assert_eq!(decode(&code).unwrap(), &*text);
        }

        #[test]
        fn parts_of_codes_are_codes_of_parts(text in "[\0-\u{3}b]{0,8}", part in "[\0-\u{3}b]{0,3}") {
            let (coded, coded_part) = (encode(&text), encode(&part));
            prop_assert_eq!(coded.starts_with(&*coded_part), text.starts_with(&part));
            prop_assert_eq!(coded.ends_with(&*coded_part), text.ends_with(&part));
            prop_assert_eq!(coded.contains(&*coded_part), text.contains(&part));
        }

        #[test]
        fn codes_sort_as_their_texts(one in "[\0-\u{3}b]{0,5}", other in "[\0-\u{3}b]{0,5}") {
            prop_assert_eq!(encode(&one).cmp(&encode(&other)), one.cmp(&other));
        }

        #[test]
        fn no_code_panics(code in "[\u{1}-\u{3}aé]{0,12}") {
            if let Ok(text) = decode(&code) {
                prop_assert_eq!(encode(&text), &*code);
            }
        }
    }

    #[test]
    fn plain_texts_are_not_copied() {
        for text in ["", "/api/v1/users", "\u{3}\r\n\t", "é😀"] {
            assert!(matches!(encode(text), Cow::Borrowed(_)));
            assert!(matches!(decode(text), Ok(Cow::Borrowed(_))));
        }
    }
}
