use super::*;

fn hidden(text: &str, cut: bool) -> Vec<(&str, Detector)> {
    let mut found = Vec::new();
    Detectors::default().find(text, cut, &mut found);
    found
        .iter()
        .map(|it| (&text[it.start..it.end], it.detector))
        .collect()
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
