//! What `Debug` says of a question: which fields it has, with numbers, times, ids of entries and kinds, and how long its texts are.

use std::fmt;

use super::filter::Filter;
use super::scope::Scope;
use crate::elided::Elided;

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart field by field, so that a new one is a compile error and not one that is printed or passed over.
        let Self {
            from,
            to,
            methods,
            statuses,
            paths,
            routes,
            actors,
            actor_kinds,
            sessions,
            api_keys,
            organisations,
            projects,
            environments,
            client_ips,
            user_agents,
            request_ids,
            api_versions,
            kinds,
            outcomes,
            min_micros,
            max_micros,
            categories,
            actions,
            ref_ids,
            exchanges,
            text,
            nothing,
        } = self;
        let facts: [(&str, bool, &dyn fmt::Debug); 10] = [
            ("from", from.is_some(), from),
            ("to", to.is_some(), to),
            ("statuses", !statuses.is_empty(), statuses),
            ("actor_kinds", !actor_kinds.is_empty(), actor_kinds),
            ("kinds", !kinds.is_empty(), kinds),
            ("outcomes", !outcomes.is_empty(), outcomes),
            ("min_micros", min_micros.is_some(), min_micros),
            ("max_micros", max_micros.is_some(), max_micros),
            ("exchanges", !exchanges.is_empty(), exchanges),
            ("nothing", *nothing, nothing),
        ];
        let paths = paths.iter().map(|it| it.as_str().to_owned());
        let texts: [(&str, &[String]); 15] = [
            ("methods", methods),
            ("paths", &paths.collect::<Vec<_>>()),
            ("routes", routes),
            ("actors", actors),
            ("sessions", sessions),
            ("api_keys", api_keys),
            ("organisations", organisations),
            ("projects", projects),
            ("environments", environments),
            ("user_agents", user_agents),
            ("request_ids", request_ids),
            ("api_versions", api_versions),
            ("categories", categories),
            ("actions", actions),
            ("ref_ids", ref_ids),
        ];
        let mut out = f.debug_struct("Filter");
        for (name, is_set, fact) in facts {
            if is_set {
                out.field(name, fact);
            }
        }
        for (name, texts) in texts {
            if !texts.is_empty() {
                out.field(name, &Elided::each(texts));
            }
        }
        if !client_ips.is_empty() {
            out.field("client_ips", &client_ips.len());
        }
        if let Some(text) = text {
            out.field("text", &Elided::of(text));
        }
        out.finish()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(self.as_filter()).finish()
    }
}
