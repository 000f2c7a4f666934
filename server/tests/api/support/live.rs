use model::Frame;
use reqwest::{Method, Response};

use super::{Browser, SOON};

/// Reads server-sent events.
pub(crate) struct LiveEvents {
    answer: Response,
    text: String,
}

/// One event: its id and its data.
pub(crate) struct LiveEvent {
    pub(crate) id: String,
    pub(crate) frame: Frame,
}

impl LiveEvents {
    pub(crate) async fn open(browser: &Browser, path: &str, last: Option<&str>) -> Self {
        let mut request = browser
            .bare(Method::GET, path)
            .header("sec-fetch-site", "same-origin")
            .header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            text: String::new(),
        }
    }

    /// The next block up to its empty line; `None` when the stream has ended.
    pub(crate) async fn block(&mut self) -> Option<String> {
        tokio::time::timeout(SOON, async {
            loop {
                if let Some((block, rest)) = self.text.split_once("\n\n") {
                    let block = block.to_owned();
                    self.text = rest.into();
                    return Some(block);
                }
                let chunk = self.answer.chunk().await.ok()??;
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        })
        .await
        .expect("something is sent")
    }

    /// The next frame, comments skipped; `None` when the stream has ended.
    pub(crate) async fn event(&mut self) -> Option<LiveEvent> {
        loop {
            let block = self.block().await?;
            let Some((id, data)) = block.strip_prefix("id: ").and_then(|b| b.split_once("\ndata: ")) else {
                continue;
            };
            return Some(LiveEvent {
                id: id.to_owned(),
                frame: serde_json::from_str(data).unwrap(),
            });
        }
    }

    /// Reads until the server ends the stream.
    pub(crate) async fn ends(mut self) {
        let end = async { while self.block().await.is_some() {} };
        tokio::time::timeout(SOON, end).await.expect("the stream ends");
    }
}
