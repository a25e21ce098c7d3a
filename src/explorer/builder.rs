use std::borrow::Cow;
use std::sync::Arc;

use super::settings::Settings;
use super::{Explorer, Replay, Shared, assets};
use crate::api::LogApi;
use crate::error::Error;

/// An explorer in the making.
#[derive(Debug)]
pub struct Builder {
    api: LogApi,
    settings: Settings,
    replay: Option<Replay>,
}

impl Builder {
    pub(super) fn new(api: LogApi) -> Self {
        Self {
            api,
            settings: Settings::default(),
            replay: None,
        }
    }

    /// Says what the page is called, in 1 to 100 characters: the service's name, say.
    #[must_use]
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.settings.title = Some(title.into());
        self
    }

    /// Links the trace of an exchange: an `http` or `https` address with `{trace_id}` where the 32 hexadecimal digits of the trace's id belong,
    /// behind the host.
    ///
    /// # Example: Jaeger
    ///
    /// ```
    /// # use tower_api_log::{LogApi, MemoryStore, Scope, api::BearerTokens, explorer::Explorer, format::Native};
    /// # let access = BearerTokens::new([("a-token-of-your-own-making", Scope::all())])?;
    /// # let api = LogApi::new(MemoryStore::new()).format(Native).access(access).build()?;
    /// let explorer = Explorer::new(api).trace_link("https://traces.example.com/trace/{trace_id}");
    /// # explorer.build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    #[must_use]
    pub fn trace_link(mut self, template: impl Into<Cow<'static, str>>) -> Self {
        self.settings.trace_link = Some(template.into());
        self
    }

    /// Names a module of the application's own, by its path on the same origin, which tells the page how to ask as the application's own session: it
    /// exports `async function headers()`, and what that returns, an object of header fields, goes along with every question.
    ///
    /// Cookies of the same origin go along without it.
    #[must_use]
    pub fn session_module(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.settings.session_module = Some(path.into());
        self
    }

    /// Lets readers send a recorded request once more, through the application's own service. Not offered by default.
    #[must_use]
    pub fn replay(mut self, replay: Replay) -> Self {
        self.settings.replay = Some(replay.told());
        self.replay = Some(replay);
        self
    }

    /// Builds the service.
    ///
    /// # Errors
    ///
    /// A configuration error when the API does not serve the format [`Native`](crate::format::Native), which the page reads, and when a setting is not of the
    /// form told at its method.
    pub fn build(self) -> Result<Explorer, Error> {
        if !self.api.serves("/api-log/v1/entries") {
            return Err(Error::configuration(
                "the explorer reads the format Native, which the API does not serve",
            ));
        }
        self.settings.check()?;
        let page = self.settings.page(assets::page());
        Ok(Explorer {
            shared: Arc::new(Shared {
                page: page.into(),
                assets: assets::served(),
                api: self.api,
                replay: self.replay,
            }),
        })
    }

    /// Builds the service and turns it into a router; see [`Explorer::into_router`]. Needs the feature `axum`.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    #[cfg(feature = "axum")]
    pub fn into_router(self) -> Result<axum::Router, Error> {
        Ok(self.build()?.into_router())
    }
}
