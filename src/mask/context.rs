use crate::capture::{Captured, TrustedNetworks, api_version, client_request_id, trace_id};
use crate::entry::{Context, Headers};

/// Tells who called from where: what the application said, and for the rest what the masked message says.
pub(super) fn of(
    captured: &Captured,
    trusted: &TrustedNetworks,
    path: &str,
    headers: &Headers,
) -> Context {
    let fields = &captured.request;
    let told = captured.told.as_deref().cloned().unwrap_or_default();
    // A value that the masker changed is not taken around it.
    let unmasked = |text: &&str| headers.iter().any(|(_, value)| value == *text);
    let own = |text: &str| text.to_owned();
    Context {
        request_id: told
            .request_id
            .or_else(|| client_request_id(fields).filter(unmasked).map(own)),
        client_ip: told
            .client_ip
            .or_else(|| trusted.client(captured.peer, fields)),
        peer_ip: told
            .peer_ip
            .or_else(|| Some(captured.peer?.ip().to_canonical())),
        user_agent: told
            .user_agent
            .or_else(|| headers.get("user-agent").map(own)),
        trace_id: told.trace_id.or_else(|| trace_id(fields).map(own)),
        api_version: told.api_version.or_else(|| api_version(path).map(own)),
        ..told
    }
}
