//! What is harmless although it has a rule's words, and what words say about a secret or its neighbours.

/// What a `token` belongs to when it is no secret: cursors, and the tokens of language models.
pub(super) const HARMLESS_TOKENS: &[&str] = &[
    "page",
    "next",
    "previous",
    "prev",
    "continuation",
    "pagination",
    "sync",
    "starting",
    "skip",
    "delta",
    "resume",
    "scroll",
    "per",
    "first",
    "last",
    "mask",
    "cls",
    "sep",
    "eos",
    "bos",
    "pad",
    "stop",
    "unk",
    "special",
];

/// What stands before `pass` in one word that is no secret.
pub(super) const HARMLESS_PASSES: &[&str] = &[
    "all", "band", "battle", "boarding", "bus", "by", "com", "day", "encom", "event", "fast",
    "first", "free", "game", "guest", "gyrocom", "high", "low", "multi", "one", "over", "rail",
    "eurail", "render", "season", "second", "single", "ski", "sub", "sur", "tres", "two", "under",
    "visitor",
];

/// What a header's `key` belongs to when it is no secret.
pub(super) const HARMLESS_KEYS: &[&str] = &[
    "idempotency",
    "websocket",
    "surrogate",
    "mon",
    "don",
    "tur",
    "hoc",
    "cache",
    "partition",
    "routing",
    "sort",
    "public",
    "publishable",
    "crypto",
    "x",
    "aggregation",
    "dedup",
    "deduplication",
];

/// Words that, at the end of a name, say something about a secret that is not the secret.
pub(in crate::mask) const ABOUT: &[&str] = &[
    "algorithm",
    "arn",
    "at",
    "attempts",
    "changed",
    "channel",
    "check",
    "checks",
    "count",
    "country",
    "disabled",
    "enabled",
    "expired",
    "expires",
    "expiration",
    "expiry",
    "format",
    "in",
    "issuer",
    "length",
    "limit",
    "limits",
    "method",
    "methods",
    "name",
    "names",
    "policies",
    "policy",
    "provider",
    "providers",
    "ref",
    "refs",
    "required",
    "requirements",
    "result",
    "rotation",
    "sent",
    "size",
    "status",
    "strength",
    "supported",
    "ttl",
    "type",
    "types",
    "verified",
    "version",
];

/// Words that hold a rule's letters and are harmless.
pub(in crate::mask) const HARMLESS_WORDS: &[&str] = &["passwordless"];

/// Rows of words that begin with a rule's and are harmless.
pub(in crate::mask) const HARMLESS_ROWS: &[[&str; 2]] =
    &[["secret", "santa"], ["secret", "santas"]];

/// First words of names whose value is a yes or no.
pub(in crate::mask) const QUESTIONS: &[&str] = &[
    "accept", "accepts", "allow", "allows", "can", "disable", "enable", "force", "generate", "had",
    "has", "have", "hide", "include", "includes", "is", "must", "need", "needs", "no", "require",
    "requires", "return", "returns", "rotate", "should", "show", "shows", "support", "supports",
    "use", "uses", "was", "with", "without",
];

/// Last words of members whose value can be the name of a sibling's value. `path` is of JSON Patch (RFC 6902) and SCIM (RFC 7644).
pub(in crate::mask) const NAMING: &[&str] = &[
    "attribute",
    "column",
    "field",
    "header",
    "k",
    "key",
    "name",
    "param",
    "parameter",
    "path",
    "property",
    "setting",
    "variable",
];

/// As [`NAMING`], of members that say as often what kind of thing there is.
pub(in crate::mask) const KINDS: &[&str] = &["id", "kind", "label", "type"];

/// Last words of members that can hold the value that a sibling names.
pub(in crate::mask) const HOLDING: &[&str] = &["default", "v", "val", "value", "values"];

/// Names without separators of members that can hold what the value was that a sibling names, or has become.
pub(in crate::mask) const CHANGING: &[&str] = &[
    "after",
    "before",
    "change",
    "changes",
    "current",
    "diff",
    "from",
    "fromstring",
    "new",
    "old",
    "previous",
    "to",
    "tostring",
];

/// Header fields whose names hold a rule's words and that are known to be harmless.
pub(in crate::mask) const HARMLESS_HEADERS: &[&str] = &[
    "accept-signature",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-request-headers",
];

/// Header fields whose parameters are named after what they are about.
pub(in crate::mask) const HARMLESS_PARAMETERS: &[&str] = &[
    "content-security-policy",
    "content-security-policy-report-only",
    "feature-policy",
    "permissions-policy",
    "server-timing",
    "signature-input",
];
