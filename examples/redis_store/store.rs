//! A store of one's own, in one file: what the guide in `tower_api_log::testing` leads to. It passes the whole conformance suite.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, FromRedisValue, RedisError};
use tokio::runtime::Handle;
use tower_api_log::query::{Filter, LogQuery, Page, Position, Scope, Stats, StatsQuery};
use tower_api_log::store::{Capabilities, Cost, Erasure, Outdated};
use tower_api_log::{
    EntryId, Error, ErrorKind, LogEntry, LogSink, LogStore, Retention, async_trait,
};

type Result<T, E = Error> = std::result::Result<T, E>;

/// How many entries one command reads or writes.
const PIECE: usize = 250;
/// Writes entries. The first copy of an id wins, also over a retry after an erasure.
const WRITE: &str = "
    for i = 1, #ARGV, 2 do
        redis.call('ZADD', KEYS[1], 0, ARGV[i])
        local is_new = redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1])
        redis.call('INCRBY', KEYS[3], is_new * #ARGV[i + 1])
    end";
/// Deletes entries that are not held while all of them take more bytes than they may.
const DELETE: &str = "
    local gone = 0
    for i = 2, #ARGV do
        local is_over = tonumber(redis.call('GET', KEYS[3]) or 0) > tonumber(ARGV[1])
        if is_over and redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 0 then
            redis.call('DECRBY', KEYS[3], redis.call('HSTRLEN', KEYS[2], ARGV[i]))
            redis.call('ZREM', KEYS[1], ARGV[i])
            gone = gone + redis.call('HDEL', KEYS[2], ARGV[i])
        end
    end
    return gone";
/// Puts another text in the place of an entry's, unless it is held or gone.
const REPLACE: &str = "
    if redis.call('SISMEMBER', KEYS[4], ARGV[1]) == 1 then return 'held' end
    local before = redis.call('HSTRLEN', KEYS[2], ARGV[1])
    if before == 0 then return 'gone' end
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    redis.call('INCRBY', KEYS[3], #ARGV[2] - before)
    return 'replaced'";
const HOLD: &str = "for _, id in ipairs(ARGV) do redis.call('SADD', KEYS[4], id) end";
const RELEASE: &str = "for _, id in ipairs(ARGV) do redis.call('SREM', KEYS[4], id) end";

/// The two orders of ids: the command, and the end that it runs to. A walk is an order, and the bound behind which it goes on.
const NEWEST: [&str; 2] = ["ZREVRANGEBYLEX", "-"];
const OLDEST: [&str; 2] = ["ZRANGEBYLEX", "+"];

/// Keeps entries in Redis. Clones share one connection.
#[derive(Clone)]
pub(crate) struct RedisStore {
    connection: ConnectionManager,
    /// Where the connection is driven: the recorder's thread has a runtime of its own, which stands still while there is nothing to write.
    runtime: Handle,
    /// A sorted set of the ids, all with score 0, a hash of the entries' JSON, the bytes of that, and a set of the ids that are held; on one node of a cluster, for the braces.
    keys: [String; 4],
}

impl RedisStore {
    pub(crate) async fn connect(url: &str, name: &str) -> Result<Self> {
        let patient = ConnectionManagerConfig::new();
        let patient = patient.set_response_timeout(Some(std::time::Duration::from_secs(30)));
        let client = redis::Client::open(url).map_err(failed)?;
        let connection = ConnectionManager::new_with_config(client, patient).await;
        Ok(Self {
            connection: connection.map_err(failed)?,
            runtime: Handle::current(),
            keys: ["ids", "entries", "bytes", "held"].map(|key| format!("{{{name}}}:{key}")),
        })
    }

    /// Asks Redis, to the end also where the caller does not wait for it.
    async fn ask<T: FromRedisValue + Send + 'static>(&self, command: Cmd) -> Result<T> {
        let mut connection = self.connection.clone();
        let asked = async move { command.query_async(&mut connection).await };
        let ended = |_| Error::new(ErrorKind::Unavailable, "the store's runtime has ended");
        let asked = self.runtime.spawn(asked).await.map_err(ended)?;
        asked.map_err(failed)
    }

    fn script(&self, text: &str, args: Vec<String>) -> Cmd {
        let mut eval = redis::cmd("EVAL");
        eval.arg(text).arg(4).arg(&self.keys).arg(args).take()
    }

    /// Returns the next entries of a walk. What was deleted meanwhile is not among them.
    async fn next(&self, walk: &mut ([&str; 2], String)) -> Result<Option<Vec<LogEntry>>> {
        let ([command, end], from) = walk;
        let mut range = redis::cmd(command);
        range.arg(&self.keys[0]).arg(&*from).arg(*end);
        range.arg("LIMIT").arg(0).arg(PIECE);
        let ids: Vec<String> = self.ask(range).await?;
        let Some(last) = ids.last() else {
            return Ok(None);
        };
        *from = format!("({last}");
        let texts: Vec<Option<String>> = self.ask(Cmd::hmget(&self.keys[1], &ids)).await?;
        let read = texts.iter().flatten().map(|text| LogEntry::from_json(text));
        read.collect::<Result<_>>().map(Some)
    }

    /// Finds so many entries of a listing, but for the first few, among about so many; *older* is what lies ahead on the walk, *newer* what lies behind.
    async fn find(
        &self,
        query: &LogQuery,
        mut walk: ([&str; 2], String),
        (mut skip, wanted, most): (u64, usize, usize),
    ) -> Result<Page> {
        let (mut page, mut looked_at) = (Page::default(), 0);
        while looked_at < most
            && page.entries.len() <= wanted
            && let Some(piece) = self.next(&mut walk).await?
        {
            looked_at += piece.len();
            page.searched_to = piece.last().map(|entry| entry.id);
            for entry in piece.into_iter().filter(|entry| query.matches(entry)) {
                match skip {
                    0 => page.entries.push(entry),
                    _ => (skip, page.has_newer) = (skip - 1, true),
                }
            }
        }
        let is_full = page.entries.len() > wanted;
        page.searched_to = page.searched_to.filter(|_| looked_at >= most && !is_full);
        page.has_older = is_full || page.searched_to.is_some();
        page.entries.truncate(wanted);
        Ok(page)
    }

    /// Deletes what may go, the oldest first, while the store takes more bytes than it may.
    async fn let_go(&self, bytes: u64, may_go: impl Fn(&LogEntry) -> bool + Sync) -> Result<u64> {
        let (mut walk, mut gone) = ((OLDEST, "-".to_owned()), 0);
        while self.size_bytes().await? > bytes
            && let Some(mut piece) = self.next(&mut walk).await?
        {
            piece.retain(&may_go);
            let ids = piece.iter().map(|entry| entry.id.to_string());
            let args = [bytes.to_string()].into_iter().chain(ids).collect();
            gone += self.ask::<u64>(self.script(DELETE, args)).await?;
        }
        Ok(gone)
    }
}

#[async_trait]
impl LogSink for RedisStore {
    async fn write(&self, batch: &[LogEntry]) -> Result<()> {
        for piece in batch.chunks(PIECE) {
            let mut args = Vec::new();
            for entry in piece {
                args.extend([entry.id.to_string(), entry.to_json()?]);
            }
            self.ask::<()>(self.script(WRITE, args)).await?;
        }
        Ok(())
    }

    /// What is written is as durable as the server's `appendfsync` says.
    async fn flush(&self) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl LogStore for RedisStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>> {
        let text: Option<String> = self.ask(Cmd::hget(&self.keys[1], id.to_string())).await?;
        let entry = text.map(|text| LogEntry::from_json(&text)).transpose()?;
        Ok(entry.filter(|entry| scope.allows(entry)))
    }

    async fn list(&self, query: &LogQuery) -> Result<Page> {
        let ((order, back), from, number) = match query.position {
            Position::After(id) => ((NEWEST, OLDEST), format!("({id}"), 0),
            Position::Before(id) => ((OLDEST, NEWEST), format!("({id}"), 0),
            Position::Number(number) => ((NEWEST, OLDEST), "+".into(), number.max(1)),
            Position::FromOldest(number) => ((OLDEST, NEWEST), "-".into(), number.max(1)),
            _ => ((NEWEST, OLDEST), "+".into(), 0),
        };
        let is_bounded = query.filter.text.is_some() && number == 0;
        let most = if is_bounded { 8 * PIECE } else { usize::MAX };
        let limit = query.limit.clamp(1, LogQuery::MAX_LIMIT);
        let skip = number.saturating_sub(1).saturating_mul(limit.into());
        let walk = (order, from.clone());
        let mut page = self.find(query, walk, (skip, limit as usize, most)).await?;
        if let Some(id) = from.strip_prefix('(') {
            let behind = (back, format!("[{id}"));
            let behind = self.find(query, behind, (0, 1, most)).await?;
            page.has_newer = behind.has_older || !behind.entries.is_empty();
        }
        if order == OLDEST {
            (page.has_older, page.has_newer) = (page.has_newer, page.has_older);
        }
        if let Position::Before(_) = query.position {
            page.entries.reverse();
        }
        Ok(page)
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64> {
        let query = StatsQuery::new(scope.clone()).filter(filter.clone());
        let sums = self.stats(&query).await?;
        Ok(sums.groups.iter().map(|(_, sum)| sum.entries).sum())
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats> {
        let (mut walk, mut sums) = ((OLDEST, "-".to_owned()), query.sums());
        while let Some(piece) = self.next(&mut walk).await? {
            piece.iter().for_each(|entry| sums.add(entry));
        }
        Ok(sums.end())
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.page_of_all = Cost::Answer;
        capabilities.has_many_writers = true;
        capabilities
    }
}

#[async_trait]
impl Retention for RedisStore {
    async fn delete(&self, outdated: &Outdated) -> Result<u64> {
        self.let_go(0, |entry| outdated.matches(entry)).await
    }

    async fn size_bytes(&self) -> Result<u64> {
        let bytes: Option<u64> = self.ask(Cmd::get(&self.keys[2])).await?;
        Ok(bytes.unwrap_or_default())
    }

    async fn shrink(&self, bytes: u64) -> Result<u64> {
        self.let_go(bytes, |_| true).await
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<()> {
        let ids = ids.iter().map(EntryId::to_string).collect();
        self.ask(self.script(HOLD, ids)).await
    }

    async fn release(&self, ids: &[EntryId]) -> Result<()> {
        let ids = ids.iter().map(EntryId::to_string).collect();
        self.ask(self.script(RELEASE, ids)).await
    }

    async fn held(&self) -> Result<Vec<EntryId>> {
        let mut ids: Vec<String> = self.ask(Cmd::smembers(&self.keys[3])).await?;
        ids.sort_by(|a, b| b.cmp(a));
        ids.iter().map(|id| id.parse()).collect()
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure> {
        let (mut walk, mut erasure) = ((OLDEST, "-".to_owned()), Erasure::default());
        while let Some(mut piece) = self.next(&mut walk).await? {
            piece.retain(|entry| matches!(&entry.context.actor, Some(it) if it.id == actor_id));
            for mut entry in piece {
                entry.erase_person();
                let args = vec![entry.id.to_string(), entry.to_json()?];
                match self
                    .ask::<String>(self.script(REPLACE, args))
                    .await?
                    .as_str()
                {
                    "held" => erasure.held += 1,
                    "gone" => {}
                    _ => erasure = erasure.with(&entry),
                }
            }
        }
        Ok(erasure)
    }
}

/// Tells what somebody has to mend. Redis refuses no entry for what is in it, so that all else is worth another try.
fn failed(cause: RedisError) -> Error {
    let error = match cause.code() {
        Some("NOAUTH" | "NOPERM" | "WRONGPASS") => Error::new(ErrorKind::Denied, "Redis denies it"),
        _ => Error::new(ErrorKind::Unavailable, "Redis cannot do it now").retryable(),
    };
    error.with_source(cause)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    tower_api_log::store_conformance!(
        #[ignore = "needs a Redis server; tests/run.sh starts one"]
        {
            let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set");
            let test = std::thread::current().name().unwrap().to_owned();
            let store = RedisStore::connect(&url, &test).await.unwrap();
            store.ask::<()>(Cmd::del(&store.keys)).await.unwrap();
            (store, ())
        }
    );
}
