use serde::Deserialize;

use crate::entry::EntryId;
use crate::format::Refusal;

/// What the reader asks to send again, and what they put into it.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) id: EntryId,
    /// Header fields in place of the recorded ones of the same name; without a value it is left out.
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) body: Option<String>,
    pub(super) path_and_query: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    #[serde(default)]
    headers: Vec<(String, Option<String>)>,
    body: Option<String>,
    path_and_query: Option<String>,
}

impl Posted {
    /// The most bytes of the document.
    pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;
    /// The most header fields.
    const MAX_HEADERS: usize = 100;

    pub(super) fn read(json: &[u8]) -> Result<Self, Refusal> {
        let Ok(document) = serde_json::from_slice::<Document>(json) else {
            return Err(Refusal::Invalid(
                "the body must be JSON with id, and perhaps headers, body and path_and_query"
                    .into(),
            ));
        };
        let Ok(id) = document.id.parse() else {
            return Err(Refusal::parameter("id", "must be the UUID of an entry"));
        };
        if document.headers.len() > Self::MAX_HEADERS {
            return Err(Refusal::parameter(
                "headers",
                "must hold at most 100 fields",
            ));
        }
        Ok(Self {
            id,
            headers: document.headers,
            body: document.body,
            path_and_query: document.path_and_query,
        })
    }
}
