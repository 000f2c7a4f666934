use model::scaling::ScalingPreset;

/// Its name, and what it is for.
pub const fn preset(preset: ScalingPreset) -> (&'static str, &'static str) {
    match preset {
        ScalingPreset::Production => (
            "Production",
            "3 to 20; CPU 70 %, memory 80 %, GPU 75 %, 8 sessions; up by at most 2 a minute, down after 15 min",
        ),
        ScalingPreset::Staging => ("Staging", "2 to 10; CPU 75 %, memory 85 %; up from 85 %, down from 40 %"),
        ScalingPreset::Development => ("Development", "1 to 3; CPU 80 %, memory 90 %; up from 90 %, down from 50 %"),
        ScalingPreset::Balanced => ("Balanced", "2 to 10; CPU up from 70 % after 60 s, down from 40 % after 300 s"),
        ScalingPreset::QueueWorker => (
            "Queue worker",
            "5 to 50; 10 waiting per worker, 60 s a job, CPU 80 %; down by 1 in 180 s",
        ),
        ScalingPreset::RateLimitedGateway => (
            "Rate-limited API",
            "2 to 10; 50 waiting, CPU 60 %, failures 5 %; up by 2 in 60 s, down by 1 in 180 s",
        ),
    }
}
