//! Owns the Management API's rate limit: a bucket of requests that fills with time, and the headers that tell about it.
//! Refuses to slow anybody down by itself: what is over the limit is answered 429.

use std::time::Instant;

use jiff::Timestamp;

use super::problem::Problem;
use crate::sandbox::web::Reply;

/// How long the limit lasts when it is reached by a fault (seconds).
pub(super) const HOUR: i64 = 3600;

/// A token bucket.
pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    level: f64,
    filled: Instant,
}

/// What the bucket says about one request.
pub(super) struct Taken {
    /// Whether the request is within the limit.
    pub(super) granted: bool,
    limit: f64,
    remaining: f64,
    reset: i64,
}

impl Bucket {
    /// The free plan's figures, or those of a large plan.
    pub(super) fn new(free_plan: bool) -> Self {
        let (burst, per_second) = if free_plan { (2.0, 2.0) } else { (50.0, 16.0) };
        Self { burst, per_second, level: burst, filled: Instant::now() }
    }

    pub(super) fn take(&mut self) -> Taken {
        let passed = self.filled.elapsed().as_secs_f64();
        self.filled = Instant::now();
        self.level = (self.level + passed * self.per_second).min(self.burst);
        let granted = self.level >= 1.0;
        if granted {
            self.level -= 1.0;
        }
        // `Timestamp` rounds towards zero; the header names the first whole second at which a request passes.
        let reset = Timestamp::now().as_second() + 1;
        Taken { granted, limit: self.burst, remaining: self.level.floor(), reset }
    }

    /// What is said while nothing passes for an hour.
    pub(super) fn spent(&self) -> Taken {
        Taken { granted: false, limit: self.burst, remaining: 0.0, reset: Timestamp::now().as_second() + HOUR }
    }
}

impl Taken {
    /// The reply with the headers that every reply has.
    pub(super) fn on(&self, reply: Reply) -> Reply {
        reply
            .with("x-ratelimit-limit", &format!("{:.0}", self.limit))
            .with("x-ratelimit-remaining", &format!("{:.0}", self.remaining))
            .with("x-ratelimit-reset", &self.reset.to_string())
    }
}

/// What is answered over the limit.
pub(super) fn too_many() -> Problem {
    Problem::new(429, Some("too_many_requests"), "Global limit has been reached")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_plan_lets_two_requests_through_and_the_third_only_after_half_a_second() {
        let mut bucket = Bucket::new(true);
        assert!(bucket.take().granted);
        assert!(bucket.take().granted);
        assert!(!bucket.take().granted);
        std::thread::sleep(std::time::Duration::from_millis(550));
        assert!(bucket.take().granted);
        assert!(!bucket.take().granted);
    }
}
