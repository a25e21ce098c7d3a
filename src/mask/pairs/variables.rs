use super::{Walk, decoded, encoded};
use crate::mask::graphql::Bound;
use crate::mask::names::RuleId;
use crate::mask::split::{split, split_once};
use crate::mask::{MASKED, Pass};

const VARIABLES: &str = "variables";

/// Variables of GraphQL requests, as in `query=..&variables={..}`.
impl Walk<'_> {
    /// Finds which of the variables are secrets.
    pub(super) fn look_for_variables(&mut self, pass: &mut Pass<'_>) {
        let pairs = || split(self.text, b'&').filter_map(|it| split_once(it, b'='));
        if !pairs().any(|(name, _)| is(name, VARIABLES)) {
            return;
        }
        // What a text holds has a document of its own.
        let elsewhere = pass.elsewhere.clone().filter(|_| self.level == 0);
        let mut bound = elsewhere.map_or_else(Bound::default, |it| *it);
        let mut has_document = false;
        let mut at = 0;
        for pair in split(self.text, b'&') {
            at += pair.len();
            if let Some((name, document)) = split_once(pair, b'=')
                && is(name, "query")
            {
                has_document = true;
                bound.read(&decoded(document), self.is_cut(at), pass);
            }
            at += 1;
        }
        if self.cut && !has_document {
            bound = Bound::all();
        }
        self.bound = (!bound.is_none()).then(|| Box::new(bound));
    }

    /// Replaces variables any of which may be a secret. Of others it says to the document that they are which are secrets.
    pub(super) fn variables(
        &mut self,
        name: &str,
        from: usize,
        end: usize,
        pass: &mut Pass<'_>,
    ) -> bool {
        pass.bound = None;
        let Some(bound) = self.bound.as_ref().filter(|_| is(name, VARIABLES)) else {
            return false;
        };
        if !bound.is_all() {
            pass.bound = Some(bound.clone());
            return false;
        }
        let rule = pass.pairs.rule_name(RuleId::UNREAD);
        pass.report
            .masked(|| VARIABLES.to_owned(), rule, end - from);
        self.replace(from, end, &encoded(MASKED));
        true
    }
}

fn is(name: &str, word: &str) -> bool {
    name == word || decoded(name) == word
}
