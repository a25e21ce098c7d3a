//! The ways into the masker, and what every answer of it must hold.

use std::cell::RefCell;

use tower_api_log::entry::BodyRecord;
use tower_api_log::mask::{Masker, Rules};

use crate::plant::{MARK, Plant};
use crate::seek::Needles;

thread_local! {
    static MASKER: RefCell<Masker> = RefCell::new(masker(Rules::default()));
    static PLAIN: RefCell<Masker> = RefCell::new(masker(Rules::default().plain_text("text/plain")));
    static NEEDLES: Needles = Needles::new();
}

fn masker(rules: Rules) -> Masker {
    Masker::new(&rules.hash_key([7; 32])).expect("rules that can be meant")
}

/// Masks a whole body.
pub(crate) fn body(content_type: &str, bytes: &[u8]) -> BodyRecord {
    match content_type {
        "text/plain" => PLAIN.with_borrow_mut(|it| it.body(Some(content_type), bytes)),
        _ => MASKER.with_borrow_mut(|it| it.body(Some(content_type), bytes)),
    }
}

/// Masks arbitrary bytes: what was masked stays as it is when it is masked again.
///
/// But for text in text that was encoded, of which no more is looked into than a few levels, and for parts of forms that have lost what nobody
/// can read of their heads.
pub(crate) fn raw(content_type: &str, bytes: &[u8]) -> Option<String> {
    let once = body(content_type, bytes);
    assert_eq!(once.bytes_seen(), bytes.len() as u64);
    let text = once.text()?.to_owned();
    let twice = body(content_type, text.as_bytes());
    if text.contains('%') || bytes.contains(&b'\\') || content_type.starts_with("multipart") {
        return Some(text);
    }
    // Of several byte order marks the first is one.
    let bare = |text: &str| without_facts(text.trim_start_matches('\u{feff}'));
    let twice = match &twice {
        // A body of nothing but the mark.
        BodyRecord::Empty => Some(String::new()),
        twice => twice.text().map(bare),
    };
    assert_eq!(twice, Some(bare(&text)), "masked twice");
    Some(text)
}

/// Replaces how long files are, which a file that was replaced by its facts is not.
fn without_facts(text: &str) -> String {
    let mut pieces = text.split("[FILE ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| {
        out + "[FILE]" + piece.split_once(']').map_or(piece, |(_, rest)| rest)
    })
}

/// Asserts that nothing of a canary is left, and that the decoys are.
pub(crate) fn holds(shown: &BodyRecord, plant: &Plant, is_valid: bool) {
    let text = shown.text().unwrap_or_default();
    hides(&serde_json::to_string(shown).expect("a record is JSON"));
    hides(&format!("{shown:?}"));
    if is_valid && shown.text().is_some() {
        for decoy in &plant.decoys {
            assert!(
                text.contains(&decoy.text),
                "{} {} is hidden in {text}",
                decoy.place,
                decoy.text
            );
        }
    }
}

/// Asserts that text has no canary in any encoding, nor the beginning of one.
pub(crate) fn hides(text: &str) {
    NEEDLES.with(|needles| assert_eq!(needles.find(text.as_bytes()), [], "{text}"));
    assert!(!text.contains(&MARK[..4]), "{text}");
}
