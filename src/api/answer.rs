use http::header::{ALLOW, RETRY_AFTER};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::export::Exporting;
use super::ledger::Ledger;
use super::openapi::Document;
use super::read::{Read, Telling};
use super::response::Answer;
use super::routes::Match;
use super::tail::Tailing;
use super::{ApiBody, Denial, Reader, Shared};
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::format::{
    Answered, Export, Facets, Listing, Lookup, Parameters, Question, RateLimit, Refusal, Request,
    Route, Tail, TailWriter, WireFormat,
};
use crate::query::{Filter, GroupBy, LogQuery, Page, Position, Scope, Stats, StatsQuery};

/// When a reader may come again who found no place to follow the log.
const RETRY_SECONDS: u64 = 10;

/// What is learnt of a request on its way.
pub(super) struct Course {
    id: EntryId,
    now: Timestamp,
    pub(super) reader: Option<Reader>,
    rate_limit: Option<RateLimit>,
    /// How many entries the reply shows, and which one for a retrieve.
    entries: u64,
    entry: Option<EntryId>,
    /// When a reader who was turned away may come again, where that is known.
    retry_after_seconds: Option<u64>,
}

impl Shared {
    pub(super) async fn respond(&self, parts: Parts) -> Response<ApiBody> {
        let mut course = self.course();
        let found = self.routes.find(parts.uri.path());
        let format = &*self.formats[found.as_ref().map_or(0, |found| found.format)];
        let path = parts.uri.path();
        let document = self.openapi.as_ref().filter(|it| it.path == path);
        let ledger = self.ledger.as_ref().filter(|it| it.path == path);
        let answer = match (&found, document, ledger) {
            (Some(found), ..) => self.answer(format, found, &parts, &mut course).await,
            (None, Some(document), _) => self.document(document, &parts, &mut course).await,
            (None, None, Some(ledger)) => self.ledger(ledger, &parts, &mut course).await,
            (None, None, None) => Err(Refusal::NoRoute),
        };
        let answer = answer.unwrap_or_else(|refusal| {
            let reply = format.refuse(&refusal, course.id);
            Answer::Reply(match refusal {
                Refusal::MethodNotAllowed => reply.header(ALLOW, "GET, HEAD"),
                Refusal::RateLimited(rate) => {
                    reply.header(RETRY_AFTER, &rate.reset_seconds().to_string())
                }
                _ => match course.retry_after_seconds {
                    Some(seconds) => reply.header(RETRY_AFTER, &seconds.to_string()),
                    None => reply,
                },
            })
        });
        let mut response = answer.respond(&parts);
        let answered = Answered {
            id: course.id,
            scope: course.reader.as_ref().map(|reader| &reader.scope),
            rate_limit: course.rate_limit,
        };
        format.sign(&answered, response.headers_mut());
        if let (Some(found), Some(on_read)) = (&found, &self.on_read) {
            let status = response.status();
            let read = course.read(found.route.clone(), status, parts);
            let on_read = on_read.clone();
            response.body_mut().tell(Telling { read, on_read });
        }
        response
    }

    pub(super) fn course(&self) -> Course {
        let now = self.clock.now();
        Course {
            id: self.ids.next(now),
            now,
            reader: None,
            rate_limit: None,
            entries: 0,
            entry: None,
            retry_after_seconds: None,
        }
    }

    /// Gives the OpenAPI document to whom any of the formats knows.
    async fn document(
        &self,
        document: &Document,
        parts: &Parts,
        course: &mut Course,
    ) -> Result<Answer, Refusal> {
        only_reading(&parts.method)?;
        self.admit_by_any(parts, course).await?;
        Ok(Answer::Reply(document.reply.clone()))
    }

    /// Gives the ledger to whom any of the formats knows as one who may see everything: it counts the calls of all tenants.
    async fn ledger(
        &self,
        ledger: &Ledger,
        parts: &Parts,
        course: &mut Course,
    ) -> Result<Answer, Refusal> {
        only_reading(&parts.method)?;
        let scope = self.admit_by_any(parts, course).await?;
        match scope == Scope::all() {
            true => Ok(Answer::Reply((ledger.read)())),
            false => Err(Refusal::NoRoute),
        }
    }

    /// Admits a reader by the credential of any format.
    pub(super) async fn admit_by_any(
        &self,
        parts: &Parts,
        course: &mut Course,
    ) -> Result<Scope, Refusal> {
        let mut tried = Vec::new();
        let mut refused = Refusal::NoCredential;
        for format in &self.formats {
            let credential = format.credential(&parts.headers);
            if tried.contains(&credential) {
                continue;
            }
            tried.push(credential);
            match self.admit(credential, parts, course).await {
                Ok(scope) => return Ok(scope),
                Err(Refusal::NoCredential) => {}
                Err(Refusal::BadCredential) => refused = Refusal::BadCredential,
                Err(refusal) => return Err(refusal),
            }
        }
        Err(refused)
    }

    /// Decides in this order: the method, the reader, how often they ask, the parameters, the entry; so that who may not read learns of nothing
    /// else.
    async fn answer(
        &self,
        format: &dyn WireFormat,
        found: &Match<'_>,
        parts: &Parts,
        course: &mut Course,
    ) -> Result<Answer, Refusal> {
        only_reading(&parts.method)?;
        let credential = format.credential(&parts.headers);
        let scope = self.admit(credential, parts, course).await?;
        let path_params = found.params.as_ref().ok_or(Refusal::NoRoute)?;
        let parameters = Parameters::parse(parts.uri.query().unwrap_or_default())?;
        let request = Request {
            route: found.route,
            path_params,
            parameters: &parameters,
            headers: &parts.headers,
            scope: &scope,
            id: course.id,
            now: course.now,
        };
        match format.ask(&request)? {
            Question::List(asked) => {
                let (page, total) = self
                    .list(&scope, &asked)
                    .await
                    .map_err(|error| failed(&error))?;
                let reply = format.page(&request, &asked, &page, total)?;
                course.entries = page.entries.len() as u64;
                Ok(Answer::Reply(reply))
            }
            Question::Retrieve(lookup) => {
                let entry = self
                    .retrieve(&scope, lookup)
                    .await
                    .map_err(|error| failed(&error))?;
                let entry = entry.ok_or(Refusal::NoEntry)?;
                let reply = format.entry(&request, &entry)?;
                (course.entries, course.entry) = (1, Some(entry.id));
                Ok(Answer::Reply(reply))
            }
            Question::Export(asked) => {
                let writer = format.export(&request, &asked)?;
                self.check_size(&scope, &asked).await?;
                let headers = writer.headers();
                let query = LogQuery::new(scope.clone())
                    .filter(asked.filter)
                    .position(asked.position);
                let body = Exporting::new(self.store.clone(), query, asked.max_entries, writer);
                Ok(Answer::Export(headers, Box::new(body)))
            }
            Question::Stats(asked) => {
                let query = StatsQuery::new(scope.clone())
                    .filter(asked.filter.clone())
                    .group_by(asked.group_by)
                    .limit(asked.limit);
                let stats = self
                    .store
                    .stats(&query)
                    .await
                    .map_err(|error| failed(&error))?;
                Ok(Answer::Reply(format.stats(&request, &asked, &stats)?))
            }
            Question::Facets(asked) => {
                let stats = self
                    .facets(&scope, &asked)
                    .await
                    .map_err(|error| failed(&error))?;
                Ok(Answer::Reply(format.facets(&request, &asked, &stats)?))
            }
            Question::Tail(asked) => {
                let writer = format.tail(&request, &asked)?;
                let headers = writer.headers();
                match self.follow(scope, asked, writer, &parts.method) {
                    Some(body) => Ok(Answer::Tail(headers, Box::new(body))),
                    None => {
                        course.retry_after_seconds = Some(RETRY_SECONDS);
                        Err(Refusal::Unavailable)
                    }
                }
            }
        }
    }

    /// Begins to follow the log, if there is a place. Who asks for the head alone needs none.
    fn follow(
        &self,
        scope: Scope,
        asked: Tail,
        writer: Box<dyn TailWriter>,
        method: &Method,
    ) -> Option<Tailing> {
        let seat = match *method {
            Method::HEAD => None,
            _ => Some(self.tails.clone().try_acquire_owned().ok()?),
        };
        let ledger = self.ledger.clone().filter(|_| scope == Scope::all());
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let tail = Tailing::new(store, clock, scope, asked, writer, seat);
        Some(tail.with_ledger(ledger))
    }

    /// Asks for one field after the other, so that a reader keeps at most one connection of the store busy.
    async fn facets(&self, scope: &Scope, asked: &Facets) -> Result<Vec<Stats>, Error> {
        let mut stats = Vec::with_capacity(asked.fields.len());
        for field in &asked.fields {
            let query = StatsQuery::new(scope.clone())
                .filter(asked.filter.clone())
                .group_by(GroupBy::Field(*field))
                .limit(asked.limit);
            stats.push(self.store.stats(&query).await?);
        }
        Ok(stats)
    }

    /// Refuses an export that would be a part where the whole is asked for.
    async fn check_size(&self, scope: &Scope, asked: &Export) -> Result<(), Refusal> {
        if !asked.is_whole {
            return Ok(());
        }
        let found = self.store.count(scope, &asked.filter).await;
        match found.map_err(|error| failed(&error))? > asked.max_entries {
            true => Err(Refusal::Invalid(
                format!(
                    "the export would hold more than {} entries: narrow its time",
                    asked.max_entries
                )
                .into(),
            )),
            false => Ok(()),
        }
    }

    /// Finds out who reads, and counts it.
    async fn admit(
        &self,
        credential: Option<&str>,
        parts: &Parts,
        course: &mut Course,
    ) -> Result<Scope, Refusal> {
        let known = self.access.authorize(parts, credential).await;
        let known = known.map_err(|denial| match (denial, credential) {
            (Denial::Unauthenticated, None) => Refusal::NoCredential,
            (Denial::Unauthenticated, Some(_)) => Refusal::BadCredential,
            (Denial::Forbidden, _) => Refusal::Forbidden("this reader may not read the log".into()),
            (Denial::Unavailable, _) => Refusal::Unavailable,
        })?;
        let reader = course.reader.insert(known);
        #[cfg(feature = "rate-limit")]
        if let Some(limiter) = &self.limiter {
            let counted = limiter.count(reader);
            let (Ok(state) | Err(state)) = counted;
            course.rate_limit = Some(state);
            counted.map_err(Refusal::RateLimited)?;
        }
        Ok(reader.scope.clone())
    }

    async fn list(&self, scope: &Scope, asked: &Listing) -> Result<(Page, Option<u64>), Error> {
        let query = LogQuery::new(scope.clone())
            .filter(asked.filter.clone())
            .position(asked.position)
            .limit(asked.limit);
        let page = self.store.list(&query).await?;
        let first = matches!(asked.position, Position::First | Position::Number(1));
        let total = match (asked.with_total, first && !page.has_older) {
            (false, _) => None,
            (true, true) => Some(page.entries.len() as u64),
            (true, false) => Some(self.store.count(scope, &asked.filter).await?),
        };
        Ok((page, total))
    }

    async fn retrieve(&self, scope: &Scope, lookup: Lookup) -> Result<Option<LogEntry>, Error> {
        if let Some(id) = lookup.id
            && let Some(entry) = self.store.get(scope, id).await?
            && lookup.filter.matches(&entry)
        {
            return Ok(Some(entry));
        }
        let Some(request_id) = lookup.request_id else {
            return Ok(None);
        };
        let filter = Filter {
            request_ids: vec![request_id],
            ..lookup.filter
        };
        let query = LogQuery::new(scope.clone()).filter(filter).limit(1);
        Ok(self.store.list(&query).await?.entries.into_iter().next())
    }
}

impl Course {
    pub(super) fn read(self, route: Route, status: StatusCode, request: Parts) -> Read {
        Read {
            id: self.id,
            at: self.now,
            request,
            route,
            reader: self.reader,
            status,
            entries: self.entries,
            entry: self.entry,
            complete: true,
        }
    }
}

fn only_reading(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

/// What a reader may know of a failure of the store: whether it may pass.
pub(super) fn failed(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::Unavailable => Refusal::Unavailable,
        _ if error.is_retryable() => Refusal::Unavailable,
        _ => Refusal::Internal,
    }
}
