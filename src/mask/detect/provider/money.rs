//! Payments, shops and identity.
//!
//! Shapes as the vendors give them: docs.stripe.com/keys (secret and restricted keys; `pk_` is made to be published and stays; the client secret of a
//! payment intent), shopify.dev (access token prefixes), developer.squareup.com, developer.paypal.com (Braintree access tokens), plaid.com/docs,
//! docs.adyen.com, docs.goshippo.com, docs.easypost.com, docs.lob.com, duffel.com/docs, developer.flutterwave.com, docs.withpersona.com (API keys
//! and webhook secrets), clerk.com/docs, developers.facebook.com; for those that say nothing, as github.com/gitleaks/gitleaks collects them.

use super::rule::{Asks, Rule, key};
use crate::mask::detect::source::{ALNUM, BASE64, DASH, HEX, SEEN, URL64, WORD};

pub(super) const MONEY: &[Rule] = &[
    key("sk_live_", 16).of(URL64),
    key("sk_test_", 16).of(URL64),
    key("sk_prod_", 16).of(URL64),
    key("sk_sbox_", 16).of(URL64),
    key("sk_org_", 16).of(URL64),
    key("rk_live_", 16).of(URL64),
    key("rk_test_", 16).of(URL64),
    key("rk_prod_", 16).of(URL64),
    key("ek_live_", 16).of(URL64),
    key("ek_test_", 16).of(URL64),
    key("whsec_", 24).of(URL64.and(BASE64)),
    key("pi_", 30).of(WORD).asking(Asks::SecretAfterId),
    key("seti_", 30).of(WORD).asking(Asks::SecretAfterId),
    key("src_", 30).of(WORD).asking(Asks::SecretAfterId),
    key("shpat_", 32).of(ALNUM),
    key("shpca_", 32).of(ALNUM),
    key("shppa_", 32).of(ALNUM),
    key("shpss_", 32).of(ALNUM),
    key("shptka_", 32).of(ALNUM),
    key("shpua_", 32).of(ALNUM),
    key("sq0atp-", 20).of(URL64),
    key("sq0csp-", 20).of(URL64),
    key("EAAA", 56).of(URL64).asking(Asks::Mix),
    key("EAA", 100).asking(Asks::Mix),
    key("access_token$production$", 40).of(ALNUM.and(SEEN)),
    key("access_token$sandbox$", 40).of(ALNUM.and(SEEN)),
    key("access-sandbox-", 36).of(HEX.and(DASH)).exactly(),
    key("access-development-", 36).of(HEX.and(DASH)).exactly(),
    key("access-production-", 36).of(HEX.and(DASH)).exactly(),
    key("AQE", 100).of(URL64.and(SEEN)).asking(Asks::Mix),
    key("shippo_live_", 30),
    key("shippo_test_", 30),
    key("EZAK", 54).exactly(),
    key("EZTK", 54).exactly(),
    key("live_", 35).of(HEX).exactly(),
    key("test_", 35).of(HEX).exactly(),
    key("duffel_live_", 30).of(URL64),
    key("duffel_test_", 30).of(URL64),
    key("FLWSECK-", 30).of(URL64),
    key("FLWSECK_TEST-", 30).of(URL64),
    key("persona_production_", 20).of(URL64),
    key("persona_sandbox_", 20).of(URL64),
    key("wbhsec_", 20).of(URL64),
    key("cal_live_", 30),
];
