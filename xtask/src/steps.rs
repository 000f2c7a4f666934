//! Headings with elapsed seconds, so that a person sees what is going on and what it costs.

use std::time::Instant;

/// Prints a heading, does the work, prints how long it took.
pub(crate) fn step<T, E>(title: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    println!("\n==> {title}");
    let started = Instant::now();
    let result = work();
    let seconds = started.elapsed().as_secs_f64();
    println!("    {} in {seconds:.1} s", if result.is_ok() { "done" } else { "FAILED" });
    result
}

/// One line below a heading.
pub(crate) fn note(text: impl AsRef<str>) {
    println!("    {}", text.as_ref());
}
