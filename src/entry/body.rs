use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known of a body. The bytes that passed are counted in every case.
///
/// There is no variant of raw bytes: what cannot be read as text under the masking rules is withheld.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BodyRecord {
    /// The message had no body, or one of no bytes.
    #[default]
    Empty,
    /// The whole body, masked.
    Whole {
        /// The masked text.
        text: String,
        /// The bytes that passed, before masking.
        bytes_seen: u64,
    },
    /// The beginning of the body, masked as far as it goes and cut on a character boundary.
    Truncated {
        /// Why it was cut.
        reason: CutReason,
        /// The masked text.
        text: String,
        /// The bytes that passed, before masking, those not kept included.
        bytes_seen: u64,
    },
    /// The policy did not ask for the body, or nobody read it.
    Skipped {
        /// Why it was not kept.
        reason: SkipReason,
        /// The bytes that passed.
        bytes_seen: u64,
    },
    /// The body was kept but could not be masked with certainty.
    Withheld {
        /// Why it was withheld.
        reason: WithheldReason,
        /// The bytes that passed.
        bytes_seen: u64,
        /// HMAC-SHA256 of the kept bytes, decoded where they could be, under the masker's key, its first 128 bits in hexadecimal: equal bodies of one key show as equal.
        keyed_hash: String,
    },
}

/// Why a body is [`BodyRecord::Truncated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CutReason {
    /// The body is longer than the policy keeps, as it came or once it is decoded; or decoding it takes too long.
    Limit,
    /// The budget of captured bytes was used up.
    Budget,
    /// The body was not read or sent to its end.
    Unfinished,
}

/// Why a body is [`BodyRecord::Skipped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The policy keeps no bodies here.
    Policy,
    /// The content type is a binary one, or one that the policy leaves out.
    ContentType,
    /// The body carries a content coding that is not undone: any without the feature `decompress`, such as gzip, and unknown ones with it.
    ContentCoding,
    /// The service never read the body.
    Unread,
    /// The budget of captured bytes was used up before the body began.
    Budget,
    /// The application asked to leave it out.
    Application,
    /// The person that the entry was about has been erased.
    Erased,
}

/// Why a body is [`BodyRecord::Withheld`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WithheldReason {
    /// The body is not what its content type says.
    Malformed,
    /// The body is not text in its charset, UTF-8 where none is said.
    NotUtf8,
    /// There is no masker for the content type.
    UnknownType,
    /// The rules cannot tell where a secret might be in text of this kind.
    Unstructured,
    /// JSON inside JSON strings is nested more deeply than the masker looks.
    TooDeep,
    /// The body decodes to far more than it is: a decompression bomb.
    Expands,
}

impl BodyRecord {
    /// Returns the masked text of a whole or truncated body.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Whole { text, .. } | Self::Truncated { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes that passed, before masking.
    pub fn bytes_seen(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Whole { bytes_seen, .. }
            | Self::Truncated { bytes_seen, .. }
            | Self::Skipped { bytes_seen, .. }
            | Self::Withheld { bytes_seen, .. } => *bytes_seen,
        }
    }

    /// Returns the record with its text left out, for stores that keep texts in a place of their own.
    #[must_use]
    pub fn without_text(&self) -> Self {
        match self {
            Self::Whole { bytes_seen, .. } => Self::Whole {
                text: String::new(),
                bytes_seen: *bytes_seen,
            },
            Self::Truncated {
                reason, bytes_seen, ..
            } => Self::Truncated {
                reason: *reason,
                text: String::new(),
                bytes_seen: *bytes_seen,
            },
            other => other.clone(),
        }
    }

    /// Puts back the text that [`BodyRecord::without_text`] left out; other variants stay as they are.
    #[must_use]
    pub fn with_text(mut self, with: String) -> Self {
        if let Self::Whole { text, .. } | Self::Truncated { text, .. } = &mut self {
            *text = with;
        }
        self
    }
}

impl fmt::Debug for BodyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, reason): (_, &dyn fmt::Debug) = match self {
            Self::Empty => ("Empty", &()),
            Self::Whole { .. } => ("Whole", &()),
            Self::Truncated { reason, .. } => ("Truncated", reason),
            Self::Skipped { reason, .. } => ("Skipped", reason),
            Self::Withheld { reason, .. } => ("Withheld", reason),
        };
        f.debug_struct(state)
            .field("reason", reason)
            .field("bytes_seen", &self.bytes_seen())
            .finish_non_exhaustive()
    }
}
