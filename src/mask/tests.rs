use super::*;

/// Runs a masker of one part with the default rules.
pub(super) fn pass<T>(run: impl FnOnce(&mut Pass<'_>) -> T) -> T {
    pass_with(&Rules::default(), run)
}

pub(super) fn pass_with<T>(rules: &Rules, run: impl FnOnce(&mut Pass<'_>) -> T) -> T {
    let mut rules = rules.compile().unwrap();
    run(&mut Pass {
        headers: &mut rules.headers,
        pairs: &mut rules.pairs,
        fields: &mut rules.fields,
        report: Report::new(),
    })
}
