//! Letters that stand for ASCII ones.
//!
//! Other forms of a letter, which Unicode's compatibility decomposition (NFKC) makes the same, always count as that letter: full-width,
//! mathematical, circled and raised ones, and ligatures. Cyrillic and Greek letters count as those that they look like only where the name is not a secret's as
//! it is, so that rules in these scripts fit their own words.

const UPPER: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8; 10] = b"0123456789";

/// Runs of forms of the alphabet or the digits: the first, the last, and what they stand for, over and over.
const RUNS: &[(char, char, &[&[u8]])] = &[
    ('\u{249c}', '\u{24b5}', &[LOWER]),
    ('\u{24b6}', '\u{24e9}', &[UPPER, LOWER]),
    ('\u{1d400}', '\u{1d6a3}', &[UPPER, LOWER]),
    ('\u{1d7ce}', '\u{1d7ff}', &[DIGITS]),
    ('\u{1f130}', '\u{1f149}', &[UPPER]),
    ('\u{1f150}', '\u{1f169}', &[UPPER]),
    ('\u{1f170}', '\u{1f189}', &[UPPER]),
    ('\u{2080}', '\u{2089}', &[DIGITS]),
];

/// Single forms.
const FORMS: (&str, &str) = (
    "ſªº¹²³ⁱⁿ⁰⁴⁵⁶⁷⁸⁹ₐₑₒₓₕₖₗₘₙₚₛₜᵢᵣᵤᵥʰʲʳʷʸˡˢˣᵃᵇᵈᵉᵍᵏᵐᵒᵖᵗᵘᵛᶜᶠᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁᵂ\
     ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨ\u{212a}ℬℭℯℰℱℳℴℹⅅⅆⅇⅈⅉⅠⅤⅩⅬⅭⅮⅯⅰⅴⅹⅼⅽⅾⅿ",
    "sao123in0456789aeoxhklmnpstiruvhjrwylsxabdegkmoptuvcfzABDEGHIJKLMNOPRTUW\
     CgHHHhIILlNPQRRRZZKBCeEFMoiDdeijIVXLCDMivxlcdm",
);

const LIGATURES: [(char, &str); 9] = [
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "st"),
    ('ﬆ', "st"),
    ('Ĳ', "IJ"),
    ('ĳ', "ij"),
];

/// Letters that look like others.
const LOOK_ALIKES: (&str, &str) = (
    "авеёкмнопрстухѕіјһԁԛԝѵАВЕКМНОРСТУХЅІЈҺԚԜѴαβγεικνορτυχηωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹıɡɑɩʟ",
    "abeekmhonpctyxsijhdqwvABEKMHOPCTYXSIJHQWVaByeikvoptuxnwcjABEZHIKMNOPTYXCigail",
);

/// Returns the name without what does not show, and with ASCII letters in the place of their other forms.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            _ if letter.is_ascii() => plain.push(letter),
            _ if is_invisible(letter) => {}
            '\u{ff01}'..='\u{ff5e}' => {
                plain.extend(char::from_u32(u32::from(letter) - 0xfee0));
            }
            _ => match LIGATURES.iter().find(|(it, _)| *it == letter) {
                Some((_, letters)) => plain.push_str(letters),
                None => plain.push(form(letter).unwrap_or(letter)),
            },
        }
    }
    plain
}

/// Returns a plain name with ASCII letters in the place of those that look like them, or `None` where there are none.
pub(super) fn seen(plain: &str) -> Option<String> {
    if plain.is_ascii() {
        return None;
    }
    let mut has_any = false;
    let look = |letter: char| match letter.is_ascii() {
        true => letter,
        false => {
            let like = counterpart(LOOK_ALIKES, letter);
            has_any |= like.is_some();
            like.unwrap_or(letter)
        }
    };
    let seen = plain.chars().map(look).collect();
    has_any.then_some(seen)
}

fn form(letter: char) -> Option<char> {
    let run = RUNS
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&letter));
    let Some((first, _, letters)) = run else {
        return counterpart(FORMS, letter);
    };
    let all = letters.concat();
    let at = (u32::from(letter) - u32::from(*first)) as usize % all.len();
    all.get(at).copied().map(char::from)
}

fn counterpart((from, to): (&str, &str), letter: char) -> Option<char> {
    let at = from.chars().position(|it| it == letter)?;
    to.as_bytes().get(at).copied().map(char::from)
}

fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_a_letter_for_each() {
        for (from, to) in [FORMS, LOOK_ALIKES] {
            assert_eq!(from.chars().count(), to.len());
            assert!(to.bytes().all(|it| it.is_ascii_alphanumeric()));
            let mut all: Vec<_> = from.chars().collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), to.len(), "no letter stands there twice");
        }
    }

    #[test]
    fn other_forms_of_letters_are_those_letters() {
        for (name, shown) in [
            ("ｐａｓｓ＿１", "pass_1"),
            ("𝐩𝒂𝓈𝔰𝕨𝖔𝗋𝘥𝟏𝟘", "password10"),
            ("𝐀𝑩𝙕", "ABZ"),
            ("ⓟⓐⓢⓢ⒲🅆🅞🆁", "passwWOR"),
            ("ᵖᵃˢˢʷᵒʳᵈ²", "password2"),
            ("ₛₑ𝖼ᵣₑₜ", "secret"),
            ("ℯℓℒℐⅽⅴⅽ", "elLIcvc"),
            ("ﬁﬂﬃ", "fiflffi"),
            ("pa\u{200b}s\u{e0061}s\u{fe0f}", "pass"),
            ("é密я", "é密я"),
        ] {
            assert_eq!(plain(name), shown);
        }
    }

    #[test]
    fn letters_that_look_like_others_are_seen_as_those() {
        assert_eq!(seen("pаsswоrd").as_deref(), Some("password"));
        assert_eq!(seen("ТОКЕΝ").as_deref(), Some("TOKEN"));
        assert_eq!(seen("é"), None);
        assert_eq!(seen("password"), None);
    }
}
