//! What the metrics APIs say: the figures of pods, and the custom and external metrics that HPAs ask for.

mod custom;
mod figures;
mod names;

use std::{sync::Arc, time::Duration};

use control::ports::cluster::{CustomValue, MetricQuestion};
use futures::{StreamExt, stream};
use tokio::time::Instant;

use self::names::Names;
use super::{
    Inner,
    api::Fault,
    probe,
    store::{Custom, Figures},
};

/// Questions that are asked at the same time.
const AT_ONCE: usize = 8;
/// Between two rounds when what is wanted changes all the time.
const ROUND_EVERY: Duration = Duration::from_secs(1);
/// Figures of an earlier round may stand in for so long while the API does not answer; each carries its time.
const STAND_IN: Duration = Duration::from_secs(60);

pub(super) async fn run(inner: Arc<Inner>) {
    let mut wanted = inner.wanted.subscribe();
    let mut names = Names::default();
    let mut last_good: Option<(Instant, Figures)> = None;
    loop {
        let began = Instant::now();
        let mut busy = None;
        match figures::read(&inner).await {
            Ok(figures) => {
                let figures: Figures = Ok(Arc::new(figures));
                last_good = Some((began, figures.clone()));
                inner.store.set_figures(figures);
            }
            Err(fault) => {
                busy = fault.retry_after();
                let is_final = matches!(fault.code(), Some(401 | 403 | 404));
                let stands_in = last_good.as_ref().is_some_and(|(at, _)| at.elapsed() < STAND_IN);
                if is_final || !stands_in {
                    inner.store.set_figures(Err(figures::words(&fault, &inner).into()));
                }
            }
        }
        let questions = wanted.borrow_and_update().clone();
        if busy.is_none() {
            let (answers, asked) = ask_all(&inner, &questions, &mut names).await;
            busy = asked;
            inner.store.set_custom(answers);
        }
        let pause = inner.config.timing.figures_every.max(busy.unwrap_or_default());
        tokio::select! {
            () = tokio::time::sleep_until(began + pause) => {}
            Ok(()) = wanted.changed(), if busy.is_none() => tokio::time::sleep_until(began + ROUND_EVERY.min(pause)).await,
        }
    }
}

/// All answers, and how long the API server asks to wait.
async fn ask_all(inner: &Inner, questions: &[MetricQuestion], names: &mut Names) -> (Custom, Option<Duration>) {
    let max = inner.config.bounds.questions;
    let (asked, too_many) = questions.split_at(questions.len().min(max));
    for question in asked {
        names.learn(inner, question).await;
    }
    let names = &*names;
    let answers: Vec<_> = stream::iter(asked.to_vec())
        .map(|question| async move {
            let answer = custom::ask(inner, names, &question).await;
            (question, answer)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let busy = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()?.retry_after()).max();
    let in_words = |(question, answer): (MetricQuestion, Result<CustomValue, Fault>)| {
        let answer = answer.map_err(|fault| custom::words(&fault, &question, inner).into());
        (question, answer)
    };
    let mut custom: Custom = answers.into_iter().map(in_words).collect();
    let refused = |question: &MetricQuestion| (question.clone(), Err(format!("at most {max} metrics are read").into()));
    custom.extend(too_many.iter().map(refused));
    (custom, busy)
}

/// The reason in words, for what is not refused by a rule.
fn plain(fault: &Fault, inner: &Inner) -> String {
    probe::words(fault, &inner.api)
}
