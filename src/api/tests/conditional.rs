use super::*;

fn api() -> LogApi {
    let called = |number| {
        exchange(number, |exchange, _| {
            exchange.request.method = "POST".into();
        })
    };
    let api = builder(SpyStore::new(vec![called(1), called(2)]));
    let api = api
        .format(Native)
        .format(Persona::new())
        .format(Lago::new());
    api.build().unwrap()
}

fn replies() -> [String; 6] {
    [
        "/api-log/v1/entries".into(),
        "/api/v1/api-logs".into(),
        "/api/v1/api_logs".into(),
        format!("/api-log/v1/entries/{}", id(1)),
        format!("/api/v1/api-logs/{}", id(1)),
        format!("/api/v1/api_logs/{}", id(1)),
    ]
}

async fn ask(api: &LogApi, method: &str, uri: &str, held: &[&str]) -> Got {
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("authorization", format!("Bearer {ALL}"));
    let request = held.iter().fold(request, |request, tag| {
        request.header("if-none-match", *tag)
    });
    send(api, request.body(()).unwrap()).await
}

#[tokio::test]
async fn same_reply_has_the_same_strong_tag_and_another_reply_another() {
    let api = api();
    let mut tags = Vec::new();
    for uri in replies() {
        let (one, other) = (get(&api, &uri).await, get(&api, &uri).await);
        let tag = one.header("etag");
        assert_eq!(tag, other.header("etag"));
        assert!(tag.len() == 66 && tag.starts_with('"'), "{tag}");
        tags.push(tag.to_owned());
    }
    let same = get(&api, "/api-log/v1/entries?limit=1").await;
    tags.push(same.header("etag").to_owned());
    let number = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), number);
}

#[tokio::test]
async fn reply_that_the_reader_holds_is_not_sent_again() {
    let api = api();
    for uri in replies() {
        let tag = get(&api, &uri).await.header("etag").to_owned();
        let weak = format!("W/{tag}");
        let list = format!("\"a,b\" , W/\"\",,{tag}");
        for held in [
            &[&*tag] as &[&str],
            &[&weak],
            &[&list],
            &["\"other\"", &tag],
            &["*"],
        ] {
            for method in ["GET", "HEAD"] {
                let got = ask(&api, method, &uri, held).await;
                assert_eq!(got.status, 304, "{method} {held:?}");
                assert!(got.text.is_empty());
                assert_eq!(got.header("etag"), tag);
                assert_eq!(got.header("cache-control"), "no-store");
                assert_eq!(got.header("content-length"), "");
                assert_eq!(got.header("content-type"), "");
            }
        }
    }
}

#[tokio::test]
async fn tag_that_is_another_or_none_gets_the_reply() {
    let api = api();
    for uri in replies() {
        let tag = get(&api, &uri).await.header("etag").to_owned();
        let bare = tag.trim_matches('"').to_owned();
        let lower = format!("w/{tag}");
        let inside = format!("\"{tag}\"");
        let junk = format!("junk, {tag}");
        let upper = tag.to_uppercase();
        for held in [
            "\"\"", "", "\"", "W/", ",", "* ,", "\"*\"", &bare, &lower, &inside, &junk, &upper,
        ] {
            let got = ask(&api, "GET", &uri, &[held]).await;
            assert_eq!(got.status, 200, "{held}");
            assert_eq!(got.header("content-length"), got.text.len().to_string());
        }
    }
}

#[tokio::test]
async fn refusals_have_no_tag_and_meet_no_condition() {
    let api = api();
    for (uri, status) in [
        ("/api-log/v1/entries?wrong=1", 400),
        ("/api-log/v1/entries/none", 404),
        ("/nowhere", 404),
    ] {
        let got = ask(&api, "GET", uri, &["*"]).await;
        assert_eq!(got.status, status);
        assert_eq!(got.header("etag"), "");
    }
    let request = Request::builder().uri("/api-log/v1/entries");
    let request = request.header("if-none-match", "*");
    let got = send(&api, request.body(()).unwrap()).await;
    assert_eq!(got.status, 401, "who may not read learns of nothing");
}
