const MACRO: &str = include_str!("mod.rs");
const CASES: [&str; 6] = [
    include_str!("filter.rs"),
    include_str!("list.rs"),
    include_str!("retention.rs"),
    include_str!("scope.rs"),
    include_str!("stats.rs"),
    include_str!("write.rs"),
];

#[test]
fn macro_names_every_case() {
    let cases: Vec<&str> = CASES
        .iter()
        .flat_map(|source| source.split("pub async fn ").skip(1))
        .filter_map(|rest| rest.split(['<', '(']).next())
        .collect();
    assert!(cases.len() > 20);
    for case in cases {
        let line = format!("\n            {case}\n");
        assert!(MACRO.contains(&line), "the macro leaves out {case}");
    }
}
