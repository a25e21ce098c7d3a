use http::HeaderMap;

use crate::entry::LogEntry;
use crate::format::ExportWriter;
use crate::format::csv::{self, Row};
use crate::format::export::file;

const COLUMNS: [&str; 14] = [
    "id",
    "createdAt",
    "type",
    "action",
    "refId",
    "organisationId",
    "ipAddress",
    "userAgent",
    "userId",
    "userEmail",
    "userFirstName",
    "userLastName",
    "projectId",
    "projectName",
];

/// Writes a row for each event.
pub(super) struct Rows;

impl ExportWriter for Rows {
    fn headers(&self) -> HeaderMap {
        file(csv::CONTENT_TYPE, "attachment; filename=\"audit-logs.csv\"")
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        let row = Row::new(out);
        COLUMNS.into_iter().fold(row, Row::text).end();
    }

    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        let (context, Some(event)) = (&entry.context, entry.event()) else {
            return;
        };
        let actor = context.actor.as_ref();
        let ip = context.client_ip.map(|ip| ip.to_string());
        Row::new(out)
            .text(&*entry.id.to_string())
            .text(&*entry.created_at.to_string())
            .text(&*event.category)
            .text(&*event.action)
            .text(event.ref_id.as_deref())
            .text(context.organisation.as_deref())
            .text(ip.as_deref())
            .text(context.user_agent.as_deref())
            .text(actor.map(|actor| &*actor.id))
            .text(actor.and_then(|actor| actor.email.as_deref()))
            .text(actor.and_then(|actor| actor.first_name.as_deref()))
            .text(actor.and_then(|actor| actor.last_name.as_deref()))
            .text(context.project.as_deref())
            .text(context.project_name.as_deref())
            .end();
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
