//! `POST /api/doctor`.

use model::{
    Role,
    cluster::{DoctorAnswer, FindingCode},
};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{TestApp, on_both_databases};

on_both_databases!(manifests_are_examined_for_who_is_signed_in);

const TWO: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, \
                   kind: Deployment, name: web}\n  minReplicas: 4\n  maxReplicas: 4\n";

async fn manifests_are_examined_for_who_is_signed_in(app: TestApp) {
    let browser = app.signed_in("vic", Role::Viewer).await;
    let send = async |browser: &crate::support::Browser, kind: &str, body: Vec<u8>| {
        let request = browser.bare(Method::POST, "/api/doctor").header("origin", app.url());
        request.header("content-type", kind).body(body).send().await.unwrap()
    };
    let answer = send(&browser, "text/yaml; charset=utf-8", TWO.into()).await;
    assert_eq!(answer.status(), 200);
    let told: DoctorAnswer = answer.json().await.unwrap();
    assert_eq!(told.documents[0].findings[0].code, FindingCode::MinIsMax);

    // As large as it may be, which is more than every other body.
    let padded = format!("{TWO}#{}", "x".repeat(DoctorAnswer::INPUT_MAX_BYTES - TWO.len() - 1));
    assert_eq!(send(&browser, "text/yaml", padded.into_bytes()).await.status(), 200);
    assert_eq!(send(&browser, "image/png", TWO.into()).await.status(), 415);
    assert_eq!(send(&browser, "text/yaml", vec![0xff, 0xfe]).await.status(), 400);
    assert_eq!(send(&app.visitor(), "text/yaml", TWO.into()).await.status(), 401);

    // One byte more is refused before any of it is sent.
    let host = app.url().replace("http://", "");
    let mut socket = TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /api/doctor HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncontent-type: text/yaml\r\ncontent-length: {}\r\n\r\n",
        DoctorAnswer::INPUT_MAX_BYTES + 1
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    socket.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
}
