use super::corpus::cases;
use super::*;

/// The most bytes of the beginning of a secret that may show before it is known for one.
const MOST_SHOWN: usize = 3;

fn is_hidden(at: usize, found: &[Found]) -> bool {
    found.iter().any(|it| (it.start..it.end).contains(&at))
}

#[track_caller]
fn check_all_cuts(on: Detectors, text: &str) {
    let whole = found(on, text, false);
    for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
        let part = found(on, &text[..end], true);
        for it in whole.iter().filter(|it| it.start + MOST_SHOWN < end) {
            let stays = (it.start..it.end.min(end)).find(|&at| !is_hidden(at, &part));
            assert_eq!(
                stays,
                None,
                "{:?} shows in {:?} of {:?}",
                it.detector,
                &text[..end],
                &text[it.start..it.end]
            );
        }
    }
}

#[test]
fn t3_text_that_is_cut_anywhere_shows_nothing_of_what_is_hidden_of_the_whole() {
    for case in cases(3) {
        check_all_cuts(detectors(true), &case.text);
    }
}
