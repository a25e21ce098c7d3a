use super::*;
use crate::format::Lago;

const LIST: &str = "/api-log/v1/entries";

fn of(access: impl Access) -> LogApi {
    let api = LogApi::new(SpyStore::new(Vec::new())).access(access);
    api.format(Native).format(Lago::new()).build().unwrap()
}

async fn status(api: &LogApi, uri: &str, headers: &[(&str, &str)]) -> u16 {
    let request = Request::builder().uri(uri);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(api, request.body(()).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn header_tokens_are_read_from_their_header_in_every_format() {
    let api = of(HeaderTokens::new("X-Api-Key", [(ALL, Scope::all())]).unwrap());
    for uri in [LIST, "/api/v1/api_logs"] {
        let bearer = format!("Bearer {ALL}");
        for (headers, wanted) in [
            (vec![("x-api-key", ALL)], 200),
            (vec![], 401),
            (vec![("x-api-key", A)], 401),
            (vec![("x-api-key", &ALL[1..])], 401),
            (vec![("x-api-key", &*bearer)], 401),
            (vec![("authorization", &*bearer)], 401),
            (vec![("x-api-key", ALL), ("x-api-key", ALL)], 401),
            (vec![("x-api-key", ALL), ("x-api-key", A)], 401),
        ] {
            assert_eq!(status(&api, uri, &headers).await, wanted, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn access_that_is_chosen_at_run_time_decides_and_describes_as_itself() {
    let chosen = || -> Box<dyn Access> {
        Box::new(HeaderTokens::new("x-api-key", [(ALL, Scope::all())]).unwrap())
    };
    let plain = HeaderTokens::new("x-api-key", [(ALL, Scope::all())]).unwrap();
    let api = of(chosen());
    assert_eq!(status(&api, LIST, &[("x-api-key", ALL)]).await, 200);
    assert_eq!(status(&api, LIST, &[("x-api-key", A)]).await, 401);
    assert_eq!(<Box<dyn Access>>::security(&chosen()), plain.security());
}

#[test]
fn header_tokens_refuse_what_protects_nothing() {
    let kind = |header: &str, tokens: &[&str]| {
        let readers = tokens.iter().map(|token| (*token, Scope::all()));
        HeaderTokens::new(header, readers).map_err(|error| error.kind())
    };
    assert!(kind("x-api-key", &[ALL]).is_ok());
    for (header, tokens) in [
        ("x api key", &[ALL] as &[_]),
        ("", &[ALL]),
        ("x-api-key", &[]),
        ("x-api-key", &["short"]),
        ("x-api-key", &[ALL, ALL]),
    ] {
        assert_eq!(
            kind(header, tokens).err(),
            Some(ErrorKind::Configuration),
            "{header:?} {tokens:?}"
        );
    }
}

#[tokio::test]
async fn function_decides_by_the_request_and_by_the_credential() {
    #[derive(Clone)]
    struct Tenant(&'static str);

    let api = of(access_fn(|request, credential| {
        let tenant: Option<&Tenant> = request.extensions.get();
        match (tenant, credential) {
            (Some(Tenant(tenant)), _) => {
                Scope::organisation(*tenant).map_err(|_| Denial::Forbidden)
            }
            (None, Some("known")) => Ok(Scope::all()),
            _ => Err(Denial::Unauthenticated),
        }
    }));
    let known = [("authorization", "Bearer known")];
    assert_eq!(status(&api, LIST, &known).await, 200);
    assert_eq!(status(&api, LIST, &[]).await, 401);
    for (tenant, wanted) in [("org_a", 200), ("", 403)] {
        let request = Request::builder().uri(LIST).extension(Tenant(tenant));
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, wanted);
    }
}

#[tokio::test]
async fn tokens_give_the_reader_the_id_that_they_were_told() {
    let told = Reader::new(Scope::all()).id("operator");
    let tokens = [(ALL, told), (A, Scope::all().into())];
    let bearer = BearerTokens::new(tokens.clone()).unwrap();
    let header = HeaderTokens::new("x-key", tokens).unwrap();
    for (token, id) in [(ALL, Some("operator")), (A, None)] {
        let request = Request::builder().header("x-key", token).body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let one = bearer.authorize(&parts, Some(token)).await.unwrap();
        let other = header.authorize(&parts, None).await.unwrap();
        assert_eq!(one.id.as_deref(), id);
        assert_eq!(one, other);
    }
}

#[test]
fn readers_print_nothing_of_their_token() {
    let known = Reader::new(Scope::all()).known_by(super::super::digest::Digest::of(ALL));
    let printed = format!("{known:?}");
    assert!(printed.starts_with("Reader { scope: "), "{printed}");
    assert!(
        !printed.contains("token") && !printed.contains("Digest"),
        "{printed}"
    );
}
