use super::super::tests::{pass, pass_with};
use super::super::{Replacement, Rule, Rules};
use super::*;

fn masked(text: &str, cut: bool) -> Result<String, Malformed> {
    let masked = pass(|pass| mask(text, cut, 0, pass));
    masked.map(|it| it.unwrap_or_else(|| text.to_owned()))
}

#[track_caller]
fn shows(text: &str, shown: &str) {
    assert_eq!(masked(text, false).as_deref(), Ok(shown), "{text}");
}

#[test]
fn t10_secret_elements_and_attributes_are_masked_and_the_rest_keeps_its_bytes() {
    shows(
        "<?xml version=\"1.0\" encoding='utf-8'?>\r\n<u:user id='1' xmlns:u=\"urn:a\" >\n <u:pass_word a = \"x\">can<b>a</b>ry</u:pass_word ><n>é&amp;&#x1F600;</n><e/>\n</u:user>\n",
        "<?xml version=\"1.0\" encoding='utf-8'?>\r\n<u:user id='1' xmlns:u=\"urn:a\" >\n <u:pass_word a = \"[MASKED]\">[MASKED]</u:pass_word ><n>é&amp;&#x1F600;</n><e/>\n</u:user>\n",
    );
    shows(
        "<a token='canary' x:Api-Key=\"can&quot;ary\" b='1'><Secret><![CDATA[can]]ary]]></Secret><pin>1<!-- -->2</pin></a>",
        "<a token='[MASKED]' x:Api-Key=\"[MASKED]\" b='1'><Secret>[MASKED]</Secret><pin>[MASKED]</pin></a>",
    );
    shows(
        "<a><tokens><t>canary</t></tokens><tokens>5</tokens><password/><password></password><code>DE</code><code>4k8Zq0Rw7Yt2Lm5Xp9Bc</code></a>",
        "<a><tokens>[MASKED]</tokens><tokens>5</tokens><password/><password></password><code>DE</code><code>[MASKED]</code></a>",
    );
    shows(
        "<token value=\"canary\" type=\"b\" required='true' xmlns='urn:x'/>",
        "<token value=\"[MASKED]\" type=\"b\" required='true' xmlns='urn:x'/>",
    );
    shows(
        "<api_key>demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc</api_key>",
        "<api_key>demo_live_****</api_key>",
    );
}

#[test]
fn values_that_an_attribute_or_a_sibling_names_are_masked() {
    for (text, shown) in [
        (
            "<add key=\"Password\" value=\"canary\"/>",
            "<add key=\"Password\" value=\"[MASKED]\"/>",
        ),
        (
            "<add value='canary' key='&#80;assword'/>",
            "<add value='[MASKED]' key='&#80;assword'/>",
        ),
        (
            "<p name=\"token\">canary</p>",
            "<p name=\"token\">[MASKED]</p>",
        ),
        (
            "<A Name=\"user/password\"><V>canary</V></A>",
            "<A Name=\"user/password\">[MASKED]</A>",
        ),
        (
            "<e><key>pin</key><value>canary</value></e>",
            "<e><key>pin</key><value>[MASKED]</value></e>",
        ),
        (
            "<e><value><s>canary</s></value><name> token </name></e>",
            "<e><value>[MASKED]</value><name> token </name></e>",
        ),
        (
            "<dict><key>password</key>\n<string>canary</string><key>colour</key><string>red</string></dict>",
            "<dict><key>password</key>\n<string>[MASKED]</string><key>colour</key><string>red</string></dict>",
        ),
        (
            "<input type='password' value='canary' id='x'/>",
            "<input type='password' value='[MASKED]' id='x'/>",
        ),
        (
            "<value type='password'>canary</value>",
            "<value type='password'>[MASKED]</value>",
        ),
        (
            "<p><b>Password:</b> canary1 </p>",
            "<p><b>Password:</b>[WITHHELD]</p>",
        ),
    ] {
        let text = format!("<r>{text}<decoy/></r>");
        shows(&text, &format!("<r>{shown}<decoy/></r>"));
    }
}

#[test]
fn soap_and_saml_keep_what_is_no_secret() {
    shows(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><wsse:Security><wsse:UsernameToken wsu:Id="u"><wsse:Username>jane</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss#PasswordText">canary</wsse:Password><wsse:Nonce>Y2FuYXJ5N2YzYTkxYzVkMg==</wsse:Nonce><wsu:Created>2024-01-01T10:20:30Z</wsu:Created></wsse:UsernameToken><wsse:BinarySecurityToken EncodingType="x#Base64Binary" ValueType="x#X509v3" wsu:Id="t">canary</wsse:BinarySecurityToken><ds:Signature Id="s"><ds:SignedInfo><ds:DigestValue>decoy=</ds:DigestValue></ds:SignedInfo><ds:SignatureValue>canary</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIDdecoy</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></wsse:Security></s:Header><s:Body><m:Get>1</m:Get></s:Body></s:Envelope>"#,
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><wsse:Security><wsse:UsernameToken wsu:Id="u"><wsse:Username>jane</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss#PasswordText">[MASKED]</wsse:Password><wsse:Nonce>[MASKED]</wsse:Nonce><wsu:Created>2024-01-01T10:20:30Z</wsu:Created></wsse:UsernameToken><wsse:BinarySecurityToken EncodingType="x#Base64Binary" ValueType="x#X509v3" wsu:Id="t">[MASKED]</wsse:BinarySecurityToken><ds:Signature Id="s"><ds:SignedInfo><ds:DigestValue>decoy=</ds:DigestValue></ds:SignedInfo><ds:SignatureValue>[MASKED]</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIDdecoy</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></wsse:Security></s:Header><s:Body><m:Get>1</m:Get></s:Body></s:Envelope>"#,
    );
    shows(
        "<samlp:Response ID='r'><saml:Issuer>https://idp.test/</saml:Issuer><saml:Assertion ID='a'><saml:Subject>canary</saml:Subject></saml:Assertion></samlp:Response>",
        "<samlp:Response ID='r'><saml:Issuer>https://idp.test/</saml:Issuer><saml:Assertion ID='a'>[MASKED]</saml:Assertion></samlp:Response>",
    );
}

#[test]
fn t6_text_within_text_is_masked_and_comments_lose_their_content() {
    for (text, shown) in [
        (
            "<l h=\"https://me:canary@x.test/?a=1&amp;token=canary\"/>",
            "<l h=\"https://****@x.test/?a=1&amp;token=%5BMASKED%5D\"/>",
        ),
        (
            "<j>{\"pin\":1,\"a\":2}</j>",
            "<j>{&quot;pin&quot;:&quot;[MASKED]&quot;,&quot;a&quot;:2}</j>",
        ),
        (
            "<x>&lt;a&gt;&lt;pin&gt;canary&lt;/pin&gt;&lt;/a&gt;</x>",
            "<x>&lt;a&gt;&lt;pin&gt;[MASKED]&lt;/pin&gt;&lt;/a&gt;</x>",
        ),
        (
            "<x><![CDATA[<a><pin>canary</pin></a>]]></x>",
            "<x>&lt;a&gt;&lt;pin&gt;[MASKED]&lt;/pin&gt;&lt;/a&gt;</x>",
        ),
        (
            "<x>pass<!-- canary -->word=can<![CDATA[ary1]]></x>",
            "<x>password=%5BMASKED%5D</x>",
        ),
        ("<!-- canary --><x/><?php canary ?>", "<!----><x/><?php?>"),
        ("<x><!-- --><?a?></x>", "<x><!-- --><?a?></x>"),
        ("<x>the password: canary1</x>", "<x>[WITHHELD]</x>"),
    ] {
        let text = match text.starts_with("<!") {
            true => text.to_owned(),
            false => format!("<r>{text}</r>"),
        };
        let shown = match text.starts_with("<!") {
            true => shown.to_owned(),
            false => format!("<r>{shown}</r>"),
        };
        shows(&text, &shown);
    }
}

#[test]
fn harmless_documents_keep_their_bytes() {
    for text in [
        "<a/>",
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict><key>a</key><string>b</string></dict></plist>",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox='0 0 1 1'><path d=\"M10.5,20L30,40C1,2,3,4,5,6Z\" k=\"a1B2c3D4e5F6g7H8i9\"/></svg>",
        "<feed><title>a &lt;b&gt; c</title><link href=\"https://x.test/?page=2&amp;sort=a\"/><updated>2024-01-01T10:20:30Z</updated></feed>",
        "<p>Some <b>mixed</b> content: a = b<br/>next &#169; line</p>",
        "<has_password>true</has_password>",
        "<e><name>colour</name><value>red</value></e>",
        "<a><![CDATA[x < y && z]]></a>",
        "<t><max_tokens>5</max_tokens><token_type>bearer</token_type><error code='404'>Invalid token: expired</error></t>",
    ] {
        shows(text, text);
    }
}

#[test]
fn t4_what_is_not_well_formed_is_malformed() {
    for text in [
        "",
        " ",
        "canary",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>canary",
        "canary<a/>",
        "<a>&canary;</a>",
        "<a b='&canary;'/>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#+65;</a>",
        "<a>b & c</a>",
        "<a b=c/>",
        "<a b/>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a b='1></a>",
        "<1a/>",
        "<a:></a:>",
        "< a/>",
        "<a\u{1}/>",
        "<a>\u{1}</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a></a b='canary'>",
        "<!DOCTYPE a [<!ENTITY b 'canary'>]><a>&b;</a>",
        "<!DOCTYPE a SYSTEM 'x' []><a/>",
        "<a/><!DOCTYPE a>",
        "<a/><?xml version='1.0'?>",
        "<?xml version='1.0' canary='x'?><a/>",
        "<![CDATA[canary]]><a/>",
        "&lt;<a/>",
        "<!canary><a/>",
        "\u{feff}\u{feff}<a/>",
    ] {
        assert_eq!(masked(text, false), Err(Malformed), "{text}");
    }
    for text in [
        "<a></b>",
        "<a/><b/>",
        "<a>& b",
        "<!DOCTYPE a [",
        "<a><!canary",
        "<a b=c>",
        "<a>&canary;",
    ] {
        assert_eq!(masked(text, true), Err(Malformed), "{text}");
    }
}

#[test]
fn t3_document_that_was_cut_shows_no_beginning_of_a_secret() {
    let text = "<?xml version='1.0'?><!-- canary --><!DOCTYPE r><r a='decoy' token='canary'><password x='canary'>can<b>ary</b>canary</password>\
        <e><value>canary</value><x/><key>pin</key></e><e><key>pin</key><value>can&amp;ary</value></e><p name='token'>canary</p><d><![CDATA[canary=https://me:canary@x/]]></d>\
        <x>&lt;pin&gt;canary&lt;/pin&gt;</x><i>https://me:canary@x.test/?token=canary</i><?a canary?><key>pin</key><s>canary</s><decoy/></r>";
    let text = text.replace("canary=https", "https");
    for end in 0..=text.len() {
        let shown = masked(&text[..end], true).unwrap_or_else(|_| panic!("{end} {}", &text[..end]));
        assert!(
            !shown.contains("can") && !shown.contains("ary"),
            "{end}: {shown}"
        );
    }
    assert!(masked(&text, false).is_ok_and(|it| it.ends_with("<decoy/></r>")));
    assert_eq!(
        masked("<r><decoy>x</decoy><password>can", true).as_deref(),
        Ok("<r><decoy>x</decoy><password>[MASKED]")
    );
    assert_eq!(masked("<r>decoy<b tok", true).as_deref(), Ok("<r>decoy"));
    assert_eq!(masked("<r>decoy&am", true).as_deref(), Ok("<r>decoy"));
}

#[test]
fn rule_that_removes_leaves_out_the_element_or_attribute() {
    let rules = Rules::default().rule(Rule::field("email").replace_with(Replacement::Remove));
    for (text, shown) in [
        ("<a><email x='1'>canary</email><b/></a>", "<a><b/></a>"),
        ("<a c='1'  email = 'canary' d='2'/>", "<a c='1' d='2'/>"),
        ("<email>canary</email>", "<email>[MASKED]</email>"),
    ] {
        let masked = pass_with(&rules, |pass| mask(text, false, 0, pass));
        assert_eq!(masked, Ok(Some(shown.to_owned())));
    }
}

#[test]
fn t25_depth_and_width_take_linear_time_and_no_stack() {
    let deep = format!(
        "{}<pin>1</pin>{}",
        "<a>".repeat(100_000),
        "</a>".repeat(100_000)
    );
    assert!(masked(&deep, false).is_ok_and(|it| it.contains("<pin>[MASKED]</pin>")));
    assert!(masked(&"<value>".repeat(100_000), true).is_ok());
    assert!(masked(&"<pin>".repeat(100_000), true).is_ok());
    for unit in [
        "<b/>",
        "<b>",
        "&amp;",
        "<!---->",
        "<![CDATA[x]]>",
        "<pin>1</pin>",
        "<value>1</value>",
        "<key>pin</key>",
        "a:",
        "<",
        "&",
        "]]",
    ] {
        let text = format!("<a>{}</a>", unit.repeat(100_000 / unit.len()));
        let _ = masked(&text, false);
        let _ = masked(&text, true);
    }
    let attributes: Vec<_> = (0..20_000).map(|it| format!("a{it}='x:y'")).collect();
    assert!(masked(&format!("<a {}/>", attributes.join(" ")), false).is_ok());
}

mod look {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::simple::{Look, look};
    use super::*;

    /// What markup is put together of: names, of which some are secrets, entities, tags and what texts hold.
    const PIECES: &str = "<|</|>|/>|<p>|</p>|<p class=\"a\">|<a href='/b'>|</a>|<br>|<br/>|<br />|<b>|</b>|<div id=\"x\" lang=en>|</div>|<!-- x -->|<?x y?>|\
        <![CDATA[x]]>|<token>|</token>|<add key=\"Password\" value=\"x\"/>|<i name='pin'>|</i>|<name>|</name>|<value>|</value>| password|=\"|\"|='|'| |\n|\
        &amp;|&nbsp;|&#60;|&|%|%3D|\\|{|}|[|]|]]>|:|=|?|#|@|api_key=|password: x1y2|token|pin eq 1234|curl -u a:b|mysql -px|text|Text 12|10:20|é|\u{feff}|\u{ffff}|\0|\
        https://me:x@x.test/|/cb?code=x|eyJhbGciOiJub25lIn0.e30.|4111111111111111|Bearer canary12345678|query{a}|\"x\"|-|_|.|1";

    fn text() -> impl Strategy<Value = String> {
        let pieces: Vec<_> = PIECES.split('|').collect();
        let piece = any::<prop::sample::Index>();
        // Most begin and end as one element.
        (vec(piece, 0..14), 0..4_u8).prop_map(move |(indices, frame)| {
            let text: String = indices.iter().map(|it| *it.get::<&str>(&pieces)).collect();
            match frame {
                0 => text,
                1 => format!("<p>{text}"),
                _ => format!("<p>{text}</p>"),
            }
        })
    }

    #[track_caller]
    fn check(text: &str) -> Look {
        let mut looks = Look::Unknown;
        for (rules, level) in [
            (Rules::default(), 1),
            (Rules::default(), 3),
            (Rules::default().field("class").field("x"), 1),
        ] {
            pass_with_each(&rules, |pass| {
                let before = pass.report.count();
                let look = look(text, level, pass);
                let reported = pass.report.count() - before;
                let before = pass.report.count();
                let full = mask(text, false, level, pass);
                match look {
                    Look::Stays => assert_eq!(full, Ok(None), "{text:?}"),
                    Look::Malformed => assert_eq!(full, Err(Malformed), "{text:?}"),
                    Look::Unknown => {}
                }
                if look != Look::Unknown {
                    assert_eq!(reported, pass.report.count() - before, "{text:?}");
                }
                looks = if looks == Look::Unknown { look } else { looks };
            });
        }
        looks
    }

    /// Compiled rules are kept from one text to the next.
    fn pass_with_each(rules: &Rules, run: impl FnOnce(&mut crate::mask::Pass<'_>)) {
        match rules.rules.is_empty() {
            true => pass(run),
            false => pass_with(rules, run),
        }
    }

    proptest! {
        #[test]
        fn look_over_markup_says_what_the_walk_does(text in text()) {
            check(&text);
        }
    }

    #[test]
    fn ordinary_markup_is_known_without_the_walk() {
        for text in [
            "<p class=\"a\">one\ntwo\tthree</p>",
            "<div id='x'><p>Hello, <b>Jane</b>!<br/></p> <a href=\"https://x.test/a\">see: this</a></div>\n",
            "<p>été, it's 10:20</p>",
        ] {
            assert_eq!(check(text), Look::Stays, "{text}");
        }
        for text in [
            "<p>a</p><p>b</p>",
            "<p>a<br>b</p>",
            "<p>a",
            "<p>a</p> b",
            "<p></b></p>",
        ] {
            assert_eq!(check(text), Look::Malformed, "{text}");
        }
        for text in [
            "<p>a&amp;b</p>",
            "<token>x</token>",
            "<p><!-- x --></p>",
            "<p pin='1'/>",
            "<i name=\"pin\" value=\"x\"/>",
            "<p>https://me:x@x.test/</p>",
            "<p>4111111111111111</p>",
        ] {
            assert_eq!(check(text), Look::Unknown, "{text}");
        }
    }
}
