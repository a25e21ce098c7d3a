use super::*;

mod corpus;
mod cuts;
mod generate;
mod measure;
mod speed;

/// Those that are on by default, or all.
fn detectors(all: bool) -> Detectors {
    let on = Detectors::default();
    match all {
        true => Detector::ALL.into_iter().fold(on, Detectors::with),
        false => on,
    }
}

fn found(on: Detectors, text: &str, cut: bool) -> Vec<Found> {
    let mut found = Vec::new();
    on.find(text, cut, &mut found);
    for pair in found.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{text}");
    }
    for it in &found {
        assert!(
            it.start < it.end && text.get(it.start..it.end).is_some(),
            "{text}"
        );
    }
    found
}

fn hidden(text: &str, cut: bool) -> Vec<(&str, Detector)> {
    let found = found(Detectors::default(), text, cut);
    found
        .iter()
        .map(|it| (&text[it.start..it.end], it.detector))
        .collect()
}

/// Replaces what is found, as the walkers do.
fn masked(on: Detectors, text: &str, cut: bool) -> String {
    let mut out = String::new();
    let mut copied = 0;
    for it in found(on, text, cut) {
        out.push_str(&text[copied..it.start]);
        out.push_str("[MASKED]");
        copied = it.end;
    }
    out + &text[copied..]
}

#[test]
fn cards_tokens_and_keys_are_found_in_running_text() {
    let key = ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let text = format!("paid 4111 1111 1111 1111, \\neyJhbGciOiJub25lIn0.e30. x={key}");
    assert_eq!(
        hidden(&text, false),
        [
            ("4111 1111 1111 1111", Detector::Card),
            ("eyJhbGciOiJub25lIn0.e30", Detector::Jwt),
            (key.as_str(), Detector::ProviderKey),
        ]
    );
    assert_eq!(hidden("0.4111111111111111 or 1700000000000", false), []);
    assert_eq!(hidden("paid 4111 11", true), [("4111 11", Detector::Card)]);
}
