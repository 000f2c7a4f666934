//! Sends one request and counts how it ended.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use reqwest::{Client, Response, Url, redirect::Policy};
use serde_json::json;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::{connect_async_with_config, tungstenite, tungstenite::protocol::WebSocketConfig};
use tokio_util::sync::CancellationToken;

use super::{
    TrafficConfig, TrafficError,
    mix::{Request, Work},
    tally::{Counters, Ended},
};

/// Idle connections kept to the target; at 50 requests/s few are ever used.
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Largest answer that is read; a simulation takes 400 bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// Longest time a simulation is followed.
const FOLLOW_MAX: Duration = Duration::from_mins(1);
/// Money asked about. The work does not depend on it much.
const STARTING_PORTFOLIO: f64 = 1_000_000.0;
const MONTHLY_SPENDING: f64 = 4_000.0;

#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    base: String,
    timeout: Duration,
    counters: Arc<Counters>,
    stop: CancellationToken,
}

impl Sender {
    pub(super) fn new(config: &TrafficConfig, counters: Arc<Counters>) -> Result<Self, TrafficError> {
        let invalid = |reason: String| TrafficError::Target {
            target: config.target.chars().take(200).collect(),
            reason,
        };
        let url = Url::parse(&config.target).map_err(|error| invalid(error.to_string()))?;
        if url.scheme() != "http" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("it has another scheme, or a query".to_owned()));
        }
        let client = Client::builder()
            .user_agent(concat!("evenkeel-traffic/", env!("CARGO_PKG_VERSION")))
            // The target is the balancer, whatever proxy the environment names.
            .no_proxy()
            .redirect(Policy::none())
            .timeout(config.request_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build()?;
        Ok(Self {
            client,
            base: url.as_str().trim_end_matches('/').to_owned(),
            timeout: config.request_timeout,
            counters,
            stop: CancellationToken::new(),
        })
    }

    /// Ends what is under way.
    pub(super) fn give_up(&self) {
        self.stop.cancel();
    }

    pub(super) async fn send(&self, request: Request) {
        self.counters.sent(matches!(request, Request::Follow(_)));
        let given_up = self.stop.cancelled();
        tokio::select! {
            () = given_up => self.counters.ended(&Ended::Unanswered("the generator stopped")),
            () = self.exchange(request) => {}
        }
    }

    async fn exchange(&self, request: Request) {
        if let Request::Follow(work) = request {
            return match self.follow(work).await {
                Ok(status) => self.counters.ended(&Ended::Status(status)),
                Err(why) => self.counters.ended(&Ended::Unanswered(&why)),
            };
        }
        let base = &self.base;
        let builder = match request {
            Request::Simulate(Work { scenarios, years, seed }) => self
                .client
                .get(format!("{base}/simulate?scenarios={scenarios}&years={years}&seed={seed}")),
            Request::Post(Work { scenarios, years, seed }) => self.client.post(format!("{base}/simulations?wait=true")).json(&json!({
                "starting_portfolio": STARTING_PORTFOLIO,
                "monthly_spending": MONTHLY_SPENDING,
                "n_scenarios": scenarios,
                "years": years,
                "seed": seed,
            })),
            Request::Home | Request::Follow(_) => self.client.get(format!("{base}/")),
        };
        let begun = Instant::now();
        let answered = match builder.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                read(response).await.map(|()| status)
            }
            Err(error) => Err(error),
        };
        match answered {
            Ok(status) => {
                self.counters.waited(begun.elapsed());
                self.counters.ended(&Ended::Status(status));
            }
            Err(error) => self.counters.ended(&Ended::Unanswered(&causes(&error))),
        }
    }

    /// 200 when the simulation was told to its end, else the status that refused the WebSocket.
    async fn follow(&self, Work { scenarios, years, seed }: Work) -> Result<u16, String> {
        let base = self.base.replacen("http", "ws", 1);
        let url = format!("{base}/simulate/progress?scenarios={scenarios}&years={years}&seed={seed}");
        let limits = WebSocketConfig::default()
            .max_message_size(Some(ANSWER_MAX_BYTES))
            .max_frame_size(Some(ANSWER_MAX_BYTES));
        let connected = timeout(self.timeout, connect_async_with_config(url, Some(limits), true)).await;
        let mut socket = match connected.map_err(|_| "the WebSocket was not accepted in time".to_owned())? {
            Ok((socket, _)) => socket,
            Err(tungstenite::Error::Http(response)) => return Ok(response.status().as_u16()),
            Err(error) => return Err(error.to_string()),
        };
        let told = async {
            loop {
                match socket.next().await {
                    Some(Ok(tungstenite::Message::Close(Some(frame))))
                        if frame.code == tungstenite::protocol::frame::coding::CloseCode::Normal =>
                    {
                        return Ok(200);
                    }
                    Some(Ok(tungstenite::Message::Close(_))) | None => return Err("the WebSocket ended early".to_owned()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.to_string()),
                }
            }
        };
        timeout(FOLLOW_MAX, told)
            .await
            .map_err(|_| "the simulation took too long".to_owned())?
    }
}

/// Reads and forgets, so that the connection can be used again.
async fn read(mut response: Response) -> Result<(), reqwest::Error> {
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await? {
        bytes += chunk.len();
        if bytes > ANSWER_MAX_BYTES {
            break;
        }
    }
    Ok(())
}

/// The error with what caused it: the outermost alone says only that sending failed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
