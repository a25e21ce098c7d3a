use super::*;
use crate::format::{Listing, Operation, Parameters, Question, Refusal, Reply, Route, WireFormat};

fn all_formats(store: SpyStore) -> LogApi {
    let api = builder(store)
        .format(Persona::new())
        .format(Lago::new())
        .format(Native);
    api.build().unwrap()
}

const LISTS: [&str; 3] = [
    "/api/v1/api-logs",
    "/api/v1/api_logs",
    "/api-log/v1/entries",
];

/// A format of two routes of the test's choice.
struct Other(&'static [&'static str]);

impl WireFormat for Other {
    fn routes(&self) -> Vec<Route> {
        let routes = self.0.iter();
        routes
            .map(|template| Route::new(*template, Operation::List))
            .collect()
    }

    fn ask(&self, request: &crate::format::Request<'_>) -> Result<Question, Refusal> {
        let listing = Listing::new(Filter::default(), Position::First, 1);
        match request.template() {
            "/other/{a}" if request.path_param("a") != "ä/b" => {
                Err(Refusal::Forbidden("no".into()))
            }
            _ => Ok(Question::List(listing)),
        }
    }

    fn page(
        &self,
        request: &crate::format::Request<'_>,
        _: &Listing,
        _: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        Ok(Reply::json(StatusCode::OK, request.template()))
    }

    fn entry(&self, _: &crate::format::Request<'_>, _: &LogEntry) -> Result<Reply, Refusal> {
        Err(Refusal::NoEntry)
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        Reply::json(refusal.status(), "other")
    }
}

#[tokio::test]
async fn every_response_is_kept_from_caches_and_from_guesses() {
    let api = all_formats(SpyStore::new(vec![exchange(1, |_, _| {})]));
    for uri in LISTS
        .into_iter()
        .chain(["/nowhere", "/api/v1/api-logs?x=1"])
    {
        for token in ["", ALL] {
            let got = get_as(&api, token, uri).await;
            assert_eq!(got.header("cache-control"), "no-store");
            assert_eq!(got.header("x-content-type-options"), "nosniff");
            let policy = "default-src 'none'; frame-ancestors 'none'";
            assert_eq!(got.header("content-security-policy"), policy);
            assert!(got.header("content-type").starts_with("application/"));
            assert_eq!(got.header("content-length"), got.text.len().to_string());
        }
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let api = all_formats(SpyStore::new(vec![exchange(1, |_, _| {})]));
    for uri in LISTS {
        let wanted = get(&api, uri).await;
        let request = Request::builder()
            .method(Method::HEAD)
            .uri(uri)
            .header("authorization", format!("Bearer {ALL}"));
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, 200);
        assert_eq!(
            got.header("content-length"),
            wanted.header("content-length")
        );
        assert!(got.text.is_empty());
    }
}

#[tokio::test]
async fn other_methods_are_refused_before_anything_is_read() {
    let api = all_formats(SpyStore::failing(ErrorKind::Storage));
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        for uri in LISTS {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            let got = send(&api, request).await;
            assert_eq!(got.status, 405, "{method} {uri}");
            assert_eq!(got.header("allow"), "GET, HEAD");
        }
    }
}

#[tokio::test]
async fn failing_store_gives_the_vendors_error_without_detail() {
    for (kind, status) in [
        (ErrorKind::Unavailable, 503),
        (ErrorKind::Storage, 500),
        (ErrorKind::Corrupt, 500),
    ] {
        let api = all_formats(SpyStore::failing(kind));
        for list in LISTS {
            for uri in [list.to_owned(), format!("{list}/{}", id(1))] {
                let got = get(&api, &uri).await;
                assert_eq!(got.status, status, "{uri}");
                assert!(!got.text.contains("fire") && !got.text.contains("10.0.0.7"));
                got.json();
            }
        }
    }
}

#[tokio::test]
async fn unknown_path_is_refused_in_the_words_of_the_first_format() {
    let api = builder(SpyStore::new(Vec::new()))
        .format(Lago::new())
        .format(Native);
    let got = get(&api.build().unwrap(), "/api/v1/api_logs/a/b").await;
    assert_eq!(got.status, 404);
    assert_eq!(got.json()["code"], "resource_not_found");
}

#[tokio::test]
async fn routes_match_by_template_and_path_parameters_are_decoded() {
    let other = Other(&["/other/first", "/other/{a}"]);
    let api = builder(SpyStore::new(Vec::new()))
        .format(other)
        .build()
        .unwrap();
    assert_eq!(get(&api, "/other/first").await.text, r#""/other/first""#);
    assert_eq!(
        get(&api, "/other/%C3%A4%2Fb/").await.text,
        r#""/other/{a}""#
    );
    assert_eq!(get(&api, "/other/x").await.status, 403);
    for uri in ["/other", "/other//", "/other/a/b", "/OTHER/first"] {
        assert_eq!(get(&api, uri).await.status, 404, "{uri}");
    }
    for uri in ["/other/%ff", "/other/a%00"] {
        assert_eq!(get(&api, uri).await.status, 404, "{uri}");
        assert_eq!(get_as(&api, "", uri).await.status, 401, "{uri}");
    }
}

#[test]
fn wrong_settings_are_errors_of_build() {
    let build = |formats: Vec<&'static [&'static str]>| {
        let api = builder(SpyStore::new(Vec::new()));
        let api = formats
            .into_iter()
            .fold(api, |api, templates| api.format(Other(templates)));
        api.build().map_err(|error| error.kind())
    };
    assert!(build(vec![&["/a", "/a/{x}"], &["/b", "/a/{x}/c"]]).is_ok());
    for formats in [
        vec![],
        vec![&["/a"] as &[_], &["/a"]],
        vec![&["/a/{x}"], &["/a/b"]],
        vec![&["/a/{x}"], &["/a/{y}"]],
        vec![&["a"]],
        vec![&["/a//b"]],
        vec![&["/a/"]],
        vec![&["/{a}b"]],
        vec![&["/{}"]],
        vec![&["/:a"]],
        vec![&["/{*a}"]],
    ] {
        assert_eq!(build(formats).err(), Some(ErrorKind::Configuration));
    }
}

#[test]
fn tokens_that_protect_nothing_are_refused() {
    let tokens = |tokens: &[&str]| {
        BearerTokens::new(tokens.iter().map(|token| (*token, Scope::all())))
            .map_err(|error| error.kind())
    };
    for wrong in [
        &[] as &[_],
        &[""],
        &["short"],
        &["fifteen-letters"],
        &["sixteen letters!!"],
        &["sixteen-lättärs-"],
        &[ALL, ALL],
    ] {
        assert_eq!(
            tokens(wrong).err(),
            Some(ErrorKind::Configuration),
            "{wrong:?}"
        );
    }
    let debug = format!("{:?}", tokens(&[ALL]).unwrap());
    assert_eq!(debug, "BearerTokens { readers: 1, .. }");
}

#[tokio::test]
async fn token_is_right_whole_or_not_at_all() {
    let api = native(Vec::new());
    for wrong in [
        &ALL[1..],
        &ALL[..ALL.len() - 1],
        &format!("{ALL}x"),
        &ALL.to_uppercase(),
    ] {
        assert_eq!(get_as(&api, wrong, LISTS[2]).await.status, 401, "{wrong}");
    }
    for (value, status) in [
        (format!("bearer {ALL}"), 200),
        (format!("Bearer  {ALL}"), 200),
        (format!("Basic {ALL}"), 401),
        (ALL.to_owned(), 401),
    ] {
        let request = Request::builder()
            .uri(LISTS[2])
            .header("authorization", &value);
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, status, "{value}");
        if status == 401 {
            assert_eq!(got.header("www-authenticate"), "Bearer");
        }
    }
    let twice = Request::builder().uri(LISTS[2]);
    let twice = twice.header("authorization", format!("Bearer {ALL}"));
    let twice = twice.header("authorization", "Bearer other");
    assert_eq!(send(&api, twice.body(()).unwrap()).await.status, 401);
}

#[tokio::test]
async fn denials_have_their_own_statuses() {
    struct Never(Denial);

    #[async_trait]
    impl Access for Never {
        async fn authorize(
            &self,
            _: &http::request::Parts,
            _: Option<&str>,
        ) -> Result<Reader, Denial> {
            Err(self.0)
        }
    }

    for (denial, statuses) in [
        (Denial::Unauthenticated, 401),
        (Denial::Forbidden, 403),
        (Denial::Unavailable, 503),
    ] {
        let api = LogApi::new(SpyStore::new(Vec::new())).access(Never(denial));
        let api = api
            .format(Persona::new())
            .format(Lago::new())
            .format(Native)
            .build()
            .unwrap();
        for uri in LISTS {
            assert_eq!(get(&api, uri).await.status, statuses);
        }
        if denial == Denial::Forbidden {
            assert_eq!(
                get(&api, LISTS[1]).await.json()["code"],
                "read_action_not_allowed_for_api_log"
            );
            assert_eq!(
                get(&api, LISTS[0]).await.json()["errors"][0]["title"],
                "Forbidden"
            );
        }
    }
}

#[test]
fn parameters_print_no_user_data() {
    let parameters = Parameters::parse("actor=jane").unwrap();
    assert_eq!(format!("{parameters:?}"), "Parameters { len: 1, .. }");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn router_answers_every_path_of_the_formats_beside_the_application() {
    let api = all_formats(SpyStore::new(vec![exchange(1, |exchange, _| {
        exchange.request.method = "POST".into()
    })]));
    let app: axum::Router = axum::Router::new()
        .route("/api/v1/inquiries", axum::routing::get(|| async { "app" }))
        .merge(api.into_router());
    let status = async |uri: &str| {
        let request = Request::builder()
            .uri(uri)
            .header("authorization", format!("Bearer {ALL}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().status()
    };
    for list in LISTS {
        for uri in [
            list.to_owned(),
            format!("{list}/"),
            format!("{list}/{}", id(1)),
            format!("{list}/{}/", id(1)),
        ] {
            assert_eq!(status(&uri).await, 200, "{uri}");
        }
    }
    assert_eq!(status("/api/v1/inquiries").await, 200);
    assert_eq!(status("/api/v1").await, 404);
}
