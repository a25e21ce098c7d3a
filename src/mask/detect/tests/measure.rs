// The figures are for the README.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use super::corpus::{Holds, cases};
use super::*;

/// How often the corpus is made up anew.
const RUNS: u64 = 20;

#[derive(Default)]
struct Score {
    secrets: usize,
    hidden: usize,
    finds: usize,
    right: usize,
}

/// Counts over the corpus, by the name of the detector.
fn scores(all: bool) -> (BTreeMap<&'static str, Score>, Vec<String>) {
    let mut scores = BTreeMap::<_, Score>::new();
    let mut wrong = Vec::new();
    for case in (1..=RUNS).flat_map(cases) {
        let detector = match case.holds {
            Holds::Secrets(detector) if all || detector.is_on_by_default() => detector,
            Holds::Nothing => Detector::Card,
            Holds::Person if !all => Detector::Card,
            _ => continue,
        };
        let found = found(detectors(all), &case.text, false);
        for secret in &case.secrets {
            let score = scores.entry(detector.as_str()).or_default();
            score.secrets += 1;
            // On its own, so that no other detector does its work.
            let alone = Detectors { on: detector.bit() };
            let alone = super::found(alone, &case.text, false);
            let covers = |it: &Found| it.start <= secret.start && secret.end <= it.end;
            match alone.iter().any(covers) && found.iter().any(covers) {
                true => score.hidden += 1,
                false => wrong.push(format!("stays: {}", case.text)),
            }
        }
        for it in &found {
            let score = scores.entry(it.detector.as_str()).or_default();
            score.finds += 1;
            let is_within =
                |secret: &std::ops::Range<usize>| secret.start <= it.start && it.end <= secret.end;
            match case.secrets.iter().any(is_within) {
                true => score.right += 1,
                false => wrong.push(format!(
                    "{} hides {} of: {}",
                    it.detector.as_str(),
                    &case.text[it.start..it.end],
                    case.text
                )),
            }
        }
    }
    (scores, wrong)
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[track_caller]
fn measure(all: bool, least_precision: f64) {
    let (scores, wrong) = scores(all);
    let mut sum = Score::default();
    for (name, score) in &scores {
        println!(
            "{name}: recall {:.4} of {}, precision {:.4} of {}",
            share(score.hidden, score.secrets),
            score.secrets,
            share(score.right, score.finds),
            score.finds,
        );
        sum.secrets += score.secrets;
        sum.hidden += score.hidden;
        sum.finds += score.finds;
        sum.right += score.right;
    }
    let (recall, precision) = (share(sum.hidden, sum.secrets), share(sum.right, sum.finds));
    println!(
        "all: recall {recall:.4} of {}, precision {precision:.4} of {}",
        sum.secrets, sum.finds
    );
    let wrong = wrong
        .iter()
        .take(60)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(recall >= 1.0, "{wrong}");
    for (name, score) in &scores {
        let precision = share(score.right, score.finds);
        assert!(precision >= least_precision, "{name}: {precision}\n{wrong}");
    }
}

#[test]
fn detectors_that_are_on_by_default_find_every_secret_of_the_corpus_and_next_to_nothing_else() {
    measure(false, 0.99);
}

#[test]
fn all_detectors_together_find_every_secret_of_the_corpus_and_little_else() {
    measure(true, 0.98);
}

#[test]
fn corpus_is_large_enough_to_say_something() {
    let cases = cases(1);
    let secrets: usize = cases.iter().map(|it| it.secrets.len()).sum();
    let harmless = cases.iter().filter(|it| it.secrets.is_empty()).count();
    println!("{secrets} secrets, {harmless} harmless texts");
    assert!(secrets >= 400 && harmless >= 600, "{secrets} {harmless}");
}
