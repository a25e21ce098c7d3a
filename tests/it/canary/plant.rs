//! Canaries, decoys and the chance by which documents are made of them.

use super::dice::Dice;

/// Begins every eighth byte of a canary, and stands nowhere else. Letters alone, so that the beginning of a canary is like a word.
pub(crate) const MARK: &str = "VqzxKw";
/// Begins canaries of digits alone.
pub(crate) const DIGITS_MARK: &str = "730651984";
/// Begins canaries of hexadecimal digits.
pub(crate) const HEX_MARK: &str = "fee1c0ffee";
/// Begins decoys.
pub(crate) const DECOY_MARK: &str = "zuwo";
/// The letters of a decoy.
pub(crate) const DECOY_LENGTH: usize = 14;

/// How many canaries, and how many decoys, a case may have.
const PER_CASE: u32 = 256;

/// A table of the kinds of something, with their names.
pub(crate) type Kinds<T> = &'static [(&'static str, fn(&mut Plant) -> T)];

/// What a case plants: the same number gives the same case on every machine.
pub(crate) struct Plant {
    dice: Dice,
    case: u32,
    /// How many harmless texts were made.
    texts: u64,
    place: &'static str,
    /// The place of each canary, in order.
    pub(crate) canaries: Vec<(&'static str, String)>,
    pub(crate) decoys: Vec<Decoy>,
}

/// A harmless text.
pub(crate) struct Decoy {
    pub(crate) place: &'static str,
    pub(crate) text: String,
}

impl Plant {
    pub(crate) fn new(seed: u64, case: u32) -> Self {
        Self::with(Dice::of(seed ^ u64::from(case) << 20), case)
    }

    /// Makes the case that bytes tell, byte by byte.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::with(Dice::bytes(bytes), 0)
    }

    fn with(dice: Dice, case: u32) -> Self {
        Self {
            dice,
            case,
            texts: 0,
            place: "",
            canaries: Vec::new(),
            decoys: Vec::new(),
        }
    }

    /// Says which place the next canaries and decoys stand in.
    pub(crate) fn enter(&mut self, place: &'static str) {
        self.place = place;
    }

    /// Makes a secret that a search recognises.
    pub(crate) fn canary(&mut self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVabcdef234567";
        let number = self.next_number();
        let letter = |at: u32| char::from(LETTERS[(number >> (5 * at) & 31) as usize]);
        let block = |at: u32| format!("{MARK}{}{}", letter(at), letter(at + 1));
        let canary = [&block(0), &block(2), &*block(4), "3k8"].concat();
        self.canaries.push((self.place, canary.clone()));
        canary
    }

    /// Makes a secret of digits.
    pub(crate) fn digits(&mut self) -> String {
        let canary = format!("{DIGITS_MARK}{:010}", self.next_number());
        self.canaries.push((self.place, canary.clone()));
        canary
    }

    /// Makes a UUID of which the second half is secret.
    pub(crate) fn uuid(&mut self) -> String {
        let number = self.next_number();
        let canary = format!("{HEX_MARK}{:02x}", number & 255);
        self.canaries.push((self.place, canary.clone()));
        format!("{:08x}-ab12-4c0f-8e1d-{canary}", self.dice.number() as u32)
    }

    /// Makes a secret with what secrets have around them: spaces, quotes, signs of every syntax, letters of other scripts.
    pub(crate) fn secret(&mut self) -> String {
        let canary = self.canary();
        let around = [
            "{}",
            "{}",
            "{}",
            "a b {}",
            "{}==",
            "é😀{}",
            "{}\"'\\",
            "{}&x=1;y",
            "%41{}%",
            "{}/?#@:",
            "[{}",
            "{{}}",
            "<{}>",
            "-{}\n",
            "{}+{}",
            "sk_live_{}",
            "{},{}",
            "x={}",
            "\u{200b}{}\u{feff}",
        ];
        self.one_of(&around).replace("{}", &canary)
    }

    /// Makes a secret that a header field can carry.
    pub(crate) fn visible(&mut self) -> String {
        let canary = self.canary();
        let around = ["{}", "{}", "{}==", "demo_live_{}", "{}.{}", "{}-x", "~{}"];
        self.one_of(&around).replace("{}", &canary)
    }

    /// Makes a secret in one word, with what a URL has within it.
    pub(crate) fn marked(&mut self) -> String {
        let canary = self.canary();
        let around = [
            "{}",
            "{}",
            "x?{}",
            "{}?y={}",
            "x#{}",
            "x://{}/{}",
            "/{}",
            "{}@x",
        ];
        self.one_of(&around).replace("{}", &canary)
    }

    /// Makes a harmless text that must be found.
    pub(crate) fn decoy(&mut self) -> String {
        let text = self.chaff();
        self.decoys.push(Decoy {
            place: self.place,
            text: text.clone(),
        });
        text
    }

    /// Makes a harmless text that need not be found.
    pub(crate) fn chaff(&mut self) -> String {
        const SYLLABLES: [&[u8]; 2] = [b"bdfgklmnprstvyz", b"aeiou"];
        self.texts += 1;
        let mut number = self.dice.number().wrapping_add(self.texts << 40);
        let mut text = DECOY_MARK.to_owned();
        while text.len() < DECOY_LENGTH {
            for letters in SYLLABLES {
                text.push(char::from(
                    letters[(number % letters.len() as u64) as usize],
                ));
                number /= letters.len() as u64;
            }
        }
        text
    }

    /// Lets the decoys go that were planted by `make`: what they stand in may be withheld.
    pub(crate) fn doubtful<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let known = self.decoys.len();
        let made = make(self);
        self.decoys.truncate(known);
        made
    }

    /// Returns one of the values of a table.
    pub(crate) fn one_of<T: Copy>(&mut self, table: &[T]) -> T {
        let most = u32::try_from(table.len()).unwrap();
        table[self.dice.below(most) as usize]
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.dice.below(end)
    }

    /// Tells yes in `percent` of the cases.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn next_number(&self) -> u32 {
        let count = u32::try_from(self.canaries.len()).unwrap();
        assert!(count < PER_CASE, "a case of too many canaries");
        self.case % (1 << 22) * PER_CASE + count
    }
}
