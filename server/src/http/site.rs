//! The browser's files, made by `cargo xtask site`: hashed names, so they may be kept for ever, and compressed beforehand.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use app::Assets;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use tower_http::services::{ServeDir, ServeFile};

use super::Console;

/// Written beside the files: logical name → path with hash.
const MANIFEST: &str = "manifest.json";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error("console.site_root: {path} holds no {MANIFEST} ({why}); build the browser's files with `cargo xtask site`")]
    Missing { path: String, why: String },
    #[error("{path} is not a manifest ({why}); build the browser's files again with `cargo xtask site`")]
    Unreadable { path: String, why: String },
}

/// Where the files are, and their names.
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
    assets: Assets,
}

impl Site {
    /// The configured directory must hold a site. Without one, `site` beside the executable or one directory above it is taken when it
    /// is there; pages then work without style and script otherwise, and the log says so.
    ///
    /// # Errors
    /// [`SiteError`] for a configured directory without a manifest, or a manifest that cannot be read.
    pub fn open(configured: Option<&Path>, program: &Path) -> Result<Self, SiteError> {
        if let Some(root) = configured {
            return Self::read(root);
        }
        let beside = program.parent().unwrap_or(Path::new("."));
        let places = [beside.join("site"), beside.join("../site")];
        if let Some(root) = places.iter().find(|root| root.join(MANIFEST).is_file()) {
            return Self::read(root);
        }
        tracing::warn!(
            looked_in = %beside.display(),
            "the browser's files are not built; pages work without style and script until `cargo xtask site` has run"
        );
        Ok(Self {
            root: places[0].clone(),
            assets: Assets::default(),
        })
    }

    fn read(root: &Path) -> Result<Self, SiteError> {
        let path = root.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|e| SiteError::Missing {
            path: root.display().to_string(),
            why: e.to_string(),
        })?;
        let mut names: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|e| SiteError::Unreadable {
            path: path.display().to_string(),
            why: e.to_string(),
        })?;
        let mut take = |name: &str| names.remove(name).unwrap_or_default();
        let assets = Assets {
            app_js: take("app.js"),
            app_wasm: take("app.wasm"),
            app_css: take("app.css"),
            charts_js: take("charts.js"),
            favicon: take("favicon.svg"),
        };
        Ok(Self {
            root: root.to_owned(),
            assets,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.assets
    }
}

/// `/pkg/*` and `/favicon.svg`.
pub(super) fn routes(site: &Site) -> Router<Console> {
    let files = ServeDir::new(site.root.join("pkg")).precompressed_br().precompressed_gzip();
    let favicon = site.assets.favicon.trim_start_matches('/');
    let favicon = ServeFile::new(site.root.join(if favicon.is_empty() { "favicon.svg" } else { favicon }));
    Router::new()
        .nest_service("/pkg", files)
        .layer(middleware::from_fn(|request, next| keep(request, next, FOR_EVER)))
        .merge(
            Router::new()
                .route_service("/favicon.svg", favicon)
                .layer(middleware::from_fn(|request, next| keep(request, next, FOR_A_DAY))),
        )
}

/// Only what was found may be kept: a 404 today can be a file after the next build.
async fn keep(request: Request, next: Next, how_long: HeaderValue) -> Response {
    let mut response = next.run(request).await;
    if matches!(
        response.status(),
        StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT
    ) {
        response.headers_mut().insert(header::CACHE_CONTROL, how_long);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_the_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(MANIFEST),
            r#"{"app.js":"/pkg/app.1.js","app.css":"/pkg/app.2.css","more":"/x"}"#,
        )
        .unwrap();
        let site = Site::open(Some(dir.path()), Path::new("/nowhere/evenkeel")).unwrap();
        assert_eq!(
            (
                site.assets.app_js.as_str(),
                site.assets.app_css.as_str(),
                site.assets.app_wasm.as_str()
            ),
            ("/pkg/app.1.js", "/pkg/app.2.css", "")
        );
    }

    #[test]
    fn a_configured_directory_must_hold_a_site() {
        let dir = tempfile::tempdir().unwrap();
        let error = Site::open(Some(dir.path()), Path::new("/x")).unwrap_err().to_string();
        assert!(error.contains("console.site_root") && error.contains("cargo xtask site"), "{error}");
        std::fs::write(dir.path().join(MANIFEST), "no").unwrap();
        assert!(matches!(
            Site::open(Some(dir.path()), Path::new("/x")),
            Err(SiteError::Unreadable { .. })
        ));
        assert!(Site::open(None, &dir.path().join("bin/evenkeel")).unwrap().assets.app_js.is_empty());
    }
}
