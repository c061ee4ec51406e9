//! Spans of time in words, as short as somebody reads them at night. Must never round up: what is left is never less than
//! it says.

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `7 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`.
#[must_use]
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let two = |big: i64, unit: &str, small: i64, sub: &str| match (seconds % big) / small {
        0 => format!("{} {unit}", seconds / big),
        rest => format!("{} {unit} {rest} {sub}", seconds / big),
    };
    match seconds {
        DAY.. => two(DAY, "d", HOUR, "h"),
        HOUR.. => two(HOUR, "h", MINUTE, "min"),
        MINUTE.. => two(MINUTE, "min", 1, "s"),
        _ => format!("{seconds} s"),
    }
}

/// How long ago, in its largest unit: `5 min ago`. What a fast clock puts into the future was just now.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        DAY.. => format!("{} d ago", seconds / DAY),
        HOUR.. => format!("{} h ago", seconds / HOUR),
        MINUTE.. => format!("{} min ago", seconds / MINUTE),
        _ => format!("{seconds} s ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most_and_none_that_is_nothing() {
        for (seconds, words) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (185, "3 min 5 s"),
            (3600, "1 h"),
            (7859, "2 h 10 min"),
            (86_400, "1 d"),
            (273_599, "3 d 3 h"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        for (at, words) in [
            ("2026-11-24T00:00:09Z", "0 s ago"),
            ("2026-11-23T23:59:01Z", "59 s ago"),
            ("2026-11-23T23:00:01Z", "59 min ago"),
            ("2026-11-23T00:00:01Z", "23 h ago"),
            ("2026-11-20T00:00:00Z", "4 d ago"),
        ] {
            assert_eq!(ago(at.parse().unwrap(), now), words);
        }
    }
}
