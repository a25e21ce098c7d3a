use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::clock::Timestamp;
use crate::entry::{Actor, Context, EntryIds};

const A_BITS: u64 = 0x82_a2a9_58a9_bece;
const REQ_BITS: u64 = 0x2f_deea_cc14_bbff;
const UUID_BITS: u64 = 0xa3_0475_e9c1_edbb;

const SECOND: Duration = Duration::from_secs(1);

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    let field = |&(name, value): &(&'static str, &str)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    };
    list.iter().map(field).collect()
}

fn lot(list: &[(&'static str, &str)]) -> Lot {
    Lot::of(&headers(list))
}

fn parent(trace: u128, flags: u8) -> String {
    format!("00-{trace:032x}-00f067aa0ba902b7-{flags:02x}")
}

/// An id that no test goes by.
fn any_id() -> EntryId {
    EntryId::from_bytes([7; 16])
}

fn traced(trace: u128, flags: u8) -> Lot {
    lot(&[("traceparent", &parent(trace, flags))])
}

/// A stream of numbers as random as a trace id is, of a fixed seed (SplitMix64).
fn numbers() -> impl Iterator<Item = u64> {
    let mut state: u64 = 20_261_123;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

fn traces() -> impl Iterator<Item = u128> {
    let mut numbers = numbers();
    std::iter::from_fn(move || {
        let (high, low) = (numbers.next()?, numbers.next()?);
        Some((u128::from(high) << 64) | u128::from(low))
    })
}

fn weight(sampling: Sampling, lot: Lot) -> Option<u32> {
    sampling.weigh((lot, any_id()), || false, Duration::ZERO)
}

#[test]
fn hash_of_a_request_id_is_what_every_version_makes_of_it() {
    // Computed by another implementation.
    for (id, bits) in [
        ("a", A_BITS),
        ("req-12345", REQ_BITS),
        ("0198f0a0-0000-7000-8000-000000000001", UUID_BITS),
    ] {
        let made = lot(&[("x-request-id", id)]).bits(any_id());
        assert_eq!(made, bits, "{id}: {made:014x}");
    }
    let id: EntryId = "0198f0a0-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(Lot::own_bits(id), UUID_BITS, "ours as it is sent on");
}

#[test]
fn lot_is_the_explicit_one_then_the_traces_then_the_request_ids_then_ours() {
    let trace = (
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
    );
    let state = ("tracestate", "other=1, ot=th:8;rv:0123456789abcd,last=2");
    let id = ("x-request-id", "req-12345");
    let bits = |list: &[(&'static str, &str)]| lot(list).bits(any_id());
    assert_eq!(bits(&[id, state, trace]), 0x01_2345_6789_abcd);
    assert_eq!(bits(&[id, trace]), 0xce_929d_0e0e_4736);
    assert_eq!(bits(&[id, state]), REQ_BITS, "a state without its trace");
    assert_eq!(bits(&[("request-id", "req-12345")]), REQ_BITS);
    assert_eq!(bits(&[]), Lot::own_bits(any_id()));
    assert_eq!(
        bits(&[("x-request-id", "<script>")]),
        Lot::own_bits(any_id())
    );
    for odd in [
        "ot=rv:0123456789abc",
        "ot=rv:0123456789ABCD",
        "ot=rv:+123456789abcd",
        "ot=th:1",
        "",
    ] {
        assert_eq!(
            bits(&[trace, ("tracestate", odd)]),
            0xce_929d_0e0e_4736,
            "{odd}"
        );
    }
    let other = (
        "traceparent",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-03",
    );
    assert_eq!(bits(&[id, other]), REQ_BITS, "a trace of zeros is none");
    assert_eq!(bits(&[id, trace, trace]), REQ_BITS, "nor are two");
}

#[test]
fn one_trace_is_kept_or_not_as_opentelemetry_says() {
    // R = ce929d0e0e4736: at least the threshold of a probability of 1/5, cccccccccccccd, and below that of 1/10.
    let lot = traced(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0);
    assert_eq!(weight(Sampling::one_in(5), lot), Some(5));
    assert_eq!(weight(Sampling::one_in(10), lot), None);
    let edge = |low: u128| weight(Sampling::one_in(2), traced((1 << 100) | low, 0));
    assert_eq!(edge(1 << 55), Some(2));
    assert_eq!(edge((1 << 55) - 1), None);
    assert_eq!(edge(1 << 56), None, "only the last seven bytes count");
}

#[test]
fn rarer_sample_is_a_part_of_the_other() {
    let rates = [1, 2, 3, 10, 20, 1_000, u32::MAX];
    let mut kept = [0; 7];
    for trace in traces().take(100_000) {
        let lot = traced(trace, 0);
        let of = rates.map(|one_in| weight(Sampling::one_in(one_in), lot).is_some());
        assert!(of.is_sorted_by(|more, rarer| more >= rarer), "{trace:x}");
        (0..7).for_each(|at| kept[at] += u64::from(of[at]));
    }
    for (one_in, kept) in rates.iter().zip(kept) {
        assert_near(kept * u64::from(*one_in), 100_000, *one_in);
    }
}

#[test]
fn weights_sum_to_the_truth_whatever_the_lot_is_drawn_of() {
    let (ids, at) = (EntryIds::default(), Timestamp::from_micros(1));
    let mut sums = [0; 3];
    for (trace, number) in traces().zip(0..100_000) {
        let id = format!("req-{number}");
        let lots = [traced(trace, 0), lot(&[("x-request-id", &id)]), lot(&[])];
        for (sum, lot) in sums.iter_mut().zip(lots) {
            let own = ids.next(at);
            let sampling = Sampling::one_in(20);
            let weight = sampling.weigh((lot, own), || false, SECOND);
            *sum += u64::from(weight.unwrap_or(0));
        }
    }
    for sum in sums {
        assert_near(sum, 100_000, 20);
    }
}

/// Five standard errors of a sum of weights.
#[track_caller]
fn assert_near(sum: u64, truth: u64, one_in: u32) {
    let error = 5.0 * (truth as f64 * f64::from(one_in - 1)).sqrt();
    let off = (sum as f64 - truth as f64).abs();
    assert!(off <= error.max(0.5), "{sum} for {truth}, one in {one_in}");
}

#[test]
fn failures_and_slow_calls_are_always_kept_and_stand_for_themselves() {
    let sampling = Sampling::one_in(1_000).always_slower_than(SECOND);
    for trace in traces().take(1_000) {
        let it = (traced(trace, 0), any_id());
        let slow = SECOND + Duration::from_nanos(1);
        assert_eq!(sampling.weigh(it, || true, Duration::ZERO), Some(1));
        assert_eq!(sampling.weigh(it, || false, slow), Some(1));
        let as_others = sampling.weigh(it, || false, SECOND);
        let failed = sampling.failures_too().weigh(it, || true, SECOND);
        assert_eq!(failed, as_others, "failures too");
    }
}

#[test]
fn traces_that_the_caller_sampled_are_kept_and_leave_the_sum_right_however_they_were_chosen() {
    let sampling = Sampling::one_in(10).always_sampled_traces();
    type Caller = fn(u64) -> bool;
    let callers: [Caller; 4] = [
        |_| true,
        // As consistent samplers do, rarer than here and more often, and as older ones do, from the other end.
        |bits| bits >= Lot::COUNT / 100 * 99,
        |bits| bits >= Lot::COUNT / 2,
        |bits| bits < Lot::COUNT / 10,
    ];
    for caller in callers {
        let (mut sum, mut sampled, mut kept) = (0, 0, 0);
        for trace in traces().take(100_000) {
            let is_sampled = caller(trace as u64 % Lot::COUNT);
            let weight = weight(sampling, traced(trace, u8::from(is_sampled)));
            sum += u64::from(weight.unwrap_or(0));
            sampled += u64::from(is_sampled);
            kept += u64::from(is_sampled && weight.is_some());
        }
        assert_eq!(sampled, kept);
        assert_near(sum, 100_000, 10);
    }
}

#[test]
fn what_a_client_says_does_not_count_where_own_ids_do() {
    let sampling = Sampling::one_in(10).by_own_ids();
    let ids = EntryIds::default();
    let chosen = traced(1, 0);
    assert_eq!(weight(Sampling::one_in(10), chosen), None);
    let kept = (0..1_000).filter(|&at| {
        let id = ids.next(Timestamp::from_micros(at));
        sampling.weigh((chosen, id), || false, SECOND).is_some()
    });
    assert!((50..200).contains(&kept.count()));
}

#[test]
fn choice_is_made_at_once_only_where_the_end_could_not_change_it() {
    let (out, of_it) = (traced(1, 0), traced(u128::MAX, 0));
    let at_once = |sampling: Sampling, lot| sampling.leaves_out_at_once(lot, any_id());
    let blind = Sampling::one_in(10).failures_too();
    assert!(at_once(blind, out));
    assert!(!at_once(blind, of_it));
    assert!(!at_once(Sampling::one_in(10), out), "it may fail");
    assert!(!at_once(blind.always_slower_than(SECOND), out));
    let sampled = blind.always_sampled_traces();
    assert!(!at_once(sampled, traced(1, 1)) && at_once(sampled, out));
}

#[test]
fn cap_lets_a_burst_pass_and_then_so_many_a_second() {
    let cap = Cap::default();
    let pass = |millis: u64| cap.pass(10, Duration::from_millis(millis), false, 1);
    let passed = |millis| (0..100).filter(|_| pass(millis).is_some()).count();
    assert_eq!([0, 50, 100, 150, 1_000].map(passed), [10, 0, 1, 0, 9]);
    assert_eq!(passed(60_000), 10, "no more than the burst is saved up");
}

#[test]
fn failures_and_the_rest_have_buckets_of_their_own() {
    let cap = Cap::default();
    let flood = |has_failed| {
        let passed = (0..1_000).filter_map(|_| cap.pass(5, SECOND, has_failed, 1));
        passed.count()
    };
    assert_eq!((flood(true), flood(false)), (5, 5));
}

#[test]
fn next_that_passes_carries_what_was_suppressed_of_its_kind() {
    let cap = Cap::default();
    let pass = |at, has_failed, weight| cap.pass(1, at, has_failed, weight);
    assert_eq!(pass(SECOND, false, 10), Some(10));
    assert_eq!(pass(SECOND, false, 10), None);
    assert_eq!(pass(SECOND, false, 0), None);
    assert_eq!(pass(SECOND, false, 7), None);
    assert_eq!(pass(SECOND, true, 1), Some(1), "failures carry their own");
    assert_eq!(pass(2 * SECOND, false, 10), Some(27));
    assert_eq!(pass(3 * SECOND, false, 10), Some(10));
    for _ in 0..3 {
        assert_eq!(pass(3 * SECOND, false, u32::MAX), None);
    }
    for at in 4..7 {
        assert_eq!(
            pass(at * SECOND, false, 0),
            Some(u32::MAX),
            "the rest goes on"
        );
    }
    assert_eq!(pass(7 * SECOND, false, 0), Some(0));
}

#[test]
fn cap_that_threads_share_loses_no_weight() {
    let cap = Arc::new(Cap::default());
    let run = |thread: u64| {
        let cap = cap.clone();
        std::thread::spawn(move || {
            let at = |call: u64| Duration::from_micros(call * 100 + thread);
            let passed = (0..20_000).filter_map(|call| cap.pass(50, at(call), false, 3));
            passed.map(u64::from).sum::<u64>()
        })
    };
    let threads: Vec<_> = (0..4).map(run).collect();
    let kept: u64 = threads.into_iter().map(|it| it.join().unwrap()).sum();
    let last = cap.pass(50, 60 * SECOND, false, 0).unwrap();
    assert_eq!(kept + u64::from(last), 4 * 20_000 * 3);
}

fn actor(id: &str) -> Context {
    Context {
        actor: Some(Actor::user(id)),
        ..Context::default()
    }
}

fn capped(ended: Duration) -> ActorCap {
    ActorCap {
        per_second: 2,
        policy: 0,
        ended,
    }
}

#[test]
fn each_actor_and_each_policy_has_its_own_bucket_and_nobody_has_none() {
    let mut actors = Actors::default();
    let mut passed = |context: &Context, policy| {
        let cap = ActorCap {
            policy,
            ..capped(SECOND)
        };
        let calls = (0..10).filter(|_| actors.pass(cap, context, false, 1).is_some());
        calls.count()
    };
    let by_key = Context {
        api_key: Some("user_1".into()),
        ..Context::default()
    };
    assert_eq!(passed(&actor("user_1"), 0), 2);
    assert_eq!(passed(&actor("user_1"), 0), 0);
    assert_eq!(passed(&actor("user_1"), 1), 2, "another route's");
    assert_eq!(passed(&actor("user_2"), 0), 2);
    assert_eq!(passed(&by_key, 0), 2, "a key of the same name");
    assert_eq!(passed(&Context::default(), 0), 10);
}

#[test]
fn million_actors_take_bounded_memory_and_lose_no_weight() {
    let mut actors = Actors::default();
    let mut kept = 0;
    for number in 0..1_000_000_u64 {
        let ended = SECOND + Duration::from_micros(number);
        let passed = actors.pass(capped(ended), &actor(&number.to_string()), false, 1);
        kept += u64::from(passed.unwrap_or(0));
        assert!(actors.own.len() <= Actors::OWN);
    }
    assert!(actors.own.capacity() <= 4 * Actors::OWN);
    let caps = actors.own.values().chain(&actors.shared);
    let last = caps.map(|cap| cap.pass(1, 60 * SECOND, false, 0).unwrap());
    assert_eq!(kept + last.map(u64::from).sum::<u64>(), 1_000_000);
}

#[test]
fn actors_that_came_last_get_buckets_of_their_own_once_others_are_silent() {
    let mut actors = Actors::default();
    let names: Vec<_> = (0..2 * Actors::OWN)
        .map(|at| actor(&at.to_string()))
        .collect();
    let mut all_pass = |names: &[Context], at| {
        let mut twice = names.iter().chain(names);
        twice.all(|name| actors.pass(capped(at), name, false, 1).is_some())
    };
    let (first, second) = names.split_at(Actors::OWN);
    assert!(all_pass(first, SECOND));
    assert!(!all_pass(second, SECOND), "they share");
    assert!(all_pass(second, 10 * SECOND));
}
