//! Secrets that what stands beside them tells, and harmless values in the same places.

use super::*;

const SECRET: &str = "canary-7f3a";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn shown(content_type: &str, body: &str) -> String {
    let rules = Rules::default().hash_key([7; 32]).plain_text("text/plain");
    let mut masker = Masker::new(&rules).unwrap();
    let once = masker.body(Some(content_type), body.as_bytes());
    let once = once.text().unwrap_or("withheld").to_owned();
    let twice = masker.body(Some(content_type), once.as_bytes());
    assert_eq!(twice.text().unwrap_or("withheld"), once, "masked twice");
    once
}

/// Asserts that what is shown of each body has none of the secret and all decoys, which begin with `decoy`.
#[track_caller]
fn hides(content_type: &str, bodies: &[&str]) {
    let mut failed = Vec::new();
    for body in bodies {
        let body = body.replace("SECRET", SECRET);
        let shown = shown(content_type, &body);
        let decoys = body.split(|it: char| !it.is_alphanumeric());
        let mut decoys = decoys.filter(|it| it.starts_with("decoy"));
        if shown.contains("cana") || shown.contains("7f3a") || !decoys.all(|it| shown.contains(it))
        {
            failed.push(format!("{body}\n-> {shown}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[track_caller]
fn stay(content_type: &str, bodies: &[&str]) {
    let mut failed = Vec::new();
    for body in bodies {
        let shown = shown(content_type, body);
        if shown != *body {
            failed.push(format!("{body}\n-> {shown}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn value_that_a_secret_was_changed_from_or_to_is_masked() {
    hides(
        JSON,
        &[
            r#"[{"field":"password","from":"SECRET","to":"SECRET2"},{"field":"city","from":"decoy1","to":"decoy2"}]"#,
            r#"{"from":"SECRET","to":"SECRET","field":"password","by":"decoy1"}"#,
            r#"{"attribute":"api_key","old":"SECRET","new":"SECRET","at":"decoy1"}"#,
            r#"{"name":"db_password","before":{"a":"SECRET"},"after":["SECRET"]}"#,
            r#"{"column":"otp","old_value":"SECRET","newValue":"SECRET","who":"decoy1"}"#,
            r#"{"path":"/user/password","previous":"SECRET","current":"SECRET"}"#,
            r#"{"field":"token","fromString":"SECRET","toString":"SECRET","fieldtype":"decoy1"}"#,
            r#"{"key":"SMTP_PASSWORD","changes":["SECRET","SECRET"]}"#,
            r#"{"query":"mutation{a(c:{field:\"password\",from:\"SECRET\",to:\"SECRET\",by:\"decoy1\"})}"}"#,
        ],
    );
    hides(FORM, &["field=password&from=SECRET&to=SECRET&by=decoy1"]);
    hides(
        "text/csv; header=present",
        &["field,old,new,by\npassword,SECRET,SECRET,decoy1\ncity,decoy2,decoy3,decoy4\n"],
    );
    hides("text/plain", &["field: password\nfrom: SECRET\nto: SECRET"]);
    #[cfg(feature = "xml")]
    hides(
        "application/xml",
        &[
            "<c><field>password</field><old>SECRET</old><new>SECRET</new><by>decoy1</by></c>",
            "<c field='password' from='SECRET' to='SECRET' by='decoy1'/>",
        ],
    );
}

#[test]
fn what_is_sent_from_and_to_stays_beside_a_type_that_has_a_secrets_name() {
    stay(
        JSON,
        &[
            r#"{"type":"password_reset","from":"noreply@x.test","to":"jane@x.test"}"#,
            r#"{"label":"Token","from":"2024-01-01","to":"2024-12-31"}"#,
            r#"{"field":"city","from":"Bonn","to":"Kiel","old":"a","new":"b"}"#,
            r#"{"name":"token","valid_from":"2024-01-01","valid_to":"2024-12-31"}"#,
            r#"{"before":{"id":1},"after":{"id":2},"op":"u"}"#,
        ],
    );
    stay(FORM, &["type=password_reset&from=a&to=b"]);
}

#[test]
fn t3_change_of_a_secret_that_was_cut_is_hidden() {
    let body = format!(r#"[{{"from":"{SECRET}","to":"{SECRET}","a":[1],"field":"password"}}]"#);
    for end in 0..=body.len() {
        let shown = pass(|pass| json::mask_cut(&body[..end], 0, pass)).unwrap();
        let shown = shown.text.unwrap_or_else(|| body[..end].to_owned());
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn item_that_the_one_before_names_is_masked() {
    hides(
        JSON,
        &[
            r#"["Cookie","a=SECRET","Authorization","Bearer SECRET","Accept","decoy1"]"#,
            r#"{"rawHeaders":["Host","decoy1.test","authorization","SECRET","X-Api-Key","canary","Via","decoy2"]}"#,
            r#"{"rawHeaders":["Accept","decoy1", "cookie" , "SECRET","api-key","canary"]}"#,
            r#"{"headers":["Authorization","canary","Content-Type","decoy1"]}"#,
            r#"["Authoriz\u0061tion","SECRET","decoy1"]"#,
            r#"["x-api-key",918273645546372819,"decoy1"]"#,
            r#"{"args":["decoy1","--password","canary","--verbose","decoy2","-token","SECRET"]}"#,
            r#"[{"a":1},"decoy1",["b"],"authorization","SECRET"]"#,
        ],
    );
    let body = r#"{"rawHeaders":["a","b","Cookie","a=canary"]}"#;
    for end in 0..=body.len() {
        let shown = pass(|pass| json::mask_cut(&body[..end], 0, pass)).unwrap();
        let shown = shown.text.unwrap_or_else(|| body[..end].to_owned());
        assert!(!shown.contains("ca"), "{shown}");
    }
}

#[test]
fn list_of_nothing_but_names_stays() {
    stay(
        JSON,
        &[
            r#"{"allowedHeaders":["Authorization","Content-Type","X-Api-Key","Accept","X-Trace"]}"#,
            r#"{"cors":{"headers":["Authorization","Content-Type","X-Api-Key","Cookie","Origin"]}}"#,
            r#"{"required":["password","email"],"tags":["cookie","200 g flour"]}"#,
            r#"["token","a1","password","b2"]"#,
            r#"{"flags":["--token","--password","--force"],"n":["authorization",null,"a"]}"#,
            r#"{"rawHeaders":["Host","x.test","Accept","*/*","Content-Length","12"]}"#,
        ],
    );
}

#[test]
fn literal_that_is_compared_with_a_secret_is_withheld() {
    for filter in [
        "password eq 'SECRET'",
        "name eq 'a' and password eq 'SECRET'",
        "'SECRET' eq password",
        "contains(token,'SECRET')",
        "startswith(tolower(password), 'SECRET')",
        "substringof('SECRET',password)",
        "pin eq 918273",
        "(pin eq 918273) and a eq 1",
        "password in ('SECRET','b')",
        "SELECT id FROM users WHERE password LIKE 'SECRET%'",
        "WHERE token <> 'SECRET'",
        "password EQ 'SECRET'",
        "pin gt 91827 or pin lt 918273",
    ] {
        let filter = filter.replace("SECRET", SECRET);
        let hidden = |text: &str| !text.contains("cana") && !text.contains("918");
        let json = serde_json::json!({ "filter": filter, "b": "decoy" }).to_string();
        let masked = shown(JSON, &json);
        assert!(hidden(&masked) && masked.contains("decoy"), "{masked}");
        for encoded in [filter.replace(' ', "%20"), filter.replace(' ', "+")] {
            let query = format!("$filter={encoded}&b=decoy");
            let masked = pass(|pass| pairs::mask(&query, false, 0, pass)).unwrap_or(query);
            assert!(hidden(&masked) && masked.ends_with("&b=decoy"), "{masked}");
        }
        let masked = shown("text/plain", &format!("{filter}\ndecoy"));
        assert!(hidden(&masked) && masked.contains("decoy"), "{masked}");
    }
}

#[test]
fn comparison_of_what_is_no_secret_stays() {
    stay(
        JSON,
        &[
            r#"{"filter":"name eq 'Jane' and age gt 21","order":"password_changed_at gt 2024-01-01"}"#,
            r#"{"filter":"status eq 'password'","a":"password eq null","b":"contains(name,'token')"}"#,
            r#"{"a":"it's Jane's 'token', isn't it","b":"the token is in 'use'","c":"le token le 12 mai"}"#,
            r#"{"a":"a password is required in 5 minutes","b":"like 'this', or that"}"#,
        ],
    );
    stay(FORM, &["$filter=name+eq+'Jane'+and+age+gt+21"]);
}

#[test]
fn password_after_an_option_of_a_command_is_withheld() {
    for command in [
        "mysql -u root -pSECRET shop",
        "mysql -pSECRET",
        "mysqldump --all -p'SECRET' -h db",
        "mysqladmin -uroot -p\"SECRET\" ping",
        "sudo /usr/bin/mysql -pcanary shop",
        "docker exec db mariadb -pSECRET",
        "sshpass -p SECRET ssh host",
        "redis-cli -h db -a SECRET ping",
        "tool --password SECRET",
        "--password SECRET tool",
    ] {
        let command = command.replace("SECRET", SECRET);
        for text in [
            &command,
            &format!("run: {command}"),
            &format!("a=b {command}"),
        ] {
            let json = serde_json::json!({ "a": text, "b": "decoy" }).to_string();
            let masked = shown(JSON, &json);
            assert!(
                !masked.contains("cana") && masked.contains("decoy"),
                "{masked}"
            );
        }
        let masked = shown("text/plain", &format!("{command}\ndecoy"));
        assert!(
            !masked.contains("cana") && masked.contains("decoy"),
            "{masked}"
        );
    }
    stay(
        JSON,
        &[
            r#"{"a":"mysql -u root -p shop","b":"mkdir -pv mysql/data","c":"mysql -P 3306","d":"cp -p mysql.cnf x"}"#,
            r#"{"a":"usage: tool --password","b":"ssh -p 2222 host","c":"sshpass -p with a password"}"#,
        ],
    );
}

#[test]
fn card_in_full_width_figures_is_masked() {
    let wide = |text: &str| -> String {
        let wide = |it: char| char::from_u32(u32::from(it) + 0xfee0).unwrap();
        text.chars()
            .map(|it| if it == ' ' { '\u{3000}' } else { wide(it) })
            .collect()
    };
    let card = wide("4111111111111111");
    for (text, expected) in [
        (card.clone(), "[MASKED]".to_owned()),
        (format!("カード{card}です"), "カード[MASKED]です".to_owned()),
        (wide("4111 1111 1111 1111"), "[MASKED]".to_owned()),
        (
            format!("a {} b ４１１１", card.replace('１', "1")),
            "a [MASKED] b ４１１１".to_owned(),
        ),
        (
            format!("4111111111111111、{card}"),
            "[MASKED]、[MASKED]".to_owned(),
        ),
        (wide("4111111111111112"), wide("4111111111111112")),
        (
            "価格は１２３４円、（税込）".to_owned(),
            "価格は１２３４円、（税込）".to_owned(),
        ),
    ] {
        let json = serde_json::json!({ "a": text }).to_string();
        let expected = serde_json::json!({ "a": expected }).to_string();
        assert_eq!(shown(JSON, &json), expected);
    }
}

fn exchange(target: &str, content_type: &'static str, body: &str) -> String {
    let mut sample = Sample::new();
    sample.request[1].1 = target.to_owned();
    sample
        .request
        .push(("content-type", content_type.to_owned()));
    sample.request_body = body.to_owned();
    let entry = sample.entry();
    serde_json::to_string(&entry).unwrap() + &format!("{entry:?}")
}

#[test]
fn variables_of_a_document_in_another_part_of_the_request_are_masked() {
    const DOCUMENT: &str =
        "mutation A($p: String!, $d: String) { login(password: $p, by: $d) { id } }";
    const VARIABLES: &str = r#"{"p":"canary","d":"decoy"}"#;
    let document = pairs::encoded(DOCUMENT);
    let variables = pairs::encoded(VARIABLES);
    let in_json = serde_json::json!({ "query": DOCUMENT }).to_string();
    let in_form = format!("query={document}");
    let rest = format!(r#"{{"variables":{VARIABLES}}}"#);
    let part = |name: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let operations =
        serde_json::json!({ "query": DOCUMENT, "variables": { "p": "canary", "d": "decoy" } });
    let upload = part("operations", &operations.to_string()) + &part("map", "{}") + "--b--\r\n";
    let multipart = "multipart/form-data; boundary=b";
    for (target, content_type, body) in [
        ("/g".to_owned(), multipart, upload.as_str()),
        (format!("/g?query={document}"), JSON, rest.as_str()),
        (
            format!("/g?query={document}"),
            FORM,
            &format!("variables={variables}"),
        ),
        (format!("/g?variables={variables}"), JSON, in_json.as_str()),
        (format!("/g?variables={variables}"), FORM, in_form.as_str()),
        (
            format!("/g?variables={variables}"),
            "application/graphql",
            DOCUMENT,
        ),
        (
            format!("/g?query={document}&variables={variables}"),
            JSON,
            "",
        ),
    ] {
        let text = exchange(&target, content_type, body);
        assert!(!text.contains("cana"), "{target} {body}: {text}");
        assert!(text.contains("decoy"), "{target} {body}: {text}");
    }
    for (content_type, body) in [
        (multipart, part("query", DOCUMENT) + "--b--\r\n"),
        (JSON, format!("{{\"a\":1,\"query\":\"{}", &DOCUMENT[..20])),
        ("text/plain", DOCUMENT.to_owned()),
    ] {
        let text = exchange(&format!("/g?variables={variables}"), content_type, &body);
        assert!(!text.contains("cana"), "{body}: {text}");
    }
    for (target, body) in [
        ("/a?variables=decoy1,canary", r#"{"query":"a"}"#),
        (&format!("/a?variables={variables}"), r#"{"title":"a"}"#),
        ("/a?query=canary", r#"{"variables":{"p":"decoy"}}"#),
    ] {
        assert!(exchange(target, JSON, body).contains("decoy"), "{target}");
    }
}

#[test]
fn secret_of_an_access_key_before_its_id_is_masked() {
    // Nobody's.
    let id = ["AK", "IAQWERTYUIOPASDFGH"].concat();
    let secret = ["cana", "7f3aQ0Rw7Yt2Lm5Xp9BcD1eF2gH3iJ4kL5m/"].concat();
    assert_eq!(secret.len(), 40);
    for text in [
        format!("{secret} {id}"),
        format!("secret: {secret}, id: {id}"),
        format!("{secret},{id}"),
        format!("a decoy {secret}\n{id}"),
        format!("%{secret} {id}"),
        format!("%20{secret}%20{id}"),
        format!("{id} %{secret}"),
        format!("{id}%0A{secret}"),
        format!("{id} C:\\{secret}"),
    ] {
        let json = serde_json::json!({ "a": text, "b": "decoy" }).to_string();
        let masked = shown(JSON, &json);
        assert!(
            !masked.contains("7f3a") && !masked.contains("QWERTY"),
            "{masked}"
        );
        assert!(masked.contains("decoy"), "{masked}");
        for end in 0..=text.len() {
            let masked = pass(|pass| pass.mask_found(&text[..end], true));
            let masked = masked.unwrap_or_else(|| text[..end].to_owned());
            // Of letters alone the beginning may be a word, and its first two behind a `%` are of an escape.
            assert!(!masked.contains("cana7f"), "{masked}");
        }
    }
    stay(
        JSON,
        &[
            r#"{"a":"of 1f3870be274f6c49b3e31a0c6728957f2fd4e1c6, 40 digits"}"#,
            &format!(r#"{{"a":"{secret}"}}"#),
        ],
    );
}

#[test]
fn t3_escape_at_the_end_of_a_text_that_was_cut_stays_whole() {
    for text in [
        r#"{"a":"x\u00e9ab"#,
        r#"{"a":"x\u00e9Ab12cD34"#,
        r#"{"a":"x\u00"#,
        r#"{"\u0061\u006"#,
        r#"{"a":"x\u00e9\nab1"#,
        r#""{\"\\u0061\\u006"#,
        r#"{"a":"x\nAb12cD34"#,
        "a=b%C3%A9Ab12cD34",
        "see https://x.Test1/b",
    ] {
        let once = pass(|pass| inside::mask(text, true, 0, pass));
        let once = once.unwrap_or_else(|| text.to_owned());
        let twice = pass(|pass| inside::mask(&once, true, 0, pass));
        assert_eq!(twice.as_deref().unwrap_or(&once), once, "{text}");
        assert!(!once.contains("Ab12"), "{once}");
    }
}

#[test]
fn secret_after_a_sign_of_assignment_is_withheld() {
    hides(
        JSON,
        &[
            r#"["password := SECRET","decoy1"]"#,
            r#"["in Go: apiKey := `SECRET`","decoy1"]"#,
            r#"["token:=SECRET","decoy1"]"#,
            r#"["set token :=SECRET and go","decoy1"]"#,
            r##"["D#r==secret-token:===$==#3SECRET&&?&CB_PASSWORD","decoy1"]"##,
        ],
    );
    stay(JSON, &[r#"["token == other, count := 5, a :== b"]"#]);
}

#[test]
fn rest_of_a_text_that_says_a_secret_once_its_find_is_replaced_is_withheld() {
    let body = "----Bearer -----n=rp77/*7ses/>ee h/?tprivatekey$pe name0";
    assert_eq!(shown("text/plain", body), "[WITHHELD]");
}

#[test]
fn userinfo_with_a_sign_of_a_pair_in_it_is_masked() {
    hides(
        "text/plain",
        &[
            "see decoy1 /a?https://us=er:SECRET@x.decoy2/ decoy3",
            "see /a?https://user:pa=SECRET@x.decoy1/decoy2 now",
            "see /a?decoy1=1&https://SECRET=@x.decoy2/&decoy3=b now",
            "see /a?https%3A%2F%2Fuser:pa=SECRET%40x.decoy1/ now",
            "****d=d@x/?a\u{11}://b=SECRET:***d=d@x.decoy1/?t",
        ],
    );
    hides(FORM, &["a=decoy1&https://us=er:SECRET@x.decoy2/"]);
    stay(
        "text/plain",
        &[
            "see /a?https://x.test/b=decoy&c=e@x now",
            "see /a?https://x.test:443/?b=decoy@c&c=e@x now",
            "see /a?https://x.test?a=decoy@x and a@b=c now",
        ],
    );
    for cut in ["/a?https://us=canary", "/a?b=1&https://us=er:canary"] {
        let masked = pass(|pass| inside::mask(cut, true, 0, pass));
        let masked = masked.unwrap_or_else(|| cut.to_owned());
        assert!(!masked.contains("canary"), "{masked}");
    }
}

#[test]
fn names_and_counts_that_only_sound_like_secrets_stay() {
    stay(
        JSON,
        &[r#"{"secret_santa":"Jane","secretSanta":{"gift":"book"},"pins":4,"a":{"pins":12}}"#],
    );
    stay(FORM, &["secret_santa=Jane&pins=4"]);
    hides(
        JSON,
        &[
            r#"{"secret_santa_token":"SECRET","santa_secret":"SECRET","a":"decoy1"}"#,
            r#"{"pins":["SECRET"],"secrets":"SECRET","a":"decoy1"}"#,
            r#"{"pins":"canary","pin":"canary"}"#,
        ],
    );
    assert_eq!(
        shown(JSON, r#"{"pins":1234,"pin":12}"#),
        r#"{"pins":"[MASKED]","pin":"[MASKED]"}"#
    );
}
