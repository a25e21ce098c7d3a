use http::HeaderMap;

use super::{View, document};
use crate::entry::LogEntry;
use crate::format::ExportWriter;
use crate::format::csv::{self, Row};
use crate::format::export::file;
use crate::format::fields::Case;
use crate::format::reply::append_json;

/// Documents as the list has them, one a line.
pub(super) struct Ndjson(pub(super) View);

/// One row an entry.
pub(super) struct Csv;

impl ExportWriter for Ndjson {
    fn headers(&self) -> HeaderMap {
        file(
            "application/x-ndjson; charset=utf-8",
            "attachment; filename=\"api-log.ndjson\"",
        )
    }

    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        let start = out.len();
        if append_json(out, &document::entry(entry, self.0).cased(Case::Snake)) {
            // A body that is embedded as it is may have line breaks, which in JSON only stand between its tokens.
            for byte in &mut out[start..] {
                if matches!(byte, b'\r' | b'\n') {
                    *byte = b' ';
                }
            }
            out.push(b'\n');
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

impl Csv {
    /// The columns, in their order; [`Csv::entry`] fills them.
    const COLUMNS: [&str; 38] = [
        "id",
        "kind",
        "created_at",
        "method",
        "scheme",
        "authority",
        "path",
        "query",
        "route",
        "status",
        "outcome",
        "to_headers_micros",
        "to_last_byte_micros",
        "request_bytes",
        "response_bytes",
        "category",
        "action",
        "ref_id",
        "title",
        "exchange",
        "actor_kind",
        "actor_id",
        "actor_email",
        "impersonator",
        "session",
        "api_key",
        "organisation",
        "project",
        "project_name",
        "environment",
        "resource_kind",
        "resource_id",
        "request_id",
        "client_ip",
        "user_agent",
        "trace_id",
        "api_version",
        "weight",
    ];
}

impl ExportWriter for Csv {
    fn headers(&self) -> HeaderMap {
        file(csv::CONTENT_TYPE, "attachment; filename=\"api-log.csv\"")
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        let row = Self::COLUMNS
            .iter()
            .fold(Row::new(out), |row, &column| row.text(column));
        row.end();
    }

    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        let (exchange, event, context) = (entry.exchange(), entry.event(), &entry.context);
        let request = exchange.map(|it| &it.request);
        let (actor, resource) = (context.actor.as_ref(), context.resource.as_ref());
        let client_ip = context.client_ip.map(|ip| ip.to_string());
        let within = event.and_then(|it| it.exchange).map(|id| id.to_string());
        Row::new(out)
            .text(&*entry.id.to_string())
            .text(entry.kind().as_str())
            .text(&*entry.created_at.rfc3339(6))
            .text(request.map(|it| &*it.method))
            .text(request.and_then(|it| it.scheme.as_deref()))
            .text(request.and_then(|it| it.authority.as_deref()))
            .text(request.map(|it| &*it.path))
            .text(request.and_then(|it| it.query.as_deref()))
            .text(request.and_then(|it| it.route.as_deref()))
            .number(exchange.and_then(|it| it.status()).map(u64::from))
            .text(exchange.map(|it| it.outcome.as_str()))
            .number(exchange.and_then(|it| it.timing.to_headers_micros))
            .number(exchange.map(|it| it.timing.to_last_byte_micros))
            .number(exchange.map(|it| it.request_body.bytes_seen()))
            .number(exchange.map(|it| it.response_body.bytes_seen()))
            .text(event.map(|it| &*it.category))
            .text(event.map(|it| &*it.action))
            .text(event.and_then(|it| it.ref_id.as_deref()))
            .text(event.and_then(|it| it.title.as_deref()))
            .text(within.as_deref())
            .text(actor.map(|it| it.kind.as_str()))
            .text(actor.map(|it| &*it.id))
            .text(actor.and_then(|it| it.email.as_deref()))
            .text(context.impersonator.as_deref())
            .text(context.session.as_deref())
            .text(context.api_key.as_deref())
            .text(context.organisation.as_deref())
            .text(context.project.as_deref())
            .text(context.project_name.as_deref())
            .text(context.environment.as_deref())
            .text(resource.map(|it| &*it.kind))
            .text(resource.map(|it| &*it.id))
            .text(context.request_id.as_deref())
            .text(client_ip.as_deref())
            .text(context.user_agent.as_deref())
            .text(context.trace_id.as_deref())
            .text(context.api_version.as_deref())
            .number(exchange.map(|it| u64::from(it.weight)))
            .end();
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
