use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, handshake::client::Response, protocol::frame::coding::CloseCode},
};

use crate::support::{Instance, long_plan, plan, start, start_with, until};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(instance: &Instance, path: &str) -> Result<(Socket, Response), Error> {
    connect_async(format!("ws://{}{path}", instance.address)).await
}

async fn taken(instance: &Instance, body: &Value) -> String {
    let taken = instance.post("/simulations", body).await;
    format!("{}/progress", taken.headers()["location"].to_str().unwrap())
}

/// All messages, and how it was closed.
async fn told(mut socket: Socket) -> (Vec<Value>, Option<CloseCode>) {
    let mut messages = vec![];
    while let Some(message) = socket.next().await {
        match message.unwrap() {
            Message::Text(text) => messages.push(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => return (messages, frame.map(|f| f.code)),
            other => panic!("{other:?}"),
        }
    }
    (messages, None)
}

#[track_caller]
fn is_a_whole_story(messages: &[Value]) {
    let shares: Vec<f64> = messages.iter().map(|m| m["progress"].as_f64().unwrap()).collect();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
    let (last, before) = messages.split_last().unwrap();
    assert_eq!(last["state"], "done");
    assert!(last["result"]["success_rate"].is_f64());
    assert!(before.iter().all(|m| m["state"] != "done" && m["result"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_until_the_end_and_then_closed() {
    let instance = start().await;
    let path = taken(&instance, &plan(60_000, 100)).await;
    let (socket, response) = open(&instance, &path).await.unwrap();
    assert_eq!(response.headers()["x-instance"], "sample-7");
    assert!(response.headers().contains_key("endpoint-load-metrics"));
    let (messages, code) = told(socket).await;
    is_a_whole_story(&messages);
    assert!(messages.len() > 2, "more than the beginning and the end: {}", messages.len());
    assert_eq!(code, Some(CloseCode::Normal));
    until("the connection is forgotten", async || {
        instance.metric("sample_websockets_open").await < 0.5
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_simulation_is_told_at_once() {
    let instance = start().await;
    let done: Value = instance.post("/simulations?wait=true", &plan(100, 10)).await.json().await.unwrap();
    let (socket, _) = open(&instance, &format!("/simulations/{}/progress", done["id"].as_str().unwrap()))
        .await
        .unwrap();
    let (messages, _) = told(socket).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0], done);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_can_run_and_follow_a_simulation() {
    let instance = start().await;
    let (socket, _) = open(&instance, "/simulate/progress?scenarios=20000&years=60&seed=5").await.unwrap();
    is_a_whole_story(&told(socket).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_that_belongs_to_a_connection_ends_with_it() {
    let instance = start().await;
    let (mut socket, _) = open(&instance, "/simulate/progress?scenarios=200000&years=100").await.unwrap();
    socket.next().await.unwrap().unwrap();
    drop(socket);
    until("it is cancelled", async || {
        instance.metric("sample_simulations_total{outcome=\"cancelled\"}").await > 0.5
    })
    .await;
    until("nothing is open", async || instance.metric("sample_websockets_open").await < 0.5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_leaves_does_not_end_the_simulation_of_others() {
    let instance = start().await;
    let path = taken(&instance, &plan(60_000, 100)).await;
    let (mut leaver, _) = open(&instance, &path).await.unwrap();
    let (stayer, _) = open(&instance, &path).await.unwrap();
    leaver.next().await.unwrap().unwrap();
    drop(leaver);
    is_a_whole_story(&told(stayer).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_answered_before_the_upgrade() {
    let instance = start_with(|config| config.max_websockets = 1).await;
    let status = |result: Result<_, Error>| match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    };
    assert_eq!(status(open(&instance, "/simulations/nobody/progress").await), 404);
    assert_eq!(status(open(&instance, "/simulate/progress?years=0").await), 422);
    let path = taken(&instance, &long_plan()).await;
    let (held, _) = open(&instance, &path).await.unwrap();
    assert_eq!(status(open(&instance, &path).await), 503);
    drop(held);
    until("the place is free again", async || open(&instance, &path).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_instance_closes_the_connections() {
    let instance = start().await;
    let path = taken(&instance, &long_plan()).await;
    let (mut socket, _) = open(&instance, &path).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let (stopped, (_, code)) = tokio::join!(instance.stop(), told(socket));
    stopped.unwrap();
    // The end of the simulation and the stop race; either is told properly.
    assert!(matches!(code, Some(CloseCode::Away | CloseCode::Normal)), "{code:?}");
}
