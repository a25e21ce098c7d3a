use std::time::Duration;

use super::super::digest::Digest;
use super::super::rate::Limiter;
use super::*;

const LIST: &str = "/api-log/v1/entries";
const MINUTE: Duration = Duration::from_secs(60);

fn limited(access: impl Access, clock: &Arc<ManualClock>) -> LogApi {
    let api = LogApi::new(SpyStore::new(vec![exchange(1, |_, _| {})]));
    let api = api.access(access).clock(clock.clone());
    let api = api
        .format(Native)
        .format(Persona::new())
        .format(Lago::new());
    api.rate_limit(3, MINUTE).build().unwrap()
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(at(60)))
}

fn tokens() -> BearerTokens {
    BearerTokens::new([(ALL, Scope::all()), (A, Scope::all())]).unwrap()
}

fn state(got: &Got) -> [&str; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| got.header(name))
}

#[tokio::test]
async fn reader_is_told_what_is_left_and_refused_when_nothing_is() {
    let (clock, first) = (clock(), ["3", "2", "20"]);
    let api = limited(tokens(), &clock);
    for wanted in [first, ["3", "1", "40"], ["3", "0", "20"]] {
        let got = get(&api, LIST).await;
        assert_eq!((got.status.as_u16(), state(&got)), (200, wanted));
        assert_eq!(got.header("retry-after"), "");
    }
    let got = get(&api, LIST).await;
    assert_eq!((got.status.as_u16(), state(&got)), (429, ["3", "0", "20"]));
    assert_eq!(got.header("retry-after"), "20");
    assert_eq!(got.json()["status"], 429);

    clock.advance(Duration::from_millis(19_001));
    let got = get(&api, LIST).await;
    assert_eq!((got.status.as_u16(), state(&got)), (429, ["3", "0", "1"]));
    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&api, LIST).await.status, 200);
    assert_eq!(get(&api, LIST).await.status, 429);
    clock.advance(MINUTE);
    let got = get(&api, LIST).await;
    assert_eq!((got.status.as_u16(), state(&got)), (200, first));
}

#[tokio::test]
async fn wall_time_that_jumps_gives_nobody_more() {
    let clock = clock();
    let api = limited(tokens(), &clock);
    for _ in 0..3 {
        assert_eq!(get(&api, LIST).await.status, 200);
    }
    clock.set_wall(at(60).plus(MINUTE * 1000));
    assert_eq!(get(&api, LIST).await.status, 429);
}

#[tokio::test]
async fn readers_are_limited_each_for_themselves_and_over_all_formats() {
    let api = limited(tokens(), &clock());
    for uri in [LIST, "/api/v1/api-logs", "/api/v1/api_logs"] {
        assert_eq!(get(&api, uri).await.status, 200);
    }
    for uri in [LIST, "/api/v1/api-logs", "/api/v1/api_logs"] {
        assert_eq!(get(&api, uri).await.status, 429);
        assert_eq!(get_as(&api, A, uri).await.status, 200);
    }
}

#[tokio::test]
async fn readers_of_the_same_id_share_a_limit_and_of_the_same_scope_one_without_a_token() {
    let same = |token| (token, Reader::new(Scope::all()).id("one"));
    let api = limited(BearerTokens::new([same(ALL), same(A)]).unwrap(), &clock());
    for token in [ALL, A, ALL] {
        assert_eq!(get_as(&api, token, LIST).await.status, 200);
    }
    assert_eq!(get_as(&api, A, LIST).await.status, 429);

    let by_header = access_fn(|request, _| match request.headers.get("tenant") {
        Some(tenant) => {
            Scope::organisation(tenant.to_str().unwrap()).map_err(|_| Denial::Forbidden)
        }
        None => Err(Denial::Unauthenticated),
    });
    let api = limited(by_header, &clock());
    let ask = async |tenant: &str| {
        let request = Request::builder().uri(LIST).header("tenant", tenant);
        send(&api, request.body(()).unwrap()).await.status.as_u16()
    };
    for _ in 0..3 {
        assert_eq!(ask("a").await, 200);
    }
    assert_eq!((ask("a").await, ask("b").await), (429, 200));
}

#[tokio::test]
async fn credential_that_access_does_not_look_at_makes_no_other_reader() {
    let by_extension = access_fn(|_, _| Ok(Scope::all()));
    let api = limited(by_extension, &clock());
    for token in ["", "any-1", "any-2"] {
        assert_eq!(get_as(&api, token, LIST).await.status, 200);
    }
    assert_eq!(get_as(&api, "any-3", LIST).await.status, 429);
}

#[tokio::test]
async fn unknown_readers_are_not_counted_and_bad_requests_are() {
    let api = limited(tokens(), &clock());
    for _ in 0..10 {
        let got = get_as(&api, "", LIST).await;
        assert_eq!((got.status.as_u16(), state(&got)), (401, [""; 3]));
        let post = Request::builder().method("POST").uri(LIST);
        let got = send(&api, post.body(()).unwrap()).await;
        assert_eq!((got.status.as_u16(), state(&got)), (405, [""; 3]));
    }
    for (query, left) in [("?wrong=1", "2"), ("/none", "1"), ("", "0")] {
        let got = get(&api, &format!("{LIST}{query}")).await;
        assert_eq!(got.header("ratelimit-remaining"), left);
    }
    let got = get(&api, &format!("{LIST}?wrong=1")).await;
    assert_eq!(got.status, 429, "the limit stands before the parameters");
}

#[test]
fn limits_that_allow_nothing_or_never_end_are_errors_of_build() {
    let build = |requests, period| {
        let api = builder(SpyStore::new(Vec::new())).format(Native);
        let built = api.rate_limit(requests, period).build();
        built.map_err(|error| error.kind()).err()
    };
    let year = MINUTE * 60 * 24 * 366;
    assert_eq!(build(1, Duration::from_nanos(1)), None);
    assert_eq!(build(u32::MAX, year), None);
    for (requests, period) in [
        (0, MINUTE),
        (1, Duration::ZERO),
        (2, Duration::from_nanos(1)),
        (1, year + MINUTE),
        (1, Duration::MAX),
    ] {
        let wrong = Some(ErrorKind::Configuration);
        assert_eq!(build(requests, period), wrong, "{requests} {period:?}");
    }
}

#[test]
fn readers_who_have_all_requests_back_are_forgotten() {
    let clock = clock();
    let limiter = Limiter::new(3, MINUTE, clock.clone()).unwrap();
    let ask = |subject: &str| {
        let reader = Reader::new(Scope::all()).id(subject);
        limiter.count(&reader).is_ok()
    };
    for subject in 0..1000 {
        assert!(ask(&subject.to_string()));
    }
    clock.advance(MINUTE - Duration::from_secs(1));
    assert!(ask("late") && ask("late") && ask("late") && !ask("late"));
    assert_eq!(limiter.readers(), 1001);
    clock.advance(Duration::from_secs(1));
    assert!(!ask("late"), "who is over the limit is not forgotten");
    assert_eq!(limiter.readers(), 1);
}

#[test]
fn clock_at_its_end_is_no_failure() {
    let clock = clock();
    let limiter = Limiter::new(1, MINUTE, clock.clone()).unwrap();
    let reader = Reader::new(Scope::all()).known_by(Digest::of(ALL));
    clock.advance(Duration::MAX);
    assert!(limiter.count(&reader).is_ok());
    assert!(limiter.count(&reader).is_err());
}
