use super::super::super::Rules;
use super::*;

fn compiled() -> super::super::super::Compiled {
    Rules::default().compile().unwrap()
}

#[track_caller]
fn all(names: &str, mut wrong: impl FnMut(&str) -> bool) {
    let wrong: Vec<_> = names.split_whitespace().filter(|it| wrong(it)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Tells whether a value that looks like a secret is hidden under a name.
fn hides(names: &mut Names, name: &str) -> bool {
    let rule = names.decide_bracketed(name);
    rule.is_some_and(|rule| names.shape(rule).hides("4k8Zq0Rw7Yt2Lm5Xp9Bc"))
}

#[test]
fn secret_fields_of_real_apis_are_masked() {
    let mut compiled = compiled();
    for (api, names) in [
        (
            "aws",
            "aws_secret_access_key AWS_SESSION_TOKEN SecretAccessKey SessionToken SecretString SecretBinary MasterUserPassword AuthToken \
             KeyMaterial Plaintext AuthParameters.PASSWORD SECRET_HASH ConfirmationCode UserCode SoftwareTokenMfaCode TemporaryPassword \
             PreviousPassword ProposedPassword authorizationToken PrivateKey Passphrase refreshToken",
        ),
        (
            "google and firebase",
            "private_key privateKeyData keyString accessToken refresh_token id_token client_secret oobCode sessionInfo \
             mfaPendingCredential temporaryProof customToken oobLink idToken sessionCookie apiKey serverKey fcm_token",
        ),
        (
            "azure",
            "primaryKey secondaryKey primaryMasterKey secondaryReadonlyMasterKey primaryConnectionString AccountKey SharedAccessKey \
             SharedAccessSignature clientSecret secretText adminPassword administratorLoginPassword storageAccountKey sasToken sasUri \
             sas_url accessSAS functionsKey",
        ),
        (
            "github, gitlab, stripe, twilio, slack",
            "encoded_jit_config temp_clone_token client_secret webhook_secret private_token runners_token ci_job_token card[number] \
             card[cvc] authToken AuthToken signing_secret verification_token bot_access_token xoxb_token",
        ),
        (
            "oauth, openid, saml, cas",
            "client_assertion assertion subject_token actor_token id_token_hint logout_token registration_access_token device_code \
             user_code code_verifier session_state oauth_token oauth_token_secret oauth_signature oauth_verifier SAMLResponse SAMLart \
             vp_token wresult code ticket state nonce request_token",
        ),
        (
            "django, rails, laravel, spring, php",
            "csrfmiddlewaretoken sessionid SECRET_KEY password1 new_password2 old_password access refresh key authenticity_token \
             user[password] password_digest reset_password_token confirmation_token unlock_token encrypted_password _csrf_token \
             secret_key_base otp_secret otp_attempt remember_token invitation_token _token APP_KEY two_factor_secret \
             two_factor_recovery_codes current_password _csrf JSESSIONID j_password spring.datasource.password PHPSESSID PHP_AUTH_PW \
             laravel_session",
        ),
        (
            "okta, auth0, vault",
            "sessionToken stateToken recoveryToken passCode activationToken sharedSecret mfa_token oob_code binding_code recovery_code \
             auth_session verification_code client_token secret_id unseal_key root_token keys_base64 wrapping_token",
        ),
        (
            "cards and banks",
            "cvv cvc2 csc ccv cvd card_no cardNo cc_number ccNum credit_card creditCardNumber debit_card_number encryptedCardNumber \
             encryptedSecurityCode pan track1 track2Data pin_block pin number iban",
        ),
        (
            "other words",
            "pw db_pw pswd passwrd psk wifi_psk kennwort contraseña mot_de_passe senha wachtwoord пароль 密码 パスワード snmp_community_string \
             scratch_codes setup_key manual_entry_key magic_link activation_key invite_code puk sign to\u{0}ken token\u{0}x",
        ),
    ] {
        let fields = &mut compiled.fields;
        let missed: Vec<_> = names
            .split_whitespace()
            .filter(|it| !hides(fields, it))
            .collect();
        assert!(missed.is_empty(), "{api}: {missed:?}");
    }
}

#[test]
fn secret_parameters_and_headers_of_real_apis_are_masked() {
    let mut compiled = compiled();
    all(
        "key code sig X-Amz-Signature X-Amz-Credential X-Amz-Security-Token AWSAccessKeyId Signature X-Goog-Signature X-Goog-Credential \
         access_token SAMLRequest SAMLResponse RelayState ticket hmac auth apikey session subscription-key oobCode jwt",
        |name| !hides(&mut compiled.pairs, name),
    );
    all(
        "x-api-key x-auth-key x-api-secret x-amz-security-token x-goog-api-key x-goog-channel-token x-ms-token-aad-access-token \
         ocp-apim-subscription-key x-functions-key x-hub-signature-256 x-slack-signature x-twilio-signature stripe-signature \
         x-shopify-hmac-sha256 x-vault-token x-consul-token x-nomad-token dd-api-key dd-application-key x-algolia-api-key \
         x-figma-token job-token private-token cf-access-client-secret x-parse-rest-api-key x-parse-session-token x-plex-token \
         circle-token fastly-key x-csrftoken xi-api-key x-amz-server-side-encryption-customer-key cookie2 set-cookie2 \
         linear-signature svix-signature webhook-signature x-snipcart-requesttoken x-okta-session-token",
        |name| !hides(&mut compiled.headers, name),
    );
}

#[test]
fn harmless_names_of_real_apis_stay() {
    let mut compiled = compiled();
    let fields = &mut compiled.fields;
    let names = "page_token next_token nextPageToken pagination_token continuationToken sync_token nextSyncToken starting_token \
        tokens_used max_tokens input_tokens output_tokens cached_tokens reasoning_tokens token_count token_limit token_type \
        token_type_hint tokenizer tokenized pad_token bos_token cost_per_token sort_key_name keyword pass_rate passed \
        pass_count passenger passengers passport compass bypass panel pan_zoom panorama company design designed signal assigned \
        assignee signed_at signature_algorithm author authors authority authorId auth_type auth_method auth_provider auth_time \
        authorization_url authorization_endpoint authorized credit credits credit_limit secretary secretariat secret_name \
        secretName secretRef secret_arn password_changed_at password_policy password_min_length password_expires_in \
        password_required password_strength client_secret_expires_at card_type card_brand cardinality discard cookie_consent \
        cookie_policy cvc_check cvv_result iban_length otp_sent otp_channel otp_expires_at session_count session_duration \
        code_challenge code_challenge_method country_code zip_code status_code error_code state_name province_state_id \
        public_key publishable_key idempotency_key keyboard monkey turkey passwordless passwordless_login shipping spin opinion \
        pinned pin_count mapping pins_count side outside inside residence president subsidiary access_level access_count \
        accessible refresh_rate refresh_interval number_of_items invoice_number phone_number order_number account_number \
        routing_number signup sign_in_count significant hash checksum etag cursor nonce_length ticket_id ticket_number \
        expires_in scope scopes client_id tenant_id user_id AccountSid username email address description title";
    all(names, |name| hides(fields, name));
    let headers = "accept authority content-type content-length user-agent x-request-id x-token-count x-ratelimit-remaining-tokens \
        idempotency-key sec-websocket-key surrogate-key x-cache-key x-oauth-scopes x-accepted-oauth-scopes x-session-affinity \
        anthropic-ratelimit-tokens-remaining openai-organization x-auth-email x-forwarded-for x-passenger-id crypto-key xkey";
    all(headers, |name| hides(&mut compiled.headers, name));
}

#[test]
fn doubtful_name_is_decided_by_its_value() {
    let mut names = compiled().fields;
    let mut hides = |name: &str, value: &str| {
        let rule = names.decide(name);
        rule.is_some_and(|rule| names.shape(rule).hides(value))
    };
    for secret in [
        "4/0AX4XfWh8k2Lm5Xp9Bc7Yt2Rw",
        concat!("AIza", "SyD4k8Zq0Rw7Yt2Lm5Xp9BcQe1"),
        "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
        "61bd73de-ce28-4a1b-8c3d-0123456789ab",
        "ST-1856339-aA5Yuvrxzpv8Tau1cYQ7",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.c2ln",
        "qwkjhxzvbnmlpoiuytrewqasdfgh",
        "4111-1111-1111-1111",
    ] {
        for name in ["code", "key", "state", "access", "session", "number"] {
            assert!(hides(name, secret), "{name} {secret}");
        }
    }
    for plain in [
        "",
        "DE",
        "open",
        "resource_missing",
        "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        "InvalidParameterValue",
        "authentication_required_for_payment",
        "photos/2024/summer/beach-house.jpg",
        "users:read",
        "12345",
        "INV-2024-000123-A",
        "public-read-write-everyone",
        "North Rhine-Westphalia",
    ] {
        for name in ["code", "key", "state", "access", "session", "number"] {
            assert!(!hides(name, plain), "{name} {plain}");
        }
    }
    assert!(hides("code", "918273") && !hides("key", "918273"));
    assert!(!hides("tokens", "512") && hides("tokens", "x"));
}
