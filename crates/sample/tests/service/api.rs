use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{long_plan, plan, start, start_with, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_is_taken_computed_and_shown() {
    let instance = start().await;
    let taken = instance.post("/simulations", &plan(2_000, 30)).await;
    assert_eq!(taken.status(), StatusCode::ACCEPTED);
    let place = taken.headers()["location"].to_str().unwrap().to_owned();
    let told: Value = taken.json().await.unwrap();
    assert_eq!(place, format!("/simulations/{}", told["id"].as_str().unwrap()));
    until("the simulation is done", async || {
        instance.get_json(&place).await["state"] == "done"
    })
    .await;
    let shown = instance.get_json(&place).await;
    assert_eq!(shown["progress"], 1.0);
    assert_eq!(shown["instance"], "sample-7");
    assert_eq!(
        shown["request"],
        json!({"starting_portfolio": 1e6, "monthly_spending": 1e3, "n_scenarios": 2_000, "years": 30, "seed": 42})
    );
    let wealth = &shown["result"]["final_wealth"];
    assert!(
        wealth["p5"].as_f64() < wealth["p50"].as_f64() && wealth["p50"].as_f64() < wealth["p95"].as_f64(),
        "{shown}"
    );
    instance.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_answers_with_the_result_and_the_same_seed_gives_the_same_on_every_instance() {
    let (one, other) = (start().await, start_with(|config| config.workers = 3).await);
    let mut results = vec![];
    for instance in [&one, &other] {
        let answer = instance.post("/simulations?wait=true", &plan(3_000, 40)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        results.push(answer.json::<Value>().await.unwrap()["result"].clone());
    }
    assert_eq!(results[0], results[1]);
    let quick = "/simulate?scenarios=3000&years=40&seed=42&monthly_spending=1000";
    assert_eq!(
        one.get("/simulate").await.text().await.unwrap(),
        other.get("/simulate").await.text().await.unwrap()
    );
    assert_eq!(one.get_json(quick).await["result"], results[0], "both doors compute the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_seed_one_is_chosen_and_told() {
    let instance = start().await;
    let mut body = plan(500, 20);
    body.as_object_mut().unwrap().remove("seed");
    let first: Value = instance.post("/simulations?wait=true", &body).await.json().await.unwrap();
    let chosen = first["request"]["seed"].as_u64().unwrap();
    assert!(chosen < 1 << 53);
    body["seed"] = json!(chosen);
    let again: Value = instance.post("/simulations?wait=true", &body).await.json().await.unwrap();
    assert_eq!(first["result"], again["result"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_answered_with_the_field_as_a_problem() {
    let instance = start().await;
    let mut wrong = plan(1_000, 30);
    wrong["years"] = json!(1_000);
    let mut unknown = plan(1_000, 30);
    unknown["<b>colour</b>"] = json!("red");
    for (path, body, status, field) in [
        ("/simulations", wrong, 422, "years"),
        ("/simulations", unknown, 422, "<b>colour</b>"),
        ("/simulations", json!({}), 422, "starting_portfolio"),
        ("/simulations?wait=maybe", plan(10, 1), 422, "wait"),
        ("/simulations?later=1", plan(10, 1), 422, "later"),
    ] {
        let answer = instance.post(path, &body).await;
        assert_eq!(answer.status(), status, "{path} {body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.headers().contains_key("endpoint-load-metrics"));
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            (&problem["field"], &problem["status"]),
            (&json!(field), &json!(status)),
            "{problem}"
        );
        assert!(problem["detail"].as_str().unwrap().starts_with(field));
    }
    assert_eq!(instance.get_json("/simulate?scenarios=0").await["field"], "scenarios");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_that_is_wrong_is_a_problem_too() {
    let instance = start().await;
    let post = |content: &'static str, body: String| {
        let request = instance.client.post(instance.url("/simulations")).header("content-type", content);
        async move { request.body(body).send().await.unwrap() }
    };
    let answers = [
        (post("application/json", "{".into()).await, 400),
        (post("application/json", "[]".into()).await, 422),
        (post("application/json", "{\"seed\":".to_owned() + &"[".repeat(10_000)).await, 400),
        (post("text/plain", "{}".into()).await, 415),
        // One byte more than it takes, so that no unread rest breaks the connection off while we are still writing.
        (post("application/json", " ".repeat(16 * 1024 + 1)).await, 413),
        (instance.get("/nothing").await, 404),
        (instance.get("/simulations/unknown").await, 404),
        (instance.get("/simulations/%ff").await, 400),
        (instance.get("/simulations").await, 405),
        (instance.get("/simulate/progress").await, 400),
    ];
    for (answer, status) in answers {
        assert_eq!(answer.status(), status, "{}", answer.url());
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{}", answer.url());
        assert_eq!(answer.headers()["x-instance"], "sample-7");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_finished_simulations_go_first() {
    let instance = start_with(|config| config.max_kept = 3).await;
    let mut ids = vec![];
    for _ in 0..8 {
        let answer: Value = instance.post("/simulations?wait=true", &plan(10, 1)).await.json().await.unwrap();
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    for (index, id) in ids.iter().enumerate() {
        let expected = if index < 5 { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(instance.get(&format!("/simulations/{id}")).await.status(), expected, "{index}");
    }
    assert!((instance.metric("sample_simulations_kept").await - 3.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_come_back_later_while_health_answers() {
    let instance = start_with(|config| config.max_active = 2).await;
    let mut places = vec![];
    for _ in 0..2 {
        let taken = instance.post("/simulations", &long_plan()).await;
        places.push(taken.headers()["location"].to_str().unwrap().to_owned());
    }
    for refused in [instance.post("/simulations", &plan(10, 1)).await, instance.get("/simulate").await] {
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "1");
    }
    assert_eq!(instance.get("/health").await.status(), StatusCode::OK);
    for place in &places {
        let state = instance.get_json(place).await["state"].clone();
        assert!(
            state == "running" || state == "queued",
            "health was answered while the only worker was busy: {state}"
        );
    }
    assert!((instance.metric("sample_simulations_total{outcome=\"refused\"}").await - 2.0).abs() < f64::EPSILON);
    instance.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_simulation_does_not_wait_for_a_large_one() {
    let instance = start().await;
    let taken = instance.post("/simulations", &long_plan()).await;
    let place = taken.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(instance.get("/simulate?scenarios=50&years=1").await.status(), StatusCode::OK);
    assert_ne!(instance.get_json(&place).await["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_what_it_waited_for() {
    let instance = start().await;
    let waiting = tokio::spawn(
        instance
            .client
            .post(instance.url("/simulations?wait=true"))
            .json(&long_plan())
            .send(),
    );
    until("it runs", async || instance.metric("sample_simulations_running").await > 0.5).await;
    waiting.abort();
    until("it is cancelled", async || {
        instance.metric("sample_simulations_total{outcome=\"cancelled\"}").await > 0.5
    })
    .await;
    until("nothing runs", async || instance.metric("sample_simulations_running").await < 0.5).await;
    assert_eq!(instance.get("/simulate").await.status(), StatusCode::OK, "the worker is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_what_runs() {
    let instance = start().await;
    assert_eq!(instance.post("/simulations", &long_plan()).await.status(), StatusCode::ACCEPTED);
    let waiting = tokio::spawn(
        instance
            .client
            .post(instance.url("/simulations?wait=true"))
            .json(&long_plan())
            .send(),
    );
    until("both run", async || instance.metric("sample_simulations_running").await > 1.5).await;
    instance.stop().await.unwrap();
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "the client that waited gets an answer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_it_is_to_people_and_to_programs() {
    let instance = start().await;
    assert_eq!(instance.get_json("/").await["instance"], "sample-7");
    let page = instance
        .client
        .get(instance.url("/"))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("<h1>sample-7</h1>"));
    assert_eq!(instance.get_json("/health").await["status"], "ok");
}
