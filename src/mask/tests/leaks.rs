use super::*;

/// What no entry may hold: a whole secret of letters and digits, and its pieces.
const SECRET: &str = "canary7f3a91c5d2e8b64f0a1d";

fn json_body(body: String) -> Sample {
    with_body("application/json", body)
}

fn form_body(body: String) -> Sample {
    with_body("application/x-www-form-urlencoded", body)
}

fn part(head: &str, content: &str) -> Sample {
    let body = format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--\r\n");
    with_body("multipart/form-data; boundary=b", body)
}

fn with_body(content_type: &str, body: String) -> Sample {
    let mut sample = Sample::new();
    header("content-type", content_type.to_owned(), &mut sample);
    sample.request_body = body;
    sample
}

fn with_header(name: &'static str, value: String) -> Sample {
    let mut sample = Sample::new();
    header(name, value, &mut sample);
    sample
}

fn with_path(path: String) -> Sample {
    let mut sample = Sample::new();
    sample.request[1].1 = path;
    sample
}

fn with_route(route: &str, path: String) -> Sample {
    let mut sample = with_path(path);
    sample.request.push((":route", route.to_owned()));
    sample
}

pub(super) fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<_> = text
        .bytes()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let letter = |six: &[u8]| {
        let index = (0..6).fold(0, |sum, at| sum << 1 | six.get(at).copied().unwrap_or(0));
        char::from(LETTERS[usize::from(index)])
    };
    bits.chunks(6).map(letter).collect()
}

type Make = fn(&str) -> Sample;

/// Asserts that no piece of the secret, plain, percent-encoded or as base64, is in the entry.
#[track_caller]
fn hidden(leaks: &[(&str, Make)]) {
    let mut failed = Vec::new();
    for (name, make) in leaks {
        let entry = make(SECRET).entry();
        let text = serde_json::to_string(&entry).unwrap() + &format!("{entry:?}");
        let inner = base64(&format!("\"{SECRET}"));
        let pieces = [
            "cana",
            "ary7",
            "7f3a91",
            "e8b64f",
            "4f0a1d",
            &inner[4..12],
            "411111",
            "918273",
        ];
        if pieces.iter().any(|piece| text.contains(piece)) {
            failed.push(format!("{name}: {text}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn names_and_values_that_stand_beside_each_other_are_paired() {
    hidden(&[
        ("name first", |it| {
            json_body(format!(
                r#"{{"env":[{{"name":"DB_PASSWORD","value":"{it}"}}]}}"#
            ))
        }),
        ("value first", |it| {
            json_body(format!(
                r#"[{{"value":"{it}","token":"x","key":"API_KEY","a":[1]}},{{"value":1}}]"#
            ))
        }),
        ("value of any type", |it| {
            json_body(format!(
                r#"{{"values":[{{"value":"{it}"}}],"Name":"Authorization"}}"#
            ))
        }),
        ("json patch", |it| {
            json_body(format!(
                r#"[{{"op":"replace","path":"/user/password","value":"{it}"}}]"#
            ))
        }),
        ("cloudformation", |it| {
            json_body(format!(
                r#"{{"ParameterKey":"MasterUserPassword","ParameterValue":"{it}"}}"#
            ))
        }),
        ("escaped", |it| {
            json_body(format!(
                r#"{{"v\u0061lue":"{it}","n\u0061me":"pass\u0077ord"}}"#
            ))
        }),
        ("list of pairs", |it| {
            json_body(format!(
                r#"{{"headers":[["a","b"],["Authorization","Bearer {it}"]]}}"#
            ))
        }),
        ("in a string", |it| {
            let inner = format!(r#"{{"value":"{it}","name":"token"}}"#);
            json_body(serde_json::json!({ "a": inner }).to_string())
        }),
        ("form", |it| {
            form_body(format!("key=DB_PASSWORD&value={it}"))
        }),
        ("form, value first", |it| {
            form_body(format!("value={it}&name=token"))
        }),
    ]);
}

#[test]
fn value_whose_name_was_cut_off_is_masked() {
    let body = format!(r#"{{"a":[{{"value":"{SECRET}","x":1,"name":"password"}}]}}"#);
    for end in 0..=body.len() {
        let shown = pass(|pass| json::mask_cut(&body[..end], 0, pass)).unwrap();
        let shown = shown.text.unwrap_or_else(|| body[..end].to_owned());
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn t3_value_whose_name_was_cut_off_is_masked_though_another_name_was_there() {
    let json = format!(r#"[{{"value":"{SECRET}","type":"plain","name":"API_TOKEN"}}]"#);
    let form = format!("value={SECRET}&type=plain&name=API_TOKEN");
    for end in 0..=json.len() {
        let shown = pass(|pass| json::mask_cut(&json[..end], 0, pass)).unwrap();
        let shown = shown.text.unwrap_or_else(|| json[..end].to_owned());
        assert!(!shown.contains("cana"), "{shown}");
    }
    for end in 0..=form.len() {
        let shown = pass(|pass| pairs::mask(&form[..end], true, 0, pass));
        let shown = shown.unwrap_or_else(|| form[..end].to_owned());
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn text_within_text_is_masked() {
    hidden(&[
        ("slashes as php escapes them", |it| {
            json_body(format!(
                r#"{{"a":"https:\/\/me:{it}@x.test\/?token={it}"}}"#
            ))
        }),
        ("url in a sentence", |it| {
            json_body(format!(
                r#"{{"error":"cannot connect to postgres://me:{it}@db/x: refused"}}"#
            ))
        }),
        ("jdbc", |it| {
            json_body(format!(
                r#"{{"url":"jdbc:mysql://me:{it}@db/x?password={it}"}}"#
            ))
        }),
        ("jdbc with semicolons", |it| {
            json_body(format!(
                r#"{{"url":"jdbc:sqlserver://db:1433;user=a@b;password={it};x=1"}}"#
            ))
        }),
        ("quote in a password", |it| {
            json_body(format!(r#"{{"url":"see postgres://me:x'{it}@db now"}}"#))
        }),
        ("several urls", |it| {
            json_body(format!(
                r#"{{"urls":"https://a.test,https://me:{it}@b.test"}}"#
            ))
        }),
        ("url in a path", |it| {
            json_body(format!(
                r#"{{"url":"https://a.test/web/https://me:{it}@b.test/"}}"#
            ))
        }),
        ("relative reference", |it| {
            json_body(format!(r#"{{"next":"callback?access_token={it}"}}"#))
        }),
        ("question mark in a password", |it| {
            json_body(format!(r#"{{"a":"user=me&password=x?{it}#y"}}"#))
        }),
        ("question mark in the password of a log line", |it| {
            json_body(format!(r#"{{"a":"login password=x?{it} {it} ok"}}"#))
        }),
        ("colon and slashes in a password", |it| {
            json_body(format!(r#"{{"a":"b=1&token=x://{it}/{it}"}}"#))
        }),
        ("question mark in a connection string", |it| {
            json_body(format!(r#"{{"a":"User Id=sa;Password=x?{it};Timeout=5"}}"#))
        }),
        ("form in json", |it| {
            json_body(format!(r#"{{"body":"grant_type=password&password={it}"}}"#))
        }),
        ("connection string", |it| {
            json_body(format!(r#"{{"a":"Server=db;User Id=sa;Password={it};"}}"#))
        }),
        ("log line", |it| {
            json_body(format!(r#"{{"a":"login user=jane password={it} ok"}}"#))
        }),
        ("options of a command", |it| {
            json_body(format!(
                r#"{{"a":"ran: tool --name x --api-token {it} --dry-run"}}"#
            ))
        }),
        ("login of curl", |it| {
            json_body(format!(r#"{{"a":"curl -s -u user:{it} https://x.test/"}}"#))
        }),
        ("sentence", |it| {
            json_body(format!(r#"{{"a":"the password: {it}"}}"#))
        }),
        ("name of two words", |it| {
            json_body(format!(r#"{{"a":"got {{\"api key\": \"{it}\"}}"}}"#))
        }),
        ("header line", |it| {
            json_body(format!(
                r#"{{"curl":"curl -H 'Authorization: Bearer {it}'"}}"#
            ))
        }),
        ("xml", |it| {
            json_body(format!(
                r#"{{"a":"<u><wsse:Password Type='x'>{it}</wsse:Password></u>"}}"#
            ))
        }),
        ("html", |it| {
            json_body(format!(
                r#"{{"a":"<input name='csrf_token' value='{it}'>"}}"#
            ))
        }),
        ("field of html", |it| {
            json_body(format!(r#"{{"a":"<input value='{it}' type='password'>"}}"#))
        }),
        ("meta of xhtml", |it| {
            json_body(format!(
                r#"{{"a":"<meta name='csrf-token' content='{it}'/>"}}"#
            ))
        }),
        ("json in base64", |it| {
            let inner = base64(&format!(r#"{{"a":1,"password":"{it}"}}"#));
            json_body(format!(r#"{{"state_data":"{inner}"}}"#))
        }),
        ("jwt", |it| {
            let inner = base64(&format!(r#"{{"sub":"{it}"}}"#));
            json_body(format!(r#"{{"value":"eyJhbGciOiJub25lIn0.{inner}.{it}"}}"#))
        }),
        ("form in a form", |it| {
            form_body(format!("data=a%3D1%26password%3D{it}"))
        }),
        ("fragment in a form", |it| {
            form_body(format!("next=account%23access_token%3D{it}"))
        }),
        ("encoded twice", |it| {
            form_body(format!("next=https%253A%252F%252Fme%253A{it}%2540x.test"))
        }),
        ("name encoded twice", |it| {
            form_body(format!("pass%2577ord={it}"))
        }),
        ("base64 in a query", |it| {
            let inner = base64(&format!(r#"{{"a":1,"password":"{it}"}}"#));
            with_path(format!("/a?data={inner}"))
        }),
        ("comma", |it| {
            with_path(format!("/a?filter=a=1,password={it}"))
        }),
    ]);
}

#[test]
fn secret_in_a_path_is_masked() {
    hidden(&[
        ("userinfo", |it| {
            with_path(format!("/proxy/https://me:{it}@x.test/a"))
        }),
        ("encoded url", |it| {
            with_path(format!(
                "/go/https%3A%2F%2Fme%3A{it}%40x.test%2F%3Ftoken%3D{it}"
            ))
        }),
        ("pair", |it| with_path(format!("/a/token={it}/b"))),
        ("path that is an authority", |it| {
            with_path(format!("//me:{it}@x.test/a"))
        }),
        ("question marks", |it| {
            with_path(format!("/a?x=1?token={it}?b=2"))
        }),
        ("parameter of the route", |it| {
            with_route("/reset/{token}/a", format!("/reset/{it}/a"))
        }),
        ("wildcard", |it| {
            with_route("/a/{*api_key}", format!("/a/x/{it}"))
        }),
        ("nested service", |it| {
            with_route("/api/reset/{token}.json", format!("/reset/{it}.json"))
        }),
        ("route that is a path", |it| {
            with_route(&format!("/a;sid={it}"), "/a".to_owned())
        }),
        ("host that is none", |it| {
            with_header("x-forwarded-host", format!("x.test/?token={it}"))
        }),
        ("userinfo with an encoded at sign", |it| {
            with_header("location", format!("https://me:{it}%40x.test/"))
        }),
    ]);
}

#[test]
fn secret_in_an_odd_header_is_masked() {
    hidden(&[
        ("binary metadata", |it| {
            with_header("x-auth-token-bin", it.to_owned())
        }),
        ("second challenge", |it| {
            with_header(
                "www-authenticate",
                format!("Basic realm=\"a\", Negotiate {it}"),
            )
        }),
        ("json after a word", |it| {
            with_header("x-payload", format!("v1 {{\"password\":\"{it}\"}}"))
        }),
        ("question mark in a parameter", |it| {
            with_header("x-any", format!("a=1, password=x?{it}"))
        }),
        ("question mark in a directive", |it| {
            with_header("server-timing", format!("token=x?{it}"))
        }),
        ("encoded parameter", |it| {
            with_header("x-any", format!("pass%77ord={it}"))
        }),
        ("cookie without a name", |it| {
            with_header("cookie", format!("{it}=="))
        }),
        ("set-cookie without a name", |it| {
            with_header("set-cookie", format!("{it}="))
        }),
        ("base64", |it| {
            with_header(
                "x-userinfo",
                base64(&format!(r#"{{"a":1,"password":"{it}"}}"#)),
            )
        }),
    ]);
}

#[test]
fn parser_differentials_of_multipart_show_nothing() {
    hidden(&[
        ("further parameter", |it| {
            part(
                &format!("Content-Disposition: form-data; name=\"a\"; token=\"{it}\""),
                "x",
            )
        }),
        ("parameter of the type", |it| {
            let head =
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; token=";
            part(&format!("{head}{it}"), "x")
        }),
        ("continued name", |it| {
            let name = "name=\"a\"; name*0=\"pass\"; name*1=\"word\"";
            part(&format!("Content-Disposition: form-data; {name}"), it)
        }),
        ("extended name", |it| {
            part(
                "Content-Disposition: form-data; name=\"a\"; name*=utf-8''auth",
                it,
            )
        }),
        ("backslash before a quote", |it| {
            part(
                "Content-Disposition: form-data; name=\"x\\\"; name=\"password\"",
                it,
            )
        }),
        ("encoded word", |it| {
            part(
                "Content-Disposition: form-data; name=\"=?utf-8?B?cGFzc3dvcmQ=?=\"",
                it,
            )
        }),
        ("two boundaries", |it| {
            let field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
            let body = format!("--b\r\n{field}{it}\r\n--b--\r\n");
            with_body("multipart/form-data; boundary=b; boundary=c", body)
        }),
        ("boundary in quotes", |it| {
            let field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
            let body = format!("--b\"\r\n{field}{it}\r\n--b\"--\r\n");
            with_body("multipart/form-data; x=\"; boundary=b\"; boundary=c", body)
        }),
        ("mixed line ends", |it| {
            let secret = "Content-Disposition: form-data; name=\"password\"\r\n\r\n";
            let field = "Content-Disposition: form-data; name=\"a\"\n\n";
            let body = format!("--b\r\n{secret}x\n--b\n{field}{it}\r\n--b--\r\n");
            with_body("multipart/form-data; boundary=b", body)
        }),
        ("two charsets", |it| {
            let body = format!("+AHAAYQBzAHMAdwBvAHIAZA-={it}");
            with_body(
                "application/x-www-form-urlencoded; charset=utf-8; charset=utf-7",
                body,
            )
        }),
    ]);
}

#[test]
fn doubtful_name_is_masked_where_its_value_looks_like_a_secret() {
    hidden(&[
        ("oauth code", |it| {
            json_body(format!(
                r#"{{"grant_type":"authorization_code","code":"{it}"}}"#
            ))
        }),
        ("one-time code", |_| {
            json_body(r#"{"code":"918273"}"#.to_owned())
        }),
        ("simplejwt", |it| {
            json_body(format!(r#"{{"access":"{it}","refresh":"{it}"}}"#))
        }),
        ("key", |it| json_body(format!(r#"{{"key":"{it}"}}"#))),
        ("card", |_| {
            json_body(r#"{"card":{"number":"4111 1111 1111 1111"}}"#.to_owned())
        }),
        ("card as a number", |_| {
            json_body(r#"{"card":{"number":4111111111111111}}"#.to_owned())
        }),
        ("ticket", |it| with_path(format!("/a?ticket=ST-1-{it}"))),
        ("azure", |it| {
            json_body(format!(r#"{{"primaryKey":"{it}"}}"#))
        }),
        ("jwk", |it| {
            json_body(format!(r#"{{"kty":"oct","k":"{it}"}}"#))
        }),
        ("multipart", |it| {
            part("Content-Disposition: form-data; name=\"session\"", it)
        }),
    ]);
}

#[test]
fn cut_within_an_escape_shows_no_json_inside() {
    let inner = format!(r#"{{"name":"session_id","value":{{"y":"{SECRET}"}}}}"#);
    let form = format!("items={}", pairs::encoded(&inner));
    for end in 0..=form.len() {
        let shown = pass(|pass| pairs::mask(&form[..end], true, 0, pass));
        let shown = shown.as_deref().unwrap_or(&form[..end]);
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn t3_credentials_and_sentences_that_were_cut_show_no_beginning_of_a_secret() {
    for before in ["Bearer ", " basic ", "the password: ", "pin: "] {
        let body = format!(r#"{{"a":"{before}{SECRET}"}}"#);
        for end in 0..=body.len() - 2 {
            let shown = pass(|pass| json::mask_cut(&body[..end], 0, pass)).unwrap();
            let shown = shown.text.unwrap_or_else(|| body[..end].to_owned());
            assert!(!shown.contains("cana"), "{shown}");
        }
    }
}

#[test]
fn json_that_is_broken_and_names_a_value_is_withheld() {
    hidden(&[("trailing comma", |it| {
        let inner = format!(r#"{{"value":"{it}","name":"password",}}"#);
        json_body(serde_json::json!({ "a": inner }).to_string())
    })]);
}

#[test]
fn credentials_and_base64_are_found_beside_other_words() {
    hidden(&[
        ("pair of a header", |it| {
            let inner = base64(&format!(r#"{{"a":1,"password":"{it}"}}"#));
            with_header("x-any", format!("q=1&data={inner}"))
        }),
        ("second word of a header", |it| {
            let inner = base64(&format!(r#"{{"sub":"{it}"}}"#));
            with_header("x-any", format!("Any eyJhbGciOiJub25lIn0.{inner}.{it}"))
        }),
        ("bearer in a header", |it| {
            with_header("x-upstream", format!("bearer {it}"))
        }),
        ("bearer in json", |it| {
            json_body(format!(r#"{{"value":"Bearer {it}"}}"#))
        }),
        ("bearer after a space", |it| {
            json_body(format!(r#"{{"value":" Bearer {it}"}}"#))
        }),
        ("basic in json", |it| {
            let basic = base64(&format!("me:\"{it}"));
            json_body(format!(r#"{{"data":["Basic {basic}"]}}"#))
        }),
    ]);
}
