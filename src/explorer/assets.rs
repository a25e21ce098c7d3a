//! The files of the page, embedded.

use http::HeaderValue;

use crate::api::etag;

/// Lists the files of the folder `assets`. A file that is added there is added here.
macro_rules! assets {
    ($($name:literal,)*) => {
        &[$(Asset { name: $name, text: include_str!(concat!("assets/", $name)) },)*]
    };
}

#[rustfmt::skip]
pub(super) const ASSETS: &[Asset] = assets![
    "body.js",
    "columns.js",
    "comparison.js",
    "copy_as.js",
    "diff.js",
    "dom.js",
    "event.js",
    "exchange.css",
    "exchange.js",
    "export.js",
    "file_source.js",
    "har.js",
    "har_reader.js",
    "icon.svg",
    "index.html",
    "keys.js",
    "ledger.js",
    "list.js",
    "live.js",
    "main.js",
    "masks.js",
    "menu.js",
    "nodes.js",
    "pane.js",
    "query.js",
    "replay.js",
    "request.js",
    "rows.js",
    "search_box.js",
    "shell.js",
    "sign_in.js",
    "snippets.js",
    "source.js",
    "state.js",
    "states.js",
    "stream.js",
    "style.css",
    "sums.js",
    "time.js",
    "timeline.js",
    "tops.js",
    "words.js",
];

/// The page itself, which is served where the others are not.
pub(super) const PAGE: &str = "index.html";

/// A file of the page.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

/// A file as it is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) asset: &'static Asset,
    pub(super) etag: Option<HeaderValue>,
}

impl Asset {
    /// Returns the media type, by the end of the name.
    pub(super) fn content_type(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

/// Returns the files that the page asks for, with their tags.
pub(super) fn served() -> Vec<Served> {
    let others = ASSETS.iter().filter(|asset| asset.name != PAGE);
    let served = others.map(|asset| Served {
        asset,
        etag: etag(asset.text.as_bytes()),
    });
    served.collect()
}

/// Returns the text of the page, before its settings are put in.
pub(super) fn page() -> &'static str {
    let page = ASSETS.iter().find(|asset| asset.name == PAGE);
    page.map_or("", |asset| asset.text)
}
