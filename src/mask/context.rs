use std::net::SocketAddr;

use super::Pass;
use super::credentials::Credentials;
use crate::capture::{Fields, TrustedNetworks, api_version, client_request_id, trace_id};
use crate::entry::{Context, Headers};

/// What was seen of a request that tells who called from where.
pub(super) struct Seen<'r> {
    pub(super) fields: &'r Fields,
    pub(super) peer: Option<SocketAddr>,
    /// The masked path.
    pub(super) path: &'r str,
    /// The masked fields.
    pub(super) headers: &'r Headers,
}

impl Seen<'_> {
    /// Tells who called from where: what the application said, and for the rest what the masked message says.
    pub(super) fn context(
        &self,
        told: Option<&Context>,
        trusted: &TrustedNetworks,
        pass: &mut Pass<'_>,
    ) -> Context {
        let allowed = pass.allowed;
        let listed = allowed.only(self.fields);
        let fields = listed.as_ref().unwrap_or(self.fields);
        // Where the fields that are left out would tell another one, nobody is named instead of them.
        let client = trusted.client(self.peer, fields);
        let client = client.filter(|_| trusted.client(self.peer, self.fields) == client);
        let told = told.map(|told| {
            let mut told = told.clone();
            Credentials::of(self.fields, pass).clean(&mut told, pass);
            told
        });
        let told = told.unwrap_or_default();
        // A value that the masker changed is not taken around it.
        let unmasked = |text: &&str| self.headers.iter().any(|(_, value)| value == *text);
        let shows = |text: &&str| {
            let mut values = self.headers.iter().map(|(_, value)| value);
            values.any(|value| value.contains(*text))
        };
        let own = |text: &str| text.to_owned();
        Context {
            api_key: told.api_key.or_else(|| pass.api_key.take()),
            request_id: told
                .request_id
                .or_else(|| client_request_id(fields).filter(unmasked).map(own)),
            client_ip: told.client_ip.or(client),
            peer_ip: told
                .peer_ip
                .or_else(|| Some(self.peer?.ip().to_canonical())),
            user_agent: told
                .user_agent
                .or_else(|| self.headers.get("user-agent").map(own)),
            trace_id: told
                .trace_id
                .or_else(|| trace_id(fields).filter(shows).map(own)),
            api_version: told.api_version.or_else(|| api_version(self.path).map(own)),
            ..told
        }
    }
}
