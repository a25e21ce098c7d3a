//! Clouds, their services, and what runs on them.
//!
//! Shapes as the vendors give them: docs.aws.amazon.com (IAM identifiers, unique ID prefixes; Bedrock API keys), cloud.google.com/docs/authentication
//! (API keys, OAuth tokens; storage HMAC keys), learn.microsoft.com (storage and Service Bus connection strings), docs.digitalocean.com/reference/api
//! (token prefixes), developer.hashicorp.com (Vault token prefixes, HCP Terraform tokens), docs.databricks.com, fly.io/docs, tailscale.com/kb,
//! docs.doppler.com (token formats), grafana.com/docs, docs.dynatrace.com (token format), docs.newrelic.com (API keys), docs.sentry.io (auth
//! tokens), RFC 8959 (`secret-token:`), age-encryption.org/v1; for those that say nothing, as github.com/gitleaks/gitleaks collects them.

use super::rule::{Asks, Rule, key};
use crate::mask::detect::source::{BASE64, DASH, DOT, EQUALS, HEX, SEEN, UPPER_NUM, URL64, WORD};

pub(super) const CLOUDS: &[Rule] = &[
    // Amazon. Ids of other things (AIDA, AROA, ...) are no keys.
    key("AKIA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("ASIA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("ABIA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("ACCA", 16)
        .of(UPPER_NUM)
        .exactly()
        .asking(Asks::Nothing),
    key("IQoJb3JpZ2lu", 60).of(BASE64),
    key("FwoGZXIvYXdz", 60).of(BASE64),
    key("FQoGZXIvYXdz", 60).of(BASE64),
    key("ABSK", 80).of(BASE64),
    key("bedrock-api-key-", 40).of(BASE64),
    // Google.
    key("AIza", 35).of(URL64).exactly(),
    key("GOCSPX-", 24).of(URL64),
    key("ya29.", 20).of(URL64.and(DOT)),
    key("1//0", 30).of(URL64),
    key("GOOG1E", 40),
    // Microsoft.
    key("AccountKey=", 40).of(BASE64).showing_the_mark(),
    key("SharedAccessKey=", 40).of(BASE64).showing_the_mark(),
    key("webhook.office.com/webhookb2/", 60)
        .of(SEEN)
        .showing_the_mark(),
    // Alibaba, Tencent.
    key("LTAI", 12).asking(Asks::Mix),
    key("AKID", 32).asking(Asks::Mix),
    key("dop_v1_", 40),
    key("doo_v1_", 40),
    key("dor_v1_", 40),
    // Vault and Terraform.
    key("hvs.", 20).of(URL64),
    key("hvb.", 20).of(URL64),
    key("hvr.", 20).of(URL64),
    key("s.", 24).exactly().asking(Asks::Mix),
    key("atlasv1.", 40).of(URL64.and(EQUALS)),
    key("dapi", 32).of(HEX.and(DASH)).exactly(),
    key("dose", 32).of(HEX).exactly(),
    key("dkea", 32).of(HEX).exactly(),
    key("fo1_", 30).of(URL64),
    key("fm1a_", 60).of(BASE64),
    key("fm1r_", 60).of(BASE64),
    key("fm2_", 60).of(BASE64),
    key("tskey-", 20).of(URL64),
    key("dp.pt.", 32),
    key("dp.st.", 32).of(URL64.and(DOT)),
    key("dp.ct.", 32),
    key("dp.sa.", 32),
    key("dp.said.", 32),
    key("dp.scim.", 32),
    key("dp.audit.", 32),
    key("dt0c01.", 60).of(UPPER_NUM.and(DOT)),
    key("dt0s01.", 60).of(UPPER_NUM.and(DOT)),
    key("dt0s16.", 60).of(UPPER_NUM.and(DOT)),
    key("glc_", 32).of(BASE64),
    key("glsa_", 32).of(WORD),
    key("NRAK-", 24),
    key("NRII-", 28).of(URL64),
    key("NRIQ-", 28).of(URL64),
    key("sntrys_", 40).of(BASE64.and(WORD)),
    key("sntryu_", 40),
    key("hcaik_", 40),
    key("hcbik_", 40),
    key("phx_", 30),
    key("HRKU-", 36).of(URL64),
    key("sha256~", 40).of(URL64),
    key("v1.0-", 100).of(HEX.and(DASH)),
    key("pul-", 40).of(HEX).exactly().apart(),
    key("pscale_tkn_", 32).of(WORD.and(DASH).and(DOT)),
    key("pscale_pw_", 32).of(WORD.and(DASH).and(DOT)),
    key("pscale_oauth_", 32).of(WORD.and(DASH).and(DOT)),
    key("napi_", 40),
    key("sbp_", 40),
    key("sb_secret_", 20).of(URL64),
    key("nfp_", 30),
    key("rnd_", 24).asking(Asks::Mix),
    key("tk-us-", 40).of(URL64),
    key("ico-", 32).exactly().apart(),
    key("4b1d", 38).exactly().asking(Asks::Mix),
    // Secret by their name.
    key("AGE-SECRET-KEY-1", 50).of(UPPER_NUM),
    key("AGE-SECRET-KEY-PQ-1", 50).of(UPPER_NUM),
    key("secret-token:", 8).of(SEEN).showing_the_mark(),
];
