use super::super::presets;
use super::*;

mod real;

fn fields() -> Names {
    Names::new(vec![(
        Condition::default(),
        presets::rules(presets::FIELDS).collect(),
    )])
}

#[test]
fn t7_secret_names_are_found_in_every_spelling() {
    let mut names = fields();
    for name in "password Password PASSWORD newPassword password_confirmation user_password db.password userpassword passWord pass_word \
        password1 passwd pwd mysql_pwd pass user_pass passphrase secret client_secret clientsecret secretKey SecretKey aws_secret_access_key \
        api_key api-key api.key apikey apiKey APIKey API_KEY apiKeys api_keys X-API-Key access_token accessToken ACCESSTOKEN access.token \
        access-token access_tokens refresh_token id_token IDToken auth_token csrf_token csrfmiddlewaretoken token tokens Token1 jwt bearer \
        authorization Authorization credentials credential private_key signing_key encryption_key session_id sessionid sessionId sid cookie \
        otp totp pin PIN cvv cvv2 cvc card_number cardNumber pan iban ssn mfa_code one_time_code recovery_code recovery_codes signature \
        connection_string dsn webhook_secret user[password] AWSAccessKeyId x_hub_signature_256 2fa_code \
        mypass dbpass userpass DBPASS smtppass2 db_userpass newpin oldPin userpin mpin cardcvc cardcvv newCVV cvvcode otpcode authcode smscode"
        .split_whitespace()
    {
        assert!(names.decide_bracketed(name).is_some(), "{name}");
    }
    for name in [
        "pa\u{200b}ssword",
        "ｐａｓｓｗｏｒｄ",
        "PASS\u{ad}WORD",
        "api key",
        " password ",
        "\u{feff}token",
        "pаssword",
        "ТОКЕN",
        "ΤΟΚΕΝ",
        "ｐａｓｓwοrd",
        "𝓅𝒶𝓈𝓈𝓌ℴ𝓇𝒹",
        "ⓣⓞⓚⓔⓝ",
        "pass\u{e0041}word",
        "conﬁrmation_code",
        "сvv",
        "Пароль",
        "ПАРОЛЬ",
    ] {
        assert!(names.decide(name).is_some(), "{name:?}");
    }
}

#[test]
fn harmless_names_stay() {
    let mut names = fields();
    for name in "accept success account author authority authentic tokenizer_version secretary secretariat passenger passengers compass \
        bypass max_tokens total_tokens prompt_tokens token_count token_type token_id expires_in next_page_token pageToken nextToken \
        time_to_first_token access_token_expires_in opinion spin shipping pinned pin_count company id name email public_key \
        publishable_key idempotency_key account_number span panel signature_algorithm cookie_policy page cursor \
        encompass trespass surpass underpass overpass gyrocompass bandpass boardingpass spin hairpin kingpin dropin chopin \
        sidebar inside reference_id keyboard monkey auth_type 1 é"
        .split_whitespace()
    {
        assert!(names.decide(name).is_none(), "{name}");
    }
    for name in "имя город возраст рост сор карта Ответ ΟΝΟΜΑ όνομα κωδικός naïve größe 東京 ㎏ ①"
        .split_whitespace()
    {
        assert!(names.decide(name).is_none(), "{name}");
    }
    assert!(names.decide("").is_none());
}

#[test]
fn rule_in_another_script_fits_its_own_words_in_any_case() {
    for (rule, name) in [("ΟΝΟΜΑ", "ονομα"), ("возраст", "ВОЗРАСТ"), ("имя", "ИМЯ_2")]
    {
        let own = super::super::Rules::default().field(rule);
        let mut compiled = own.compile().unwrap();
        assert!(compiled.fields.decide(name).is_some(), "{rule} {name}");
    }
}

#[test]
fn exact_name_decides_what_may_show() {
    let mut names = fields();
    let mut shows = |name: &str| names.decide(name).map(|id| names.replacement(id));
    assert_eq!(shows("api_key"), Some(Replacement::Token));
    assert_eq!(shows("password"), Some(Replacement::Fixed));
}

#[test]
fn t26_cache_is_bounded() {
    let mut names = fields();
    for number in 0..20_000 {
        assert!(names.decide(&format!("field{number}")).is_none());
        assert!(names.decide(&format!("{number:_>50}")).is_none());
    }
    assert!(names.defaults().cached() <= cache::MAX_CACHED);
    assert!(names.decide("password").is_some());
    assert!(
        names
            .decide(&format!("{}_password", "x".repeat(100_000)))
            .is_some()
    );
}
