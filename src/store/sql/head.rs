use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::entry::{
    BodyRecord, EntryKind, EventRecord, Headers, Masked, Note, Outcome, Resource, Timing, is_one,
    one,
};

type Text<'a> = Option<Cow<'a, str>>;

/// What an exchange holds beside the columns and the texts of its bodies.
#[derive(Serialize, Deserialize)]
pub(super) struct ExchangeHead<'a> {
    #[serde(default)]
    pub(super) context: ContextHead<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authority: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) query: Text<'a>,
    #[serde(default)]
    pub(super) version: Cow<'a, str>,
    #[serde(default)]
    pub(super) request: FieldsHead<'a>,
    #[serde(default)]
    pub(super) request_body: BodyRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request_decoded_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<FieldsHead<'a>>,
    #[serde(default)]
    pub(super) response_body: BodyRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response_decoded_bytes: Option<u64>,
    pub(super) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Text<'a>,
    pub(super) timing: Timing,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) weight: u32,
    #[serde(default, skip_serializing_if = "<[Note]>::is_empty")]
    pub(super) notes: Cow<'a, [Note]>,
    #[serde(default, skip_serializing_if = "<[Masked]>::is_empty")]
    pub(super) masked: Cow<'a, [Masked]>,
    #[serde(default)]
    pub(super) masked_count: u64,
}

/// What an event holds beside the columns.
#[derive(Serialize, Deserialize)]
pub(super) struct EventHead<'a> {
    #[serde(default)]
    pub(super) context: ContextHead<'a>,
    pub(super) event: Cow<'a, EventRecord>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FieldsHead<'a> {
    #[serde(skip_serializing_if = "no_fields")]
    pub(super) headers: Cow<'a, Headers>,
    /// Of a response alone; a request without its fields is not recorded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) headers_left_out: bool,
    #[serde(skip_serializing_if = "no_fields")]
    pub(super) trailers: Cow<'a, Headers>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ContextHead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<ActorHead<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) impersonator: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<Cow<'a, Resource>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ActorHead<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Text<'a>,
}

impl<'a> EventHead<'a> {
    /// Makes the head; data that could not be read back becomes the text of its JSON, so that one event cannot spoil a listing.
    pub(super) fn new(context: ContextHead<'a>, event: &'a EventRecord) -> Self {
        let event = event.readable();
        Self { context, event }
    }

    pub(super) fn into_kind(self) -> EntryKind {
        EntryKind::Event(Box::new(self.event.into_owned()))
    }
}

fn no_fields(fields: &Headers) -> bool {
    fields.is_empty()
}
