//! Mail, chat, phones and what teams work with.
//!
//! Shapes as the vendors give them: docs.slack.dev (token types; incoming webhooks), core.telegram.org/bots/api, discord.com/developers/docs,
//! twilio.com/docs (SID prefixes: `SK` is an API key, `AC` an account and stays), sendgrid.com/docs, documentation.mailgun.com,
//! mailchimp.com/developer, developers.brevo.com, postmarkapp.com, airtable.com/developers, developers.hubspot.com, developer.typeform.com,
//! developer.frame.io; for those that say nothing, as github.com/gitleaks/gitleaks collects them.

use super::rule::{Asks, Rule, key};
use crate::mask::detect::source::{ALNUM, DASH, DOT, HEX, SLASHED, URL64, WORD};

pub(super) const TALK: &[Rule] = &[
    key("xoxb-", 20).of(ALNUM.and(DASH)),
    key("xoxp-", 20).of(ALNUM.and(DASH)),
    key("xoxa-", 20).of(ALNUM.and(DASH)),
    key("xoxr-", 20).of(ALNUM.and(DASH)),
    key("xoxs-", 20).of(ALNUM.and(DASH)),
    key("xoxo-", 20).of(ALNUM.and(DASH)),
    key("xoxc-", 20).of(ALNUM.and(DASH)),
    key("xoxd-", 20).of(URL64.and(SLASHED)),
    key("xoxe-", 20).of(ALNUM.and(DASH)),
    key("xoxe.xox", 20).of(ALNUM.and(DASH)),
    key("xapp-", 20).of(ALNUM.and(DASH)),
    key("xwfp-", 20).of(ALNUM.and(DASH)),
    key("hooks.slack.com/services/", 20)
        .of(ALNUM.and(SLASHED))
        .showing_the_mark(),
    key("hooks.slack.com/workflows/", 20)
        .of(ALNUM.and(SLASHED))
        .showing_the_mark(),
    key("hooks.slack.com/triggers/", 20)
        .of(ALNUM.and(SLASHED))
        .showing_the_mark(),
    key("discord.com/api/webhooks/", 40)
        .of(URL64.and(SLASHED))
        .showing_the_mark(),
    key("discordapp.com/api/webhooks/", 40)
        .of(URL64.and(SLASHED))
        .showing_the_mark(),
    key("SK", 32).of(HEX).exactly(),
    key("SG.", 50).of(URL64.and(DOT)),
    key("key-", 32).exactly().apart(),
    key("xkeysib-", 64).of(URL64),
    key("xsmtpsib-", 64).of(URL64),
    key("re_", 30).of(WORD).asking(Asks::Mix),
    key("pat-na1-", 30).of(URL64),
    key("pat-na2-", 30).of(URL64),
    key("pat-eu1-", 30).of(URL64),
    key("tfp_", 40).of(URL64),
    key("fio-u-", 50).of(URL64),
    key("sdk-", 36).of(HEX.and(DASH)).exactly().apart(),
    key("sk.eyJ", 60).of(URL64.and(DOT)),
];
