use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Extensions, Request, Uri};

use crate::annotate::short_context;
use crate::capture::MatchedRoute;
use crate::contain::contain;
use crate::entry::{Actor, Context};
use crate::recorder::Ledger;

/// The address of the connection's other end, for servers other than axum's: put it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

type RouteHook = dyn for<'a> Fn(&'a Extensions) -> Option<Cow<'a, str>> + Send + Sync;
type PeerHook = dyn Fn(&Extensions) -> Option<SocketAddr> + Send + Sync;
type ContextHook = dyn Fn(&Extensions) -> Option<Context> + Send + Sync;

/// Where the target, the route, the peer and the caller of a request are found.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) route: Option<Arc<RouteHook>>,
    pub(super) peer: Option<Arc<PeerHook>>,
    pub(super) context: Option<Arc<ContextHook>>,
}

impl Hooks {
    pub(super) fn route<'a>(
        &self,
        extensions: &'a Extensions,
        ledger: &Ledger,
    ) -> Option<Cow<'a, str>> {
        if let Some(hook) = &self.route {
            let told = contained(ledger, || hook(extensions));
            if told.is_some() {
                return told;
            }
        }
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return Some(Cow::Borrowed(path.as_str()));
        }
        extensions
            .get::<MatchedRoute>()
            .map(|route| Cow::Borrowed(&*route.0))
    }

    pub(super) fn peer(&self, extensions: &Extensions, ledger: &Ledger) -> Option<SocketAddr> {
        if let Some(hook) = &self.peer {
            let told = contained(ledger, || hook(extensions));
            if told.is_some() {
                return told;
            }
        }
        #[cfg(feature = "axum")]
        if let Some(peer) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
            return Some(peer.0);
        }
        extensions.get::<PeerAddr>().map(|peer| peer.0)
    }

    /// Returns what middleware outside of the layer has found out of the caller: by the hook, then as a [`Context`], then as an [`Actor`].
    pub(super) fn context(&self, extensions: &Extensions, ledger: &Ledger) -> Option<Box<Context>> {
        let hook = self.context.as_ref();
        let mapped = hook.and_then(|hook| contained(ledger, || hook(extensions)));
        let (whole, actor) = (extensions.get::<Context>(), extensions.get::<Actor>());
        if mapped.is_none() && whole.is_none() && actor.is_none() {
            return None;
        }
        let context = mapped.unwrap_or_default();
        let mut context = context.or(whole.cloned().unwrap_or_default());
        context.actor = context.actor.or_else(|| actor.cloned());
        Some(Box::new(short_context(context)))
    }
}

/// Returns the target as the client sent it: a nested router of axum's sees a part of the path only.
pub(super) fn target<B>(request: &Request<B>) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(original) = request.extensions().get::<axum::extract::OriginalUri>() {
        return &original.0;
    }
    request.uri()
}

/// Keeps a panic of the application's callback away from the request.
fn contained<T>(ledger: &Ledger, callback: impl FnOnce() -> Option<T>) -> Option<T> {
    contain(callback).unwrap_or_else(|| {
        ledger.callback_panicked();
        None
    })
}
