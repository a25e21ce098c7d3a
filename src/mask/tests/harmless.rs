use super::*;

#[track_caller]
fn stays(content_type: &str, bodies: &[&str]) {
    let mut failed = Vec::new();
    for body in bodies {
        let mut sample = Sample::new();
        header("content-type", content_type.to_owned(), &mut sample);
        sample.request_body = (*body).to_owned();
        let entry = sample.entry();
        let record = &entry.exchange().unwrap().request_body;
        if record.text() != Some(body) {
            failed.push(format!("{body} -> {:?}", record.text()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn harmless_json_keeps_its_bytes() {
    stays(
        "application/json",
        &[
            r#"{"error":{"code":"resource_missing","message":"Invalid token: expired"}}"#,
            r#"{"code":404,"status":"not_found"}"#,
            r#"{"code":"DE","currency":{"code":"EUR"},"error_code":"ERR_SSL_VERSION_OR_CIPHER_MISMATCH"}"#,
            r#"{"license":{"key":"mit"},"key":"uploads/2024/photo.jpg","keys":["a","b"]}"#,
            r#"{"key":"users/1234/avatar"}"#,
            r#"{"state":"open","session":{"id":"x","user":"jane"},"access":"public-read-write"}"#,
            r#"{"has_password":true,"is_secret":false,"password_required":true,"returnSecureToken":true}"#,
            r#"{"password_changed_at":"2024-01-01T00:00:00Z","client_secret_expires_at":0}"#,
            r#"{"usage":{"tokens":512,"max_tokens":4096,"tokens_used":17,"token_type":"bearer"}}"#,
            r#"{"secretName":"db","secretKeyRef":{"name":"db","key":"url"},"cvc_check":"pass"}"#,
            r#"{"name":"colour","value":"red"}"#,
            r#"{"op":"replace","path":"/email","value":"a@b.c"}"#,
            r#"{"type":"number","value":5,"label":"Total: 12 of 40"}"#,
            r#"{"required":["username","password"],"fields":["token","email"]}"#,
            r#"{"message":"Password must be at least 8 characters: a letter, a digit"}"#,
            r#"{"message":"Unexpected token: '}' at 5","at":"2024-01-01T10:20:30Z"}"#,
            r#"{"query":"query($token: String!) { user(token: $token) { id } }"}"#,
            r#"{"url":"https://x.test:8080/a?page=2&sort=name#top","next":"/v1/items?page_token=x"}"#,
            r#"{"cursor":"eyJpZCI6MTIzNDU2Nzg5LCJwYWdlIjoyfQ","etag":"abc==","formula":"a = b == c"}"#,
            r#"{"number":"INV-2024-001","phone_number":"+15551234567","order":{"number":1234567890123}}"#,
            r#"{"html":"<p class=\"pass\">a</p>","time":"10:20","ratio":"16:9","mail":"a@b.c"}"#,
            r#"{"passwordless":{"email":"on"},"assertions":12,"password_policy":{"min_length":8}}"#,
            r#"{"level":"Basic English","note":"bearer token","plan":"Basic","error":"Bearer realm"}"#,
            r#"{"phone":"+4915112345678","iban_country":"DE","note":"type: \"token\" is of no value"}"#,
            r#"{"how":"usage: tool --password --token name --key-file a.pem -u jane","doc":"see: curl -u and https://x.test/"}"#,
            r#"{"how":"use bearer token-based auth","type":"bearer token-based"}"#,
            r#"{"k":"v","d":1,"text":"50% off: use it & save = win","percent":"100%25"}"#,
            r#"[["password","email"]]"#.replace("password", "name").leak(),
        ],
    );
}

#[test]
fn harmless_forms_keep_their_bytes() {
    stays(
        "application/x-www-form-urlencoded",
        &[
            "color=%23fff&q=what%3F&e=a%40b.c&t=10%3A20&x=a%3Db",
            "name=colour&value=red&has_password=true",
            "page_token=abc&pagination_token=abc&max_tokens=5&country_code=de",
        ],
    );
}

#[test]
fn harmless_headers_keep_their_bytes() {
    for (name, value) in [
        (
            "permissions-policy",
            "publickey-credentials-get=(self), camera=()",
        ),
        (
            "signature-input",
            "sig1=(\"@method\" \"@path\");created=1618884473",
        ),
        ("accept-signature", "sig1=(\"@method\")"),
        (
            "content-security-policy",
            "default-src 'self'; script-src 'nonce-abc'",
        ),
        ("crypto-key", "p256ecdsa=BDd3"),
        ("xkey", "page-1 page-2"),
        ("x-auth-email", "a@b.c"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
        ),
        ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
        (
            "sec-ch-ua",
            "\"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"",
        ),
        ("date", "Tue, 15 Nov 1994 08:12:31 GMT"),
        ("server-timing", "auth;dur=1.2, token;desc=\"x\""),
        (
            "www-authenticate",
            "Bearer realm=\"api\", error=\"invalid_token\"",
        ),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        (
            "x-amzn-trace-id",
            "Root=1-67891233-abcdef012345678912345678",
        ),
        ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"),
        ("alt-svc", "h3=\":443\"; ma=86400"),
        ("cf-ray", "230b030023ae2822-SJC"),
    ] {
        let mut fields = Fields::default();
        fields.push(name, value.as_bytes(), false);
        let headers = pass(|pass| headers::mask(&fields, Place::RequestHeader, pass));
        assert_eq!(headers.get(name), Some(value), "{name}");
    }
}
