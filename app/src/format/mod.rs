//! Numbers and times in words. Pure: the same text on the server and in the browser, whatever the locale.

mod number;
mod time;

pub use number::{MISSING, bytes, count, millis, number, percent, rate, utilisation};
pub use time::{age, age_between, clock, date_time, duration, iso};
